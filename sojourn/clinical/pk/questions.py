"""What one wants to know of a curve: its peak, its exposure, how long above or below a level, what comes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .linear import Floats
from .model import Model
from .people import Dose, Person
from .refusal import N_, ModelRefused, RefusalReason
from .simulation import Simulated, simulate

_SECTIONS = 32


@dataclass(frozen=True)
class Peak:
    """The highest concentration and when it is reached, per person."""

    ng_per_ml: Floats
    at_min: Floats


@dataclass(frozen=True)
class CurveFacts:
    """The plain facts of one person's curve."""

    analyte: str
    peak_ng_per_ml: float
    peak_at_min: float
    area_ng_h_per_ml: float
    level_ng_per_ml: float | None
    above_min: float | None
    below_from_min: float | None


@dataclass(frozen=True)
class SoFar:
    """Where a running session stands: what was given, what is expected now, what comes next."""

    now_min: float
    given_mg: float
    still_to_come_mg: float
    now_ng_per_ml: dict[str, float]
    peak_ahead: bool
    next_peak_ng_per_ml: float
    next_peak_at_min: float
    below_from_min: float | None
    assumptions: tuple[str, ...]
    source: str


def _curve(simulated: Simulated, at: Floats, place: int) -> Floats:
    """(N, T) of one output at instants shared by all or of each person's own."""
    return simulated.response.at(at, [place]).squeeze(axis=1)


def _slope(simulated: Simulated, at: Floats, place: int) -> Floats:
    """(N, T) how fast one output rises."""
    return simulated.response.slope(at, [place]).squeeze(axis=1)


def horizon_min(simulated: Simulated) -> float:
    """By when everything has happened that a curve will show: twenty of its longest times after the last dose."""
    slowest = simulated.response.slowest
    last = max(dose.end_min for dose in simulated.doses)
    return last + (20.0 / slowest if slowest > 0 else 1440.0)


def peak(simulated: Simulated, analyte: str | None = None, end_min: float | None = None) -> Peak:
    """The highest concentration until ``end_min`` (or ever) and its time, to the precision of arithmetic."""
    end = horizon_min(simulated) if end_min is None else end_min
    return _top(simulated, simulated.place(analyte), _scan(simulated, end))


def _top(simulated: Simulated, place: int, times: Floats) -> Peak:
    """The highest among these instants, refined between its two neighbours."""
    values = _curve(simulated, times, place)
    top = values.argmax(axis=1)
    beside = np.pad(times, 1, mode="edge")
    low, high = beside[top], beside[top + 2]

    def rising(at: Floats) -> Floats:
        return _slope(simulated, at, place)

    when = _last_positive(rising, low[:, None], high[:, None])
    # a peak may sit on an edge that the slope steps over: keep the better of the two
    refined = _curve(simulated, when, place)
    coarse = values.max(axis=1, keepdims=True)
    at = np.where(refined >= coarse, when, times[top, None])
    return Peak(np.maximum(refined, coarse).squeeze(axis=1), at.squeeze(axis=1))


def time_above(
    simulated: Simulated, level_ng_per_ml: float, start_min: float, end_min: float, analyte: str | None = None
) -> Floats:
    """(N,) minutes between start and end with a concentration above the level."""
    _level(level_ng_per_ml)
    place = simulated.place(analyte)
    times = _scan(simulated, end_min)
    times = np.unique([start_min, end_min, *np.clip(times, start_min, end_min)])
    over = _curve(simulated, times, place) > level_ng_per_ml
    length = np.diff(times)
    total = (length * (over[:, :-1] & over[:, 1:])).sum(axis=1)
    changes = over[:, :-1] != over[:, 1:]
    most = int(changes.sum(axis=1).max())
    if most == 0:
        return np.asarray(total, dtype=float)
    order = np.argsort(~changes, axis=1, kind="stable")[:, :most]
    real = np.take_along_axis(changes, order, axis=1)
    low, high = times[order], times[order + 1]
    falling = np.take_along_axis(over[:, :-1], order, axis=1)
    sign = np.where(falling, 1.0, -1.0)

    def side(at: Floats) -> Floats:
        wide = np.repeat(sign, at.shape[1] // most, axis=1)
        over_by: Floats = (_curve(simulated, at, place) - level_ng_per_ml) * wide
        return over_by

    crossing = _last_positive(side, low, high)
    part = np.where(falling, crossing - low, high - crossing)
    return np.asarray(total + np.where(real, part, 0.0).sum(axis=1))


def time_until_below(simulated: Simulated, level_ng_per_ml: float, analyte: str | None = None) -> Floats:
    """(N,) the minute from which the concentration stays below the level (the first dose's if never above)."""
    _level(level_ng_per_ml)
    if level_ng_per_ml <= 0:
        raise ModelRefused(RefusalReason.OUT_OF_REACH, N_("a concentration falls below every level but never to zero"))
    place = simulated.place(analyte)
    first = min(dose.start_min for dose in simulated.doses)
    end = horizon_min(simulated)
    for _ in range(6):
        if (_curve(simulated, np.array([end]), place) < level_ng_per_ml).all():
            break
        end = first + 2.0 * (end - first)
    times = _scan(simulated, end)
    over = _curve(simulated, times, place) >= level_ng_per_ml
    last = over.shape[1] - 1 - over[:, ::-1].argmax(axis=1)
    never = ~over.any(axis=1)
    still = over[:, -1]
    low, high = times[last], times[np.minimum(last + 1, len(times) - 1)]

    def side(at: Floats) -> Floats:
        return _curve(simulated, at, place) - level_ng_per_ml

    when = _last_positive(side, low[:, None], high[:, None]).squeeze(axis=1)
    return np.where(never, first, np.where(still, np.inf, when))


def facts(
    simulated: Simulated,
    analyte: str | None = None,
    level_ng_per_ml: float | None = None,
    end_min: float = 1440.0,
) -> list[CurveFacts]:
    """Peak, exposure until ``end_min`` and, with a level, how long above it: one per person."""
    name = simulated.model.main if analyte is None else analyte
    top = peak(simulated, name, end_min)
    area = simulated.area_ng_h_per_ml(0.0, end_min, name)
    above = below = None
    if level_ng_per_ml is not None:
        above = time_above(simulated, level_ng_per_ml, 0.0, end_min, name)
        below = time_until_below(simulated, level_ng_per_ml, name)
    return [
        CurveFacts(
            name,
            float(top.ng_per_ml[k]),
            float(top.at_min[k]),
            float(area[k]),
            level_ng_per_ml,
            None if above is None else float(above[k]),
            None if below is None else float(below[k]),
        )
        for k in range(simulated.bodies.count)
    ]


def so_far(
    model: Model,
    person: Person,
    charted: Sequence[Dose],
    now_min: float,
    level_ng_per_ml: float | None = None,
) -> SoFar:
    """A running session, from its charted doses: given until now, expected now and next.

    A running infusion is charted with its planned duration; stop it by charting what it really lasted.
    """
    simulated = simulate(model, person, charted)
    given = sum(_given(dose, now_min) for dose in charted)
    whole = sum(dose.mg for dose in charted)
    values = simulated.concentration([now_min])
    place = simulated.place(model.main)
    times = _scan(simulated, max(horizon_min(simulated), now_min))
    later = np.unique([now_min, *np.maximum(times, now_min)])
    curve = _curve(simulated, later, place)
    highest = later[curve.argmax(axis=1)]
    ahead = bool(highest > now_min)
    top = _top(simulated, place, later) if ahead else Peak(curve.max(axis=1), highest)
    below = None if level_ng_per_ml is None else time_until_below(simulated, level_ng_per_ml).item()
    return SoFar(
        now_min=now_min,
        given_mg=given,
        still_to_come_mg=whole - given,
        now_ng_per_ml={name: value.item() for name, value in values.items()},
        peak_ahead=ahead,
        next_peak_ng_per_ml=top.ng_per_ml.item(),
        next_peak_at_min=top.at_min.item(),
        below_from_min=below,
        assumptions=simulated.assumptions,
        source=model.source,
    )


def _given(dose: Dose, now: float) -> float:
    if now < dose.start_min:
        return 0.0
    return dose.mg if now >= dose.end_min else dose.mg * ((now - dose.start_min) / dose.duration_min)


def _level(level: float) -> None:
    if not (np.isfinite(level) and level >= 0):
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must not be negative"), name="the level")


def _scan(simulated: Simulated, end: float) -> Floats:
    """Instants dense enough that between two neighbours a curve turns at most once."""
    marks = sorted({edge for dose in simulated.doses for edge in (dose.start_min, dose.end_min)})
    fastest = simulated.response.fastest
    soon = 0.05 / fastest if fastest > 0 else 0.01
    each = max(32, min(240, 2400 // len(marks)))
    runs: list[Floats] = [np.array([min(marks[0], end), end])]
    for mark in marks:
        if mark < end:
            reach = max(end - mark, 2 * soon)
            runs.append(np.array([mark]))
            runs.append(mark + np.geomspace(soon, reach, each))
            runs.append(np.linspace(mark, min(end, mark + 600.0), each // 2))
    times = np.unique(np.concatenate(runs))
    return times[times <= end]


def _last_positive(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Where a function that starts positive and ends not stops being so, by sections: (N, C) brackets."""
    people, many = low.shape
    fraction = np.arange(1, _SECTIONS) / _SECTIONS
    line = np.arange(people)[:, None], np.arange(many)[None, :]
    for _ in range(9):
        inner = low[:, :, None] + (high - low)[:, :, None] * fraction
        positive = function(inner.reshape(people, -1)).reshape(inner.shape) > 0
        reached = np.where(positive.all(axis=2), _SECTIONS - 1, positive.argmin(axis=2))
        grid = np.concatenate([low[:, :, None], inner, high[:, :, None]], axis=2)
        low, high = grid[(*line, reached)], grid[(*line, reached + 1)]
    return (low + high) / 2
