"""Readings and monitors, as pages and guards ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, QuerySet, Subquery

from sojourn.care.vitals.models import (
    Device,
    DeviceAssociation,
    HeldReading,
    InboundMessage,
    NotUsed,
    Observation,
    PatientConfirmed,
    PostedWrong,
    Stranger,
    StrangerMessage,
)
from sojourn.foundation.scope import DeviceScope, SessionScope, clinic_rows, rows_of


def observations(of: SessionScope, *, since: datetime | None = None) -> QuerySet[Observation]:
    """The readings of a session in the order of the chart."""
    rows = of.rows(Observation).order_by("effective_at", "id")
    return rows.filter(effective_at__gte=since) if since else rows


@dataclass(frozen=True, slots=True)
class OnPatient:
    """A monitor that is on a patient now."""

    device: Device
    encounter_id: int
    since: datetime


def free_monitors() -> QuerySet[Device]:
    """Monitors of the clinic that are on nobody."""
    busy = clinic_rows(DeviceAssociation).filter(until_at=None).values("device_id")
    return clinic_rows(Device).filter(retired_at=None).exclude(pk__in=busy).order_by("name")


# A stranger that has been still for longer is no longer offered.
SEEN_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sender:
    """A stranger, and the number of the newest of its messages that is kept and may be seen here."""

    stranger: Stranger
    newest_message_id: int | None


def strangers(now: datetime) -> tuple[list[Sender], list[Stranger]]:
    """Senders of the last days that are no monitor of ours, the newest first: on the clinic's port, and those that
    belong to no clinic (row-level security shows both). One query."""
    newest = clinic_rows(StrangerMessage).filter(stranger_id=OuterRef("pk")).order_by("-received_at", "-pk")
    rows = (
        clinic_rows(Stranger)
        .filter(last_at__gte=now - SEEN_WITHIN)
        .annotate(newest_message_id=Subquery(newest.values("pk")[:1]))
        .order_by("-last_at", "-pk")[:500]
    )
    ours = [Sender(row, row.newest_message_id) for row in rows if row.clinic_id is not None]
    return ours, [row for row in rows if row.clinic_id is None]


def not_used(device_ids: Iterable[int], now: datetime) -> dict[int, list[NotUsed]]:
    """What monitors sent in the last days that was not used, or not quite believed; the most frequent first. One
    query."""
    found: dict[int, list[NotUsed]] = {}
    rows = rows_of(NotUsed, DeviceScope, device_ids).filter(last_at__gte=now - SEEN_WITHIN)
    for row in rows.order_by("kind", "-count", "what"):
        found.setdefault(row.device_id, []).append(row)
    return found


def held(of: SessionScope) -> list[tuple[Device, int]]:
    """The monitors on a session, each with how many of its values wait for a nurse to say that they are this patient's.
    One query."""
    said = of.rows(PatientConfirmed).filter(device_id=OuterRef("device_id")).values("identifier")
    waiting = of.rows(HeldReading).filter(device_id=OuterRef("device_id"))
    counted = waiting.exclude(identifier__in=said).order_by().values("device_id").annotate(n=Count("pk")).values("n")
    rows = of.rows(DeviceAssociation).filter(until_at=None).select_related("device")
    return [(row.device, row.held or 0) for row in rows.annotate(held=Subquery(counted)).order_by("pk")]


def posted_wrong(of: SessionScope) -> list[PostedWrong]:
    """What monitors took back as posted wrong in a session, and nobody has said whose it was. One query."""
    rows = of.rows(PostedWrong).filter(answered_at=None)
    return list(rows.select_related("device").order_by("measured_at", "pk"))


def message_faults(limit: int = 50) -> list[InboundMessage]:
    """The newest messages that could not be used, with the reason; the bytes stay in the database."""
    return list(clinic_rows(InboundMessage).exclude(fault="").defer("raw").order_by("-received_at")[:limit])
