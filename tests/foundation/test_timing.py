"""Needs 5, 6 and 25: each thing is said once, at its hour by the person's clock, through every change of it."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.foundation.timing import FromMoment, Occurrence, OnDays, PersonsClock, Plan, Quiet, due

ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
NIGHT = Quiet(time(21), time(8))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MORNING = OnDays("how-are-you", time(9, 30), date(2026, 1, 1), date(2026, 12, 31), timedelta(hours=3))


@dataclass
class Worker:
    """Asks when it was told to, and keeps nothing but what the database keeps: what was said and what was missed."""

    plans: tuple[Plan, ...]
    most_a_day: int | None = None
    said: dict[str, datetime] = field(default_factory=dict)
    missed: dict[str, datetime] = field(default_factory=dict)

    def run(self, lives: list[tuple[datetime, PersonsClock]], until: datetime) -> None:
        """From the first change of the clock on; each holds until the next."""
        ends = [begins for begins, _ in lives[1:]] + [until]
        for (begins, clock), end in zip(lives, ends, strict=True):
            now = begins
            while now < end:
                found = due(self.plans, clock, now, self.said, self.missed, self.most_a_day)
                assert all(each.key not in self.said for each in found.now)
                self.said |= {each.key: now for each in found.now}
                self.missed |= {each.key: now for each in found.missed}
                if found.wake_at is None:
                    break
                assert found.wake_at > now, "asked again and again at the same moment"
                now = found.wake_at


@cache
def changes_of(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The days of a year on which the clock of a place changes."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + DAY * n for n in range(366)]
    return tuple(
        at for at, then in pairwise(days) if at.astimezone(zone).utcoffset() != then.astimezone(zone).utcoffset()
    )


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def exists(naive: datetime, zone: ZoneInfo) -> bool:
    return shown(naive.replace(tzinfo=zone).astimezone(UTC), zone) == naive


# ---------------------------------------------------------------- every zone, both changes


@pytest.mark.parametrize("at", [time(0, 5), time(1, 30), time(2, 30), time(3, 10), time(9, 30), time(23, 55)])
def test_every_day_of_every_zone_has_it_once_at_its_hour_through_both_changes(at: time):
    for name in ZONES:
        zone = ZoneInfo(name)
        for change in changes_of(zone, 2026):
            begins, end = change - 2 * DAY, change + 3 * DAY
            days = [shown(begins, zone).date() + DAY * n for n in range(1, 4)]
            worker = Worker((OnDays("x", at, days[0], days[-1], HOUR),))
            worker.run([(begins, PersonsClock(zone))], end)
            assert sorted(worker.said) == [f"x:{day.isoformat()}" for day in days], name
            assert worker.missed == {}
            for day in days:
                wanted, was = datetime.combine(day, at), shown(worker.said[f"x:{day.isoformat()}"], zone)
                assert was == wanted or (not exists(wanted, zone) and timedelta(0) < was - wanted <= 2 * HOUR), name


def test_a_day_that_a_place_left_out_has_nothing():
    samoa = ZoneInfo("Pacific/Apia")  # 30 December 2011 was never there
    worker = Worker((OnDays("x", time(10), date(2011, 12, 28), date(2012, 1, 1), HOUR),))
    worker.run([(datetime(2011, 12, 28, 0, tzinfo=samoa).astimezone(UTC), PersonsClock(samoa))],
               datetime(2012, 1, 3, tzinfo=UTC))  # fmt: skip
    assert sorted(worker.said) == ["x:2011-12-28", "x:2011-12-29", "x:2011-12-31", "x:2012-01-01"]


def test_a_workers_end_at_any_moment_changes_nothing():
    zone, begins = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 24, tzinfo=UTC)
    whole = Worker((MORNING,))
    whole.run([(begins, PersonsClock(zone, NIGHT))], begins + 3 * DAY)
    for minutes in range(0, 3 * 24 * 60, 37):
        other = Worker((MORNING,))
        killed = begins + timedelta(minutes=minutes)
        other.run([(begins, PersonsClock(zone, NIGHT))], killed)
        again = Worker((MORNING,), said=other.said, missed=other.missed)  # a new one, and what the database kept
        again.run([(killed, PersonsClock(zone, NIGHT))], begins + 3 * DAY)
        assert again.said == whole.said


# ---------------------------------------------------------------- flights


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        # Nine zones to the west in the middle of a morning: the morning comes again, and nothing with it.
        ("America/Los_Angeles", ["2026-03-09", "2026-03-10", "2026-03-11"]),
        # To the east: the morning of the tenth is over at the landing, but its window is not.
        ("Asia/Tokyo", ["2026-03-09", "2026-03-10", "2026-03-11"]),
    ],
)
def test_a_flight_of_nine_zones_in_the_middle_of_a_reminder(to: str, expected: list[str]):
    berlin, there = ZoneInfo("Europe/Berlin"), ZoneInfo(to)
    lands = datetime(2026, 3, 10, 9, 31, tzinfo=berlin).astimezone(UTC)
    if to == "Asia/Tokyo":
        lands = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)  # noon in Tokyo; four in the morning where they came from
    plan = OnDays("x", time(9, 30), date(2026, 3, 9), date(2026, 3, 11), timedelta(hours=3))
    worker = Worker((plan,))
    lives = [(datetime(2026, 3, 8, 22, tzinfo=UTC), PersonsClock(berlin)), (lands, PersonsClock(there))]
    worker.run(lives, datetime(2026, 3, 13, tzinfo=UTC))
    assert sorted(worker.said) == [f"x:{day}" for day in expected]
    assert worker.missed == {}


def test_what_a_flight_jumped_over_is_missed_and_not_said_late():
    plan = OnDays("x", time(9, 30), date(2026, 3, 10), date(2026, 3, 11), HOUR)
    lands = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
    worker = Worker((plan,))
    worker.run([(datetime(2026, 3, 10, tzinfo=UTC), PersonsClock(ZoneInfo("Europe/Berlin"))),
                (lands, PersonsClock(ZoneInfo("Asia/Tokyo")))], datetime(2026, 3, 12, tzinfo=UTC))  # fmt: skip
    assert worker.missed == {"x:2026-03-10": lands}
    assert list(worker.said) == ["x:2026-03-11"]


@given(
    st.lists(st.tuples(st.integers(0, 10 * 24 * 60), st.sampled_from(ZONES)), max_size=6),
    st.times(), st.integers(1, 30), st.times(), st.times(), st.none() | st.integers(1, 2),
)  # fmt: skip
def test_whoever_flies_wherever_whenever_hears_each_once_and_never_in_their_night(
    flights: list[tuple[int, str]], at: time, hours: int, quiet_from: time, quiet_until: time, most: int | None
):
    start = datetime(2026, 3, 25, tzinfo=UTC)  # the clocks of Europe change within these days
    night = Quiet(quiet_from, quiet_until)
    begins = sorted({start + timedelta(minutes=minutes): zone for minutes, zone in flights}.items())
    lives = [(start - HOUR, PersonsClock(ZoneInfo("UTC"), night))]
    lives += [(moment, PersonsClock(ZoneInfo(zone), night)) for moment, zone in begins]
    plan = OnDays("x", at.replace(tzinfo=None), date(2026, 3, 26), date(2026, 4, 2), timedelta(hours=hours))
    other = FromMoment("y", start + 3 * DAY, 1, -2, timedelta(hours=hours))
    worker = Worker((plan, other), most)
    worker.run(lives, start + 14 * DAY)
    assert not worker.said.keys() & worker.missed.keys()
    for key, moment in worker.said.items():
        clock = [clock for since, clock in lives if since <= moment][-1]
        assert not night.holds(moment.astimezone(clock.zone).time()), key
        (of,) = [each for plan in worker.plans for each in plan.occurrences(clock, moment) if each.key == key]
        assert of.at <= moment < of.until, key
    if most is not None and len(lives) == 1:
        days = [lives[0][1].day(moment) for moment in worker.said.values()]
        assert max((days.count(day) for day in days), default=0) <= most


# ---------------------------------------------------------------- windows, nights, caps


def test_a_window_opens_and_expires():
    clock = PersonsClock(ZoneInfo("America/Denver"))
    plan = OnDays("x", time(9), date(2026, 12, 2), date(2026, 12, 2), HOUR)
    nine = clock.moment(date(2026, 12, 2), time(9))
    minute = timedelta(minutes=1)
    found = {after: due((plan,), clock, nine + minute * after, {}) for after in (-1, 0, 59, 60)}
    assert [bool(each.now) for each in found.values()] == [False, True, True, False]
    assert [bool(each.missed) for each in found.values()] == [False, False, False, True]
    assert found[-1].wake_at == nine


@pytest.mark.parametrize(
    ("at", "said_at"),
    [(time(20, 59), time(20, 59)), (time(21), time(8)), (time(2), time(8)), (time(7, 59), time(8)), (time(8), time(8))],
)
def test_what_falls_into_the_night_is_said_when_it_ends(at: time, said_at: time):
    zone = ZoneInfo("Europe/Madrid")
    worker = Worker((OnDays("x", at, date(2026, 12, 2), date(2026, 12, 2), timedelta(hours=12)),))
    worker.run([(datetime(2026, 12, 1, tzinfo=UTC), PersonsClock(zone, NIGHT))], datetime(2026, 12, 4, tzinfo=UTC))
    (moment,) = worker.said.values()
    assert shown(moment, zone).time() == said_at
    assert shown(moment, zone).date() == date(2026, 12, 3 if at >= time(21) else 2)


def test_what_the_night_outlasts_is_missed():
    zone = ZoneInfo("Europe/Madrid")
    worker = Worker((OnDays("x", time(21, 30), date(2026, 12, 2), date(2026, 12, 2), HOUR),))
    worker.run([(datetime(2026, 12, 1, tzinfo=UTC), PersonsClock(zone, NIGHT))], datetime(2026, 12, 4, tzinfo=UTC))
    assert worker.said == {}
    assert list(worker.missed) == ["x:2026-12-02"]


def test_no_more_than_so_many_a_day_and_the_others_while_their_window_is_open():
    clock = PersonsClock(ZoneInfo("UTC"))
    plans = tuple(OnDays(f"p{n}", time(9), date(2026, 12, 2), date(2026, 12, 2), 2 * DAY) for n in range(5))
    worker = Worker(plans, most_a_day=2)
    worker.run([(datetime(2026, 12, 1, tzinfo=UTC), clock)], datetime(2026, 12, 9, tzinfo=UTC))
    assert sorted(at.day for at in worker.said.values()) == [2, 2, 3, 3, 4]
    assert worker.missed == {}
    few = Worker(plans, most_a_day=1)
    few.run([(datetime(2026, 12, 1, tzinfo=UTC), clock)], datetime(2026, 12, 9, tzinfo=UTC))
    assert (len(few.said), len(few.missed)) == (3, 2)


def test_a_quiet_that_has_equal_ends_is_none():
    assert not any(Quiet(time(8), time(8)).holds(time(hour)) for hour in range(24))


# ---------------------------------------------------------------- from a moment


@pytest.mark.parametrize(
    ("days", "hours", "shows"),
    [
        (-1, 0, "2026-03-28 10:00"), (1, 0, "2026-03-30 10:00"), (0, -2, "2026-03-29 08:00"),
        (0, 24, "2026-03-30 10:00"),
        (-2, 0, "2026-03-27 10:00"),
    ],
)  # fmt: skip
def test_days_are_of_the_calendar_and_hours_of_the_clock_on_the_wall(days: int, hours: int, shows: str):
    """About ten o'clock on the Sunday on which Berlin loses an hour."""
    clock = PersonsClock(ZoneInfo("Europe/Berlin"))
    ten = clock.moment(date(2026, 3, 29), time(10))
    (found,) = FromMoment("x", ten, days, hours, HOUR).occurrences(clock, ten)
    assert shown(found.at, clock.zone) == datetime.fromisoformat(shows)


def test_nothing_is_said_of_an_appointment_that_has_begun():
    clock = PersonsClock(ZoneInfo("UTC"), Quiet(time(20), time(8)))
    begins = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
    plan = FromMoment("x", begins, 0, -2, DAY, until=begins)
    assert due((plan,), clock, begins - HOUR, {}).now == ()
    assert due((plan,), clock, begins, {}).missed == tuple(plan.occurrences(clock, begins))


def test_an_occurrence_says_its_day():
    clock = PersonsClock(ZoneInfo("Pacific/Auckland"))
    (found,) = [each for each in MORNING.occurrences(clock, datetime(2026, 12, 1, 23, tzinfo=UTC)) if each.day.day == 2]
    assert found == Occurrence("how-are-you:2026-12-02", date(2026, 12, 2), datetime(2026, 12, 1, 20, 30, tzinfo=UTC),
                               datetime(2026, 12, 1, 23, 30, tzinfo=UTC))  # fmt: skip
