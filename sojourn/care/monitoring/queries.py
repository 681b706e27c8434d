"""Readings and alarms, as pages and guards ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from sojourn.care.monitoring.models import (
    AlarmState,
    Device,
    DeviceAssociation,
    Heartbeat,
    InboundMessage,
    Observation,
    Signal,
)
from sojourn.care.treatment.models import Encounter
from sojourn.clinical.alarms import Phase, Priority
from sojourn.clinical.protocol import Facts, Latest
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.foundation.rulebook.load import book

OPEN = (Phase.RAISED.value, Phase.ACKNOWLEDGED.value, Phase.ESCALATED.value)


def signals_of(encounter_ids: Iterable[int]) -> dict[int, dict[str, Signal]]:
    """The newest value of every vital sign of each session. One query."""
    found: dict[int, dict[str, Signal]] = {}
    for signal in Signal.objects.filter(encounter_id__in=list(encounter_ids)):
        found.setdefault(signal.encounter_id, {})[signal.code] = signal
    return found


def open_alarms(encounter_ids: Iterable[int] | None = None) -> list[AlarmState]:
    """Alarms that exist now, the gravest and oldest first; of some sessions, or of the whole clinic. One query."""
    rows = AlarmState.objects.filter(phase__in=OPEN)
    if encounter_ids is not None:
        rows = rows.filter(encounter_id__in=list(encounter_ids))
    return sorted(
        rows,
        key=lambda row: (
            -Priority(row.priority).rank, row.since_at.timestamp() if row.since_at else 0.0, row.rule_id, row.code
        ),
    )  # fmt: skip


def observations(encounter_id: int, *, since: datetime | None = None) -> QuerySet[Observation]:
    """The readings of a session in the order of the chart."""
    rows = Observation.objects.filter(encounter_id=encounter_id).order_by("effective_at", "id")
    return rows.filter(effective_at__gte=since) if since else rows


def facts_with_readings(facts: Facts, encounter: Encounter, now: datetime, *, adopted: bool) -> Facts:
    """The guards' facts, with readings, baseline and open alarms added. Three queries."""
    signals = signals_of([encounter.pk]).get(encounter.pk, {})
    believed = {code: signal for code, signal in signals.items() if not signal.doubt}
    latest = {
        code: Latest(signal.value, max(0.0, (now - signal.effective_at).total_seconds() / 60))
        for code, signal in believed.items()
    }
    baseline = {code: signal.baseline for code, signal in signals.items() if signal.baseline is not None}
    if not facts.dose_given and not baseline:
        baseline = {code: signal.value for code, signal in believed.items()}
    high = [row for row in open_alarms([encounter.pk]) if row.priority == Priority.HIGH.value]
    return replace(
        facts,
        protocol_adopted=adopted,
        latest=latest,
        baseline=baseline,
        pressure_rising=_pressure_rising(encounter.pk),
        open_high_alarms=tuple(book().rule(row.rule_id).title for row in high),
    )


def _pressure_rising(encounter_id: int) -> bool | None:
    """Whether each of the last three systolic pressures was above the one before; None with fewer than three."""
    values = list(
        Observation.objects.filter(encounter_id=encounter_id, code__in=SYSTOLIC, doubt="")
        .order_by("-effective_at", "-id")
        .values_list("value", flat=True)[:3]
    )
    return None if len(values) < 3 else values[0] > values[1] > values[2]


@dataclass(frozen=True, slots=True)
class OnPatient:
    """A monitor that is on a patient now."""

    device: Device
    encounter_id: int
    since: datetime


def monitors_on(encounter_ids: Iterable[int]) -> dict[int, list[OnPatient]]:
    """The monitors on each session. One query."""
    found: dict[int, list[OnPatient]] = {}
    for row in DeviceAssociation.objects.select_related("device").filter(
        encounter_id__in=list(encounter_ids), until_at=None
    ):
        found.setdefault(row.encounter_id, []).append(OnPatient(row.device, row.encounter_id, row.from_at))
    return found


def free_monitors() -> QuerySet[Device]:
    """Monitors of the clinic that are on nobody."""
    busy = DeviceAssociation.objects.filter(until_at=None).values("device_id")
    return Device.objects.filter(retired_at=None).exclude(pk__in=busy).order_by("name")


def message_faults(limit: int = 50) -> list[InboundMessage]:
    """The newest messages that could not be used, with the reason; the bytes stay in the database."""
    return list(InboundMessage.objects.exclude(fault="").defer("raw").order_by("-received_at")[:limit])


def heartbeat_age(name: str, now: datetime) -> timedelta | None:
    """How long ago a process of the house gave a sign of life."""
    row = Heartbeat.objects.filter(name=name).first()
    return None if row is None else now - row.at
