"""Readings and monitors, as pages and guards ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from sojourn.care.vitals.models import Device, DeviceAssociation, InboundMessage, Observation


def observations(encounter_id: int, *, since: datetime | None = None) -> QuerySet[Observation]:
    """The readings of a session in the order of the chart."""
    rows = Observation.objects.filter(encounter_id=encounter_id).order_by("effective_at", "id")
    return rows.filter(effective_at__gte=since) if since else rows


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
