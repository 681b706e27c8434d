"""Half past eleven at night in Denver is the next day in UTC: what jobs, the watch and actions say of days then.

No page is around any of these tests, so Django's active zone is UTC all through them. Each moment is worked out by hand
from Denver's seven hours behind UTC in winter.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from sojourn.care.consent import queries as consent_queries
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.intake import queries as intake_queries
from sojourn.care.measures import actions as measures_actions
from sojourn.care.patients import actions as patients_actions
from sojourn.care.plan import actions as plan_actions
from sojourn.care.safety import telling_actions
from sojourn.care.scheduling import series_actions
from sojourn.care.session.eve import eve
from sojourn.foundation import clock
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts.actor import NOBODY, Actor, NotAllowed, acting_as
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from tests.care.booked import letters, send, with_email
from tests.care.test_booking import book, chair, course
from tests.clock import DENVER
from tests.conftest import Cast

LATE = datetime(2026, 12, 2, 6, 30, tzinfo=UTC)  # 23:30 on Tuesday 1 December in Denver
THAT_DAY, NEXT_DAY = date(2026, 12, 1), date(2026, 12, 2)


@pytest.fixture(autouse=True)
def outside_a_page() -> None:
    assert timezone.get_current_timezone_name() == "UTC"


def refused(attempt) -> tuple[tuple[str, ...], str]:
    with pytest.raises(ActionRefused) as error:
        attempt()
    return error.value.codes, " ".join(str(each) for each in error.value.reasons)


def test_an_asker_knows_the_zone_of_their_clinic(clinic: Cast, django_assert_num_queries):
    by = system_actor(clinic.clinic.pk)
    with acting_as(by), django_assert_num_queries(1):
        assert (by.zone, by.zone) == (DENVER, DENVER)
        assert clock.clinic_day(LATE, by) == clock.clinic_day(LATE, clinic.clinic) == THAT_DAY
    assert clock.local(LATE, clinic.clinic).isoformat() == "2026-12-01T23:30:00-07:00"
    assert clock.at_wall_clock(THAT_DAY, time(23, 30), clinic.clinic) == LATE
    assert Actor(clinic_id=1, time_zone="UTC") == Actor(clinic_id=1)  # who asks is the same, however much was read


def test_nobody_has_a_day(clinic: Cast):
    with pytest.raises(NotAllowed):
        clock.clinic_today(NOBODY)
    with acting_as(NOBODY), pytest.raises(NotAllowed):  # the database shows the clinic to whoever asks in it
        clock.clinic_today(system_actor(clinic.clinic.pk))


def test_a_reminder_names_the_clinics_day_and_hour(desk: Cast):
    book(desk, with_email(desk), chair(desk), at=LATE)
    assert send(desk, LATE - timedelta(hours=12)) > 0
    assert "Tuesday 1 December 2026, 23:30" in letters()[0].text


def test_a_day_that_has_begun_in_utc_alone_has_not_come(desk: Cast, clinic: Cast):
    by, prescriber, nurse = (clinic.actor(role) for role in ("front_desk", "prescriber", "nurse"))
    ana = course(desk)
    ends = lambda day: plan_actions.end(by=prescriber, course_id=ana.pk, ended_on=day, now=LATE)  # noqa: E731
    assert refused(lambda: ends(NEXT_DAY))[0] == ("ends-in-future",)
    newborn = lambda: patients_actions.add(  # noqa: E731
        by=by, given_name="Eva", family_name="Paz", birth_date=NEXT_DAY, now=LATE
    )
    assert refused(newborn)[0] == ("born-in-future",)
    weighed = lambda day: entry_actions.enter_fact(  # noqa: E731
        by=nurse, patient_id=ana.patient_id, name="weight_kg", value=70.0, on=day, now=LATE, sure=True
    )
    assert refused(lambda: weighed(NEXT_DAY))[0] == ("future",)
    assert weighed(THAT_DAY).observed_on == THAT_DAY
    assert ends(THAT_DAY).ended_on == THAT_DAY


def test_two_sessions_of_one_evening_lie_on_one_day(desk: Cast):
    ana, one = course(desk), chair(desk)
    morning = LATE - timedelta(hours=13)  # 10:30 of the same Tuesday; by UTC the day before
    wanted = [series_actions.Wanted(each, 60, one.pk) for each in (morning, LATE)]
    codes, _words = refused(
        lambda: series_actions.book_series(
            by=desk.actor("front_desk"), care_plan_id=ana.pk, wanted=wanted, now=morning - timedelta(days=1)
        )
    )
    assert codes == ("same-day",)


def test_a_chair_is_taken_by_the_clinics_clock(desk: Cast):
    one = chair(desk)
    book(desk, course(desk, "Ana"), one, at=LATE - timedelta(hours=2), minutes=90)
    codes, words = refused(lambda: book(desk, course(desk, "Bo"), one, at=LATE - timedelta(hours=1)))
    assert codes == ("chair-taken",)
    assert "from 21:30 to 23:00" in words


def test_the_eve_lists_who_comes_that_evening(desk: Cast):
    book(desk, course(desk), chair(desk), at=LATE)
    found = eve(desk.clinic.pk, DENVER, date(2026, 11, 30))
    assert found.day == THAT_DAY


def test_a_questionnaire_is_open_until_the_clinics_day(clinic: Cast):
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        who = course(clinic).patient_id
        ask = lambda: measures_actions.request_measure(  # noqa: E731
            by=nurse, patient_id=who, scale_id="phq-9", due_at=LATE, now=LATE - timedelta(days=2)
        )
        ask()
        codes, words = refused(ask)
    assert codes == ("already_open",)
    assert "1 December 2026" in words


def test_what_was_said_in_the_evening_was_said_that_day(clinic: Cast):
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        who = course(clinic).patient_id
        intake_actions.say_line(by=nurse, patient_id=who, of="medicines", name="Sertraline", now=LATE)
        assert [each.said_on for each in intake_queries.medicines(PatientScope(who))] == [THAT_DAY]


def test_agreements_hold_to_the_end_of_the_clinics_day(clinic: Cast):
    with acting_as(clinic.actor("nurse")):
        assert consent_queries._end_of(THAT_DAY - timedelta(days=400)) == datetime(
            2025, 10, 28, 5, 59, 59, 999999, tzinfo=UTC
        )


def test_letters_and_notices_name_the_clinics_day(clinic: Cast):
    assert telling_actions._clock(LATE, clinic.clinic) == "Tuesday 1 December 2026, 23:30"
    by = clinic.actor("clinic_admin")
    with acting_as(by):
        accounts_actions.invite(by=by, email="new@north.example", name="Noor Haddad", role="nurse", now=LATE)
        (letter,) = letters()
    assert "until Dec. 8, 2026" in letter.text  # seven days on, 23:30 still; the 9th by UTC
