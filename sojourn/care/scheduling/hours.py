"""Ordinary weeks and days unlike them, made into moments. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sojourn.care.scheduling.proposing import Span, merge

Stretch = tuple[time, time]
Week = Mapping[int, Sequence[Stretch]]  # 0 is Monday
Exceptions = Mapping[date, Sequence[Stretch]]  # an empty sequence: nothing that day

# What is taken, and said aloud on the page, until the clinic has said its own: an assumption, not a recommendation.
ASSUMED: Week = {day: ((time(8), time(18)),) for day in range(5)}


def days_between(first: date, last: date) -> list[date]:
    """Every day from ``first`` to ``last``, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def on_day(day: date, week: Week, exceptions: Exceptions) -> Sequence[Stretch]:
    """The hours of one day, by the clock."""
    return exceptions[day] if day in exceptions else week.get(day.weekday(), ())


def spans(days: Sequence[date], week: Week, exceptions: Exceptions, zone: ZoneInfo) -> tuple[Span, ...]:
    """The hours as moments in UTC. An hour that the clocks skip is not there; one that comes twice counts twice."""
    return merge(
        (_moment(day, begins, zone), _moment(day, ends, zone))
        for day in days
        for begins, ends in on_day(day, week, exceptions)
    )


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
