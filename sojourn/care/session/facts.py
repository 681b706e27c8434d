"""What the guards ask of readings and alarms, gathered at one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sojourn.care.alarms.queries import current_vitals, open_alarms
from sojourn.care.encounter.models import Encounter
from sojourn.care.vitals.models import Observation
from sojourn.clinical.alarms import Priority
from sojourn.clinical.protocol import Facts, Latest
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.foundation.rulebook.load import book


def facts_with_readings(facts: Facts, encounter: Encounter, now: datetime, *, adopted: bool) -> Facts:
    """The guards' facts, with readings, baseline and open alarms added. Three queries."""
    signals = current_vitals([encounter.pk]).get(encounter.pk, {})
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
