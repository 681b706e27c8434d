"""Today's stage: one session runs now, one is over, one waits, one comes later. Set anew when the last one is over."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from sojourn.care.alarms import judging
from sojourn.care.alarms import store as alarm_store
from sojourn.care.consent.models import ConsentAdoption
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import running
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.plan import gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling.models import Appointment, Chair
from sojourn.care.session.queries import sessions_dosed
from sojourn.care.vitals import ingest
from sojourn.care.vitals.models import DeviceAssociation
from sojourn.config.demo import booking, doses, monitoring, people, planning, reading, scenario, sessions
from sojourn.config.demo.cast import Cast, load_cast
from sojourn.config.demo.doses import Entered
from sojourn.config.demo.people import CLINICS, DemoClinic
from sojourn.config.processes.virtual_monitor.signs import BASELINE_S
from sojourn.foundation.accounts.actor import acting_as, current_actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.place import visit_words
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.queries import standings
from sojourn.foundation.scope import CourseScope, DeviceScope, SessionScope, clinic_rows, rows_of

MONITOR_ADDRESS = "127.0.0.1"
_RUNNING_FOR = timedelta(minutes=14)
_OVER_AFTER = timedelta(hours=3)
_NEAR = timedelta(hours=8)


def set_stage(demo: DemoClinic) -> None:
    """Put the demo clinic into the middle of a working day, unless it is in one already."""
    with acting_as(system_actor(_clinic_id(demo), "Demo")):
        cast = load_cast(demo)
        _line_of_monitor(demo, cast)
        now = timezone.now()
        sessions = list(running())
        if any(now - session.opened_at < _OVER_AFTER for session in sessions):
            return
        for session in sessions:
            _finish(cast, session, now)
        _clear_chairs(cast, now)
        plans = _ready(cast, _on_stage(demo, now), now)
        if not plans:
            return
        first, *others = plans
        _running(cast, first, cast.chairs[0], now)
        if len(others) > 0:
            _waiting(cast, others[0], 1, now)
        if len(others) > 1:
            _over(cast, others[1], 2, now)
        if len(others) > 2:
            booking.book_at(cast, others[2], _escort(others[2]), cast.chairs[3], now + timedelta(hours=1))
        cast.write()


def _line_of_monitor(demo: DemoClinic, cast: Cast) -> None:
    """Both clinics share the listener's port and call their first bed alike, so the address tells whose the virtual
    monitor is: the first clinic's, from this machine."""
    if demo.slug == CLINICS[0].slug and cast.device is not None and not cast.device.address:
        cast.device.address = MONITOR_ADDRESS
        cast.device.save(update_fields=["address"])


def furnish_old(demo: DemoClinic) -> None:
    """What a clinic of an earlier version has not decided yet: texts, hours, numbers for booking, words about coming,
    rules that are new since (without a highest dose nobody gives one); and what readers of the library tell and ask."""
    clinic_id = _clinic_id(demo)
    with acting_as(system_actor(clinic_id, "Demo")):
        cast = load_cast(demo)
        if (
            not clinic_rows(ConsentAdoption).exists()
            or any(each.waits for each in standings(clinic_id))
            or visit_words(cast.clinic) is None
        ):
            scenario.furnish_clinic(cast)
        reading.furnish(demo, load_cast(demo))


def _on_stage(demo: DemoClinic, now: datetime) -> list[CarePlan]:
    """Courses that are under way by a signed plan and have nothing else today, the signed-in patient's first."""
    near = (now - _NEAR, now + _NEAR)
    plans = list(
        rows_of(CarePlan, CourseScope, clinic_rows(Encounter).values("care_plan"))
        .select_related("patient")
        .filter(ended_on=None, patient__restricted=False)
        .exclude(pk__in=plan_queries.without_signed_plan().order_by().values("pk"))
        .exclude(patient__in=clinic_rows(Appointment).filter(status="booked", during__overlap=near).values("patient"))
        .order_by("id")
    )
    signed_in = [p for p in plans if p.patient.record_number == f"{demo.prefix}-{demo.signed_in + 1:05d}"]
    others = [p for p in plans if p not in signed_in]
    random.Random(clinic_day(now, current_actor()).isoformat()).shuffle(others)
    return [*signed_in, *others]


def _ready(cast: Cast, courses: list[CarePlan], now: datetime) -> list[CarePlan]:
    """As many as there are chairs, of those who may have their next dose; where only the plan is in the way, since it
    is used up, due or its weight too old, a new version of it is signed the day before."""
    found: list[CarePlan] = []
    for course in courses:
        if len(found) == len(cast.chairs):
            break
        if gates.before_dose(course, now):
            continue
        found.append(course if _plan_holds(course, now) else _renewed(cast, course, now))
    return found


def _plan_holds(course: CarePlan, now: datetime) -> bool:
    version = plan_queries.in_force(CourseScope(course.pk), now)
    assert version is not None
    given = sessions_dosed(CourseScope(course.pk))
    most = min(version.sessions or 0, version.review_after or given + 1)
    limit = timedelta(days=released_rulebook().rule("dose.weight_age").number("days"))
    return (
        given < most and version.weight_on is not None and clinic_day(now, current_actor()) - version.weight_on < limit
    )


def _renewed(cast: Cast, course: CarePlan, now: datetime) -> CarePlan:
    version = plan_queries.in_force(CourseScope(course.pk), now)
    assert version is not None
    assert version.weight_kg is not None
    given = sessions_dosed(CourseScope(course.pk))
    doses.test_again(cast, course.patient_id, now - timedelta(days=1, hours=1), cast.members["nurse"][0])
    cast.write()
    words = ("Looked at again, and weighed again. It goes on.", "Revisado y pesado de nuevo. Continúa.")
    return planning.renew(
        cast.actor("prescriber"), cast.actor("nurse"), course, now - timedelta(days=1), cast.say(words),
        version.weight_kg, sessions=max(version.sessions or 0, given + 6), review_after=given + 3,
        starts_on=clinic_day(now, cast.clinic),
    )  # fmt: skip


def _clinic_id(demo: DemoClinic) -> int:
    from sojourn.foundation.accounts.actor import Actor
    from sojourn.foundation.accounts.models import Person

    person = Person.objects.get(email=f"clinic_admin@{demo.domain}")
    with acting_as(Actor(person_id=person.pk)):
        return Clinic.objects.get(slug=demo.slug).pk


def _escort(plan: CarePlan) -> RelatedPerson | None:
    return plan.patient.related_people.filter(ended_at=None).first()


def _clear_chairs(cast: Cast, now: datetime) -> None:
    """Whatever the generator booked around now makes room for the stage."""
    window = (now - _NEAR, now + _NEAR)
    clinic_rows(Appointment).filter(during__overlap=window, encounter=None).filter(status="booked").update(
        status="cancelled", cancelled_at=now, cancelled_by=cast.members["front_desk"][0], version=F("version") + 1,
        cancelled_because="The chair is needed for another session.",
    )  # fmt: skip


def _finish(cast: Cast, encounter: Encounter, now: datetime) -> None:
    """A session left over from an earlier run of the demo: it ended as planned."""
    nurse = cast.members["nurse"][0]
    ended = encounter.opened_at + timedelta(hours=2, minutes=20)
    been = list(encounter.states.order_by("seq").values_list("state", flat=True))
    if "dosing" not in been:
        doses.enter(cast, encounter, [Entered("cancelled", ended, "The demo was stopped.")], nurse, len(been))
    else:
        over = doses.finish(cast, encounter, now, *cast.members["nurse"][:2])
        ended = max(ended, over.over_at + timedelta(minutes=84))
        rest = [*over.states, Entered("ready_to_leave", ended), Entered("left", ended)]
        sessions.ready_checks(cast, encounter, ended, nurse)
        doses.enter(cast, encounter, rest, nurse, len(been))
    cast.watched.append(encounter)
    cast.write()
    SessionScope(encounter.pk).rows(DeviceAssociation).filter(until_at=None).update(until_at=now, until_by=nurse)


def _running(cast: Cast, plan: CarePlan, chair: Chair, now: datetime) -> None:
    """Fourteen minutes into the infusion, the monitor on."""
    own = random.Random(7)
    dose_at = now - _RUNNING_FOR
    arrived = dose_at - timedelta(minutes=22)
    nurse, other = cast.members["nurse"][:2]
    appointment = booking.book_at(cast, plan, _escort(plan), chair, arrived)
    encounter = sessions.open_encounter(cast, appointment, arrived)
    drawn = doses.prepare(cast, encounter, dose_at, nurse, other, own)
    _row, begun = doses.start(drawn)
    entered = [Entered("arrived", arrived), Entered("checked", dose_at - timedelta(minutes=5)), begun]
    doses.enter(cast, encounter, entered, nurse)
    doses.suffer(drawn, people.DISCOMFORTS[0], dose_at + timedelta(minutes=9), until=now)
    monitoring.vitals(cast, encounter, dose_at, now - timedelta(seconds=5), "hypertensive", 4, 10, nurse)
    assert cast.device is not None
    DeviceScope(cast.device.pk).rows(DeviceAssociation).filter(until_at=None).update(until_at=now)
    DeviceAssociation.objects.create(
        clinic=cast.clinic, patient_id=encounter.patient_id, device=cast.device, encounter=encounter,
        from_at=dose_at - timedelta(minutes=5), from_by=nurse,
    )  # fmt: skip


def _waiting(cast: Cast, plan: CarePlan, chair: int, now: datetime) -> None:
    """Arrived a few minutes ago; the checks are half done."""
    arrived = now - timedelta(minutes=9)
    nurse = cast.members["nurse"][1]
    appointment = booking.book_at(cast, plan, _escort(plan), cast.chairs[chair], arrived)
    encounter = sessions.open_encounter(cast, appointment, arrived)
    doses.enter(cast, encounter, [Entered("arrived", arrived)], nurse)
    doses.weigh_and_check(
        cast, encounter, now - timedelta(minutes=3), nurse, random.Random(13), items=("identity", "fasting", "weight")
    )
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


def _over(cast: Cast, plan: CarePlan, chair: int, now: datetime) -> None:
    """This morning's session: over, not yet signed."""
    begins = now - timedelta(hours=3, minutes=20)
    appointment = booking.book_at(cast, plan, _escort(plan), cast.chairs[chair], begins)
    sessions.session(cast, appointment, random.Random(11), "left", sparse=False)


def scenario_second() -> float:
    """Where in its scenario the virtual monitor must begin to fit the running session."""
    demo = people.HARBOR
    with acting_as(system_actor(_clinic_id(demo), "Demo")):
        session = next(iter(running().filter(chair__name=demo.chairs[0])), None)
        if session is None:
            return 0.0
        given = session.doses.order_by("started_at").first()
        since = timezone.now() - (given.started_at if given else session.opened_at)
        return max(0.0, since.total_seconds() + BASELINE_S)
