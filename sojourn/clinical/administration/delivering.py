"""What was really given: by pump rates and minutes, by what was read off, by what a person says.

Amounts stay exact fractions: the milligrams of the segments (or parts) are the milligrams given, to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil

from sojourn.clinical.administration.amounts import Delivered, Disagreement, GivenAmount, Method, Phase, Segment
from sojourn.clinical.administration.events import (
    Counted,
    End,
    Event,
    Means,
    PartGiven,
    Pause,
    RateChange,
    Reading,
    Resume,
    Start,
    StatedTotal,
    Stop,
)
from sojourn.clinical.administration.history import History, HistoryRefused, read, read_mg
from sojourn.clinical.administration.reasons import ChartingReason, because


def delivered(events: Sequence[Event], *, now: datetime, tolerance_mg: Fraction) -> Delivered | HistoryRefused:
    """What was given until ``now``, or why the events cannot have happened so.

    ``tolerance_mg``: by how much counted and computed may differ before it is a discrepancy; from the clinic's rule.
    """
    history = read(events, now=now)
    if isinstance(history, HistoryRefused):
        return history
    until = now.astimezone(UTC)
    found = _by_pump(history, until) if history.start.means is Means.PUMP else _by_parts(history, until)
    return _compared(found, history, tolerance_mg)


# ---------------------------------------------------------------- by a pump


@dataclass(frozen=True, slots=True)
class _Span:
    """The pump ran at one rate; ``ml`` went in, exactly."""

    since: datetime
    until: datetime
    ml_per_h: Fraction
    ml: Fraction

    def times(self, factor: Fraction) -> _Span:
        return replace(self, ml_per_h=self.ml_per_h * factor, ml=self.ml * factor)

    def within(self, since: datetime, until: datetime) -> _Span | None:
        """The part of it between two instants."""
        first, last = max(self.since, since), min(self.until, until)
        return _span(first, last, self.ml_per_h) if first < last else None


@dataclass(frozen=True, slots=True)
class _Count:
    """A reading of what went in, at the instant until which anything can have gone in."""

    at: datetime
    ml: Fraction
    reading: Reading


def _hours(since: datetime, until: datetime) -> Fraction:
    return Fraction((until - since) // timedelta(microseconds=1), 3_600_000_000)


def _after(since: datetime, hours: Fraction) -> datetime:
    return since + timedelta(microseconds=ceil(hours * 3_600_000_000))


def _span(since: datetime, until: datetime, ml_per_h: Fraction) -> _Span:
    return _Span(since, until, ml_per_h, ml_per_h * _hours(since, until))


def _by_pump(history: History, now: datetime) -> Delivered:
    start, ended = history.start, history.ended
    assert start.mg_per_ml is not None
    assert start.volume_ml is not None
    end = ended.at if ended else now
    track, rate = _track(history, end)
    counts = list(_kept(_counts(history)))
    spans = list(_given(track, counts, start, end))
    ml = _in_all(spans)
    left = max(start.volume_ml - ml, Fraction(0))
    emptied_at = spans[-1].until if spans and not left else None
    ahead = None
    if ended is None and rate is not None and left:
        ahead = _segment(_Span(now, _after(now, left / rate), rate, left), start.mg_per_ml)
    segments = tuple(_segment(each, start.mg_per_ml) for each in spans)
    return Delivered(
        start=start,
        until=now,
        phase=_phase(ended, emptied_at, rate is None),
        method=_method(counts[-1].reading) if counts else Method.COMPUTED,
        given_mg=sum((each.mg for each in segments), Fraction(0)),
        given_ml=ml,
        computed_mg=_by_rates_mg(history, end),
        segments=segments,
        parts=(),
        ahead=ahead,
        ended_at=ended.at if ended else None,
        emptied_at=emptied_at,
        paused=_in_pause(history, min(end, emptied_at or end)),
        disagreement=None,
        needs=(),
        discrepancies=(),
    )


def _track(history: History, end: datetime) -> tuple[list[_Span], Fraction | None]:
    """When the pump ran at which rate, were its bag without end; and the rate at which it runs now."""
    spans: list[_Span] = []
    since, rate = history.start.at, history.start.ml_per_h
    for step in history.later:
        if isinstance(step, RateChange | Pause | Resume):
            if rate is not None:
                spans.append(_span(since, step.at, rate))
            since, rate = step.at, None if isinstance(step, Pause) else step.ml_per_h
    if rate is not None:
        spans.append(_span(since, end, rate))
    return spans, rate


def _poured(spans: Sequence[_Span], ml: Fraction) -> Iterator[_Span]:
    """The spans until so many millilitres are in: a pump cannot give more than its bag holds."""
    for span in spans:
        if ml <= 0:
            return
        within = min(span.ml, ml)
        until = min(_after(span.since, within / span.ml_per_h), span.until)
        yield _Span(span.since, until, span.ml_per_h, within)
        ml -= within


def _in_all(spans: Iterable[_Span]) -> Fraction:
    return sum((each.ml for each in spans), Fraction(0))


def _by_rates_mg(history: History, until: datetime) -> Fraction:
    """What rates, minutes and the bag's volume alone say."""
    start = history.start
    assert start.mg_per_ml is not None
    assert start.volume_ml is not None
    track, _rate = _track(history, until)
    return _in_all(_poured(_between(track, start.at, until), start.volume_ml)) * start.mg_per_ml


def _between(spans: Sequence[_Span], since: datetime, until: datetime) -> list[_Span]:
    return [part for span in spans if (part := span.within(since, until))]


def _counts(history: History) -> Iterator[_Count]:
    """All readings. One after the end says what was given by the end."""
    start, ended = history.start, history.ended
    assert start.mg_per_ml is not None
    for step in history.later:
        if isinstance(step, Reading):
            at = min(step.at, ended.at) if ended else step.at
            yield _Count(at, read_mg(step, start) / start.mg_per_ml, step)


def _kept(counts: Iterable[_Count]) -> tuple[_Count, ...]:
    """The readings that the newest one leaves standing: nothing that went in comes back."""
    kept: list[_Count] = []
    for count in reversed(list(counts)):
        if not kept or (count.at < kept[-1].at and count.ml <= kept[-1].ml):
            kept.append(count)
    return tuple(reversed(kept))


def _given(track: Sequence[_Span], counts: Sequence[_Count], start: Start, end: datetime) -> Iterator[_Span]:
    """From reading to reading as much as was read, and after the last one by rate and minutes."""
    assert start.volume_ml is not None
    since, before = start.at, Fraction(0)
    for count in counts:
        spans = _between(track, since, count.at)
        yield from _fitted(spans, since, count, before, start.volume_ml)
        since, before = count.at, count.ml
    yield from _poured(_between(track, since, end), start.volume_ml - before)


def _fitted(
    spans: Sequence[_Span], since: datetime, count: _Count, before: Fraction, volume: Fraction
) -> Iterator[_Span]:
    """What was read, spread over the time as the rates say; over all of it where nothing should have run.

    A bag that was read as empty was empty as early as its rates say; one that was not has run until the reading.
    """
    ml = count.ml - before
    if count.ml == volume:
        spans = list(_poured(spans, ml))
    charted = _in_all(spans)
    if ml and charted:
        yield from (each.times(ml / charted) for each in spans)
    elif ml:
        yield _Span(since, count.at, ml / _hours(since, count.at), ml)


def _pauses(history: History, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From when to when it was paused, until ``end``."""
    since: datetime | None = None
    for step in history.later:
        if isinstance(step, Pause):
            since = since or step.at
        elif isinstance(step, Resume) and since is not None:
            yield min(since, end), min(step.at, end)
            since = None
    if since is not None:
        yield min(since, end), end


def _in_pause(history: History, end: datetime) -> timedelta:
    return sum((until - since for since, until in _pauses(history, end)), timedelta())


def _segment(span: _Span, mg_per_ml: Fraction) -> Segment:
    return Segment(
        span.since, span.until, span.ml_per_h, span.ml_per_h * mg_per_ml, span.ml, span.ml * mg_per_ml
    )  # fmt: skip


def _phase(ended: Stop | End | None, emptied_at: datetime | None, paused: bool) -> Phase:
    if ended is not None:
        return Phase.STOPPED if isinstance(ended, Stop) else Phase.ENDED
    if emptied_at is not None:
        return Phase.EMPTY
    return Phase.PAUSED if paused else Phase.RUNNING


def _method(reading: Reading) -> Method:
    return Method.COUNTED if isinstance(reading, Counted) else Method.ASKED


# ---------------------------------------------------------------- by devices, injections and by mouth


def _by_parts(history: History, now: datetime) -> Delivered:
    start, ended = history.start, history.ended
    end = ended.at if ended else now
    parts = _settled(history, end)
    given = sum((each.mg for each in parts), Fraction(0))
    newest = _newest(history)
    return Delivered(
        start=start,
        until=now,
        phase=_phase(ended, None, _is_paused(history)),
        method=_method(newest) if newest else Method.ASKED,
        given_mg=given,
        given_ml=given / start.mg_per_ml if start.mg_per_ml else None,
        computed_mg=_charted(history),
        segments=(),
        parts=parts,
        ahead=None,
        ended_at=ended.at if ended else None,
        emptied_at=None,
        paused=_in_pause(history, end),
        disagreement=None,
        needs=tuple(_needs(history)),
        discrepancies=(),
    )


def _settled(history: History, end: datetime) -> tuple[GivenAmount, ...]:
    """The parts that were charted, made to agree with what was read or said until then.

    What was said beyond them is taken as given when it was said, at the latest at the end of the dose: the observation
    then starts late rather than early. Where less was said than charted, every part is smaller by the same share.
    """
    parts: list[GivenAmount] = []
    for step in history.later:
        if isinstance(step, PartGiven):
            parts.append(GivenAmount(step.at, step.mg * step.fraction))
        elif isinstance(step, Reading):
            said, charted = read_mg(step, history.start), sum((each.mg for each in parts), Fraction(0))
            if said >= charted:
                parts.append(GivenAmount(min(step.at, end), said - charted))
            else:
                parts = [replace(each, mg=each.mg * said / charted) for each in parts]
    return tuple(each for each in parts if each.mg)


def _charted(history: History, until: Reading | None = None) -> Fraction:
    """What the parts alone say, until a reading."""
    before = history.later[: history.later.index(until)] if until else history.later
    return sum((each.mg * each.fraction for each in before if isinstance(each, PartGiven)), Fraction(0))


def _newest(history: History) -> Reading | None:
    return next((each for each in reversed(history.later) if isinstance(each, Reading)), None)


def _is_paused(history: History) -> bool:
    last = next((each for each in reversed(history.later) if isinstance(each, Pause | Resume)), None)
    return isinstance(last, Pause)


def _needs(history: History) -> Iterator[ChartingReason]:
    """What must be asked: the dose is over, and the parts that were charted (taken or not) are not the planned dose."""
    charted = sum((each.mg for each in history.later if isinstance(each, PartGiven)), Fraction(0))
    if history.ended is None or charted == history.start.planned_mg:
        return
    last = next((each for each in reversed(history.later) if isinstance(each, PartGiven | Reading)), None)
    if not isinstance(last, Reading):
        yield because(f"ask-{history.start.means.value}")


# ---------------------------------------------------------------- what does not agree


def _compared(found: Delivered, history: History, tolerance_mg: Fraction) -> Delivered:
    """With what the newest reading and the charted steps do not agree about."""
    disagreement = _disagreement(history, tolerance_mg)
    discrepancies = [
        *_said_otherwise(disagreement, history),
        *_of_readings(history),
        *_of_parts(history),
        *_of_plan(found, tolerance_mg),
        *_of_end(found),
    ]
    return replace(found, disagreement=disagreement, discrepancies=tuple(discrepancies))


def _disagreement(history: History, tolerance_mg: Fraction) -> Disagreement | None:
    newest, start, ended = _newest(history), history.start, history.ended
    if newest is None:
        return None
    at = min(newest.at, ended.at) if ended else newest.at
    if start.means is Means.PUMP:
        computed = _by_rates_mg(history, at)
    elif any(isinstance(each, PartGiven) for each in history.later):
        computed = _charted(history, newest)
    else:
        return None  # nothing was charted that could disagree
    counted = read_mg(newest, start)
    return Disagreement(at, computed, counted) if abs(counted - computed) > tolerance_mg else None


def _said_otherwise(found: Disagreement | None, history: History) -> Iterator[ChartingReason]:
    if found is None:
        return
    counted, computed = found.counted_mg, found.computed_mg
    was_paused = any(since < found.at for since, _until in _pauses(history, found.at))
    if isinstance(_newest(history), StatedTotal):
        yield because("asked-differs", counted=counted, computed=computed)
    elif counted < computed:
        yield because("counted-below-computed", counted=counted, computed=computed, by=computed - counted)
    elif was_paused and history.start.means is Means.PUMP:
        yield because("given-while-paused", counted=counted, computed=computed)
    else:
        yield because("counted-above-computed", counted=counted, computed=computed, by=counted - computed)


def _of_readings(history: History) -> Iterator[ChartingReason]:
    start, newest = history.start, _newest(history)
    if newest is None:
        return
    last = read_mg(newest, start)
    if any(isinstance(each, Reading) and read_mg(each, start) > last for each in history.later):
        yield because("count-fell")
    if start.mg_per_ml and start.volume_ml and last > start.mg_per_ml * start.volume_ml:
        yield because("count-above-bag", counted=last / start.mg_per_ml, volume=start.volume_ml)


def _of_parts(history: History) -> Iterator[ChartingReason]:
    paused = False
    for step in history.later:
        paused = isinstance(step, Pause) or (paused and not isinstance(step, Resume))
        if paused and isinstance(step, PartGiven):
            yield because("part-while-paused", mg=step.mg * step.fraction)


def _of_plan(found: Delivered, tolerance_mg: Fraction) -> Iterator[ChartingReason]:
    given, planned = found.given_mg, found.planned_mg
    if given > planned + tolerance_mg:
        yield because("given-above-planned", given=given, planned=planned)
    if found.phase is Phase.ENDED and given < planned - tolerance_mg and not found.needs:
        yield because("ended-below-planned", given=given, planned=planned)


def _of_end(found: Delivered) -> Iterator[ChartingReason]:
    if found.phase is Phase.EMPTY:
        yield because("end-not-charted")
    if found.phase is Phase.PAUSED:
        yield because("pause-not-ended")
