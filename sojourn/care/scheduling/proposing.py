"""Series of sessions from free time: free spans and a spacing go in, a proposal or why there is none comes out.

Pure: no clock, no database. Spans are half-open pairs of aware datetimes. Days are days of the clinic's own zone, so
that spacing counts nights as people do, also over a change of the clocks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
STEP = timedelta(minutes=15)
ALTERNATIVES = 4
PARTS = ("morning", "afternoon", "evening")
_NOON, _EVENING = time(12), time(17)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SeriesShape:
    """``sessions`` to place, each ``min_days`` to ``max_days`` after the one before, on ``weekdays`` (0 is Monday;
    empty means any), none before ``earliest``."""

    sessions: int
    min_days: int
    max_days: int
    earliest: date
    weekdays: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if self.sessions < 0 or not 1 <= self.min_days <= self.max_days:
            raise ValueError("a series has sessions at least a day apart, and a longest gap not below the shortest")


@dataclass(frozen=True, slots=True)
class Wish:
    """When the patient can come. Empty sets mean any weekday, any part of the day."""

    weekdays: frozenset[int] = frozenset()
    parts: frozenset[str] = frozenset()
    cannot: frozenset[date] = frozenset()

    def fits(self, local: datetime) -> bool:
        return (
            local.date() not in self.cannot
            and (not self.weekdays or local.weekday() in self.weekdays)
            and (not self.parts or part_of(local.time()) in self.parts)
        )


@dataclass(frozen=True, slots=True)
class Free:
    """A chair or a member of the staff, and when they are free: disjoint spans in order."""

    id: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time that can be booked: chair, and who attends where somebody must."""

    begins: datetime
    ends: datetime
    chair_id: int
    nurse_id: int | None = None
    therapist_id: int | None = None


@dataclass(frozen=True, slots=True)
class KeptAppointment:
    """An appointment of the series that stands already."""

    id: int
    begins: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """One session of a proposal: kept where it stands, moved to ``slot``, or new in ``slot``."""

    kind: Literal["kept", "moved", "new"]
    begins: datetime
    appointment_id: int | None
    slot: Slot | None
    alternatives: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """``late``: the first session comes later after the one before than the plan wants, since nothing else is left.
    ``beyond_wish``: not all of it fits what the patient asked for."""

    sessions: tuple[Planned, ...]
    late: bool = False
    beyond_wish: bool = False


@dataclass(frozen=True, slots=True)
class SeriesRefusal:
    """``fit``: how many sessions in a row could be placed. ``free_days``: how many days have any free time at all."""

    fit: int
    free_days: int


def part_of(at: time) -> str:
    return "morning" if at < _NOON else "afternoon" if at < _EVENING else "evening"


# ---------------------------------------------------------------- spans


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in disjoint spans, in order."""
    out: list[Span] = []
    for begins, ends in sorted(spans):
        if begins >= ends:
            continue
        before, until = out.pop() if out else (begins, begins)
        if begins <= until:
            out.append((before, max(until, ends)))
        else:
            out += [(before, until), (begins, ends)]
    return tuple(out)


def subtract(spans: Iterable[Span], busy: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of ``spans`` without ``busy``."""
    out: list[Span] = []
    taken = merge(busy)
    for begins, ends in merge(spans):
        at = begins
        for busy_begins, busy_ends in taken:
            if busy_ends <= at or busy_begins >= ends:
                continue
            if busy_begins > at:
                out.append((at, busy_begins))
            at = max(at, busy_ends)
        if at < ends:
            out.append((at, ends))
    return tuple(out)


def intersect(one: Iterable[Span], other: Iterable[Span]) -> tuple[Span, ...]:
    """The time that both have."""
    others = merge(other)
    return merge((max(a, c), min(b, d)) for a, b in merge(one) for c, d in others if max(a, c) < min(b, d))


def spare(working: Iterable[Span], loads: Sequence[Span], at_once: int) -> tuple[Span, ...]:
    """The working time in which fewer than ``at_once`` of ``loads`` run at the same moment."""
    edges = sorted([(begins, 1) for begins, _ends in loads] + [(ends, -1) for _begins, ends in loads])
    full: list[Span] = []
    running, since = 0, None
    for at, change in edges:
        running += change
        if running >= at_once and since is None:
            since = at
        elif running < at_once and since is not None:
            full.append((since, at))
            since = None
    return subtract(working, full)


def covers(spans: Sequence[Span], begins: datetime, ends: datetime) -> bool:
    """Whether one of the disjoint, ordered ``spans`` holds all of that time."""
    at = bisect_right(spans, begins, key=lambda span: span[0]) - 1
    return at >= 0 and ends <= spans[at][1]


# ---------------------------------------------------------------- slots


def slots(
    chairs: Sequence[Free],
    *,
    minutes: int,
    turnover: int = 0,
    nurses: Sequence[Free] | None = None,
    therapists: Sequence[Free] | None = None,
    patient_busy: Sequence[Span] = (),
    not_before: datetime | None = None,
) -> list[Slot]:
    """Every quarter of an hour at which a session can begin, earliest first, each with the first chair and the first
    people (in the given order) that are free for all of it. The chair must stay free for ``turnover`` minutes more.

    ``nurses`` or ``therapists`` None: nobody need attend. An empty sequence: somebody must and nobody can.
    """
    if minutes < 1:
        return []
    stay, held = timedelta(minutes=minutes), timedelta(minutes=minutes + turnover)
    busy = merge(patient_busy)
    found: dict[datetime, Slot] = {}
    refused: set[datetime] = set()
    for chair in chairs:
        for at in _beginnings(chair, held, not_before):
            if at in found or at in refused:
                continue
            who = _attending(at, at + stay, nurses, therapists)
            if who is None or any(b < at + stay and at < e for b, e in busy):
                refused.add(at)
            else:
                found[at] = Slot(at, at + stay, chair.id, *who)
    return sorted(found.values())


def _beginnings(chair: Free, held: timedelta, not_before: datetime | None) -> Iterator[datetime]:
    """Every quarter of an hour from which the chair is free as long as it is ``held``."""
    for begins, ends in chair.spans:
        at = begins if not_before is None else max(begins, not_before)
        at += -((at - _EPOCH) % STEP) % STEP
        while at + held <= ends:
            yield at
            at += STEP


def _attending(
    begins: datetime, ends: datetime, nurses: Sequence[Free] | None, therapists: Sequence[Free] | None
) -> tuple[int | None, int | None] | None:
    """A nurse and a therapist who are free, None where nobody need be; None for the pair where one is missing."""
    chosen: list[int | None] = []
    for group in (nurses, therapists):
        if group is None:
            chosen.append(None)
            continue
        member = next((each.id for each in group if covers(each.spans, begins, ends)), None)
        if member is None:
            return None
        chosen.append(member)
    nurse, therapist = chosen
    return nurse, therapist


# ---------------------------------------------------------------- series


@dataclass(frozen=True, slots=True)
class _Node:
    day: date
    begins: datetime
    slot: Slot | None
    standing: KeptAppointment | None


_Value = tuple[int, tuple[datetime, ...], tuple[int, ...]]  # (standing ones not kept, beginnings, nodes)


def propose(
    shape: SeriesShape,
    free: Sequence[Slot],
    zone: ZoneInfo,
    *,
    after: date | None = None,
    standing: Sequence[KeptAppointment] = (),
    wish: Wish | None = None,
) -> Proposal | SeriesRefusal:
    """A series of ``shape.sessions`` sessions, standing ones among them: as few moved as can be, then the earliest.

    ``after`` is the day of the session before the series; the first one keeps its distance too. What the patient
    wishes is kept where the spacing allows it; the spacing gives way only in the first gap, and only where no other
    way is left (the longest gap may have passed already).
    """
    wish = wish or Wish()
    beyond: SeriesRefusal | None = None
    for late in (False, True) if after is not None else (False,):
        for wished in (True, False):
            found = _place(shape, free, zone, after, standing, wish if wished else None, late=late)
            if isinstance(found, SeriesRefusal):
                beyond = found
                continue
            sessions = _planned(found, shape, free, zone, after, standing, wish if wished else None, late=late)
            return Proposal(sessions, late=late, beyond_wish=not wished)
    assert beyond is not None
    return beyond


def _days(shape: SeriesShape, free: Sequence[Slot], zone: ZoneInfo, wish: Wish | None) -> dict[date, list[Slot]]:
    days: dict[date, list[Slot]] = {}
    for slot in sorted(free):
        local = slot.begins.astimezone(zone)
        if local.date() < shape.earliest or (shape.weekdays and local.weekday() not in shape.weekdays):
            continue
        if wish is None or wish.fits(local):
            days.setdefault(local.date(), []).append(slot)
    return days


def _place(
    shape: SeriesShape, free: Sequence[Slot], zone: ZoneInfo, after: date | None, standing: Sequence[KeptAppointment],
    wish: Wish | None, *, late: bool,
) -> tuple[_Node, ...] | SeriesRefusal:  # fmt: skip
    days = _days(shape, free, zone, wish)
    nodes = _nodes(days, standing, zone)
    if shape.sessions == 0:
        return ()
    best, fit = _ways(nodes, shape)
    placed = zip(nodes, best, strict=True)
    first = [value for node, value in placed if value and _follows(node.day, after, shape, late=late)]
    if not first:
        return SeriesRefusal(min(fit, shape.sessions - 1), len(days))
    _moved, _beginnings, places = min(first)
    return tuple(nodes[i] for i in places)


def _ways(nodes: Sequence[_Node], shape: SeriesShape) -> tuple[list[_Value | None], int]:
    """For each node the best way to place the whole series from it on, None where there is none; and how many sessions
    in a row could be placed at all."""
    # best[i]: the best way to place k sessions of which node i is the first.
    best: list[_Value | None] = [(node.standing is None, (node.begins,), (i,)) for i, node in enumerate(nodes)]
    fit = min(1, len(nodes))
    for k in range(2, shape.sessions + 1):
        best = [_longer(i, nodes, best, shape) for i in range(len(nodes))]
        if any(best):
            fit = k
    return best, fit


def _nodes(days: dict[date, list[Slot]], standing: Sequence[KeptAppointment], zone: ZoneInfo) -> list[_Node]:
    """Where a session can be: the first free time of each day, and those that stand."""
    nodes = [_Node(day, first.begins, first, None) for day, (first, *_later) in days.items()]
    nodes += [_Node(each.begins.astimezone(zone).date(), each.begins, None, each) for each in standing]
    return sorted(nodes, key=lambda node: (node.begins, node.standing is None))


def _longer(i: int, nodes: Sequence[_Node], best: Sequence[_Value | None], shape: SeriesShape) -> _Value | None:
    """The best way that begins with node ``i`` and goes on as ``best`` says; None where the spacing lets nothing
    follow."""
    node, onward = nodes[i], None
    for j in range(i + 1, len(nodes)):
        gap = (nodes[j].day - node.day).days
        if gap > shape.max_days:
            break
        value = best[j]
        if gap >= shape.min_days and value is not None and (onward is None or value < onward):
            onward = value
    if onward is None:
        return None
    return (node.standing is None) + onward[0], (node.begins, *onward[1]), (i, *onward[2])


def _follows(day: date, after: date | None, shape: SeriesShape, *, late: bool) -> bool:
    if after is None:
        return True
    gap = (day - after).days
    return gap >= shape.min_days and (late or gap <= shape.max_days)


def _planned(
    nodes: tuple[_Node, ...], shape: SeriesShape, free: Sequence[Slot], zone: ZoneInfo, after: date | None,
    standing: Sequence[KeptAppointment], wish: Wish | None, *, late: bool,
) -> tuple[Planned, ...]:  # fmt: skip
    leaving = iter(_not_kept(nodes, standing))
    days = _days(shape, free, zone, wish)
    out = []
    around = [None, *(each.day for each in nodes), None]
    for before, node, behind in zip(around, nodes, around[2:], strict=False):
        if node.standing is not None:
            out.append(Planned("kept", node.begins, node.standing.id, None))
            continue
        assert node.slot is not None
        since = after if before is None else None
        others = _others(node.slot, days, shape, before, behind, since, late=late, zone=zone)
        if moved := next(leaving, None):
            out.append(Planned("moved", node.begins, moved.id, node.slot, others))
        else:
            out.append(Planned("new", node.begins, None, node.slot, others))
    return tuple(out)


def _not_kept(nodes: Sequence[_Node], standing: Sequence[KeptAppointment]) -> list[KeptAppointment]:
    """Those that stand and have no place in the series any more, the earliest first."""
    kept = {node.standing.id for node in nodes if node.standing is not None}
    return sorted((each for each in standing if each.id not in kept), key=lambda each: each.begins)


def _others(
    chosen: Slot, days: dict[date, list[Slot]], shape: SeriesShape, before: date | None, behind: date | None,
    after: date | None, *, late: bool, zone: ZoneInfo,
) -> tuple[Slot, ...]:  # fmt: skip
    """Other times for one session while the rest stays: the first of each part of a day, the nearest of them."""
    found: list[Slot] = []
    for day, free in days.items():
        if not _follows(day, after, shape, late=late):
            continue
        if before is not None and not shape.min_days <= (day - before).days <= shape.max_days:
            continue
        if behind is not None and not shape.min_days <= (behind - day).days <= shape.max_days:
            continue
        parts: set[str] = set()
        for slot in free:
            part = part_of(slot.begins.astimezone(zone).time())
            if slot.begins != chosen.begins and part not in parts:
                parts.add(part)
                found.append(slot)
    found.sort(key=lambda slot: (abs(slot.begins - chosen.begins), slot))
    return tuple(sorted(found[:ALTERNATIVES]))
