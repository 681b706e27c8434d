"""Put an appointment into a chair, or move it there: what booking, moving, series and earlier times share.

Nothing here is an action. Each step is taken within one that holds the clinic's turn, the chair and the appointment,
and that writes the audit's row. What a refused step has written already is undone with that action.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.patients.queries import withheld
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import hooks
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, AppointmentStatus, Attendance, Chair
from sojourn.foundation.accounts.actor import Actor, current_actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import turn
from sojourn.foundation.clock import local
from sojourn.foundation.scope import AppointmentScope, PatientScope, one_row

# Whatever is booked, moved or cancelled in one clinic takes turns, so that two never wait for each other in a ring.
BOOKING = turn("booking")
LONGEST = timedelta(hours=24)
_OVERLAPS = ("one_patient_a_chair", "one_appointment_a_patient")
_STAFF_FULL = ("a_nurse_has_room", "one_appointment_a_member")


def _clock(at: datetime) -> str:
    return formats.date_format(local(at, current_actor()), "H:i")


def _conflict(
    by: Actor, chair: Chair, patient: Patient, during: DateTimeTZRange, other_than: int | None, turnover: int = 0
) -> ActionRefused:
    """Why the time is not free, naming the chair or the patient that is taken."""
    reasons: dict[str, str] = {}
    rows = scheduling_queries.in_the_way(
        chair_id=chair.pk,
        of=PatientScope(patient.pk),
        from_at=during.lower,
        until_at=during.upper,
        held_until=during.upper + timedelta(minutes=turnover),
        other_than=other_than,
    )
    hidden = withheld(by, [row.patient for row in rows], timezone.now())
    for row in rows:
        words = {
            "chair": row.chair.name, "patient": row.patient.name,
            "from": _clock(row.during.lower),
            "until": _clock(row.during.upper + timedelta(minutes=row.turnover_minutes)),
        }  # fmt: skip
        if row.patient_id == patient.pk:
            reasons["patient-taken"] = (
                _("%(patient)s already has an appointment from %(from)s to %(until)s in %(chair)s.") % words
            )
        elif row.patient_id in hidden:
            reasons.setdefault("chair-taken", _("%(chair)s is taken from %(from)s to %(until)s.") % words)
        else:
            reasons.setdefault(
                "chair-taken", _("%(chair)s is taken from %(from)s to %(until)s by %(patient)s.") % words
            )
    if not reasons:
        reasons["chair-taken"] = _("Somebody booked that time a moment ago. Choose another.")
    return ActionRefused(*reasons.values(), codes=tuple(reasons))


@contextmanager
def _conflicts_named(
    by: Actor, chair: Chair, patient: Patient, during: DateTimeTZRange, turnover: int, *, other_than: int | None = None
) -> Iterator[None]:
    """What is written within, or a refusal that names who is in the way. Refused: chair-taken, patient-taken."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if any(name in str(error) for name in _OVERLAPS):
            raise _conflict(by, chair, patient, during, other_than, turnover) from error
        raise


def _range(starts_at: datetime, minutes: int) -> DateTimeTZRange:
    if minutes < 1 or timedelta(minutes=minutes) > LONGEST:
        raise ActionRefused(_("An appointment lasts between 1 minute and 24 hours."), codes=("length",))
    return DateTimeTZRange(starts_at, starts_at + timedelta(minutes=minutes), "[)")


def _escort(of: PatientScope, escort_id: int | None) -> RelatedPerson | None:
    return None if escort_id is None else escort_of(of, escort_id)


def escort_of(of: PatientScope, escort_id: int) -> RelatedPerson:
    """One of the people beside this patient now. Refused: not-beside-patient."""
    person = of.rows(RelatedPerson).filter(pk=escort_id, ended_at=None).first()
    if person is None:
        raise ActionRefused(_("Choose one of this patient's contacts."), codes=("not-beside-patient",))
    return person


def escort_still(row: Appointment) -> int | None:
    """Who brings the patient home from this appointment, if that person is beside the patient still."""
    return row.escort_id if row.escort is not None and row.escort.ended_at is None else None


def _chair(chair_id: int) -> Chair:
    """The chair, in use. Refused: chair-out-of-use."""
    chair = one_row(Chair, chair_id).get()
    if not chair.in_use:
        raise ActionRefused(_("%(chair)s is out of use.") % {"chair": chair.name}, codes=("chair-out-of-use",))
    return chair


def _must_be_ahead(starts_at: datetime, now: datetime, zone: ZoneInfo) -> None:
    """Today's past hours may still be written down; yesterday may not."""
    if starts_at.astimezone(zone).date() < now.astimezone(zone).date():
        raise ActionRefused(_("That day has passed."), codes=("day-has-passed",))


# ---------------------------------------------------------------- who attends


def _staff_full(error: IntegrityError) -> bool:
    return any(name in str(error) for name in _STAFF_FULL)


def _add_attendance(appointment: Appointment, member: Membership) -> bool:
    """Let a member attend; False where the database finds that they cannot."""
    try:
        with transaction.atomic():
            Attendance.objects.create(
                clinic_id=appointment.clinic_id,
                patient_id=appointment.patient_id,
                appointment=appointment,
                member=member,
                role=member.role,
                during=appointment.during,
            )
    except IntegrityError as error:
        if _staff_full(error):
            return False
        raise
    return True


def _chosen(staff: Collection[int]) -> list[Membership]:
    """Those who are named, in that order. Refused: not-staff, one-of-a-role."""
    named = {member.pk: member for member in scheduling_queries.attending_staff()}
    wanted = dict.fromkeys(staff)
    if not wanted.keys() <= named.keys():
        raise ActionRefused(_("Choose somebody who works in this clinic."), codes=("not-staff",))
    chosen = [named[member_id] for member_id in wanted]
    if len({member.role for member in chosen}) != len(chosen):
        raise ActionRefused(_("Choose one nurse, one therapist and one prescriber at most."), codes=("one-of-a-role",))
    return chosen


def _attend(appointment: Appointment, staff: Collection[int], zone: ZoneInfo) -> None:
    """Those who are named attend; where the clinic has adopted a number of chairs for a nurse and none is named, the
    nurse with the fewest at that time does. Refused: not-staff, one-of-a-role, staff-taken, no-nurse."""
    chosen = _chosen(staff)
    hours = {"from": _clock(appointment.during.lower), "until": _clock(appointment.during.upper)}
    for member in chosen:
        if not _add_attendance(appointment, member):
            raise ActionRefused(
                _("%(name)s looks after somebody else from %(from)s to %(until)s.") % {**hours, "name": member.name},
                codes=("staff-taken",),
            )
    at_once = scheduling_queries.rules().chairs_per_nurse
    if at_once is None or any(member.role == "nurse" for member in chosen):
        return
    nurses = scheduling_queries.nurses_at_work(appointment.during.lower, appointment.during.upper, zone)
    if not any(_add_attendance(appointment, member) for member in nurses):
        raise ActionRefused(
            _("No nurse has room from %(from)s to %(until)s. In this clinic a nurse looks after %(n)d at once.")
            % {**hours, "n": at_once},
            codes=("no-nurse",),
        )


def _must_be_open(by: Actor, during: DateTimeTZRange, zone: ZoneInfo, outside_hours: bool) -> None:
    if outside_hours:
        return
    first = during.lower.astimezone(zone).date()
    said = scheduling_queries.times(first, first + timedelta(days=1))
    if not scheduling_queries.is_open(said, during.lower, during.upper, zone):
        raise ActionRefused(
            _("The clinic is closed then. Choose another time, or say that you book outside its hours."),
            codes=("closed",),
        )


# ---------------------------------------------------------------- appointments


def insert_appointment(
    *, by: Actor, course: CarePlan, chair_id: int, starts_at: datetime, minutes: int, escort_id: int | None,
    staff: Collection[int], outside_hours: bool, now: datetime,
) -> Appointment:  # fmt: skip
    """Put one appointment into its chair, with who attends and what follows of it. Refused as ``book`` is."""
    during, zone = _range(starts_at, minutes), by.zone
    _must_be_ahead(starts_at, now, zone)
    chair = _chair(chair_id)
    patient = one_row(Patient, course.patient_id).get()
    if course.ended_on is not None:
        raise ActionRefused(_("This course has ended. Sign a new plan first."), codes=("course-ended",))
    turnover = scheduling_queries.rules().turnover_minutes
    _must_be_open(by, during, zone, outside_hours)
    with _conflicts_named(by, chair, patient, during, turnover):
        appointment = Appointment.objects.create(
            clinic_id=by.own_clinic_id,
            patient=patient,
            care_plan=course,
            chair=chair,
            during=during,
            turnover_minutes=turnover,
            escort=_escort(PatientScope(patient.pk), escort_id),
            booked_at=now,
            booked_by_id=by.member,
        )
    _attend(appointment, staff, zone)
    hooks.on_booked(by=by, appointment=appointment, zone=zone, now=now)
    return appointment


def standing(appointment_id: int, version: int | None) -> Appointment:
    """The appointment, if it stands as the actor saw it (None: however it was seen) and its session has not begun.
    Refused: cancelled, session-begun; Overtaken."""
    appointment = one_row(Appointment, appointment_id).get()
    if appointment.status == AppointmentStatus.CANCELLED:
        raise ActionRefused(_("This appointment is cancelled."), codes=("cancelled",))
    if version is not None and appointment.version != version:
        raise Overtaken(
            _("Somebody changed this appointment while you were looking. Look again, then decide."),
            codes=("overtaken",),
        )
    if appointment.session_opened_at is not None:
        raise ActionRefused(
            _("The session of this appointment has begun. End it on the session page."), codes=("session-begun",)
        )
    return appointment


def move_appointment(
    *, by: Actor, appointment_id: int, version: int | None, chair_id: int, starts_at: datetime, minutes: int,
    escort_id: int | None, staff: Collection[int] | None, outside_hours: bool, now: datetime,
) -> tuple[Appointment, DateTimeTZRange]:  # fmt: skip
    """Move one appointment; and when it was. Refused as ``reschedule`` is."""
    during, zone = _range(starts_at, minutes), by.zone
    _must_be_ahead(starts_at, now, zone)
    chair = _chair(chair_id)
    appointment = standing(appointment_id, version)
    patient = one_row(Patient, appointment.patient_id).get()
    was, was_chair = appointment.during, appointment.chair_id
    same_time = (was.lower, was.upper) == (during.lower, during.upper)
    if not same_time:
        _must_be_open(by, during, zone, outside_hours)
        appointment.turnover_minutes = scheduling_queries.rules().turnover_minutes
    appointment.chair, appointment.during = chair, during
    appointment.escort = _escort(PatientScope(patient.pk), escort_id)
    appointment.version += 1
    here = AppointmentScope(appointment.pk).rows(Attendance).filter(active=True)
    attending = {row.member_id: row.role for row in here}
    people_stay = same_time and staff is None
    if not people_stay:
        here.update(active=False)
    with _conflicts_named(by, chair, patient, during, appointment.turnover_minutes, other_than=appointment_id):
        appointment.save(update_fields=["chair", "during", "turnover_minutes", "escort", "version"])
    if not people_stay:
        _keep_attending(appointment, attending, staff, zone)
    if not same_time or was_chair != chair_id:
        hooks.on_slot_released(by=by, appointment=appointment, during=was, chair_id=was_chair, now=now)
    hooks.on_booked(by=by, appointment=appointment, zone=zone, now=now)
    return appointment, was


def _keep_attending(
    appointment: Appointment, attending: dict[int, str], staff: Collection[int] | None, zone: ZoneInfo
) -> None:
    if staff is not None:
        _attend(appointment, staff, zone)
        return
    here = _here(appointment.during, zone)
    wanted = [member_id for member_id in attending if member_id in here]
    try:
        with transaction.atomic():
            _attend(appointment, wanted, zone)
    except ActionRefused as refused:
        if "staff-taken" not in refused.codes or "nurse" not in attending.values():
            raise
        _attend(appointment, [each for each in wanted if attending[each] != "nurse"], zone)


def _here(during: DateTimeTZRange, zone: ZoneInfo) -> set[int]:
    """Who of the staff can attend then, as far as their hours go."""
    others = {member.pk for member in scheduling_queries.attending_staff() if member.role != "nurse"}
    return others | {member.pk for member in scheduling_queries.nurses_at_work(during.lower, during.upper, zone)}
