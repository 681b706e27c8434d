"""Appointments of the past and to come, who attends, and the ride home."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from sojourn.care.coordination import ride_home_actions
from sojourn.care.coordination import waiting_actions as waiting
from sojourn.care.coordination.models import EscortAnswer, EscortLink
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import series_actions as series
from sojourn.care.scheduling.models import Appointment, Attendance, Chair
from sojourn.config.demo.cast import REMEMBERED, Cast, at_clock
from sojourn.config.demo.walk import Walk
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import clinic_rows

SLOTS = (time(8, 30), time(11, 45), time(15, 0))


SESSION_LENGTH = timedelta(minutes=150)


def _free(cast: Cast, patient_id: int, day: date, slots: Sequence[time]) -> Iterator[tuple[Chair, datetime]]:
    """Free chairs and slots from ``day`` on; clinics rest at the weekend."""
    while True:
        if day.weekday() < 5:
            for slot in slots:
                begins = at_clock(day, slot, cast.clinic.zone)
                if (-patient_id, day) in cast.taken:
                    continue
                for chair in cast.chairs:
                    if (chair.pk, begins) not in cast.taken:
                        yield chair, begins
        day += timedelta(days=1)


def _take(cast: Cast, patient_id: int, chair: Chair, begins: datetime) -> None:
    cast.taken |= {(chair.pk, begins), (-patient_id, begins.date())}


def book_past(cast: Cast, plan: CarePlan, escort: RelatedPerson | None, day: date, own: random.Random) -> Appointment:
    """The first free chair and slot from ``day`` on, in the past."""
    chair, begins = next(_free(cast, plan.patient_id, day, own.sample(SLOTS, len(SLOTS))))
    _take(cast, plan.patient_id, chair, begins)
    return book_at(cast, plan, escort, chair, begins)


def book_ahead(cast: Cast, walk: Walk, course: CarePlan, escort: RelatedPerson, day: date) -> Appointment:
    """A session to come, booked by the front desk as on any day; and what is known of its ride home."""
    own, now = walk.own, timezone.now()
    slots = own.sample(SLOTS, len(SLOTS))
    booked_at = max(now - timedelta(days=own.randint(1, 3)), walk.at("signed", timedelta(hours=1)))
    for chair, begins in _free(cast, course.patient_id, day, slots):
        try:
            appointment = scheduling_actions.book(
                by=cast.team.desk, care_plan_id=course.pk, chair_id=chair.pk, starts_at=begins,
                minutes=int(SESSION_LENGTH.total_seconds() // 60), escort_id=escort.pk,
                now=booked_at,
            )  # fmt: skip
        except ActionRefused:
            continue
        _take(cast, course.patient_id, chair, begins)
        break
    _ride(cast, walk, appointment, escort, now)
    return appointment


def _ride(cast: Cast, walk: Walk, appointment: Appointment, escort: RelatedPerson, now: datetime) -> None:
    """Confirmed, declined, asked without an answer, or not asked yet."""
    if appointment.during.lower - now > timedelta(days=9):
        return
    how = walk.own.choices(("confirmed", "asked", "declined", "open"), (55, 20, 10, 15))[0]
    if walk.signed_in:  # with its letter in the outbox: the escort's link can be opened
        ride_home_actions.ask(by=cast.team.desk, appointment_id=appointment.pk, now=now - timedelta(hours=3))
        return
    answered = now - timedelta(hours=walk.own.randint(3, 40))
    if how == "open" or (how == "asked" and not escort.email):
        return
    if escort.email:
        EscortLink.objects.create(
            clinic=cast.clinic, patient=walk.patient, appointment=appointment, person=escort,
            starts_at=appointment.during.lower, token_hash=hash_of(secrets.token_urlsafe(32)),
            sent_at=answered - timedelta(hours=5), expires_at=appointment.during.upper + timedelta(days=1),
        )  # fmt: skip
    if how != "asked":
        EscortAnswer.objects.create(
            clinic=cast.clinic, patient=walk.patient, appointment=appointment, person=escort,
            starts_at=appointment.during.lower, comes=how == "confirmed",
            note="" if how == "confirmed" else walk.tale.say(("I am at work that day.", "Ese día trabajo.")),
            answered_at=answered, written_by=None if escort.email else cast.members["front_desk"][0],
        )  # fmt: skip


def book_at(cast: Cast, plan: CarePlan, escort: RelatedPerson | None, chair: Chair, begins: datetime) -> Appointment:
    """One session from ``begins``, around now or in the past; of the last days with who attended and who drove."""
    now = timezone.now()
    appointment = Appointment.objects.create(
        clinic=cast.clinic, patient_id=plan.patient_id, care_plan=plan, chair=chair,
        during=DateTimeTZRange(begins, begins + SESSION_LENGTH),
        escort=escort, booked_at=min(begins, now) - timedelta(days=3),
        booked_by=cast.members["front_desk"][0],
    )  # fmt: skip
    if now - begins < REMEMBERED:
        nurses = cast.members["nurse"]
        nurse = nurses[cast.chairs.index(chair) * len(nurses) // len(cast.chairs)]
        Attendance.objects.create(
            clinic=cast.clinic, patient_id=plan.patient_id, appointment=appointment, member=nurse, role="nurse",
            during=appointment.during,
        )  # fmt: skip
        if escort is not None:
            EscortAnswer.objects.create(
                clinic=cast.clinic, patient_id=plan.patient_id, appointment=appointment, person=escort,
                starts_at=begins, comes=True, answered_at=min(begins, now) - timedelta(days=1, hours=2),
                written_by=None if escort.email else cast.members["front_desk"][0],
            )  # fmt: skip
    return appointment


def wait_for_earlier(cast: Cast) -> None:
    """Two or three would come earlier, and have said when they can."""
    later = (
        clinic_rows(Appointment).filter(during__startswith__gt=timezone.now() + timedelta(days=5), status="booked")
        .order_by("patient_id", "id").distinct("patient_id").values_list("patient_id", "care_plan_id")
    )  # fmt: skip
    for number, (patient_id, course_id) in enumerate(later[1:8:3]):
        waiting.join(by=cast.team.desk, care_plan_id=course_id, now=timezone.now() - timedelta(days=number, hours=6))
        series.state_times(
            by=cast.team.desk, patient_id=patient_id, weekdays=((0, 2), (1, 3), ())[number], parts=("morning",),
            now=timezone.now() - timedelta(days=number, hours=6),
        )  # fmt: skip
