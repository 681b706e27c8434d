"""Where a patient is today, from facts and now (decision 0043): every stage, each of its borders, and what is offered.

The clinic of these cases is in Denver. Its clocks go back on 2026-11-01 and forward on 2026-03-08.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.care.companion.stages import (
    STAGES,
    STATIONS,
    Answer,
    Course,
    Facts,
    Stage,
    Thing,
    Visit,
    standings,
    station_of,
    today,
)
from sojourn.clinical.protocol import FINAL, PRESENT, State
from tests.clock import DENVER

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    """A moment of the clinic's wall clock: "2026-06-10 14:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=DENVER)


def visit(text: str, number: int = 1, *, hours: int = 3, course: int = 7, **more: Any) -> Visit:
    begins = at(text)
    return Visit(number, begins, begins + hours * HOUR, course_id=course, **more)


def given_at(text: str, number: int = 1, *, course: int = 7) -> Visit:
    """A session that began then, with a dose half an hour later, whose patient left after two hours and a half."""
    return visit(
        text, number, course=course, state=State.LEFT, dosed_at=at(text) + HOUR / 2, over_at=at(text) + 2.5 * HOUR
    )


YES: dict[str, Any] = {"is_begun": True, "is_sent": True, "answer": "accept", "agreements": 0}
SIX = Course(7, 6)


def facts(*visits: Visit, **more: Any) -> Facts:
    """Of somebody whose plan of six sessions is signed."""
    return Facts(zone=DENVER, **{**YES, "course": SIX, "visits": visits, **more})


def told(**more: Any) -> Facts:
    """Of somebody for whom nothing is planned."""
    return Facts(zone=DENVER, **more)


TEN = "2026-06-10 10:00"
DONE = tuple(given_at(f"2026-05-{day:02} 10:00", day, course=7) for day in (1, 4, 7, 10, 13, 16))

CASES: list[tuple[str, Facts, str, Stage]] = [
    # ------------------------------------------------------------ before a plan
    ("nothing was told", told(), TEN, "invited"),
    ("asked to sign before telling anything", told(agreements=3), TEN, "invited"),
    ("an intake was begun", told(is_begun=True), TEN, "intake"),
    ("it was sent", told(is_begun=True, is_sent=True), TEN, "deciding"),
    ("sent without anything in it", told(is_sent=True), TEN, "deciding"),
    ("the clinic says yes and has asked for nothing yet", told(**YES | {"agreements": None}), TEN, "deciding"),
    ("the clinic says yes, and two agreements are open", told(**YES | {"agreements": 2}), TEN, "deciding"),
    ("a yes without an intake", told(answer="accept", agreements=1), TEN, "deciding"),
    ("both have said yes", told(**YES), TEN, "agreed"),
    ("both have said yes, with conditions", told(**YES | {"answer": "accept_with_conditions"}), TEN, "agreed"),
    ("the answer is put off", told(is_sent=True, answer="defer"), TEN, "paused"),
    ("the answer is no", told(is_sent=True, answer="decline"), TEN, "declined"),
    # ------------------------------------------------------------ a plan
    ("a plan is signed and nothing booked", facts(), TEN, "planned"),
    ("an agreement has to be signed again", facts(agreements=1), TEN, "planned"),
    ("the first session is eight days away", facts(visit("2026-06-18 10:00")), TEN, "waiting"),
    # the week before begins with the clinic's seventh day before
    ("a minute before the week", facts(visit("2026-06-18 10:00")), "2026-06-10 23:59", "waiting"),
    ("the first minute of the week", facts(visit("2026-06-18 10:00")), "2026-06-11 00:00", "week_before"),
    ("the evening before", facts(visit("2026-06-18 10:00")), "2026-06-17 23:59", "week_before"),
    # ------------------------------------------------------------ the day
    ("the first minute of the day", facts(visit("2026-06-18 10:00")), "2026-06-18 00:00", "day"),
    ("late: the session should have begun", facts(visit("2026-06-18 10:00")), "2026-06-18 12:59", "day"),
    ("it is over, and nobody came", facts(visit("2026-06-18 10:00")), "2026-06-18 13:00", "planned"),
    ("says they are here", facts(visit("2026-06-18 10:00", here_at=at("2026-06-18 09:50"))), "2026-06-18 09:51",
     "arriving"),
    ("said it, and the time is over", facts(visit("2026-06-18 10:00", here_at=at("2026-06-18 09:50"))),
     "2026-06-18 13:00", "planned"),
    ("arrived", facts(visit("2026-06-18 10:00", state=State.ARRIVED, is_running=True)), "2026-06-18 10:05", "session"),
    ("arrived a day early by mistake of the desk",
     facts(visit("2026-06-18 10:00", state=State.ARRIVED, is_running=True)), "2026-06-17 10:05", "session"),
    ("the dose runs", facts(visit("2026-06-18 10:00", state=State.DOSING, is_running=True,
     dosed_at=at("2026-06-18 10:40"))), "2026-06-18 11:00", "session"),
    ("it takes longer than it was booked for", facts(visit("2026-06-18 10:00", state=State.OBSERVING,
     is_running=True, dosed_at=at("2026-06-18 10:40"))), "2026-06-18 14:00", "session"),
    ("sent home without a dose", facts(visit("2026-06-18 10:00", state=State.LEFT, over_at=at("2026-06-18 10:30"))),
     "2026-06-18 10:31", "planned"),
    ("did not attend", facts(visit("2026-06-18 10:00", state=State.DID_NOT_ATTEND, over_at=at("2026-06-18 11:00"))),
     "2026-06-18 11:01", "planned"),
    ("did not attend, and has another", facts(visit("2026-06-18 10:00", state=State.DID_NOT_ATTEND),
     visit("2026-06-30 10:00", 2)), "2026-06-18 12:00", "waiting"),
    ("the session was cancelled at the chair", facts(visit("2026-06-18 10:00", state=State.CANCELLED)),
     "2026-06-18 10:30", "planned"),
    # ------------------------------------------------------------ the first evening, and the days after
    ("a minute after leaving", facts(given_at("2026-06-18 10:00")), "2026-06-18 12:31", "first_evening"),
    ("the last minute of the clinic's day", facts(given_at("2026-06-18 10:00")), "2026-06-18 23:59", "first_evening"),
    ("the next morning begins", facts(given_at("2026-06-18 10:00")), "2026-06-19 00:00", "window"),
    ("the fourteenth day ends", facts(given_at("2026-06-18 10:00")), "2026-07-02 23:59", "window"),
    ("the fifteenth day begins", facts(given_at("2026-06-18 10:00")), "2026-07-03 00:00", "paused"),
    ("the next session is on the day after tomorrow", facts(given_at("2026-06-18 10:00"), visit("2026-06-22 10:00", 2)),
     "2026-06-20 10:00", "window"),
    ("the day of the next session ends it", facts(given_at("2026-06-18 10:00"), visit("2026-06-22 10:00", 2)),
     "2026-06-22 00:00", "day"),
    ("stopped early after a dose", facts(replace(given_at("2026-06-18 10:00"), over_at=at("2026-06-18 11:00"))),
     "2026-06-18 11:01", "first_evening"),
    # over midnight: the evening is of the day on which they left
    ("over midnight, in the session", facts(visit("2026-06-18 22:30", hours=4, state=State.OBSERVING, is_running=True,
     dosed_at=at("2026-06-18 23:40"))), "2026-06-19 00:30", "session"),
    ("over midnight, just left", facts(visit("2026-06-18 22:30", hours=4, state=State.LEFT,
     dosed_at=at("2026-06-18 23:40"), over_at=at("2026-06-19 01:20"))), "2026-06-19 01:21", "first_evening"),
    ("over midnight, the evening after", facts(visit("2026-06-18 22:30", hours=4, state=State.LEFT,
     dosed_at=at("2026-06-18 23:40"), over_at=at("2026-06-19 01:20"))), "2026-06-19 23:59", "first_evening"),
    ("over midnight, the day after", facts(visit("2026-06-18 22:30", hours=4, state=State.LEFT,
     dosed_at=at("2026-06-18 23:40"), over_at=at("2026-06-19 01:20"))), "2026-06-20 00:00", "window"),
    ("begins before midnight, and nobody opened it", facts(visit("2026-06-18 23:00")), "2026-06-19 00:30", "day"),
    # nobody ended the session, and it does not run any more
    ("nobody ended it: the next day", facts(visit("2026-06-18 10:00", state=State.OBSERVING,
     dosed_at=at("2026-06-18 10:40"))), "2026-06-19 22:00", "window"),
    # ------------------------------------------------------------ between, on hold, after
    ("the next one is booked far away", facts(given_at("2026-06-01 10:00"), visit("2026-06-24 10:00", 2)),
     "2026-06-16 10:00", "between"),
    ("the week before a later one", facts(given_at("2026-06-01 10:00"), visit("2026-06-24 10:00", 2)),
     "2026-06-17 00:00", "week_before"),
    ("nothing is booked in the middle of a course", facts(given_at("2026-05-01 10:00")), TEN, "paused"),
    ("all six are done", facts(*DONE), TEN, "after_series"),
    ("one is missing", facts(*DONE[:5]), TEN, "paused"),
    ("one more than planned", facts(*DONE, given_at("2026-05-20 10:00", 9)), TEN, "after_series"),
    ("all are done, and another is booked", facts(*DONE, visit("2026-06-30 10:00", 9)), TEN, "between"),
    ("the last is done today", facts(*DONE), "2026-05-16 20:00", "first_evening"),
    ("the last was done last week", facts(*DONE), "2026-05-20 10:00", "window"),
    ("the course has ended whole", facts(*DONE, course=Course(7, 6, date(2026, 6, 1))), TEN, "staying_well"),
    ("ended before its sessions were done", facts(*DONE[:4], course=Course(7, 6, date(2026, 6, 1))), TEN, "ended"),
    ("ended before a first session", facts(course=Course(7, 6, date(2026, 6, 1))), TEN, "ended"),
    ("ended without a number of sessions", facts(course=Course(7, 0, date(2026, 6, 1))), TEN, "ended"),
    ("ended yesterday after a session: the body comes first",
     facts(given_at("2026-06-08 10:00"), course=Course(7, 6, date(2026, 6, 9))), TEN, "window"),
    # ------------------------------------------------------------ what was decided since
    ("put off in the middle of a course", facts(given_at("2026-05-01 10:00"), answer="defer"), TEN, "paused"),
    ("put off in the days after a session", facts(given_at("2026-06-08 10:00"), answer="defer"), TEN, "paused"),
    ("put off, and a session is booked for next week", facts(visit("2026-06-15 10:00"), answer="defer"), TEN, "paused"),
    ("put off, and a session is booked for today", facts(visit("2026-06-10 15:00"), answer="defer"), TEN, "day"),
    ("put off on the day of a dose", facts(given_at(TEN), answer="defer"), "2026-06-10 20:00", "first_evening"),
    ("a no in the middle of a course", facts(given_at("2026-05-01 10:00"), answer="decline"), TEN, "declined"),
    ("a no, and a session is booked for today", facts(visit("2026-06-10 15:00"), answer="decline"), TEN, "declined"),
    ("a no on the day of a dose", facts(given_at(TEN), answer="decline"), "2026-06-10 20:00", "first_evening"),
    ("a no while they are here", facts(visit(TEN, state=State.CHECKED, is_running=True), answer="decline"), TEN,
     "session"),
    ("a new yes after the course ended", facts(*DONE, course=Course(7, 6, date(2026, 6, 1)),
     answered_at=at("2026-06-05 09:00")), TEN, "agreed"),
    ("a new yes after the course ended, to be signed", facts(*DONE, course=Course(7, 6, date(2026, 6, 1)),
     answered_at=at("2026-06-05 09:00"), agreements=2), TEN, "deciding"),
    ("the yes was before the course ended", facts(*DONE, course=Course(7, 6, date(2026, 6, 1)),
     answered_at=at("2026-04-05 09:00")), TEN, "staying_well"),
    ("the yes was on the day on which it ended", facts(*DONE, course=Course(7, 6, date(2026, 6, 1)),
     answered_at=at("2026-06-01 23:59")), TEN, "staying_well"),
    # ------------------------------------------------------------ two courses
    ("a second course begins", facts(*(replace(each, course_id=3) for each in DONE)), TEN, "planned"),
    ("its first session is booked", facts(*(replace(each, course_id=3) for each in DONE),
     visit("2026-06-30 10:00", 9)), TEN, "waiting"),
    ("a dose of the other course has days after it too", facts(given_at("2026-06-08 10:00", course=3)), TEN, "window"),
    ("two visits on one day, one of them over", facts(given_at("2026-06-10 08:00"), visit("2026-06-10 15:00", 2)),
     "2026-06-10 12:00", "first_evening"),
    # ------------------------------------------------------------ the days on which the clocks change
    ("the long day ends", facts(given_at("2026-11-01 10:00")), "2026-11-01 23:59", "first_evening"),
    ("the day after the long day", facts(given_at("2026-11-01 10:00")), "2026-11-02 00:00", "window"),
    ("the week before, over the long day", facts(visit("2026-11-04 10:00")), "2026-10-28 00:00", "week_before"),
    ("a minute before it", facts(visit("2026-11-04 10:00")), "2026-10-27 23:59", "waiting"),
    ("the short day begins", facts(visit("2026-03-08 10:00")), "2026-03-08 00:00", "day"),
    ("fourteen days over the short day", facts(given_at("2026-02-28 10:00")), "2026-03-14 23:59", "window"),
    ("and the fifteenth", facts(given_at("2026-02-28 10:00")), "2026-03-15 00:00", "paused"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "of", "now", "stage"), CASES, ids=[case[0] for case in CASES])
def test_the_stage(what: str, of: Facts, now: str, stage: Stage):
    assert today(of, at(now)).stage == stage


def test_no_stage_is_forgotten():
    assert {stage for *_rest, stage in CASES} == set(STAGES)
    assert len(STAGES) == 18


def test_the_day_is_the_clinics_wherever_the_reader_is():
    """The same facts and the same moment: midnight in Denver is not midnight in Madrid."""
    there = facts(given_at("2026-06-18 10:00"))
    moment = at("2026-06-18 23:59")
    assert today(there, moment).stage == "first_evening"
    assert today(there, moment.astimezone(tz=None)).stage == "first_evening"


# ---------------------------------------------------------------- the one thing, and the rest

OPEN: dict[str, Any] = {"agreements": 2, "sheets": 1, "unread": 3}

MAIN: list[tuple[str, Facts, str, Thing]] = [
    ("begin the intake", told(), TEN, "intake"),
    ("the intake comes before what else is open", told(is_begun=True, **OPEN), TEN, "intake"),
    ("nothing to do but read", told(is_begun=True, is_sent=True), TEN, "read"),
    ("questions wait while they decide", told(is_begun=True, is_sent=True, sheets=1), TEN, "sheet"),
    ("a message waits while they decide", told(is_begun=True, is_sent=True, unread=1), TEN, "message"),
    ("to sign", told(**YES | {"agreements": 2}), TEN, "agreements"),
    ("yes, and nothing to sign yet", told(**YES | {"agreements": None}), TEN, "answer"),
    ("both agree: what to expect", told(**YES), TEN, "read"),
    ("planned: which times suit", facts(), TEN, "times"),
    ("waiting: the visits", facts(visit("2026-06-30 10:00")), TEN, "visits"),
    ("a ride is not asked for three weeks ahead", facts(visit("2026-06-30 10:00", has_no_ride=True)), TEN, "visits"),
    ("the week before: the ride home", facts(visit("2026-06-15 10:00", has_no_ride=True)), TEN, "ride_home"),
    ("the week before: what to expect", facts(visit("2026-06-15 10:00")), TEN, "read"),
    ("the week before: to sign comes first", facts(visit("2026-06-15 10:00", has_no_ride=True), **OPEN), TEN,
     "agreements"),
    ("the day: I am here", facts(visit("2026-06-10 15:00", has_no_ride=True), **OPEN), TEN, "here"),
    ("arriving: read while you wait", facts(visit("2026-06-10 15:00", here_at=at(TEN))), "2026-06-10 10:01", "read"),
    ("arriving: questions while you wait", facts(visit("2026-06-10 15:00", here_at=at(TEN)), sheets=1),
     "2026-06-10 10:01", "sheet"),
    ("the session: the quiet screen", facts(visit(TEN, state=State.CHECKED, is_running=True), **OPEN), TEN,
     "quiet_screen"),
    ("the evening asks nothing", facts(given_at(TEN), **OPEN), "2026-06-10 20:00", "read"),
    ("the days after: a ride for the next one", facts(given_at("2026-06-08 10:00"), visit("2026-06-12 10:00", 2,
     has_no_ride=True)), TEN, "ride_home"),
    ("the days after", facts(given_at("2026-06-08 10:00")), TEN, "read"),
    ("between", facts(given_at("2026-05-01 10:00"), visit("2026-06-30 10:00", 2)), TEN, "visits"),
    ("between, and a ride is not asked for yet", facts(given_at("2026-05-01 10:00"), visit("2026-06-30 10:00", 2,
     has_no_ride=True)), TEN, "visits"),
    ("after the series", facts(*DONE), TEN, "progress"),
    ("staying well", facts(*DONE, course=Course(7, 6, date(2026, 6, 1))), TEN, "progress"),
    ("on hold, and an answer to read", told(is_sent=True, answer="defer"), TEN, "answer"),
    ("on hold, and nobody said why", facts(given_at("2026-05-01 10:00")), TEN, "times"),
    ("declined", told(is_sent=True, answer="decline", unread=1), TEN, "answer"),
    ("ended", facts(course=Course(7, 6, date(2026, 6, 1))), TEN, "ask"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "of", "now", "main"), MAIN, ids=[case[0] for case in MAIN])
def test_the_one_thing(what: str, of: Facts, now: str, main: Thing):
    assert today(of, at(now)).main == main


def test_on_the_day_the_rest_is_what_is_open():
    there = facts(visit("2026-06-10 15:00", has_no_ride=True), **OPEN)
    assert today(there, at(TEN)).rest == (
        "agreements", "ride_home", "sheet", "message", "place", "visits", "read", "ask",
    )  # fmt: skip


def test_under_a_dose_there_is_one_thing_and_no_rest():
    """What is answered or agreed to then counts for nothing (care/patients/not_now): nothing is offered."""
    dosed = visit(TEN, state=State.DOSING, is_running=True, dosed_at=at(TEN))
    found = today(facts(dosed, **OPEN), at("2026-06-10 10:30"))
    assert (found.main, found.rest, found.rests) == ("quiet_screen", (), True)
    before = today(facts(replace(dosed, dosed_at=None, state=State.CHECKED), **OPEN), at("2026-06-10 10:30"))
    assert before.rest == ("agreements", "sheet", "message", "place")


@pytest.mark.parametrize(
    ("now", "there"),
    [("2026-06-10 09:50", True), ("2026-06-10 09:59", True), ("2026-06-10 10:00", False), ("2026-06-10 12:00", False)],
)
def test_it_can_be_taken_back_for_ten_minutes(now: str, there: bool):
    said = facts(visit("2026-06-10 12:00", here_at=at("2026-06-10 09:50")))
    assert ("take_back" in today(said, at(now)).rest) is there


def test_a_ride_is_not_asked_for_once_the_visit_has_begun():
    late = facts(visit("2026-06-10 10:00", has_no_ride=True))
    assert "ride_home" in today(late, at("2026-06-10 09:59")).rest
    assert "ride_home" not in today(late, at("2026-06-10 10:00")).rest


def test_whom_the_clinic_declined_can_still_say_that_they_are_here():
    """Somebody may come to talk about it."""
    declined = facts(visit("2026-06-10 15:00"), answer="decline")
    assert "here" in today(declined, at(TEN)).rest


def test_whoever_has_said_it_is_not_asked_again():
    said = facts(visit("2026-06-10 15:00", here_at=at(TEN)), answer="decline")
    assert "here" not in today(said, at("2026-06-10 10:30")).rest


def test_the_session_that_runs_is_not_done_yet():
    first = given_at("2026-06-08 10:00")
    now = visit(TEN, 2, state=State.DOSING, is_running=True, dosed_at=at(TEN))
    assert facts(first, now).sessions_done == 1


def test_of_two_sessions_that_nobody_ended_the_later_one_is_meant():
    late = visit("2026-06-09 15:00", 1, state=State.OBSERVING, is_running=True, dosed_at=at("2026-06-09 15:30"))
    now = visit(TEN, 2, state=State.ARRIVED, is_running=True)
    found = today(facts(late, now), at(TEN))
    assert found.visit == now
    assert not found.rests


# ---------------------------------------------------------------- the path

PATH = [
    (told(), TEN, "consultation"),
    (told(is_sent=True, answer="defer"), TEN, "consultation"),
    (told(**YES), TEN, "plan"),
    (facts(), TEN, "plan"),
    (facts(visit("2026-06-15 10:00")), TEN, "preparation"),
    (facts(visit("2026-06-10 15:00")), TEN, "sessions"),
    (facts(given_at("2026-06-08 10:00")), TEN, "sessions"),
    (facts(given_at("2026-05-01 10:00"), visit("2026-06-12 10:00", 2)), TEN, "sessions"),
    (facts(given_at("2026-05-01 10:00")), TEN, "sessions"),
    (facts(*DONE), "2026-05-18 10:00", "integration"),
    (facts(*DONE), TEN, "integration"),
    (facts(*DONE, course=Course(7, 6, date(2026, 6, 1))), TEN, "follow_up"),
]


@pytest.mark.parametrize(("of", "now", "station"), PATH)
def test_the_station_of_the_path(of: Facts, now: str, station: str):
    at_ = station_of(today(of, at(now)).stage, of)
    assert at_ == station
    told_of = list(standings(at_))
    assert [name for name, _standing in told_of] == list(STATIONS)
    assert [standing for _name, standing in told_of].count("now") == 1
    assert [standing for _name, standing in told_of] == sorted(
        (standing for _name, standing in told_of), key=["done", "now", "ahead"].index
    )


# ---------------------------------------------------------------- whatever there is

NOW = at(TEN)
MOMENTS = st.timedeltas(timedelta(days=-40), timedelta(days=40)).map(lambda away: NOW + away)


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    begins, state = draw(MOMENTS), draw(st.sampled_from(list(State)))
    dosed = draw(st.booleans()) and state not in (State.PLANNED, State.ARRIVED)
    return Visit(
        draw(st.integers(1, 9)), begins, begins + draw(st.timedeltas(timedelta(minutes=10), timedelta(hours=12))),
        draw(st.integers(6, 8)), state, state in PRESENT and draw(st.booleans()),
        begins + HOUR / 2 if dosed else None, begins + 2 * HOUR if state in FINAL else None,
        draw(st.none() | st.just(begins)), draw(st.booleans()),
    )  # fmt: skip


ENDED = st.none() | st.dates(date(2026, 5, 1), date(2026, 6, 9))
WHATEVER = st.builds(
    Facts,
    zone=st.just(DENVER),
    is_begun=st.booleans(),
    is_sent=st.booleans(),
    answer=st.sampled_from(get_args(Answer)),
    answered_at=st.none() | MOMENTS,
    agreements=st.none() | st.integers(0, 2),
    course=st.none() | st.builds(Course, st.just(7), st.integers(0, 6), ENDED),
    visits=st.lists(visits(), max_size=4).map(lambda found: tuple(sorted(found, key=lambda each: each.begins))),
    sheets=st.integers(0, 2),
    unread=st.integers(0, 2),
)  # fmt: skip


@given(of=WHATEVER)
def test_whatever_there_is_has_a_stage_and_one_thing(of: Facts):
    found = today(of, NOW)
    assert found.stage in STAGES
    assert found.main not in found.rest
    assert len(set(found.rest)) == len(found.rest)
    assert (found.stage == "session") is (found.main == "quiet_screen")
    assert not found.rests or found.rest == ()
    for thing, count in (("agreements", of.agreements), ("sheet", of.sheets), ("message", of.unread)):
        assert count or thing not in (found.main, *found.rest)
    assert station_of(found.stage, of) in STATIONS
