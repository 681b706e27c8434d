"""When something is said to a person, by their own clock: once, at its hour, never in their night. Pure.

A plan names what is to be said on a day of the person's calendar, or so long before or after a moment. What it comes
to is an occurrence with a key that no zone, no change of the clocks and no flight alters: the key says the day, and
whoever sends keeps the keys that were sent. So a restart, a second worker, a clock that shows an hour twice and a
traveller who lives a day twice change nothing: each is said once. What cannot be said in its window any more is missed,
and is told as missed; it is never said late as though it were on time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing is said. They may run over midnight; equal ends: there are none."""

    begins: time
    ends: time

    def holds(self, at: time) -> bool:
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True, slots=True)
class PersonsClock:
    """The clock that a person lives by now, and their night."""

    zone: ZoneInfo
    quiet: Quiet = Quiet(time(0), time(0))

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def moment(self, day: date, at: time) -> datetime:
        """The moment at which the clock shows so on that day: of two the first; in a gap, as much later as the gap is
        long. In UTC."""
        return datetime.combine(day, at).replace(tzinfo=self.zone, fold=0).astimezone(UTC)

    def has(self, day: date) -> bool:
        """Whether there is such a day: a place that crosses the line of dates leaves one out."""
        return self.day(self.moment(day, time(12))) == day

    def awake(self, at: datetime) -> datetime:
        """The moment itself; in the quiet hours, their end."""
        local = at.astimezone(self.zone)
        if not self.quiet.holds(local.time()):
            return at
        over_midnight = self.quiet.begins > self.quiet.ends and local.time() >= self.quiet.begins
        return self.moment(local.date() + DAY * over_midnight, self.quiet.ends)


@dataclass(frozen=True, slots=True)
class OnDays:
    """At one time of each day of the person's calendar from ``first`` to ``last``. ``open_for``: how long it may still
    be said after its time."""

    name: str
    at: time
    first: date
    last: date
    open_for: timedelta

    def occurrences(self, clock: PersonsClock, around: datetime) -> Iterator[Occurrence]:
        """Those of the days about ``around``: whoever crosses the line of dates lives yesterday's or tomorrow's."""
        here = clock.day(around)
        far = self.open_for // DAY + 2
        for offset in range(-far, far + 1):
            day = here + DAY * offset
            at = clock.moment(day, self.at)
            if self.first <= day <= self.last and clock.has(day):
                yield Occurrence(f"{self.name}:{day.isoformat()}", day, at, at + self.open_for)


@dataclass(frozen=True, slots=True)
class FromMoment:
    """So many days of the calendar and hours after a moment (before it, where they are negative), at the hour that the
    person's clock shows at it. Never after ``until``, if there is one."""

    name: str
    anchor: datetime
    days: int
    hours: int
    open_for: timedelta
    until: datetime | None = None

    def occurrences(self, clock: PersonsClock, around: datetime) -> Iterator[Occurrence]:
        local = self.anchor.astimezone(clock.zone)
        at = clock.moment(local.date() + DAY * self.days, local.time()) + timedelta(hours=self.hours)
        ends = at + self.open_for
        yield Occurrence(self.name, clock.day(at), at, min(ends, self.until) if self.until is not None else ends)


Plan = OnDays | FromMoment


@dataclass(frozen=True, slots=True, order=False)
class Occurrence:
    """Something to be said at ``at``, and not at ``until`` or later. ``day``: of the person's calendar."""

    key: str
    day: date
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """``now``: what is to be said, the oldest first. ``missed``: what its window has passed over. ``wake_at``: when to
    ask again at the latest, None where nothing is ahead that is known."""

    now: tuple[Occurrence, ...]
    missed: tuple[Occurrence, ...]
    wake_at: datetime | None


def due(
    plans: Iterable[Plan],
    clock: PersonsClock,
    now: datetime,
    said: Mapping[str, datetime],
    missed: Collection[str] = (),
    most_a_day: int | None = None,
) -> Due:
    """What is due at ``now``. ``said``: the keys that were sent, each with its moment; ``missed``: those that were told
    as missed. ``most_a_day``: so many at most on a day of the person's calendar; what is too much for today waits for
    its turn as long as its window is open."""
    open_ = [
        each
        for plan in plans
        for each in plan.occurrences(clock, now)
        if each.key not in said and each.key not in missed
    ]
    gone = [each for each in open_ if now >= each.until]
    ahead = [each for each in open_ if now < each.until]
    waits = {each.key: clock.awake(max(each.at, now)) for each in ahead}
    ripe = sorted((each for each in ahead if waits[each.key] <= now), key=lambda each: (each.at, each.key))
    room = _room(clock, now, said, most_a_day)
    now_said, left = (ripe, []) if room is None else (ripe[:room], ripe[room:])
    wakes = [_wake(each, waits[each.key]) for each in ahead if each not in now_said and each not in left]
    if left:
        wakes += [clock.moment(clock.day(now) + DAY, time(0)), *(each.until for each in left)]
    return Due(tuple(now_said), tuple(gone), min(wakes, default=None))


def _room(clock: PersonsClock, now: datetime, said: Mapping[str, datetime], most_a_day: int | None) -> int | None:
    """How many may still be said today; None for any number."""
    if most_a_day is None:
        return None
    by_day = Counter(clock.day(at) for at in said.values())
    return max(0, most_a_day - by_day[clock.day(now)])


def _wake(each: Occurrence, ripe_at: datetime) -> datetime:
    """When there is something to do about it: it is ripe, or its window has passed while it was night."""
    return min(ripe_at, each.until)
