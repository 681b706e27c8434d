"""The patient says that they are here, and takes it back; the front desk takes it back. No session is opened by it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.coordination.arrival import is_the_day, may_take_back
from sojourn.care.coordination.models import ArrivalNotice
from sojourn.care.coordination.queries import said_of
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, either, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import AppointmentScope, one_row

_APPOINTMENT = row(Appointment, "appointment_id")


@action("own.visits", locks=_APPOINTMENT, audit="arrival.said")
def say_here(*, by: Actor, appointment_id: int, now: datetime | None = None) -> ArrivalNotice:
    """Tell the clinic that the patient is here, once: the same again is the same word.

    Refused: cancelled, session-begun, not-today, over.
    """
    now = now or timezone.now()
    visit = _awaited(appointment_id)
    said = said_of(AppointmentScope(visit.pk), visit.during.lower)
    if said is not None:
        return unchanged(said)
    if now >= visit.during.upper:
        raise ActionRefused(_("The time of this appointment is over. Please call the clinic."), codes=("over",))
    if not is_the_day(visit.during.lower, visit.during.upper, now, by.zone):
        raise ActionRefused(_("You can say this on the day of the appointment."), codes=("not-today",))
    notice = _note(by, visit, is_here=True, now=now)
    record(by, "arrival.said", notice)
    return notice


@action(either("own.visits", "session.arrive"), locks=_APPOINTMENT, audit="arrival.taken_back")
def take_back(*, by: Actor, appointment_id: int, now: datetime | None = None) -> ArrivalNotice | None:
    """It was a slip: the patient is not here yet. The patient does so for a few minutes, the front desk until the
    session is opened. None where nothing stands.

    Refused: cancelled, session-begun, too-late.
    """
    now = now or timezone.now()
    visit = _awaited(appointment_id)
    said = said_of(AppointmentScope(visit.pk), visit.during.lower)
    if said is None:
        return unchanged(None)
    if by.patient_id is not None and not may_take_back(said.said_at, now):
        raise ActionRefused(
            _("The clinic knows already that you are here. Please tell the front desk if you are not."),
            codes=("too-late",),
        )
    notice = _note(by, visit, is_here=False, now=now)
    record(by, "arrival.taken_back", notice)
    return notice


def _awaited(appointment_id: int) -> Appointment:
    """The appointment, while its patient is awaited. Refused: cancelled, session-begun."""
    visit = one_row(Appointment, appointment_id).get()
    if visit.status != AppointmentStatus.BOOKED:
        raise ActionRefused(_("This appointment is cancelled."), codes=("cancelled",))
    if visit.session_opened_at is not None:
        raise ActionRefused(_("This session has begun."), codes=("session-begun",))
    return visit


def _note(by: Actor, visit: Appointment, *, is_here: bool, now: datetime) -> ArrivalNotice:
    return ArrivalNotice.objects.create(
        clinic_id=visit.clinic_id,
        patient_id=visit.patient_id,
        appointment=visit,
        starts_at=visit.during.lower,
        is_here=is_here,
        said_at=now,
        said_by_id=by.member,
    )
