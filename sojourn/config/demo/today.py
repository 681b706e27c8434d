"""Today's stage: one session runs now, one is over, one waits, one comes later. Set anew when the last one is over."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from sojourn.care.alarms import judging
from sojourn.care.alarms import store as alarm_store
from sojourn.care.booking.models import Appointment, Chair
from sojourn.care.consent.models import ConsentAdoption
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import running
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan.models import CarePlan
from sojourn.care.plan.queries import without_signed_plan
from sojourn.care.session import step_actions
from sojourn.care.vitals import ingest
from sojourn.care.vitals.models import DeviceAssociation
from sojourn.config.demo import people, story
from sojourn.config.demo.people import DemoClinic
from sojourn.config.virtual_monitor import BASELINE_S
from sojourn.foundation.accounts.asker import as_asker
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import house

_RUNNING_FOR = timedelta(minutes=14)
_OVER_AFTER = timedelta(hours=3)
_NEAR = timedelta(hours=8)


def set_stage(demo: DemoClinic) -> None:
    """Put the demo clinic into the middle of a working day, unless it is in one already."""
    with as_asker(house(_clinic_id(demo), "Demo")):
        cast = story.load_cast(demo)
        now = timezone.now()
        sessions = list(running())
        if any(now - session.opened_at < _OVER_AFTER for session in sessions):
            return
        for session in sessions:
            _finish(cast, session, now)
        _clear_chairs(cast, now)
        plans = _on_stage(demo, now)[: len(cast.chairs)]
        if not plans:
            return
        first, *others = plans
        _running(cast, first, cast.chairs[0], now)
        if len(others) > 0:
            _waiting(cast, others[0], 1, now)
        if len(others) > 1:
            _over(cast, others[1], 2, now)
        if len(others) > 2:
            story.book_at(cast, others[2], _companion(others[2]), cast.chairs[3], now + timedelta(hours=1))
        cast.write()


def furnish_old(demo: DemoClinic) -> None:
    """A clinic of an earlier version has no texts, hours and numbers for booking yet."""
    with as_asker(house(_clinic_id(demo), "Demo")):
        if not ConsentAdoption.objects.exists():
            story.furnish_house(story.load_cast(demo))


def _on_stage(demo: DemoClinic, now: datetime) -> list[CarePlan]:
    """Courses that are under way by a signed plan and have nothing else today, the signed-in patient's first."""
    near = (now - _NEAR, now + _NEAR)
    plans = list(
        CarePlan.objects.select_related("patient")
        .filter(ended_on=None, patient__restricted=False, pk__in=Encounter.objects.values("care_plan"))
        .exclude(pk__in=without_signed_plan().order_by().values("pk"))
        .exclude(patient__in=Appointment.objects.filter(status="booked", during__overlap=near).values("patient"))
        .order_by("id")
    )
    signed_in = [p for p in plans if p.patient.record_number == f"{demo.prefix}-{demo.signed_in + 1:05d}"]
    others = [p for p in plans if p not in signed_in]
    random.Random(now.date().isoformat()).shuffle(others)
    return [*signed_in, *others]


def _clinic_id(demo: DemoClinic) -> int:
    from sojourn.foundation.accounts.asker import Asker
    from sojourn.foundation.accounts.models import Person

    person = Person.objects.get(email=f"clinic_admin@{demo.domain}")
    with as_asker(Asker(person_id=person.pk)):
        return Clinic.objects.get(slug=demo.slug).pk


def _companion(plan: CarePlan) -> RelatedPerson | None:
    return plan.patient.related_people.filter(ended_at=None).first()


def _clear_chairs(cast: story.Cast, now: datetime) -> None:
    """Whatever the generator booked around now makes room for the stage."""
    window = (now - _NEAR, now + _NEAR)
    Appointment.objects.filter(during__overlap=window, encounter=None).filter(status="booked").update(
        status="cancelled", cancelled_at=now, cancelled_by=cast.members["front_desk"][0], version=F("version") + 1,
        cancelled_because="The chair is needed for another session.",
    )  # fmt: skip


def _finish(cast: story.Cast, encounter: Encounter, now: datetime) -> None:
    """A session left over from an earlier run of the demo: it ended as planned."""
    nurse = cast.members["nurse"][0]
    ended = encounter.opened_at + timedelta(hours=2, minutes=20)
    been = list(encounter.states.order_by("seq").values_list("state", flat=True))
    if "dosing" not in been:
        story.states(cast, encounter, [("cancelled", ended, "The demo was stopped.")], nurse, len(been))
    else:
        watched = [] if "observing" in been else [("observing", encounter.opened_at + timedelta(minutes=60), "")]
        rest = [*watched, ("ready_to_leave", ended, ""), ("left", ended, "")]
        story.ready_checks(cast, encounter, ended, nurse)
        story.states(cast, encounter, rest, nurse, len(been))
    cast.write()
    step_actions.end_session(encounter=encounter, now=now, by=cast.asker("nurse"))


def _running(cast: story.Cast, plan: CarePlan, chair: Chair, now: datetime) -> None:
    """Fourteen minutes into the infusion, the monitor on."""
    own = random.Random(7)
    dose_at = now - _RUNNING_FOR
    arrived = dose_at - timedelta(minutes=22)
    nurse, other = cast.members["nurse"][:2]
    appointment = story.book_at(cast, plan, _companion(plan), chair, arrived)
    encounter = story.open_encounter(cast, appointment, arrived)
    entered = [("arrived", arrived, ""), ("checked", dose_at - timedelta(minutes=5), ""), ("dosing", dose_at, "")]
    story.states(cast, encounter, entered, nurse)
    story.checks(cast, encounter, dose_at - timedelta(minutes=6), nurse)
    story.dose(cast, encounter, dose_at, nurse, other, own)
    story.vitals(cast, encounter, dose_at, now - timedelta(seconds=5), "hypertensive", 4, 10, nurse)
    assert cast.device is not None
    DeviceAssociation.objects.filter(device=cast.device, until_at=None).update(until_at=now)
    DeviceAssociation.objects.create(
        clinic=cast.clinic, patient_id=encounter.patient_id, device=cast.device, encounter=encounter,
        from_at=dose_at - timedelta(minutes=5), from_by=nurse,
    )  # fmt: skip


def _waiting(cast: story.Cast, plan: CarePlan, chair: int, now: datetime) -> None:
    """Arrived a few minutes ago; the checks are half done."""
    arrived = now - timedelta(minutes=9)
    nurse = cast.members["nurse"][1]
    appointment = story.book_at(cast, plan, _companion(plan), cast.chairs[chair], arrived)
    encounter = story.open_encounter(cast, appointment, arrived)
    story.states(cast, encounter, [("arrived", arrived, "")], nurse)
    session = alarm_store.Session(cast.clinic.pk, encounter.pk, encounter.patient_id, encounter.protocol_id)
    from django.db import connection

    at = now - timedelta(minutes=3)
    values = (("nibp_sys", 128.0, "mm[Hg]"), ("nibp_dia", 81.0, "mm[Hg]"), ("spo2", 98.0, "%"), ("hr", 74.0, "/min"))
    with connection.cursor() as cursor:
        ingest.record_batch(
            cursor.cursor,
            [
                judging.NewReading(session, code, value, unit, at, at, at, judging.TYPED, by_id=nurse.pk)
                for code, value, unit in values
            ],
            now,
        )


def _over(cast: story.Cast, plan: CarePlan, chair: int, now: datetime) -> None:
    """This morning's session: over, not yet signed."""
    begins = now - timedelta(hours=3, minutes=20)
    appointment = story.book_at(cast, plan, _companion(plan), cast.chairs[chair], begins)
    story._session(cast, appointment, random.Random(11), "left", sparse=False)


def story_second() -> float:
    """Where in its story the virtual monitor must begin to fit the running session."""
    demo = people.HARBOR
    with as_asker(house(_clinic_id(demo), "Demo")):
        session = next(iter(running().filter(chair__name=demo.chairs[0])), None)
        if session is None:
            return 0.0
        given = session.doses.order_by("started_at").first()
        since = timezone.now() - (given.started_at if given else session.opened_at)
        return max(0.0, since.total_seconds() + BASELINE_S)
