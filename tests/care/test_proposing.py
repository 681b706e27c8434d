"""Laws of a proposed series: spacing kept, inside free time, nothing twice, the earliest, the same every time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.care.coordination import reminding
from sojourn.care.scheduling import hours, proposing
from sojourn.care.scheduling.proposing import Free, KeptAppointment, Proposal, SeriesRefusal, SeriesShape, Slot, Wish
from sojourn.foundation.timing import PersonsClock, Quiet

DENVER = ZoneInfo("America/Denver")
MONDAY = date(2026, 3, 2)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), DENVER).astimezone(UTC)


def slot(day: int, hour: int = 9, chair: int = 1) -> Slot:
    begins = at(MONDAY + timedelta(days=day), hour)
    return Slot(begins, begins + timedelta(hours=2), chair)


def local_day(moment: datetime) -> date:
    return moment.astimezone(DENVER).date()


shapes = st.builds(
    lambda n, least, more: SeriesShape(n, least, least + more, MONDAY),
    st.integers(1, 4), st.integers(1, 5), st.integers(0, 4),
)  # fmt: skip
free_days = st.frozensets(st.integers(0, 24), max_size=12)
standing_days = st.lists(st.integers(0, 24), max_size=3, unique=True)


def ways(days: set[int], shape: SeriesShape, after: int | None = None) -> list[tuple[int, ...]]:
    """Every series that keeps the spacing, by trying them all."""
    found = []
    for chosen in combinations(sorted(days), shape.sessions):
        gaps = [b - a for a, b in pairwise(chosen)]
        if after is not None and chosen:
            gaps.append(chosen[0] - after)
        if all(shape.min_days <= gap <= shape.max_days for gap in gaps):
            found.append(chosen)
    return found


@given(shapes, free_days)
def test_the_earliest_series_is_found_wherever_there_is_one(shape: SeriesShape, days: frozenset[int]):
    answer = proposing.propose(shape, [slot(day) for day in days], DENVER)
    possible = ways(set(days), shape)
    if not possible:
        fits = [n for n in range(shape.sessions) if ways(set(days), replace(shape, sessions=n))]
        assert answer == SeriesRefusal(fit=max(fits), free_days=len(days))
        return
    assert isinstance(answer, Proposal)
    assert tuple((local_day(each.begins) - MONDAY).days for each in answer.sessions) == min(possible)
    assert answer == proposing.propose(shape, [slot(day) for day in sorted(days, reverse=True)], DENVER)


@given(shapes, free_days, standing_days)
def test_a_repair_moves_as_few_as_can_be(shape: SeriesShape, days: frozenset[int], standing: list[int]):
    stands = [KeptAppointment(100 + day, at(MONDAY + timedelta(days=day), 14)) for day in standing]
    answer = proposing.propose(shape, [slot(day) for day in days], DENVER, standing=stands)
    possible = ways(set(days) | set(standing), shape)
    if not possible:
        assert isinstance(answer, SeriesRefusal)
        return
    assert isinstance(answer, Proposal)
    kept = sum(each.kind == "kept" for each in answer.sessions)
    assert kept == max(len(set(way) & set(standing)) for way in possible)
    touched = [each.appointment_id for each in answer.sessions if each.appointment_id is not None]
    assert len(touched) == len(set(touched))
    for one, other in pairwise(answer.sessions):
        assert shape.min_days <= (local_day(other.begins) - local_day(one.begins)).days <= shape.max_days


@given(shapes, free_days)
def test_alternatives_keep_the_spacing_with_their_neighbours(shape: SeriesShape, days: frozenset[int]):
    free = [slot(day, hour) for day in days for hour in (9, 13)]
    answer = proposing.propose(shape, free, DENVER)
    if isinstance(answer, SeriesRefusal):
        return
    for number, session in enumerate(answer.sessions):
        for other in session.alternatives:
            assert other in free
            moved = [local_day(each.begins) for each in answer.sessions]
            moved[number] = local_day(other.begins)
            gaps = [(b - a).days for a, b in pairwise(moved)]
            assert all(shape.min_days <= gap <= shape.max_days for gap in gaps)


spans = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 30)).map(
        lambda pair: (at(MONDAY, 0) + timedelta(hours=pair[0]), at(MONDAY, 0) + timedelta(hours=pair[0] + pair[1]))
    ),
    max_size=6,
)


def held(found, moment: datetime) -> bool:
    return any(begins <= moment < ends for begins, ends in found)


@given(spans, spans, st.integers(1, 3))
def test_spans_are_sets_of_moments(one, other, at_once):
    for hour in range(135):
        moment = at(MONDAY, 0) + timedelta(hours=hour, minutes=30)
        assert held(proposing.subtract(one, other), moment) == (held(one, moment) and not held(other, moment))
        assert held(proposing.intersect(one, other), moment) == (held(one, moment) and held(other, moment))
        running = sum(begins <= moment < ends for begins, ends in other)
        assert held(proposing.spare(one, other, at_once), moment) == (held(one, moment) and running < at_once)


@given(spans, spans, st.integers(15, 240), st.integers(0, 60))
def test_a_slot_lies_in_free_time_of_chair_and_nurse(chair, nurse, minutes, turnover):
    chairs = [Free(1, proposing.merge(chair))]
    nurses = [Free(7, proposing.merge(nurse))]
    for each in proposing.slots(chairs, minutes=minutes, turnover=turnover, nurses=nurses):
        assert each.ends - each.begins == timedelta(minutes=minutes)
        assert proposing.covers(chairs[0].spans, each.begins, each.ends + timedelta(minutes=turnover))
        assert proposing.covers(nurses[0].spans, each.begins, each.ends)
        assert each.begins.minute % 15 == 0
        assert (each.chair_id, each.nurse_id, each.therapist_id) == (1, 7, None)


def test_where_somebody_must_attend_and_nobody_can_there_is_no_time():
    chairs = [Free(1, ((at(MONDAY, 9), at(MONDAY, 17)),))]
    assert proposing.slots(chairs, minutes=120, nurses=[]) == []
    assert len(proposing.slots(chairs, minutes=120)) == 25
    busy = [(at(MONDAY, 10), at(MONDAY, 11))]
    assert proposing.slots(chairs, minutes=120, patient_busy=busy)[0].begins == at(MONDAY, 11)
    around = [each.begins for each in proposing.slots(chairs, minutes=60, patient_busy=busy)]
    assert around[:2] == [at(MONDAY, 9), at(MONDAY, 11)]  # up to the one border, and from the other
    assert [len(proposing.slots(chairs, minutes=n)) for n in (0, 1, 480, 481)] == [0, 32, 1, 0]


@pytest.mark.parametrize("numbers", [(-1, 1, 1), (1, 0, 1), (1, 2, 1)])
def test_a_shape_that_cannot_be_is_none(numbers):
    with pytest.raises(ValueError, match="at least a day apart"):
        SeriesShape(*numbers, MONDAY)
    assert proposing.propose(SeriesShape(0, 1, 1, MONDAY), [slot(0)], DENVER) == Proposal(())


def test_the_parts_of_a_day_end_at_noon_and_at_five():
    said = [proposing.part_of(time(*each)) for each in ((11, 59), (12, 0), (16, 59), (17, 0))]
    assert said == ["morning", "afternoon", "afternoon", "evening"]


def test_what_the_patient_wishes_is_kept_where_the_spacing_lets_it():
    free = [slot(day, hour) for day in range(14) for hour in (9, 15)]
    afternoons = proposing.propose(
        SeriesShape(3, 2, 4, MONDAY), free, DENVER, wish=Wish(parts=frozenset({"afternoon"}))
    )
    assert isinstance(afternoons, Proposal)
    assert not afternoons.beyond_wish
    assert {each.begins.astimezone(DENVER).hour for each in afternoons.sessions} == {15}
    # Only Mondays, but at most four days apart: the plan's spacing is stronger than the wish, and it is said.
    mondays = proposing.propose(SeriesShape(3, 2, 4, MONDAY), free, DENVER, wish=Wish(weekdays=frozenset({0})))
    assert isinstance(mondays, Proposal)
    assert mondays.beyond_wish


def test_a_gap_that_has_grown_too_long_is_said():
    free = [slot(day) for day in range(10, 20)]
    in_time = proposing.propose(SeriesShape(2, 2, 4, MONDAY), free, DENVER, after=MONDAY + timedelta(days=7))
    assert isinstance(in_time, Proposal)
    assert (in_time.late, local_day(in_time.sessions[0].begins)) == (False, MONDAY + timedelta(days=10))
    late = proposing.propose(SeriesShape(2, 2, 4, MONDAY), free, DENVER, after=MONDAY)
    assert isinstance(late, Proposal)
    assert late.late


def test_spacing_counts_nights_over_a_change_of_the_clocks():
    # Denver, 8 March 2026: Friday 09:00 to Monday 09:00 is 71 hours, and three days.
    friday, monday = slot(4), slot(7)
    assert monday.begins - friday.begins == timedelta(hours=71)
    answer = proposing.propose(SeriesShape(2, 3, 3, MONDAY), [friday, monday], DENVER)
    assert isinstance(answer, Proposal)


def test_hours_follow_the_clinics_clock():
    week = {day: ((time(9), time(17)),) for day in range(7)}
    saturday, sunday = date(2026, 3, 7), date(2026, 3, 8)
    winter, summer = hours.spans([saturday], week, {}, DENVER), hours.spans([sunday], week, {}, DENVER)
    assert winter == ((datetime(2026, 3, 7, 16, tzinfo=UTC), datetime(2026, 3, 8, 0, tzinfo=UTC)),)
    assert summer == ((datetime(2026, 3, 8, 15, tzinfo=UTC), datetime(2026, 3, 8, 23, tzinfo=UTC)),)
    assert hours.spans([sunday], week, {sunday: ()}, DENVER) == ()
    early = {6: ((time(1), time(4)),)}  # the hour from 2 to 3 is not there
    (span,) = hours.spans([sunday], early, {}, DENVER)
    assert span[1] - span[0] == timedelta(hours=2)


NIGHT = Quiet(time(20), time(8))


def test_a_reminder_comes_at_the_patients_own_hour():
    starts = datetime(2026, 3, 9, 16, tzinfo=UTC)  # Monday 10:00 in Denver; its clocks changed on Sunday
    long_ago = datetime(2026, 2, 1, tzinfo=UTC)
    denver = reminding.due_at(starts, 72, PersonsClock(DENVER, NIGHT), long_ago)
    assert denver is not None
    assert denver == datetime(2026, 3, 6, 10, tzinfo=DENVER)  # 71 real hours before
    madrid = reminding.due_at(starts, 24, PersonsClock(ZoneInfo("Europe/Madrid"), NIGHT), long_ago)
    assert madrid == datetime(2026, 3, 8, 16, tzinfo=UTC)
    # Tokyo: 01:00 at night, so the evening before quiet begins; booked too late for that, at eight in the morning.
    tokyo = ZoneInfo("Asia/Tokyo")
    evening = reminding.due_at(starts, 24, PersonsClock(tokyo, NIGHT), long_ago)
    assert evening is not None
    assert evening == datetime(2026, 3, 8, 19, 59, tzinfo=tokyo)
    morning = reminding.due_at(starts, 24, PersonsClock(tokyo, NIGHT), datetime(2026, 3, 8, 12, tzinfo=UTC))
    assert morning is not None
    assert morning == datetime(2026, 3, 9, 8, tzinfo=tokyo)
    assert reminding.due_at(starts, 72, PersonsClock(DENVER, NIGHT), starts - timedelta(hours=20)) is None


ZONES = st.sampled_from(["America/Denver", "Europe/Madrid", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"])


@given(
    st.integers(0, 60 * 24 * 700).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(1, 24 * 14), ZONES, st.times(), st.times(), st.integers(0, 24 * 20),
)  # fmt: skip
def test_no_reminder_in_quiet_hours_nor_late(starts, hours_before, zone, quiet_from, quiet_until, booked_before):
    night = Quiet(*(each.replace(second=0, microsecond=0) for each in (quiet_from, quiet_until)))
    there, now = ZoneInfo(zone), starts - timedelta(hours=booked_before)
    due = reminding.due_at(starts, hours_before, PersonsClock(there, night), now)
    if due is None:
        return
    assert now <= due < starts
    local, near = due.astimezone(there), timedelta(hours=3)
    shifts = {(due + each).astimezone(there).utcoffset() for each in (-near, near)} | {local.utcoffset()}
    if len(shifts) == 1:  # an hour that comes twice has two beginnings
        assert not night.holds(local.time())
