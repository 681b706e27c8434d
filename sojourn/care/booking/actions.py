"""Keep the chairs, and book, move and cancel appointments. The database itself refuses a chair or patient twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from sojourn.care.booking import queries
from sojourn.care.booking.models import Appointment, AppointmentStatus, Chair
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.patients.queries import withheld
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.audit.actions import record

LONGEST = timedelta(hours=24)
_OVERLAPS = ("one_patient_a_chair", "one_appointment_a_patient")


def _chair_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused(_("Give the chair a name."), codes=("name-missing",))
    return name


def _name_taken(name: str) -> Refused:
    return Refused(_("There is a chair called %(name)s already.") % {"name": name}, codes=("name-taken",))


@transaction.atomic
def add_chair(*, by: Asker, name: str) -> Chair:
    """A new chair. Refused: name-missing, name-taken."""
    by.must("chair.manage")
    assert by.clinic_id is not None
    name = _chair_name(name)
    try:
        with transaction.atomic():
            chair = Chair.objects.create(clinic_id=by.clinic_id, name=name)
    except IntegrityError as error:
        raise _name_taken(name) from error
    record(by, "chair.added", chair, name=name)
    return chair


@transaction.atomic
def edit_chair(*, by: Asker, chair_id: int, name: str, in_use: bool, now: datetime | None = None) -> Chair:
    """Rename a chair, or take it out of use and back. Refused: name-missing, name-taken, still-booked."""
    by.must("chair.manage")
    name = _chair_name(name)
    chair = Chair.objects.select_for_update().get(pk=chair_id)
    if (chair.name, chair.in_use) == (name, in_use):
        return chair
    if chair.in_use and not in_use:
        booked = Appointment.objects.filter(
            chair=chair, status=AppointmentStatus.BOOKED, during__endswith__gt=now or timezone.now()
        ).count()
        if booked:
            raise Refused(
                _("%(chair)s still has appointments ahead: %(count)d. Move or cancel them first.")
                % {"chair": chair.name, "count": booked},
                codes=("still-booked",),
            )
    chair.name, chair.in_use = name, in_use
    try:
        with transaction.atomic():
            chair.save(update_fields=["name", "in_use"])
    except IntegrityError as error:
        raise _name_taken(name) from error
    record(by, "chair.edited", chair, name=name, in_use=in_use)
    return chair


def _clock(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "H:i")


def _conflict(by: Asker, chair: Chair, patient: Patient, during: DateTimeTZRange, other_than: int | None) -> Refused:
    """Why the time is not free, naming the chair or the patient that is taken."""
    reasons: dict[str, str] = {}
    rows = queries.in_the_way(
        chair_id=chair.pk,
        patient_id=patient.pk,
        from_at=during.lower,
        until_at=during.upper,
        other_than=other_than,
    )
    hidden = withheld(by, [row.patient for row in rows], timezone.now())
    for row in rows:
        words = {
            "chair": row.chair.name, "patient": row.patient.name,
            "from": _clock(row.during.lower), "until": _clock(row.during.upper),
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
    return Refused(*reasons.values(), codes=tuple(reasons))


def _range(starts_at: datetime, minutes: int) -> DateTimeTZRange:
    if minutes < 1 or timedelta(minutes=minutes) > LONGEST:
        raise Refused(_("An appointment lasts between 1 minute and 24 hours."), codes=("length",))
    return DateTimeTZRange(starts_at, starts_at + timedelta(minutes=minutes), "[)")


def _companion(patient_id: int, companion_id: int | None) -> RelatedPerson | None:
    if companion_id is None:
        return None
    person = RelatedPerson.objects.filter(pk=companion_id, patient_id=patient_id, ended_at=None).first()
    if person is None:
        raise Refused(_("Choose one of the people beside this patient."), codes=("not-beside-patient",))
    return person


def _chair(chair_id: int) -> Chair:
    """The chair, locked: whoever books it next waits, so that two who book at once never lock each other out."""
    chair = Chair.objects.select_for_update(no_key=True).get(pk=chair_id)
    if not chair.in_use:
        raise Refused(_("%(chair)s is out of use.") % {"chair": chair.name}, codes=("chair-out-of-use",))
    return chair


def _must_be_ahead(starts_at: datetime, now: datetime) -> None:
    """Today's past hours may still be written down; yesterday may not."""
    if timezone.localdate(starts_at) < timezone.localdate(now):
        raise Refused(_("That day has passed."), codes=("day-has-passed",))


@transaction.atomic
def book(
    *,
    by: Asker,
    care_plan_id: int,
    chair_id: int,
    starts_at: datetime,
    minutes: int,
    companion_id: int | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Book a session of a course into a chair, ``minutes`` long from ``starts_at`` (aware).

    Refused: chair-taken, patient-taken, chair-out-of-use, course-ended, length, day-has-passed, not-beside-patient.
    """
    by.must("appointment.book")
    assert by.clinic_id is not None
    assert by.membership_id is not None
    now = now or timezone.now()
    during = _range(starts_at, minutes)
    _must_be_ahead(starts_at, now)
    chair = _chair(chair_id)
    course = CarePlan.objects.get(pk=care_plan_id)
    patient = Patient.objects.select_for_update(no_key=True).get(pk=course.patient_id)
    if course.ended_on is not None:
        raise Refused(_("This course has ended. Begin a new one first."), codes=("course-ended",))
    try:
        with transaction.atomic():
            appointment = Appointment.objects.create(
                clinic_id=by.clinic_id,
                patient=patient,
                care_plan=course,
                chair=chair,
                during=during,
                companion=_companion(patient.pk, companion_id),
                booked_at=now,
                booked_by_id=by.membership_id,
            )
    except IntegrityError as error:
        if any(name in str(error) for name in _OVERLAPS):
            raise _conflict(by, chair, patient, during, None) from error
        raise
    record(by, "appointment.booked", appointment, starts_at=starts_at, minutes=minutes, chair=chair.pk)
    return appointment


def _standing(appointment_id: int, version: int) -> Appointment:
    """The appointment, locked, if it still stands as the asker saw it and its session has not begun."""
    appointment = Appointment.objects.select_for_update(of=("self",), no_key=True).get(pk=appointment_id)
    if appointment.status == AppointmentStatus.CANCELLED:
        raise Refused(_("This appointment is cancelled."), codes=("cancelled",))
    if appointment.version != version:
        raise Overtaken(
            _("Somebody changed this appointment while you were looking. Look again, then decide."),
            codes=("overtaken",),
        )
    # The session's room lies above this one; the row that it hangs on the appointment is seen from here.
    if Appointment.objects.filter(pk=appointment_id, encounter__isnull=False).exists():
        raise Refused(
            _("The session of this appointment has begun. End it on the session page."), codes=("session-begun",)
        )
    return appointment


@transaction.atomic
def reschedule(
    *,
    by: Asker,
    appointment_id: int,
    version: int,
    chair_id: int,
    starts_at: datetime,
    minutes: int,
    companion_id: int | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Move an appointment to another time, chair or companion. Refused as ``book``; cancelled, session-begun;
    Overtaken where somebody changed it since ``version``."""
    by.must("appointment.book")
    now = now or timezone.now()
    during = _range(starts_at, minutes)
    _must_be_ahead(starts_at, now)
    chair = _chair(chair_id)
    appointment = _standing(appointment_id, version)
    patient = Patient.objects.select_for_update(no_key=True).get(pk=appointment.patient_id)
    was = appointment.during
    appointment.chair, appointment.during = chair, during
    appointment.companion = _companion(patient.pk, companion_id)
    appointment.version += 1
    try:
        with transaction.atomic():
            appointment.save(update_fields=["chair", "during", "companion", "version"])
    except IntegrityError as error:
        if any(name in str(error) for name in _OVERLAPS):
            raise _conflict(by, chair, patient, during, appointment_id) from error
        raise
    record(
        by,
        "appointment.moved",
        appointment,
        was=was.lower,
        starts_at=starts_at,
        minutes=minutes,
        chair=chair.pk,
    )
    return appointment


@transaction.atomic
def cancel(*, by: Asker, appointment_id: int, version: int, because: str, now: datetime | None = None) -> Appointment:
    """Cancel an appointment, with a reason. Refused: reason-missing, cancelled, session-begun; Overtaken."""
    by.must("appointment.book")
    because = " ".join(because.split())
    if not because:
        raise Refused(_("Say why the appointment is cancelled."), codes=("reason-missing",))
    appointment = _standing(appointment_id, version)
    appointment.status = AppointmentStatus.CANCELLED
    appointment.cancelled_at = now or timezone.now()
    appointment.cancelled_by_id = by.membership_id
    appointment.cancelled_because = because[:300]
    appointment.version += 1
    appointment.save(update_fields=["status", "cancelled_at", "cancelled_by", "cancelled_because", "version"])
    record(by, "appointment.cancelled", appointment)
    return appointment
