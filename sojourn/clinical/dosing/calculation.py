"""From an order to a dose: milligrams, volume, dilution and pump rate, with every step, or a refusal with reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any, Final, Protocol, TypeVar

from sojourn.clinical.dosing.ceilings import DoseCeiling
from sojourn.clinical.dosing.quantities import (
    Amount,
    Centimetres,
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
from sojourn.clinical.dosing.reasons import DoseReason, Notice, Override
from sojourn.clinical.dosing.rules import DoseRange, DoseRules, FirstDose
from sojourn.clinical.dosing.weights import Weight, body_mass
from sojourn.clinical.rules import Rule

A = TypeVar("A", bound=Amount)

# By these routes a dose takes a time that must be said.
TIMED_ROUTES: Final = ("iv",)


@dataclass(frozen=True, slots=True)
class Order:
    """What is ordered. ``per_kg`` with a weight, or ``fixed`` milligrams for everybody; never both.

    ``stock`` is the concentration in the vial; ``total`` the volume that it is made up to, None where it is given as
    it is; ``over`` how long it runs, None where it is given at once. ``height`` is only there to be warned by.
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
    height: Centimetres | None = None

    @property
    def kilograms(self) -> Kilograms | None:
        """The weight, where there is one."""
        return None if self.weight is None else self.weight.kilograms


@dataclass(frozen=True, slots=True)
class WorkingStep:
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
class DoseCalculation:
    """A dose with its working. Milligrams are base; ``overridden`` is what a prescriber set aside, ``notices`` what is
    said beside it, ``limit`` the most that the ceiling allows (None where none is known for it)."""

    order: Order
    studied: DoseRange | None
    ceiling: DoseCeiling | None
    limit: Milligrams | None
    exact: Milligrams
    dose: Milligrams
    per_kg: MgPerKg | None  # of the rounded dose
    hydrochloride: Milligrams | None
    draw: Millilitres | None
    diluent: Millilitres | None
    volume: Millilitres | None
    concentration: MgPerMl | None
    rate: MlPerHour | None
    steps: tuple[WorkingStep, ...]
    stamps: tuple[Stamp, ...]
    overridden: tuple[DoseReason, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def share(self) -> Fraction | None:
        """Which part of its ceiling the dose is; None where no ceiling is known for it."""
        if self.ceiling is None:
            return None
        return self.ceiling.share(self.dose, self.order.kilograms, self.order.over)


@dataclass(frozen=True, slots=True)
class DoseRefused:
    """No dose; every reason at once. ``calculation`` is what would come out where the arithmetic itself is sound."""

    reasons: tuple[DoseReason, ...]
    calculation: DoseCalculation | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.reasons)

    @property
    def overridable(self) -> bool:
        """Whether a prescriber with a reason may order it all the same."""
        return self.calculation is not None and all(each.override == "prescriber" for each in self.reasons)


def calculate(
    order: Order, rules: DoseRules, today: date, *, override: bool = False, first: FirstDose | None = None
) -> DoseCalculation | DoseRefused:
    """The dose of an order under the rules that act, or why not.

    With ``override``, what a prescriber may set aside is set aside and stands in the result. ``first`` says that it is
    the first dose of a course, for whom and where.
    """
    studied = fitting(rules, order)
    wrong = tuple(unsound(order, studied))
    if wrong:
        return DoseRefused((*wrong, *weight_reasons(order, rules, today)))
    exact = exact_dose(order)
    dose = order.rounding.round(exact)
    if dose.nothing:
        values = {"step": order.rounding.step.text, "dose": exact.text}
        return DoseRefused((DoseReason("rounded-to-nothing", "never", values),))
    if impossible := tuple(too_small(order, dose)):
        return DoseRefused(impossible)
    found = work(order, dose, studied, rules)
    reasons = evaluate_dose(found, rules, today, first)
    if not reasons:
        return found
    if override and all(each.override == "prescriber" for each in reasons):
        return replace(found, overridden=reasons)
    return DoseRefused(reasons, found)


def evaluate_dose(
    found: DoseCalculation, rules: DoseRules, today: date, first: FirstDose | None = None
) -> tuple[DoseReason, ...]:
    """Everything that stands against a dose whose arithmetic is sound."""
    return (
        *weight_reasons(found.order, rules, today),
        *_range(found),
        *_start(found, rules, first),
        *_ceiling(found),
        *_minutes(found),
        *_concentration(found, rules),
        *_pump(found, rules),
    )


def fitting(rules: DoseRules, order: Order) -> DoseRange | None:
    """The range that speaks of this order: among several forms, the one that was studied at this dose."""
    known = rules.ranges_of(order.route, order.drug)
    wanted = order.per_kg or order.fixed
    basis = "mg/kg" if order.per_kg is not None else "mg"
    same = [each for each in known if each.basis == basis] or list(known)
    fits = [each for each in same if wanted is not None and each.holds(wanted.value)]
    return next(iter(fits or same), None)


def unsound(order: Order, studied: DoseRange | None) -> Iterator[DoseReason]:
    """Why nothing can be worked out of an order."""

    yield from (DoseReason(code, "never", {}) for code in (*_unsound_dose(order, studied), *_unsound_rest(order)))


def _unsound_dose(order: Order, studied: DoseRange | None) -> Iterator[str]:
    wanted = order.per_kg or order.fixed
    basis = None if studied is None else studied.basis
    if wanted is None or None not in (order.per_kg, order.fixed):
        yield "dose-missing"
    elif wanted.nothing:
        yield "dose-not-positive"
    elif basis == "mg" and order.per_kg is not None:
        yield "not-per-kg"
    elif basis == "mg/kg" and order.fixed is not None:
        yield "not-fixed"


def _unsound_rest(order: Order) -> Iterator[str]:
    if order.per_kg is not None and order.weight is None:
        yield "weight-missing"
    if _not_positive(order.kilograms):
        yield "weight-not-positive"
    if _not_positive(order.stock):
        yield "concentration-not-positive"
    if order.total is not None and order.stock is None:
        yield "total-without-stock"
    if _not_positive(order.over):
        yield "minutes-not-positive"


def _not_positive(amount: Amount | None) -> bool:
    return amount is not None and amount.nothing


def _plausible(order: Order, rules: DoseRules) -> Iterator[DoseReason]:
    bounds = rules.weight
    if bounds is None or order.weight is None or bounds.low <= order.weight.kilograms <= bounds.high:
        return
    values = {"weight": order.weight.kilograms.text, "low": bounds.low.text, "high": bounds.high.text}
    yield DoseReason("weight-implausible", "never", values, bounds.rule.id)


def too_small(order: Order, dose: Milligrams) -> Iterator[DoseReason]:
    """Whether the drug does not fit into what it is made up to."""
    if order.stock is None or order.total is None:
        return
    draw = dose.volume(order.stock)
    if draw > order.total:
        yield DoseReason("total-too-small", "never", {"draw": _short(draw, 2), "total": order.total.text})


def weight_reasons(order: Order, rules: DoseRules, today: date) -> Iterator[DoseReason]:
    """What stands against the weight of an order."""
    if order.weight is None or order.weight.kilograms.nothing:
        return
    yield from _plausible(order, rules)
    days = (today - order.weight.measured_on).days
    if days < 0:
        yield DoseReason("weight-in-future", "never", {})
    elif rules.weight_age is not None and days > rules.weight_age.number("days"):
        values = {"days": str(days), "limit": f"{rules.weight_age.number('days'):g}"}
        yield DoseReason("weight-stale", "never", values, rules.weight_age.id)


def _range(found: DoseCalculation) -> Iterator[DoseReason]:
    """Judged on what is ordered; at the upper end on what is measured out, too."""
    order, studied = found.order, found.studied
    if studied is None:
        yield DoseReason("no-studied-range", "prescriber", {})
        return
    ordered = order.per_kg or order.fixed
    given = found.per_kg if order.per_kg is not None else found.dose
    assert ordered is not None
    assert given is not None
    unit, rule_id = studied.basis, studied.rule.id
    if studied.never_from is not None and max(ordered.value, given.value) >= studied.never_from:
        yield DoseReason("another-use", "never", {"limit": plain(studied.never_from), "unit": unit}, rule_id)
    elif studied.only_these:
        yield from _of_single_doses(studied, given)
    elif studied.low is None or studied.high is None:
        yield DoseReason("no-studied-range", "prescriber", {}, rule_id)
    elif not studied.holds(ordered.value):
        values = {"dose": ordered.text, "unit": unit, "low": plain(studied.low), "high": plain(studied.high)}
        yield DoseReason("outside-range", "prescriber", values, rule_id)
    elif given.value > studied.high:
        yield DoseReason("rounding-leaves-range", "prescriber", {"high": plain(studied.high), "unit": unit}, rule_id)


def _of_single_doses(studied: DoseRange, given: Amount) -> Iterator[DoseReason]:
    """Where single doses were studied, and nothing between them."""
    if studied.holds(given.value):
        return
    values = {"dose": given.text, "unit": studied.basis, "doses": ", ".join(map(plain, studied.doses))}
    override: Override = "never" if studied.device is not None else "prescriber"
    yield DoseReason("not-a-studied-dose", override, values, studied.rule.id)


def _start(found: DoseCalculation, rules: DoseRules, first: FirstDose | None) -> Iterator[DoseReason]:
    """Whether a course begins with more than the label of the place says for this age."""
    label = None if first is None else rules.start_of(found.order.route, found.order.drug, first)
    if first is None or label is None or found.dose <= label.most:
        return
    values = {"age": str(first.age_years), "most": label.most.text}
    yield DoseReason("start-dose", "prescriber", values, label.rule.id)


def _ceiling(found: DoseCalculation) -> Iterator[DoseReason]:
    """Whether a dose is above the highest for its drug, route, weight and minutes. Nothing passes it."""
    order, ceiling = found.order, found.ceiling
    if ceiling is None:
        yield DoseReason("no-ceiling", "never", {})
        return
    if ceiling.basis == "mg/kg" and order.weight is None:
        yield DoseReason("weight-missing", "never", {}, ceiling.rule.id)
        return
    if ceiling.by_minutes and order.over is None:
        return  # said as minutes-missing
    values = {"dose": found.dose.text, "minutes": "" if order.over is None else order.over.text}
    if found.limit is None:
        more = values | {"low": ceiling.shortest.text}
        yield DoseReason("above-ceiling", "never", more, ceiling.rule.id, "too-fast")
    elif found.dose > found.limit:
        wording = "above-ceiling-minutes" if ceiling.by_minutes else ""
        more = values | {"limit": _short(found.limit, 2)}
        yield DoseReason("above-ceiling", "never", more, ceiling.rule.id, wording)


def _minutes(found: DoseCalculation) -> Iterator[DoseReason]:
    studied, over = found.studied, found.order.over
    if over is None and found.order.route in TIMED_ROUTES:
        yield DoseReason("minutes-missing", "never", {})
    if studied is None or over is None or studied.shortest is None or studied.longest is None:
        return
    if not studied.shortest <= over <= studied.longest:
        values = {"minutes": over.text, "low": studied.shortest.text, "high": studied.longest.text}
        yield DoseReason("outside-minutes", "prescriber", values, studied.rule.id)


def _concentration(found: DoseCalculation, rules: DoseRules) -> Iterator[DoseReason]:
    for each in rules.concentrations:
        if found.concentration is None or each.route != found.order.route or found.concentration < each.below:
            continue
        values = {"have": _short(found.concentration, 2), "limit": each.below.text}
        yield DoseReason("concentration-not-allowed", "never", values, each.rule.id)


def _pump(found: DoseCalculation, rules: DoseRules) -> Iterator[DoseReason]:
    if found.rate is not None:
        yield from rate_reasons(found.rate, rules)


def rate_reasons(rate: MlPerHour, rules: DoseRules) -> Iterator[DoseReason]:
    """Whether a pump can run at a rate."""
    pump = rules.pump
    if pump is None or pump.low <= rate <= pump.high:
        return
    values = {"rate": _short(rate, 2), "low": pump.low.text, "high": pump.high.text}
    yield DoseReason("rate-out-of-range", "never", values, pump.rule.id)


def exact_dose(order: Order) -> Milligrams:
    """The milligrams of a sound order, not yet rounded."""
    if order.per_kg is None:
        assert order.fixed is not None
        return order.fixed
    assert order.weight is not None
    return order.per_kg.of_weight(order.weight.kilograms)


@dataclass(slots=True)
class _Working:
    """The steps of a working, in their order."""

    steps: list[WorkingStep] = field(default_factory=list)

    def step(self, name: str, result: A, *given: Amount) -> A:
        self.steps.append(WorkingStep(name, given, result))
        return result


@dataclass(frozen=True, slots=True)
class _MadeUp:
    """What is drawn up and made up to, and how fast it runs."""

    draw: Millilitres | None = None
    diluent: Millilitres | None = None
    volume: Millilitres | None = None
    concentration: MgPerMl | None = None
    rate: MlPerHour | None = None


def _made_up(order: Order, dose: Milligrams, working: _Working) -> _MadeUp:
    if order.stock is None:
        return _MadeUp()
    volume = draw = working.step("volume", dose.volume(order.stock), dose, order.stock)
    diluent, concentration, rate = None, order.stock, None
    if order.total is not None:
        diluent = working.step("dilute", Millilitres(order.total.value - draw.value), order.total, draw)
        volume = order.total
        if not volume.nothing:
            concentration = working.step("concentration", dose.within(volume), dose, volume)
    if order.over is not None and not volume.nothing:
        rate = working.step("rate", volume.over(order.over), volume, order.over)
    return _MadeUp(draw, diluent, volume, concentration, rate)


def work(order: Order, dose: Milligrams, studied: DoseRange | None, rules: DoseRules) -> DoseCalculation:
    """The working of a sound order from the milligrams that are given; they may differ from what is ordered."""
    working = _Working()
    step = working.step
    exact = exact_dose(order)
    if order.per_kg is not None:
        assert order.weight is not None
        step("dose", exact, order.per_kg, order.weight.kilograms)
    step(f"round_{order.rounding.direction}", dose, exact, order.rounding.step)
    measured = None
    if order.weight is not None:
        measured = step("per_kg", dose.per(order.weight.kilograms), dose, order.weight.kilograms)
    salt = None
    if rules.salt is not None and order.drug in rules.salt.rule.fixed.get("drugs", (order.drug,)):
        salt = step("salt", rules.salt.of_base(dose), dose, rules.salt.base, rules.salt.hydrochloride)
    made = _made_up(order, dose, working)
    ceiling = rules.ceiling_of(order.route, order.drug)
    return DoseCalculation(
        order=order, studied=studied, ceiling=ceiling,
        limit=None if ceiling is None else ceiling.limit(order.kilograms, order.over),
        exact=exact, dose=dose, per_kg=measured, hydrochloride=salt, draw=made.draw, diluent=made.diluent,
        volume=made.volume, concentration=made.concentration, rate=made.rate, steps=tuple(working.steps),
        stamps=tuple(Stamp.of(each) for each in _used(order, studied, rules, salt, made)),
        notices=() if order.weight is None else tuple(
            body_mass(order.weight.kilograms, order.height, measured if order.per_kg is not None else None, rules)
        ),
    )  # fmt: skip


def _used(
    order: Order, studied: DoseRange | None, rules: DoseRules, salt: Milligrams | None, made: _MadeUp
) -> Iterator[Rule]:
    """The rules that an order was judged by."""
    used = [_rule_of(studied), _rule_of(rules.ceiling_of(order.route, order.drug))]
    if made.concentration is not None:
        used += [each.rule for each in rules.concentrations if each.route == order.route]
    if made.rate is not None:
        used.append(_rule_of(rules.pump))
    if order.weight is not None:
        used += [_rule_of(rules.weight), rules.weight_age]
    if order.height is not None:
        used.append(_rule_of(rules.body_mass))
    if salt is not None:
        used.append(_rule_of(rules.salt))
    return (each for each in used if each is not None)


class _OfARule(Protocol):
    @property
    def rule(self) -> Rule: ...


def _rule_of(held: _OfARule | None) -> Rule | None:
    return None if held is None else held.rule


def _short(amount: Amount, places: int) -> str:
    return trimmed(amount.rounded(places))
