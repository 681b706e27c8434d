"""A pump that is running, or stands still: what another rate would mean for the rest of the dose.

Lowering a rate, pausing and stopping are never refused. Starting again and a higher rate are asked like a dose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sojourn.clinical.dosing.calculation import rate_reasons
from sojourn.clinical.dosing.ceilings import DoseCeiling
from sojourn.clinical.dosing.day import Given, day_reasons, day_share
from sojourn.clinical.dosing.quantities import (
    Kilograms,
    MgPerKgPerHour,
    MgPerMl,
    Milligrams,
    Millilitres,
    Minutes,
    MlPerHour,
    trimmed,
)
from sojourn.clinical.dosing.reasons import DoseReason, Notice
from sojourn.clinical.dosing.rules import DoseRules


@dataclass(frozen=True, slots=True)
class Running:
    """A dose on a pump. ``concentration`` is that of the bag, ``remaining`` what is still in it, ``given`` what went in
    so far, ``minutes`` how long the pump ran for that (pauses not counted), ``rate`` what it is set to, 0 in a pause.
    """

    drug: str
    route: str
    concentration: MgPerMl
    remaining: Millilitres
    given: Milligrams
    minutes: Minutes
    rate: MlPerHour
    weight: Kilograms | None = None


@dataclass(frozen=True, slots=True)
class RateChange:
    """What a new rate means. ``left`` is still to come, ``lasts`` how long it takes, ``whole`` and ``whole_minutes``
    the dose as it will then have been, ``day`` the part of the day's ceiling that is used up with it.

    With ``reasons`` it may not be set; all of them stand, no signature passes one.
    """

    rate: MlPerHour
    raised: bool
    per_kg_per_hour: MgPerKgPerHour | None
    left: Milligrams
    lasts: Minutes
    whole: Milligrams
    whole_minutes: Minutes
    day: Fraction
    reasons: tuple[DoseReason, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.reasons)


@dataclass(frozen=True, slots=True)
class RateRefused:
    """A rate that means nothing: none at all, or nothing left to give."""

    reasons: tuple[DoseReason, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.reasons)


def rate_change(
    running: Running, rate: MlPerHour, rules: DoseRules, *, given_last_24h: Sequence[Given] = ()
) -> RateChange | RateRefused:
    """What a new rate means for a dose that is running or paused.

    ``given_last_24h`` is what was given beside this dose. A rate above the one that is set, and any after a pause, is
    judged by ceiling, day and pump.
    """
    if rate.nothing:
        return RateRefused((DoseReason("rate-not-positive", "never", {}),))
    if running.remaining.nothing or running.concentration.nothing:
        return RateRefused((DoseReason("bag-empty", "never", {}),))
    left, lasts = running.remaining.at(running.concentration), rate.lasts(running.remaining)
    whole = Milligrams(running.given.value + left.value)
    minutes = Minutes(running.minutes.value + lasts.value)
    now = Given(running.drug, running.route, whole, running.weight, minutes)
    weight = running.weight
    raised = rate > running.rate
    return RateChange(
        rate=rate, raised=raised,
        per_kg_per_hour=None if weight is None or weight.nothing else rate.delivers(running.concentration, weight),
        left=left, lasts=lasts, whole=whole, whole_minutes=minutes, day=day_share([*given_last_24h, now], rules),
        reasons=tuple(_reasons(running, rate, now, left, lasts, rules, given_last_24h)) if raised else (),
        notices=() if raised else tuple(_slow(rate, rules)),
    )  # fmt: skip


def _slow(rate: MlPerHour, rules: DoseRules) -> Iterator[Notice]:
    """Slower than a pump runs: said, never refused."""
    pump = rules.pump
    if pump is not None and rate < pump.low:
        values = {"rate": trimmed(rate.rounded(2)), "low": pump.low.text}
        yield Notice("rate-below-pump", values, pump.rule.id, pump.rule.verification)


def _reasons(
    running: Running, rate: MlPerHour, now: Given, left: Milligrams, lasts: Minutes, rules: DoseRules,
    before: Sequence[Given],
) -> Iterator[DoseReason]:  # fmt: skip
    yield from rate_reasons(rate, rules)
    ceiling = rules.ceiling_of(running.route, running.drug)
    if ceiling is None:
        yield DoseReason("no-ceiling", "never", {})
        return
    strictest = ceiling.strictest(running.weight)
    if strictest is None:
        yield DoseReason("weight-missing", "never", {}, ceiling.rule.id)
        return
    yield from _too_much(ceiling, now, left, lasts)
    yield from day_reasons(now, before, rules)


def _too_much(ceiling: DoseCeiling, now: Given, left: Milligrams, lasts: Minutes) -> Iterator[DoseReason]:
    """Whether the dose as a whole is above the ceiling for the minutes that it will have taken; or the rest of it, by
    itself, goes in faster than any step of the ceiling allows."""
    assert now.over is not None
    limit = ceiling.limit(now.weight, now.over)
    values = {"dose": trimmed(now.dose.rounded(2)), "minutes": trimmed(now.over.rounded(1))}
    if limit is None:
        more = values | {"low": ceiling.shortest.text}
        yield DoseReason("above-ceiling", "never", more, ceiling.rule.id, "too-fast")
    elif now.dose > limit:
        more = values | {"limit": trimmed(limit.rounded(2))}
        yield DoseReason("above-ceiling", "never", more, ceiling.rule.id, "above-ceiling-minutes")
    elif not _keeps_a_pace(ceiling, now.weight, left, lasts):
        strictest = ceiling.strictest(now.weight)
        assert strictest is not None
        rest = {"dose": trimmed(left.rounded(2)), "minutes": trimmed(lasts.rounded(1))}
        more = rest | {"limit": trimmed(strictest.rounded(2))}
        yield DoseReason("above-ceiling", "never", more, ceiling.rule.id, "above-ceiling-minutes")


def _keeps_a_pace(ceiling: DoseCeiling, weight: Kilograms | None, left: Milligrams, lasts: Minutes) -> bool:
    """Whether the rest would be allowed as the beginning of a dose: no more than a step's milligrams, no faster than
    that step. So the last minutes of an infusion may run on as they were set, and a slow beginning buys no fast end."""
    return any(
        left <= most and left.value * minutes.value <= most.value * lasts.value
        for most, minutes in ceiling.paces(weight)
    )
