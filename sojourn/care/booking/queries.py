"""Chairs and the appointments in them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from sojourn.care.booking.models import Appointment, AppointmentStatus, Chair
from sojourn.foundation.accounts.refused import Refused


def chairs(*, with_retired: bool = False) -> list[Chair]:
    """The clinic's chairs by name. One query."""
    rows = Chair.objects.order_by(Lower("name"), "id")
    return list(rows if with_retired else rows.filter(in_use=True))


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The day from its first to the next day's first moment, aware: 23 or 25 hours when the clocks change."""
    return (
        datetime.combine(day, time(), zone),
        datetime.combine(day + timedelta(days=1), time(), zone),
    )


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment that the clinic's clock shows as ``at`` on ``day``; the first one where it shows it twice.

    Refused (no-such-time) where the clocks go forward over it.
    """
    local = datetime.combine(day, at.replace(second=0, microsecond=0), zone)
    there = local.astimezone(ZoneInfo("UTC")).astimezone(zone)
    if there.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Refused(
            _("%(time)s does not exist on that day: the clocks go forward. Choose another time.")
            % {"time": at.strftime("%H:%M")},
            codes=("no-such-time",),
        )
    return local


def appointments() -> QuerySet[Appointment]:
    """Every appointment with patient, chair, course and companion; and with the session's row, which the treatment
    room hangs on it, so that asking for it costs nothing. A query set, for others to narrow."""
    return Appointment.objects.select_related("patient", "chair", "care_plan", "companion", "encounter")


def on_day(day: date, zone: ZoneInfo, *, with_cancelled: bool = False) -> list[Appointment]:
    """The appointments that touch a day, by their beginning, with patient, chair, course and companion. One query."""
    rows = appointments().filter(during__overlap=day_bounds(day, zone))
    if not with_cancelled:
        rows = rows.filter(status=AppointmentStatus.BOOKED)
    return list(rows.order_by("during", "chair__name"))


def of_patient(patient_id: int) -> list[Appointment]:
    """All appointments of a patient, the latest first, with their chairs and companions. One query."""
    return list(appointments().filter(patient_id=patient_id).order_by("-during"))


def by_id(appointment_id: int) -> Appointment:
    """The appointment with all that a page shows of it; raises Appointment.DoesNotExist."""
    return appointments().get(pk=appointment_id)


def without_companion(rows: Collection[Appointment]) -> list[Appointment]:
    """Those for whom nobody is named who brings the patient home, or only somebody who no longer does."""
    return [a for a in rows if a.companion is None or a.companion.ended_at is not None]


def in_the_way(
    *, chair_id: int, patient_id: int, from_at: datetime, until_at: datetime, other_than: int | None = None
) -> list[Appointment]:
    """What is booked for this chair or this patient in that time."""
    rows = appointments().filter(
        Q(chair_id=chair_id) | Q(patient_id=patient_id),
        status=AppointmentStatus.BOOKED,
        during__overlap=(from_at, until_at),
    )
    return list((rows.exclude(pk=other_than) if other_than else rows).order_by("during"))
