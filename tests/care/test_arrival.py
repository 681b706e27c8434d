"""The patient says that they are here: on the day, once, taken back within minutes or by the desk; it opens nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from sojourn.care.companion.queries import found
from sojourn.care.companion.stages import today
from sojourn.care.coordination import arrival_actions
from sojourn.care.coordination.arrival import TAKE_BACK_WITHIN, is_the_day
from sojourn.care.coordination.models import ArrivalNotice
from sojourn.care.encounter.models import Encounter
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.scheduling import visits
from tests.care.stage import Stage, arrive, set_stage
from tests.clock import DENVER
from tests.conftest import Cast

BEGINS = datetime(2026, 6, 10, 14, tzinfo=DENVER)
BEFORE = BEGINS - timedelta(minutes=8)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage(clinic: Cast) -> Stage:
    return set_stage(clinic, at=BEGINS)


def patient(stage: Stage) -> Actor:
    """Who signs in as the patient; a sign-in is made where there is none yet."""
    name = f"patient {stage.patient.pk}"
    if name not in stage.cast.members:
        with acting_as(system_actor(stage.cast.clinic.pk)):
            person = Person.objects.create_user(f"p{stage.patient.pk}@{stage.cast.clinic.slug}.example")
            stage.cast.members[name] = Membership.objects.create(
                clinic=stage.cast.clinic, person=person, role="patient", name="Ana", patient_id=stage.patient.pk
            )
    return stage.cast.actor(name)


def say(stage: Stage, now: datetime = BEFORE, by: Actor | None = None) -> ArrivalNotice:
    by = by or patient(stage)
    with acting_as(by):
        return arrival_actions.say_here(by=by, appointment_id=stage.appointment.pk, now=now)


def take_back(stage: Stage, now: datetime, by: Actor | None = None) -> ArrivalNotice | None:
    by = by or patient(stage)
    with acting_as(by):
        return arrival_actions.take_back(by=by, appointment_id=stage.appointment.pk, now=now)


def here(stage: Stage) -> datetime | None:
    """Since when the desk reads that they are here."""
    with acting_as(stage.cast.actor("front_desk")):
        (row,) = [each for each in visits.on_day(BEGINS.date(), DENVER) if each.appointment.pk == stage.appointment.pk]
        return row.here_at


def verbs(stage: Stage) -> list[str]:
    with acting_as(stage.cast.actor("auditor")):
        rows = AuditEvent.objects.filter(patient_id=stage.patient.pk, action__startswith="arrival.")
        return [row.action for row in rows.order_by("id")]


def open_session(stage: Stage) -> None:
    with acting_as(stage.cast.actor("nurse")):
        arrive(stage, BEGINS)


def codes(act: object, *args: object, **kwargs: object) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as refused:
        act(*args, **kwargs)  # type: ignore[operator]
    return tuple(refused.value.codes)


def test_the_desk_reads_it_and_nothing_is_opened(stage: Stage):
    say(stage)
    assert here(stage) == BEFORE
    assert verbs(stage) == ["arrival.said"]
    with acting_as(stage.cast.actor("nurse")):
        assert not Encounter.objects.filter(appointment=stage.appointment).exists()
        assert Appointment.objects.get(pk=stage.appointment.pk).session_opened_at is None


def test_the_same_again_is_the_same_word(stage: Stage):
    first = say(stage)
    assert say(stage, BEFORE + MINUTE).pk == first.pk
    assert here(stage) == BEFORE
    assert verbs(stage) == ["arrival.said"]


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(2026, 6, 9, 23, 59, tzinfo=DENVER), ("not-today",)),
        (datetime(2026, 6, 10, 0, 0, tzinfo=DENVER), ()),
        (datetime(2026, 6, 10, 16, 59, tzinfo=DENVER), ()),
        (datetime(2026, 6, 10, 17, 0, tzinfo=DENVER), ("over",)),
    ],
)
def test_it_is_said_on_the_clinics_day_until_the_time_is_over(stage: Stage, now: datetime, code: tuple[str, ...]):
    if code:
        assert codes(say, stage, now) == code
        assert here(stage) is None
    else:
        assert say(stage, now).said_at == now


def test_what_began_before_midnight_and_lasts_is_of_today():
    begins = datetime(2026, 6, 10, 23, tzinfo=DENVER)
    ends = begins + timedelta(hours=3)
    assert is_the_day(begins, ends, begins + timedelta(hours=2), DENVER)
    assert not is_the_day(begins, ends, ends, DENVER)
    assert not is_the_day(begins, ends, begins - timedelta(hours=23, minutes=1), DENVER)


def test_a_slip_is_taken_back_for_ten_minutes_and_then_by_the_desk(stage: Stage):
    assert timedelta(minutes=10) == TAKE_BACK_WITHIN  # decision 0043
    say(stage)
    take_back(stage, BEFORE + 9 * MINUTE)
    assert here(stage) is None
    say(stage, BEGINS)
    assert here(stage) == BEGINS
    assert codes(take_back, stage, BEGINS + 10 * MINUTE) == ("too-late",)
    take_back(stage, BEGINS + 30 * MINUTE, stage.cast.actor("front_desk"))
    assert here(stage) is None
    assert verbs(stage) == ["arrival.said", "arrival.taken_back"] * 2


def test_what_was_never_said_needs_no_taking_back(stage: Stage):
    assert take_back(stage, BEGINS) is None
    assert verbs(stage) == []


def test_an_opened_session_takes_no_word(stage: Stage):
    open_session(stage)
    assert codes(say, stage, BEGINS) == ("session-begun",)
    assert codes(take_back, stage, BEGINS) == ("session-begun",)


def test_a_cancelled_appointment_takes_none(stage: Stage):
    with acting_as(stage.cast.actor("nurse")):
        Appointment.objects.filter(pk=stage.appointment.pk).update(status="cancelled")
    assert codes(say, stage) == ("cancelled",)


def test_a_session_that_was_opened_is_no_longer_announced(stage: Stage):
    say(stage)
    open_session(stage)
    assert here(stage) is None


def test_a_moved_appointment_is_asked_anew(stage: Stage):
    say(stage)
    later = BEGINS + timedelta(hours=2)
    with acting_as(stage.cast.actor("nurse")):
        Appointment.objects.filter(pk=stage.appointment.pk).update(during=(later, later + timedelta(hours=3)))
    assert here(stage) is None
    assert say(stage, BEGINS).starts_at == later


def test_nobody_says_it_for_another(stage: Stage):
    other = set_stage(stage.cast, at=BEGINS, number=2)
    with pytest.raises(Appointment.DoesNotExist):
        say(stage, by=patient(other))
    assert here(stage) is None


def test_what_was_said_stays_as_it_was(stage: Stage):
    notice = say(stage)
    with acting_as(stage.cast.actor("front_desk")):
        with pytest.raises(DatabaseError), transaction.atomic():
            ArrivalNotice.objects.filter(pk=notice.pk).update(is_here=False)
        with pytest.raises(DatabaseError), transaction.atomic():
            ArrivalNotice.objects.filter(pk=notice.pk).delete()


def test_the_facts_know_it(stage: Stage):
    def now_at(now: datetime) -> str:
        by = patient(stage)
        with acting_as(by):
            facts = found(PatientScope(stage.patient.pk), stage.cast.clinic, now).facts
        return today(facts, now).stage

    assert now_at(BEFORE) == "day"
    say(stage)
    assert now_at(BEFORE + MINUTE) == "arriving"
    take_back(stage, BEFORE + MINUTE)
    assert now_at(BEFORE + 2 * MINUTE) == "day"
