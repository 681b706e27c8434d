"""What the rulebook says about doses, read into types: ranges studied, ceilings, weights, concentrations, pumps.

A range is what was studied, not what is allowed: beyond it a prescriber may go with a reason, up to the ceiling. What
lies above a ceiling, and what a rule calls another use, is never given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeVar

from sojourn.clinical.dosing.ceilings import CEILING, DoseCeiling, read_ceiling
from sojourn.clinical.dosing.quantities import (
    DIRECTIONS,
    Kilograms,
    MgPerMl,
    Milligrams,
    Millilitres,
    Minutes,
    MlPerHour,
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
PUMP: Final = "dose.pump"
START: Final = "dose.start"
WEIGHT_CHANGE: Final = "dose.weight_change"
BODY_MASS: Final = "dose.body_mass"
CHAIR: Final = "dose.chair"
KINDS: Final = (
    *(CEILING, RANGE, START, SALT, CONCENTRATION, PUMP, WEIGHT_AGE, WEIGHT, WEIGHT_CHANGE, BODY_MASS, CHAIR),
    *(ROUNDING, SERIES),
)
# These are proposals, which a prescriber makes her own by signing a plan: they are offered unadopted.
PROPOSALS: Final = (ROUNDING, SERIES)
# These catch slips, ask back or warn. They decide nothing about a dose, so they hold before anybody has adopted them.
ALWAYS: Final = (WEIGHT, WEIGHT_CHANGE, BODY_MASS, PUMP, CHAIR)

Basis = Literal["mg/kg", "mg"]


@dataclass(frozen=True, slots=True)
class DoseRange:
    """The doses of a drug by a route that were studied. ``low`` and ``high`` are None where no source gives any.

    ``basis`` says whether the numbers are for each kilogram or for everybody. ``doses``: the very doses that were
    given; with ``only_these`` nothing between them exists (a film). ``device``: what one spray device holds; another
    dose cannot be given at all. ``never_from``: a dose of another use altogether.
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
    device: Milligrams | None
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
    low, high = _ends(rule)
    for name in ("low", "high", "usual", "never_from"):
        if name in rule.parameters and rule.parameters[name].unit != basis:
            raise RuleInvalid(f"{rule.id}: {name} is not in {basis}")
    device = rule.fixed.get("device_mg")
    return DoseRange(
        rule=rule, route=str(rule.fact("route")), drug=str(rule.fact("drug")), basis=basis, low=low, high=high,
        usual=_of(rule, "usual"), doses=_doses(rule, low, high, device),
        only_these=bool(rule.fixed.get("only_these")),
        device=None if device is None else Milligrams.of(device), never_from=_of(rule, "never_from"),
        shortest=_minutes(rule, "shortest"), longest=_minutes(rule, "longest"),
        usual_minutes=_minutes(rule, "usual_minutes"),
    )  # fmt: skip


def _ends(rule: Rule) -> tuple[Fraction | None, Fraction | None]:
    low, high = _of(rule, "low"), _of(rule, "high")
    if (low is None) != (high is None) or (low is not None and high is not None and low > high):
        raise RuleInvalid(f"{rule.id}: a range has a lower and an upper end")
    return low, high


def _doses(rule: Rule, low: Fraction | None, high: Fraction | None, device: float | None) -> tuple[Fraction, ...]:
    """The single doses that a rule names, the smallest first."""
    doses = tuple(sorted(exact(each) for each in rule.fixed.get("doses", ())))
    if low is not None and high is not None and any(not low <= each <= high for each in doses):
        raise RuleInvalid(f"{rule.id}: a dose stands outside of the range")
    if device is not None and any((each / exact(device)).denominator != 1 for each in doses):
        raise RuleInvalid(f"{rule.id}: a dose is no whole number of devices")
    return doses


def _of(rule: Rule, name: str) -> Fraction | None:
    found = rule.optional(name)
    return None if found is None else exact(found)


def _minutes(rule: Rule, name: str) -> Minutes | None:
    found = rule.optional(name)
    return None if found is None else Minutes.of(found)


@dataclass(frozen=True, slots=True)
class ConcentrationLimit:
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


def read_concentration(rule: Rule) -> ConcentrationLimit:
    """The limit of a rule of kind "dose.concentration"; raises RuleInvalid."""
    return ConcentrationLimit(rule, str(rule.fact("route")), MgPerMl.of(rule.number("below")))


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
class PumpRange:
    """Between which rates a pump runs; outside is a slip of the pen."""

    rule: Rule
    low: MlPerHour
    high: MlPerHour


def read_pump(rule: Rule) -> PumpRange:
    """The range of a rule of kind "dose.pump"; raises RuleInvalid."""
    found = PumpRange(rule, MlPerHour.of(rule.number("low")), MlPerHour.of(rule.number("high")))
    if not 0 < found.low.value < found.high.value:
        raise RuleInvalid(f"{rule.id}: the rates of a pump must rise")
    return found


@dataclass(frozen=True, slots=True)
class FirstDose:
    """The first dose of a course: for whom, and where. ``jurisdiction`` is ISO 3166 ("US-CA", "GB")."""

    age_years: int
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class StartDose:
    """With how much a course begins by the label of some places, from an age on."""

    rule: Rule
    route: str
    drug: str
    jurisdictions: tuple[str, ...]
    from_age: Fraction
    most: Milligrams

    def speaks_of(self, first: FirstDose) -> bool:
        """Whether it holds for this person in this place."""
        return first.age_years >= self.from_age and first.jurisdiction.partition("-")[0] in self.jurisdictions


def read_start(rule: Rule) -> StartDose:
    """The first dose of a rule of kind "dose.start"; raises RuleInvalid."""
    places = rule.fact("jurisdictions")
    if not isinstance(places, tuple) or not places or not all(isinstance(each, str) for each in places):
        raise RuleInvalid(f"{rule.id}: jurisdictions are codes of places")
    return StartDose(
        rule, str(rule.fact("route")), str(rule.fact("drug")), tuple(map(str, places)),
        exact(rule.number("from_age")), Milligrams.of(rule.number("most")),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class WeightChange:
    """From which change on a weight is asked about; a fraction of the last weight."""

    rule: Rule
    most: Fraction


def read_weight_change(rule: Rule) -> WeightChange:
    """The change of a rule of kind "dose.weight_change"; raises RuleInvalid."""
    return WeightChange(rule, exact(rule.number("percent")) / 100)


@dataclass(frozen=True, slots=True)
class BodyMass:
    """From which body mass indexes (kg/m2) a dose comes with a warning, and how a weight is adjusted: the weight at
    the index ``reference`` and a ``share`` of what is above it."""

    rule: Rule
    low: Fraction
    high: Fraction
    reference: Fraction
    share: Fraction


def read_body_mass(rule: Rule) -> BodyMass:
    """The numbers of a rule of kind "dose.body_mass"; raises RuleInvalid."""
    low, high, reference, share = (exact(rule.number(name)) for name in ("low", "high", "reference", "share"))
    if not 0 < low <= reference <= high or not 0 <= share <= 1:
        raise RuleInvalid(f"{rule.id}: the reference lies between low and high, and a share is a part of one")
    return BodyMass(rule, low, high, reference, share)


@dataclass(frozen=True, slots=True)
class AtTheChair:
    """How far figures at the chair may differ and still say the same; fractions, and millilitres of a syringe."""

    rule: Rule
    slip: Fraction
    syringe: Millilitres
    agree: Fraction


def read_at_the_chair(rule: Rule) -> AtTheChair:
    """The tolerances of a rule of kind "dose.chair"; raises RuleInvalid."""
    return AtTheChair(
        rule, exact(rule.number("slip")) / 100, Millilitres.of(rule.number("syringe")),
        exact(rule.number("agree")) / 100,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DoseRules:
    """The rules about doses that act in a clinic."""

    ranges: tuple[DoseRange, ...] = ()
    ceilings: tuple[DoseCeiling, ...] = ()
    starts: tuple[StartDose, ...] = ()
    concentrations: tuple[ConcentrationLimit, ...] = ()
    pump: PumpRange | None = None
    weight: Plausible | None = None
    weight_age: Rule | None = None
    weight_change: WeightChange | None = None
    body_mass: BodyMass | None = None
    chair: AtTheChair | None = None
    salt: Salt | None = None
    rounding: Rule | None = None
    series: tuple[Series, ...] = ()

    def ranges_of(self, route: str, drug: str) -> tuple[DoseRange, ...]:
        """What is known of a drug by a route: none, one, or one for each form of it."""
        return tuple(each for each in self.ranges if (each.route, each.drug) == (route, drug))

    def ceiling_of(self, route: str, drug: str) -> DoseCeiling | None:
        """The highest dose of a drug by a route; None where nobody has adopted one, and then none is given."""
        return next((each for each in self.ceilings if (each.route, each.drug) == (route, drug)), None)

    def start_of(self, route: str, drug: str, first: FirstDose) -> StartDose | None:
        """The strictest first dose that holds for a person in a place; None where no label there says any."""
        speaking = (each for each in self.starts if (each.route, each.drug) == (route, drug) and each.speaks_of(first))
        return min(speaking, key=lambda each: each.most, default=None)

    def series_of(self, route: str, drug: str) -> Series | None:
        """How sessions were spaced; None where no rule says."""
        return next((each for each in self.series if (each.route, each.drug) == (route, drug)), None)


def in_force(standing: Iterable[tuple[Rule, Rule | None]]) -> DoseRules:
    """What acts in a clinic, of pairs of the newest version of a rule and the rule as it acts (None: it does not). What
    catches slips, asks back, warns or proposes acts everywhere; raises RuleInvalid."""
    return gather(
        acting or newest for newest, acting in standing if acting is not None or newest.kind in (*PROPOSALS, *ALWAYS)
    )


R = TypeVar("R")


def gather(rules: Iterable[Rule]) -> DoseRules:
    """The rules about doses among some rules; raises RuleInvalid."""
    kinds: dict[str, list[Rule]] = {kind: [] for kind in KINDS}
    for each in rules:
        if each.kind in kinds:
            kinds[each.kind].append(each)

    def every(kind: str, read: Callable[[Rule], R]) -> tuple[R, ...]:
        return tuple(read(each) for each in kinds[kind])

    def one(kind: str, read: Callable[[Rule], R]) -> R | None:
        return read(kinds[kind][-1]) if kinds[kind] else None

    def itself(rule: Rule) -> Rule:
        return rule

    return DoseRules(
        ranges=every(RANGE, read_range),
        ceilings=every(CEILING, read_ceiling),
        starts=every(START, read_start),
        concentrations=every(CONCENTRATION, read_concentration),
        pump=one(PUMP, read_pump),
        weight=one(WEIGHT, read_plausible),
        weight_age=one(WEIGHT_AGE, itself),
        weight_change=one(WEIGHT_CHANGE, read_weight_change),
        body_mass=one(BODY_MASS, read_body_mass),
        chair=one(CHAIR, read_at_the_chair),
        salt=one(SALT, read_salt),
        rounding=one(ROUNDING, itself),
        series=every(SERIES, read_series),
    )
