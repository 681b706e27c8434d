"""Can it have happened so? A history is read step by step; what cannot be is refused with every reason at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction

from sojourn.clinical.administration.events import (
    Counted,
    End,
    Event,
    Means,
    PartGiven,
    Pause,
    RateChange,
    RateExpected,
    Reading,
    Resume,
    Start,
    StatedTotal,
    Stop,
)
from sojourn.clinical.administration.reasons import ChartingReason, because


@dataclass(frozen=True, slots=True)
class HistoryRefused:
    """No history: a step that cannot have happened so. ``steps`` are the ids, one for each reason."""

    reasons: tuple[ChartingReason, ...]
    steps: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.reasons)


@dataclass(frozen=True, slots=True)
class History:
    """Steps that can have happened, in their order, each once, in UTC: so that a difference is elapsed time."""

    start: Start
    later: tuple[Event, ...]

    @property
    def ended(self) -> Stop | End | None:
        return next((each for each in self.later if isinstance(each, Stop | End)), None)


def read(events: Sequence[Event], *, now: datetime) -> History | HistoryRefused:
    """The history until ``now``; what lies later has not happened yet and is left out.

    A step that arrived twice (same id, same values) counts once. ``now`` without a zone raises ValueError.
    """
    if now.tzinfo is None:
        raise ValueError("now needs its time zone")
    told = _Told()
    reasons: list[ChartingReason] = []
    steps: list[str] = []
    for event in events:
        against = [because("time-without-zone")] if event.at.tzinfo is None else []
        if not against:
            step = replace(event, at=event.at.astimezone(UTC))
            if step.at > now or told.known(step) == step:
                continue
            against = list(_against(step, told))
            if not against:
                told = told.and_then(step)
        reasons += against
        steps += [event.id] * len(against)
    if reasons:
        return HistoryRefused(tuple(reasons), tuple(steps))
    if told.start is None:
        return HistoryRefused((because("no-start"),), ("",))
    _, *later = told.steps
    return History(told.start, tuple(later))


def accept(events: Sequence[Event], event: Event, *, now: datetime) -> tuple[Event, ...] | HistoryRefused:
    """The history with one more step at its end, or why not; the same history where the step is there already."""
    if event.at.tzinfo is not None and event.at > now:
        return HistoryRefused((because("in-the-future"),), (event.id,))
    found = read((*events, event), now=now)
    if isinstance(found, HistoryRefused):
        return found
    return tuple(events) if any(each.id == event.id for each in events) else (*events, event)


@dataclass(frozen=True, slots=True)
class _Told:
    """What has been told so far."""

    steps: tuple[Event, ...] = ()
    start: Start | None = None
    paused: bool = False
    ended_at: datetime | None = None

    def known(self, step: Event) -> Event | None:
        return next((each for each in self.steps if each.id == step.id), None)

    def and_then(self, step: Event) -> _Told:
        return _Told(
            (*self.steps, step),
            step if isinstance(step, Start) else self.start,
            isinstance(step, Pause) or (self.paused and not isinstance(step, Resume)),
            step.at if isinstance(step, Stop | End) else self.ended_at,
        )


def _against(step: Event, told: _Told) -> Iterator[ChartingReason]:
    """Everything that speaks against this step at this place."""
    start = told.start
    if told.known(step) is not None:
        yield because("step-changed")
    if told.steps and step.at < told.steps[-1].at:
        yield because("out-of-order")
    if isinstance(step, Start):
        if start is not None:
            yield because("started-twice")
        yield from _start(step)
        return
    if start is None:
        yield because("before-start")
        return
    if told.ended_at is not None and not isinstance(step, Reading):
        yield because("after-end")
        return
    yield from _against_later(step, start, told)


def _against_later(step: Event, start: Start, told: _Told) -> Iterator[ChartingReason]:
    match step:
        case RateChange():
            yield from _rate_change(step, start, told)
        case Resume():
            yield from _resume(step, start, told)
        case PartGiven():
            yield from _part(step, start)
        case Counted() | StatedTotal():
            yield from _reading(step, start, told)


def _start(step: Start) -> Iterator[ChartingReason]:
    if step.planned_mg <= 0:
        yield because("planned-not-positive")
    bag = (step.mg_per_ml, step.volume_ml)
    if any(each is not None and each <= 0 for each in bag) or (step.means is Means.PUMP and None in bag):
        yield because("bag-missing")
    elif step.means is Means.PUMP:
        yield from _rate(step.ml_per_h, step.expected, step)
    if step.means is not Means.PUMP and step.ml_per_h is not None:
        yield because("rate-without-pump")


def _rate_change(step: RateChange, start: Start, told: _Told) -> Iterator[ChartingReason]:
    if start.means is not Means.PUMP:
        yield because("rate-without-pump")
        return
    if told.paused:
        yield because("rate-while-paused")
    yield from _rate(step.ml_per_h, step.expected, start)


def _resume(step: Resume, start: Start, told: _Told) -> Iterator[ChartingReason]:
    if not told.paused:
        yield because("resume-without-pause")
    if start.means is Means.PUMP:
        yield from _rate(step.ml_per_h, step.expected, start)
    elif step.ml_per_h is not None:
        yield because("rate-without-pump")


def _rate(ml_per_h: Fraction | None, expected: RateExpected | None, bag: Start) -> Iterator[ChartingReason]:
    """A rate is above nothing, and gives from this very bag what the order means."""
    if ml_per_h is None:
        yield because("rate-missing")
        return
    if ml_per_h <= 0:
        yield because("rate-not-positive")
        return
    if expected is None or bag.mg_per_ml is None:
        return
    have = ml_per_h * bag.mg_per_ml
    if abs(have - expected.mg_per_h) > expected.within_mg_per_h:
        yield because(
            "rate-for-another-bag", rate=ml_per_h, bag=bag.mg_per_ml, have=have, wanted=expected.mg_per_h
        )  # fmt: skip


def _part(step: PartGiven, start: Start) -> Iterator[ChartingReason]:
    if start.means is Means.PUMP:
        yield because("part-from-pump")
    if step.mg <= 0:
        yield because("part-not-positive")
    if not 0 <= step.fraction <= 1:
        yield because("fraction-impossible")


def _reading(step: Reading, start: Start, told: _Told) -> Iterator[ChartingReason]:
    typed = [step.given_mg] if isinstance(step, StatedTotal) else [step.remaining_ml, step.total_ml]
    values = [each for each in typed if each is not None]
    if len(values) != 1:
        yield because("reading-missing")
    elif min(values) < 0:
        yield because("reading-negative")
    elif isinstance(step, Counted) and (fault := _counted(step, start)) is not None:
        yield fault
    elif start.means is Means.PUMP and min(step.at, told.ended_at or step.at) <= start.at and read_mg(step, start) > 0:
        yield because("reading-without-time")


def _counted(step: Counted, start: Start) -> ChartingReason | None:
    """Why nothing can have been read off: no volume is known, or more is left than was there."""
    if start.mg_per_ml is None or start.volume_ml is None:
        return because("reading-without-volume")
    if step.remaining_ml is not None and step.remaining_ml > start.volume_ml:
        return because("remaining-above-volume", left=step.remaining_ml, volume=start.volume_ml)
    return None


def read_mg(step: Reading, start: Start) -> Fraction:
    """The milligrams given in all, as a reading says it."""
    if isinstance(step, StatedTotal):
        return step.given_mg
    assert start.mg_per_ml is not None
    assert start.volume_ml is not None
    if step.total_ml is not None:
        return step.total_ml * start.mg_per_ml
    assert step.remaining_ml is not None
    return (start.volume_ml - step.remaining_ml) * start.mg_per_ml
