"""From an order to a dose: milligrams, volume, dilution and pump rate, with every step, or a refusal with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from sojourn.clinical.dosing.quantities import (
    Amount,
    Kilograms,
    MgPerKg,
    MgPerMl,
    Milligrams,
    Millilitres,
    Minutes,
    MlPerHour,
    Rounding,
    plain,
    trimmed,
)
from sojourn.clinical.dosing.rules import DoseRange, DoseRules
from sojourn.clinical.rules import Rule

Override = Literal["prescriber", "never"]
A = TypeVar("A", bound=Amount)


@dataclass(frozen=True, slots=True)
class Weight:
    """A body weight and the day on which it was measured."""

    kilograms: Kilograms
    measured_on: date


@dataclass(frozen=True, slots=True)
class Order:
    """What is ordered. ``per_kg`` with a weight, or ``fixed`` milligrams for everybody; never both.

    ``stock`` is the concentration in the vial; ``total`` the volume that it is made up to, None where it is given as
    it is; ``over`` how long it runs, None for a single push.
    """

    route: str
    drug: str
    rounding: Rounding
    per_kg: MgPerKg | None = None
    fixed: Milligrams | None = None
    weight: Weight | None = None
    stock: MgPerMl | None = None
    total: Millilitres | None = None
    over: Minutes | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the working: what came in, and what came out of it."""

    name: str
    given: tuple[Amount, ...]
    result: Amount

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "step": self.name,
            "given": [[each.text, each.unit.code] for each in self.given],
            "result": [self.result.text, self.result.unit.code],
        }


@dataclass(frozen=True, slots=True)
class Stamp:
    """A rule that was used, exactly as it stood."""

    rule_id: str
    version: int
    hash: str

    @classmethod
    def of(cls, rule: Rule) -> Stamp:
        return cls(rule.id, rule.version, rule.hash)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a dose is not simply given. ``override`` says whether a prescriber with a reason may all the same."""

    code: str
    override: Override
    values: Mapping[str, str]
    rule_id: str = ""

    @property
    def template(self) -> str:
        """The sentence in English, with the places for the values."""
        return TEXTS[self.code]


TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dose-missing": "Say how much: milligrams for each kilogram, or milligrams.",
        "not-per-kg": "This route is dosed in milligrams, the same for everybody.",
        "not-fixed": "This route is dosed by body weight.",
        "dose-not-positive": "A dose is more than nothing.",
        "rounded-to-nothing": "Rounded to %(step)s mg, nothing is left of %(dose)s mg.",
        "weight-missing": "The weight is missing.",
        "weight-not-positive": "A body weighs more than nothing.",
        "weight-implausible": "%(weight)s kg is not the weight of a person: it must lie from %(low)s to %(high)s kg.",
        "weight-in-future": "The weight bears a day that has not come yet.",
        "weight-stale": "The weight is %(days)s days old. Here it may be at most %(limit)s days old: weigh again.",
        "outside-range": "%(dose)s %(unit)s lies outside of the studied range, %(low)s to %(high)s %(unit)s.",
        "not-a-studied-dose": "%(dose)s %(unit)s is none of the doses that exist: %(doses)s %(unit)s.",
        "no-studied-range": "For this drug by this route no studied range is known here.",
        "another-use": "From %(limit)s %(unit)s it is another use (anaesthesia). That is never a dose here.",
        "rounding-leaves-range": "Rounded up, the dose is above the studied %(high)s %(unit)s. Round down.",
        "outside-minutes": "%(minutes)s minutes lie outside of what was studied, %(low)s to %(high)s minutes.",
        "minutes-not-positive": "An infusion takes more than no time.",
        "concentration-not-positive": "A concentration is more than nothing.",
        "concentration-not-allowed": "%(have)s mg/mL must be diluted: by this route always below %(limit)s mg/mL.",
        "total-too-small": "%(draw)s mL of the drug do not fit into %(total)s mL.",
        "total-without-stock": "Say the concentration in the vial.",
    }
)


@dataclass(frozen=True, slots=True)
class DoseCalculation:
    """A dose with its working. Milligrams are base; ``overridden`` is what a prescriber set aside."""

    order: Order
    studied: DoseRange | None
    exact: Milligrams
    dose: Milligrams
    per_kg: MgPerKg | None  # of the rounded dose
    hydrochloride: Milligrams | None
    draw: Millilitres | None
    diluent: Millilitres | None
    volume: Millilitres | None
    concentration: MgPerMl | None
    rate: MlPerHour | None
    steps: tuple[Step, ...]
    stamps: tuple[Stamp, ...]
    overridden: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class DoseRefused:
    """No dose; every reason at once. ``calculation`` is what would come out where the arithmetic itself is sound."""

    reasons: tuple[Reason, ...]
    calculation: DoseCalculation | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.reasons)

    @property
    def overridable(self) -> bool:
        """Whether a prescriber with a reason may order it all the same."""
        return self.calculation is not None and all(each.override == "prescriber" for each in self.reasons)


def calculate(order: Order, rules: DoseRules, today: date, *, override: bool = False) -> DoseCalculation | DoseRefused:
    """The dose of an order under the rules that act, or why not.

    With ``override``, what a prescriber may set aside is set aside and stands in the result.
    """
    known = rules.ranges_of(order.route, order.drug)
    studied = _fitting(known, order)
    unsound = tuple(_unsound(order, studied))
    if unsound:
        return DoseRefused((*unsound, *_weight(order, rules, today)))
    found = _work(order, studied, rules)
    if found.dose.value <= 0:
        values = {"step": order.rounding.step.text, "dose": found.exact.text}
        return DoseRefused((Reason("rounded-to-nothing", "never", values),))
    if found.diluent is not None and found.diluent.value < 0:
        assert found.draw is not None
        assert order.total is not None
        values = {"draw": _short(found.draw, 2), "total": order.total.text}
        return DoseRefused((Reason("total-too-small", "never", values),))
    reasons = (*_weight(order, rules, today), *_range(found), *_minutes(found), *_concentration(found, rules))
    if not reasons:
        return found
    if override and all(each.override == "prescriber" for each in reasons):
        return replace(found, overridden=reasons)
    return DoseRefused(reasons, found)


def _fitting(known: tuple[DoseRange, ...], order: Order) -> DoseRange | None:
    """The range that speaks of this order: among several forms, the one that was studied at this dose."""
    wanted = order.per_kg or order.fixed
    basis = "mg/kg" if order.per_kg is not None else "mg"
    same = [each for each in known if each.basis == basis] or list(known)
    fits = [each for each in same if wanted is not None and each.holds(wanted.value)]
    return next(iter(fits or same), None)


def _unsound(order: Order, studied: DoseRange | None) -> Iterator[Reason]:
    def no(code: str) -> Reason:
        return Reason(code, "never", {})

    wanted = order.per_kg or order.fixed
    if wanted is None or (order.per_kg is not None and order.fixed is not None):
        yield no("dose-missing")
    elif wanted.value <= 0:
        yield no("dose-not-positive")
    elif studied is not None and studied.basis == "mg" and order.per_kg is not None:
        yield no("not-per-kg")
    elif studied is not None and studied.basis == "mg/kg" and order.fixed is not None:
        yield no("not-fixed")
    if order.per_kg is not None and order.weight is None:
        yield no("weight-missing")
    if order.weight is not None and order.weight.kilograms.value <= 0:
        yield no("weight-not-positive")
    if order.stock is not None and order.stock.value <= 0:
        yield no("concentration-not-positive")
    if order.total is not None and order.stock is None:
        yield no("total-without-stock")
    if order.over is not None and order.over.value <= 0:
        yield no("minutes-not-positive")


def _plausible(order: Order, rules: DoseRules) -> Iterator[Reason]:
    bounds = rules.weight
    if bounds is None or order.weight is None or bounds.low <= order.weight.kilograms <= bounds.high:
        return
    values = {"weight": order.weight.kilograms.text, "low": bounds.low.text, "high": bounds.high.text}
    yield Reason("weight-implausible", "never", values, bounds.rule.id)


def _weight(order: Order, rules: DoseRules, today: date) -> Iterator[Reason]:
    if order.weight is None or order.weight.kilograms.value <= 0:
        return
    yield from _plausible(order, rules)
    days = (today - order.weight.measured_on).days
    if days < 0:
        yield Reason("weight-in-future", "never", {})
    elif rules.weight_age is not None and days > rules.weight_age.number("days"):
        values = {"days": str(days), "limit": f"{rules.weight_age.number('days'):g}"}
        yield Reason("weight-stale", "never", values, rules.weight_age.id)


def _range(found: DoseCalculation) -> Iterator[Reason]:
    """Judged on what is ordered; at the upper end on what is measured out, too."""
    order, studied = found.order, found.studied
    if studied is None:
        yield Reason("no-studied-range", "prescriber", {})
        return
    ordered = order.per_kg or order.fixed
    given = found.per_kg if order.per_kg is not None else found.dose
    assert ordered is not None
    assert given is not None
    unit, rule_id = studied.basis, studied.rule.id
    if studied.never_from is not None and max(ordered.value, given.value) >= studied.never_from:
        yield Reason("another-use", "never", {"limit": plain(studied.never_from), "unit": unit}, rule_id)
    elif studied.only_these:
        if not studied.holds(given.value):
            values = {"dose": given.text, "unit": unit, "doses": ", ".join(map(plain, studied.doses))}
            yield Reason("not-a-studied-dose", "prescriber", values, rule_id)
    elif studied.low is None or studied.high is None:
        yield Reason("no-studied-range", "prescriber", {}, rule_id)
    elif not studied.holds(ordered.value):
        values = {"dose": ordered.text, "unit": unit, "low": plain(studied.low), "high": plain(studied.high)}
        yield Reason("outside-range", "prescriber", values, rule_id)
    elif given.value > studied.high:
        yield Reason("rounding-leaves-range", "prescriber", {"high": plain(studied.high), "unit": unit}, rule_id)


def _minutes(found: DoseCalculation) -> Iterator[Reason]:
    studied, over = found.studied, found.order.over
    if studied is None or over is None or studied.shortest is None or studied.longest is None:
        return
    if not studied.shortest <= over <= studied.longest:
        values = {"minutes": over.text, "low": studied.shortest.text, "high": studied.longest.text}
        yield Reason("outside-minutes", "prescriber", values, studied.rule.id)


def _concentration(found: DoseCalculation, rules: DoseRules) -> Iterator[Reason]:
    for each in rules.ceilings:
        if found.concentration is None or each.route != found.order.route or found.concentration < each.below:
            continue
        values = {"have": _short(found.concentration, 2), "limit": each.below.text}
        yield Reason("concentration-not-allowed", "never", values, each.rule.id)


def _work(order: Order, studied: DoseRange | None, rules: DoseRules) -> DoseCalculation:
    steps: list[Step] = []

    def step(name: str, result: A, *given: Amount) -> A:
        steps.append(Step(name, given, result))
        return result

    if order.per_kg is not None:
        assert order.weight is not None
        exact = step(
            "dose", order.per_kg.of_weight(order.weight.kilograms), order.per_kg, order.weight.kilograms
        )  # fmt: skip
    else:
        assert order.fixed is not None
        exact = order.fixed
    dose = step(f"round_{order.rounding.direction}", order.rounding.round(exact), exact, order.rounding.step)
    measured = None
    if order.weight is not None:
        measured = step("per_kg", dose.per(order.weight.kilograms), dose, order.weight.kilograms)
    salt = None
    if rules.salt is not None and order.drug in rules.salt.rule.fixed.get("drugs", (order.drug,)):
        salt = step("salt", rules.salt.of_base(dose), dose, rules.salt.base, rules.salt.hydrochloride)
    draw = diluent = volume = concentration = rate = None
    if order.stock is not None:
        volume = draw = step("volume", dose.volume(order.stock), dose, order.stock)
        concentration = order.stock
        if order.total is not None:
            diluent = step("dilute", Millilitres(order.total.value - draw.value), order.total, draw)
            volume = order.total
            if volume.value > 0:
                concentration = step("concentration", dose.within(volume), dose, volume)
        if order.over is not None and volume.value > 0:
            rate = step("rate", volume.over(order.over), volume, order.over)
    used: list[Rule] = [] if studied is None else [studied.rule]
    used += [each.rule for each in rules.ceilings if each.route == order.route and concentration is not None]
    if order.weight is not None:
        used += [] if rules.weight is None else [rules.weight.rule]
        used += [] if rules.weight_age is None else [rules.weight_age]
    if salt is not None and rules.salt is not None:
        used.append(rules.salt.rule)
    return DoseCalculation(
        order=order, studied=studied, exact=exact, dose=dose, per_kg=measured, hydrochloride=salt, draw=draw,
        diluent=diluent, volume=volume, concentration=concentration, rate=rate, steps=tuple(steps),
        stamps=tuple(Stamp.of(each) for each in used),
    )  # fmt: skip


def _short(amount: Amount, places: int) -> str:
    return trimmed(amount.rounded(places))
