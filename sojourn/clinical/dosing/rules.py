"""What the rulebook says about doses, read into types: ranges studied, weights, concentrations, salt, rounding.

A range is what was studied, not what is allowed. Only a rule that says so may forbid a dose outright.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from sojourn.clinical.dosing.quantities import (
    DIRECTIONS,
    Kilograms,
    MgPerMl,
    Milligrams,
    Minutes,
    Rounding,
)
from sojourn.clinical.rules import Rule, RuleInvalid
from sojourn.clinical.units import exact

RANGE: Final = "dose.range"
SALT: Final = "dose.salt"
CONCENTRATION: Final = "dose.concentration"
WEIGHT_AGE: Final = "dose.weight_age"
WEIGHT: Final = "dose.weight"
ROUNDING: Final = "dose.rounding"
SERIES: Final = "dose.series"
KINDS: Final = (RANGE, SALT, CONCENTRATION, WEIGHT_AGE, WEIGHT, ROUNDING, SERIES)

Basis = Literal["mg/kg", "mg"]


@dataclass(frozen=True, slots=True)
class DoseRange:
    """The doses of a drug by a route that were studied. ``low`` and ``high`` are None where no source gives any.

    ``basis`` says whether the numbers are for each kilogram or for everybody. ``doses``: the very doses that were
    given; with ``only_these`` nothing between them exists (a spray device). ``never_from``: a dose of another use
    altogether.
    """

    rule: Rule
    route: str
    drug: str
    basis: Basis
    low: Fraction | None
    high: Fraction | None
    usual: Fraction | None
    doses: tuple[Fraction, ...]
    only_these: bool
    never_from: Fraction | None
    shortest: Minutes | None
    longest: Minutes | None
    usual_minutes: Minutes | None

    def holds(self, value: Fraction) -> bool:
        """Whether a dose (mg/kg or mg, as the basis says) is one that was studied."""
        if self.only_these:
            return value in self.doses
        return self.low is not None and self.high is not None and self.low <= value <= self.high


def read_range(rule: Rule) -> DoseRange:
    """The range of a rule of kind "dose.range"; raises RuleInvalid."""
    if rule.kind != RANGE:
        raise RuleInvalid(f"{rule.id}: {rule.kind} is no range of doses")
    basis = rule.fact("basis")
    if basis not in ("mg/kg", "mg"):
        raise RuleInvalid(f"{rule.id}: basis is mg/kg or mg")
    doses = tuple(sorted(exact(each) for each in rule.fixed.get("doses", ())))
    low, high = _of(rule, "low"), _of(rule, "high")
    if (low is None) != (high is None) or (low is not None and high is not None and low > high):
        raise RuleInvalid(f"{rule.id}: a range has a lower and an upper end")
    if low is not None and high is not None and any(not low <= each <= high for each in doses):
        raise RuleInvalid(f"{rule.id}: a dose stands outside of the range")
    only_these = bool(rule.fixed.get("only_these", False))
    if only_these and low is not None and high is not None:
        doses = tuple(each for each in doses if low <= each <= high)
    for name in ("low", "high", "usual", "never_from"):
        if name in rule.parameters and rule.parameters[name].unit != basis:
            raise RuleInvalid(f"{rule.id}: {name} is not in {basis}")
    return DoseRange(
        rule=rule, route=str(rule.fact("route")), drug=str(rule.fact("drug")), basis=basis, low=low, high=high,
        usual=_of(rule, "usual"), doses=doses, only_these=only_these, never_from=_of(rule, "never_from"),
        shortest=_minutes(rule, "shortest"), longest=_minutes(rule, "longest"),
        usual_minutes=_minutes(rule, "usual_minutes"),
    )  # fmt: skip


def _of(rule: Rule, name: str) -> Fraction | None:
    found = rule.optional(name)
    return None if found is None else exact(found)


def _minutes(rule: Rule, name: str) -> Minutes | None:
    found = rule.optional(name)
    return None if found is None else Minutes.of(found)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A concentration that must not go in by a route undiluted: this one and everything above it."""

    rule: Rule
    route: str
    below: MgPerMl


@dataclass(frozen=True, slots=True)
class Plausible:
    """Between which weights a person's lies; outside is a slip of the pen."""

    rule: Rule
    low: Kilograms
    high: Kilograms


@dataclass(frozen=True, slots=True)
class Salt:
    """So much base is so much hydrochloride."""

    rule: Rule
    base: Milligrams
    hydrochloride: Milligrams

    def of_base(self, base: Milligrams) -> Milligrams:
        """The milligrams of hydrochloride that hold this much base."""
        return Milligrams(base.value * self.hydrochloride.value / self.base.value)

    def of_hydrochloride(self, salt: Milligrams) -> Milligrams:
        """The milligrams of base in this much hydrochloride."""
        return Milligrams(salt.value * self.base.value / self.hydrochloride.value)


@dataclass(frozen=True, slots=True)
class Series:
    """How sessions were spaced where they were studied."""

    rule: Rule
    route: str
    drug: str
    sessions: int
    min_days: int
    max_days: int

    def lasts(self, sessions: int) -> tuple[int, int]:
        """The fewest and the most days from the first session to the last of a series."""
        return (sessions - 1) * self.min_days, (sessions - 1) * self.max_days


def read_series(rule: Rule) -> Series:
    """The series of a rule of kind "dose.series"; raises RuleInvalid."""
    found = Series(
        rule, str(rule.fact("route")), str(rule.fact("drug")), int(rule.number("sessions")),
        int(rule.number("min_days")), int(rule.number("max_days")),
    )  # fmt: skip
    if found.sessions < 1 or not 1 <= found.min_days <= found.max_days:
        raise RuleInvalid(f"{rule.id}: a series needs a session, and its days must rise")
    return found


def read_ceiling(rule: Rule) -> Ceiling:
    """The ceiling of a rule of kind "dose.concentration"; raises RuleInvalid."""
    return Ceiling(rule, str(rule.fact("route")), MgPerMl.of(rule.number("below")))


def read_plausible(rule: Rule) -> Plausible:
    """The bounds of a rule of kind "dose.weight"; raises RuleInvalid."""
    return Plausible(rule, Kilograms.of(rule.number("low")), Kilograms.of(rule.number("high")))


def read_salt(rule: Rule) -> Salt:
    """The ratio of a rule of kind "dose.salt"; raises RuleInvalid."""
    return Salt(rule, Milligrams.of(rule.number("base")), Milligrams.of(rule.number("hydrochloride")))


def read_rounding(rule: Rule) -> Rounding:
    """The proposal of a rule of kind "dose.rounding"; raises RuleInvalid."""
    direction = str(rule.fact("direction"))
    if direction not in DIRECTIONS:
        raise RuleInvalid(f"{rule.id}: direction must be one of {', '.join(DIRECTIONS)}")
    return Rounding(Milligrams.of(rule.number("step")), direction)


@dataclass(frozen=True, slots=True)
class DoseRules:
    """The rules about doses that act in a clinic."""

    ranges: tuple[DoseRange, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    weight: Plausible | None = None
    weight_age: Rule | None = None
    salt: Salt | None = None
    rounding: Rule | None = None
    series: tuple[Series, ...] = ()

    def ranges_of(self, route: str, drug: str) -> tuple[DoseRange, ...]:
        """What is known of a drug by a route: none, one, or one for each form of it."""
        return tuple(each for each in self.ranges if (each.route, each.drug) == (route, drug))

    def series_of(self, route: str, drug: str) -> Series | None:
        """How sessions were spaced; None where no rule says."""
        return next((each for each in self.series if (each.route, each.drug) == (route, drug)), None)


def gather(rules: Iterable[Rule]) -> DoseRules:
    """The rules about doses among some rules; raises RuleInvalid."""
    kinds: dict[str, list[Rule]] = {kind: [] for kind in KINDS}
    for each in rules:
        if each.kind in kinds:
            kinds[each.kind].append(each)
    last = {kind: (found[-1] if found else None) for kind, found in kinds.items()}
    weight, salt = last[WEIGHT], last[SALT]
    return DoseRules(
        ranges=tuple(read_range(each) for each in kinds[RANGE]),
        ceilings=tuple(read_ceiling(each) for each in kinds[CONCENTRATION]),
        weight=None if weight is None else read_plausible(weight),
        weight_age=last[WEIGHT_AGE],
        salt=None if salt is None else read_salt(salt),
        rounding=last[ROUNDING],
        series=tuple(read_series(each) for each in kinds[SERIES]),
    )
