"""Keep the chairs, and book, move and cancel appointments. The database itself refuses a chair, a patient or a member
of the staff twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import hooks, placing
from sojourn.care.scheduling.models import Appointment, AppointmentStatus, Chair, Room
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import NoLock, action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fitting
from sojourn.foundation.scope import clinic_rows, one_row


def _chair_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ActionRefused(_("Give the chair a name."), codes=("name-missing",))
    return name


def _name_taken(name: str) -> ActionRefused:
    return ActionRefused(_("There is a chair called %(name)s already.") % {"name": name}, codes=("name-taken",))


@action(
    "chair.manage", locks=NoLock("two chairs are two rows, and the database refuses a name twice"), audit="chair.added"
)
def add_chair(*, by: Actor, name: str) -> Chair:
    """A new chair. Refused: name-missing, name-taken."""
    assert by.clinic_id is not None
    name = _chair_name(name)
    try:
        with transaction.atomic():
            chair = Chair.objects.create(clinic_id=by.clinic_id, name=name)
    except IntegrityError as error:
        raise _name_taken(name) from error
    record(by, "chair.added", chair, name=name)
    return chair


@action("chair.manage", locks=row(Chair, "chair_id"), audit="chair.edited")
def edit_chair(
    *, by: Actor, chair_id: int, name: str, in_use: bool, room_id: int | None = None, now: datetime | None = None
) -> Chair:
    """Rename a chair, put it into a room, or take it out of use and back.

    Refused: name-missing, name-taken, still-booked, room-unknown.
    """
    name = _chair_name(name)
    chair = one_row(Chair, chair_id).get()
    if (chair.name, chair.in_use, chair.room_id) == (name, in_use, room_id):
        return unchanged(chair)
    if room_id is not None and not one_row(Room, room_id).exists():
        raise ActionRefused(_("Choose one of the rooms."), codes=("room-unknown",))
    if chair.in_use and not in_use:
        booked = (
            clinic_rows(Appointment)
            .filter(chair=chair, status=AppointmentStatus.BOOKED, during__endswith__gt=now or timezone.now())
            .count()
        )
        if booked:
            raise ActionRefused(
                _("%(chair)s still has appointments ahead: %(count)d. Move or cancel them first.")
                % {"chair": chair.name, "count": booked},
                codes=("still-booked",),
            )
    chair.name, chair.in_use, chair.room_id = name, in_use, room_id
    try:
        with transaction.atomic():
            chair.save(update_fields=["name", "in_use", "room"])
    except IntegrityError as error:
        raise _name_taken(name) from error
    record(by, "chair.edited", chair, name=name, in_use=in_use)
    return chair


@action(
    "chair.manage", locks=NoLock("two rooms are two rows, and the database refuses a name twice"), audit="room.added"
)
def add_room(*, by: Actor, name: str) -> Room:
    """A new room. Refused: name-missing, name-taken."""
    name = fitting(Room, "name", " ".join(name.split()))
    if not name:
        raise ActionRefused(_("Give the room a name."), codes=("name-missing",))
    try:
        with transaction.atomic():
            room = Room.objects.create(clinic_id=by.own_clinic_id, name=name)
    except IntegrityError as error:
        raise ActionRefused(
            _("There is a room called %(name)s already.") % {"name": name}, codes=("name-taken",)
        ) from error
    record(by, "room.added", room, name=name)
    return room


# ---------------------------------------------------------------- appointments


@action(
    "appointment.book",
    locks=(placing.BOOKING, row(Chair, "chair_id"), row(CarePlan, "care_plan_id")),
    audit="appointment.booked",
)
def book(
    *,
    by: Actor,
    care_plan_id: int,
    chair_id: int,
    starts_at: datetime,
    minutes: int,
    escort_id: int | None = None,
    staff: Collection[int] = (),
    outside_hours: bool = False,
    now: datetime | None = None,
) -> Appointment:
    """Book a session of a course into a chair, ``minutes`` long from ``starts_at`` (aware).

    ``staff`` are memberships, one of a role at most. Refused: chair-taken, patient-taken, chair-out-of-use,
    course-ended, length, day-has-passed, not-beside-patient, closed, not-staff, one-of-a-role, staff-taken, no-nurse.
    """
    now = now or timezone.now()
    course = one_row(CarePlan, care_plan_id).get()
    appointment = placing.insert_appointment(
        by=by, course=course, chair_id=chair_id, starts_at=starts_at, minutes=minutes, escort_id=escort_id,
        staff=staff, outside_hours=outside_hours, now=now,
    )  # fmt: skip
    record(by, "appointment.booked", appointment, starts_at=starts_at, minutes=minutes, chair=chair_id)
    return appointment


@action(
    "appointment.book",
    locks=(placing.BOOKING, row(Chair, "chair_id"), row(Appointment, "appointment_id")),
    audit="appointment.moved",
)
def reschedule(
    *,
    by: Actor,
    appointment_id: int,
    version: int,
    chair_id: int,
    starts_at: datetime,
    minutes: int,
    escort_id: int | None = None,
    staff: Collection[int] | None = None,
    outside_hours: bool = False,
    now: datetime | None = None,
) -> Appointment:
    """Move an appointment to another time, chair, escort or staff. Refused as ``book``; cancelled, session-begun;
    Overtaken where somebody changed it since ``version``. ``staff`` None: those who attend stay, where they can; a
    nurse who cannot is replaced."""
    now = now or timezone.now()
    appointment, was = placing.move_appointment(
        by=by, appointment_id=appointment_id, version=version, chair_id=chair_id, starts_at=starts_at,
        minutes=minutes, escort_id=escort_id, staff=staff, outside_hours=outside_hours, now=now,
    )  # fmt: skip
    record(
        by,
        "appointment.moved",
        appointment,
        was=was.lower,
        starts_at=starts_at,
        minutes=minutes,
        chair=chair_id,
    )
    return appointment


@action("appointment.book", locks=(placing.BOOKING, row(Appointment, "appointment_id")), audit="appointment.cancelled")
def cancel(*, by: Actor, appointment_id: int, version: int, because: str, now: datetime | None = None) -> Appointment:
    """Cancel an appointment, with a reason. Refused: reason-missing, cancelled, session-begun; Overtaken."""
    because = " ".join(because.split())
    if not because:
        raise ActionRefused(_("Say why the appointment is cancelled."), codes=("reason-missing",))
    now = now or timezone.now()
    appointment = placing.standing(appointment_id, version)
    appointment.status = AppointmentStatus.CANCELLED
    appointment.cancelled_at = now
    appointment.cancelled_by_id = by.membership_id
    appointment.cancelled_because = fitting(Appointment, "cancelled_because", because)
    appointment.version += 1
    appointment.save(update_fields=["status", "cancelled_at", "cancelled_by", "cancelled_because", "version"])
    hooks.on_cancelled(by=by, appointment=appointment, now=now)
    hooks.on_slot_released(
        by=by, appointment=appointment, during=appointment.during, chair_id=appointment.chair_id, now=now
    )
    record(by, "appointment.cancelled", appointment)
    return appointment


def hand_to_session(appointment: Appointment, at: datetime) -> None:
    """The session of a locked appointment is opened: from now on it stays where it is. A part of opening it."""
    appointment.session_opened_at = at
    appointment.save(update_fields=["session_opened_at"])
