"""Which check is due next, and which were missed.

A check belongs to the point of the schedule that it is nearest to in time; so no tolerance has to be
invented. A point is missed once the time has come nearer to the next one and nobody has checked. The last
point has no next one: it stays due until it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the schedule: minutes from the start of the dose, its time, and when it was done."""

    minute: int
    due_at: datetime
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """The schedule at one moment. ``next`` is None when every point is done or missed."""

    next: Point | None
    overdue_by: timedelta  # zero while the next check is still ahead
    done: tuple[Point, ...]
    missed: tuple[Point, ...]


def next_check_due(
    schedule: Sequence[int],
    dose_started_at: datetime,
    done_at: Iterable[datetime],
    now: datetime,
    ended_at: datetime | None = None,
) -> Due:
    """``schedule`` in rising minutes from ``dose_started_at``; checks later than ``now`` are not counted.

    ``ended_at``: when the session was over. Nothing is due any more; what was due by then is missed.
    """
    now = ended_at or now
    due = [dose_started_at + timedelta(minutes=each) for each in schedule]
    # Exactly between two points a check counts for the later one: it is then the fresher answer to both.
    ends = [earlier + (later - earlier) / 2 for earlier, later in pairwise(due)]
    first_done = _first_done(ends, done_at, now)
    done: list[Point] = []
    missed: list[Point] = []
    waiting: Point | None = None
    for index, (minute, due_at) in enumerate(zip(schedule, due, strict=True)):
        if index in first_done:
            done.append(Point(minute, due_at, first_done[index]))
        elif index < len(ends) and now >= ends[index]:
            missed.append(Point(minute, due_at))
        elif waiting is None:
            waiting = Point(minute, due_at)
    if ended_at is not None:
        missed += [waiting] if waiting is not None and waiting.due_at <= ended_at else []
        waiting = None
    late = max(timedelta(0), now - waiting.due_at) if waiting else timedelta(0)
    return Due(waiting, late, tuple(done), tuple(missed))


def _first_done(ends: Sequence[datetime], done_at: Iterable[datetime], now: datetime) -> dict[int, datetime]:
    """The first check that counts for each point, by the number of the point."""
    first: dict[int, datetime] = {}
    for at in sorted(each for each in done_at if each <= now):
        first.setdefault(sum(at >= end for end in ends), at)
    return first
