"""The dose at the chair: what was drawn up beside what the signed plan orders, by the same arithmetic as the plan.

A slip of the pen is challenged where it is typed; another dose than the plan's is a prescriber's to sign; a ceiling, an
expired vial, another drug are never given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final

from sojourn.clinical.dosing.calculation import (
    DoseCalculation,
    Order,
    evaluate_dose,
    fitting,
    rate_reasons,
    too_small,
    unsound,
    weight_reasons,
    work,
)
from sojourn.clinical.dosing.day import Given, day_reasons, day_share
from sojourn.clinical.dosing.quantities import MgPerMl, Milligrams, Millilitres, Minutes, MlPerHour, trimmed
from sojourn.clinical.dosing.reasons import DoseReason, Notice
from sojourn.clinical.dosing.rules import DoseRange, DoseRules, FirstDose

# By these routes a dose is drawn up from a vial.
DRAWN_ROUTES: Final = ("iv", "im", "sc")
_SLIPS: Final = (("tenfold", 10), ("hundredfold", 100), ("thousandfold", 1000))


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the signed plan orders. ``dose`` is its milligrams as rounded; ``accepted`` the codes that the prescriber
    set aside in signing it: they are not asked again for the very same dose."""

    order: Order
    dose: Milligrams
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one of two people drew up. Milligrams are base.

    ``stock`` is the concentration as the vial says it, ``volume`` what was drawn from it, ``total`` what that was made
    up to (None: nothing was added), ``rate`` what the pump is set to, ``devices`` how many spray devices.
    """

    drug: str
    route: str
    dose: Milligrams
    lot: str = ""
    expires_on: date | None = None
    stock: MgPerMl | None = None
    volume: Millilitres | None = None
    total: Millilitres | None = None
    over: Minutes | None = None
    rate: MlPerHour | None = None
    devices: int | None = None


@dataclass(frozen=True, slots=True)
class ChairDose:
    """A dose that may be given. ``day`` is the part of the day's ceiling that is used up with it; ``overridden`` what a
    prescriber set aside now."""

    ordered: Ordered
    drawn: Drawn
    calculation: DoseCalculation
    day: Fraction
    overridden: tuple[DoseReason, ...] = ()

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self.calculation.notices


@dataclass(frozen=True, slots=True)
class ChairRefused:
    """No dose; every reason at once, each with the field that it belongs to."""

    reasons: tuple[DoseReason, ...]
    calculation: DoseCalculation | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(each.code for each in self.reasons)

    @property
    def overridable(self) -> bool:
        """Whether a prescriber with a reason may have it given all the same."""
        return self.calculation is not None and all(each.override == "prescriber" for each in self.reasons)


def at_chair(
    ordered: Ordered,
    drawn: Drawn,
    rules: DoseRules,
    *,
    today: date,
    given_last_24h: Sequence[Given] = (),
    first: FirstDose | None = None,
    override: bool = False,
) -> ChairDose | ChairRefused:
    """Whether what was drawn up may be given under the rules that act today, or why not.

    ``given_last_24h`` is what this person got, by any route, in doses that had not ended 24 hours ago; ``first`` says
    that it is the first dose of a course. With ``override`` a prescriber sets aside what a prescriber may.
    """
    order = _as_drawn(ordered, drawn, rules)
    studied = fitting(rules, order)
    reasons = [*_another(ordered, drawn), *_off(ordered, drawn, rules), *_of_the_vial(drawn, studied, today)]
    impossible = (*_unsound(order, studied), *(() if _senseless(order, drawn) else too_small(order, drawn.dose)))
    if impossible:
        return ChairRefused(_once([*reasons, *impossible, *weight_reasons(order, rules, today)]))
    found = work(order, drawn.dose, studied, rules)
    accepted = ordered.accepted if _same_dose(ordered, drawn) else ()
    reasons += [
        each
        for each in evaluate_dose(found, rules, today, first)
        if each.override != "prescriber" or each.code not in accepted
    ]
    reasons += [*_measured(found, drawn, rules), *day_reasons(_given(found), given_last_24h, rules)]
    whole = _once(reasons)
    day = day_share([*given_last_24h, _given(found)], rules)
    if not whole:
        return ChairDose(ordered, drawn, found, day)
    if override and all(each.override == "prescriber" for each in whole):
        return ChairDose(ordered, drawn, found, day, whole)
    return ChairRefused(whole, found)


def _once(reasons: Sequence[DoseReason]) -> tuple[DoseReason, ...]:
    """Each reason once, in the order in which it was found."""
    return tuple({(each.code, each.wording): each for each in reversed(reasons)}.values())[::-1]


def _as_drawn(ordered: Ordered, drawn: Drawn, rules: DoseRules) -> Order:
    """The order that what was drawn up would be: its own drug, route, dose and volumes, the plan's weight."""
    plan = ordered.order
    order = replace(
        plan, drug=drawn.drug, route=drawn.route, stock=drawn.stock, total=drawn.total, over=drawn.over,
        per_kg=None, fixed=drawn.dose,
    )  # fmt: skip
    if _same_dose(ordered, drawn):
        return replace(order, per_kg=plan.per_kg, fixed=plan.fixed)
    known = rules.ranges_of(drawn.route, drawn.drug)
    by_weight = any(each.basis == "mg/kg" for each in known) if known else plan.per_kg is not None
    if by_weight and plan.weight is not None and not plan.weight.kilograms.nothing:
        return replace(order, per_kg=drawn.dose.per(plan.weight.kilograms), fixed=None)
    return order


def _same_dose(ordered: Ordered, drawn: Drawn) -> bool:
    """Whether it is the dose of the plan: the same drug and route, within one step of the plan's own rounding, and no
    faster."""
    plan = ordered.order
    if (drawn.drug, drawn.route) != (plan.drug, plan.route) or _faster(ordered, drawn):
        return False
    return abs(drawn.dose.value - ordered.dose.value) <= plan.rounding.step.value


def _faster(ordered: Ordered, drawn: Drawn) -> bool:
    plan = ordered.order.over
    return plan is not None and drawn.over is not None and drawn.over < plan


def _unsound(order: Order, studied: DoseRange | None) -> Iterator[DoseReason]:
    """Why nothing can be worked out of what was drawn up. Milligrams of a dose by weight lack the weight."""
    for each in unsound(order, studied):
        yield DoseReason("weight-missing", "never", {}) if each.code == "not-fixed" else each


def _senseless(order: Order, drawn: Drawn) -> bool:
    return drawn.dose.nothing or (order.stock is not None and order.stock.nothing)


def _another(ordered: Ordered, drawn: Drawn) -> Iterator[DoseReason]:
    if drawn.drug != ordered.order.drug:
        yield DoseReason("another-drug", "never", {"drug": drawn.drug, "plan": ordered.order.drug})
    if drawn.route != ordered.order.route:
        yield DoseReason("another-route", "never", {"route": drawn.route, "plan": ordered.order.route})


def _off(ordered: Ordered, drawn: Drawn, rules: DoseRules) -> Iterator[DoseReason]:
    """How the dose differs from the plan: a slip of the pen, or another dose; and whether it would go in faster."""
    values = {"dose": drawn.dose.text, "plan": ordered.dose.text}
    slip = _slip(ordered.dose, drawn.dose, rules)
    if slip:
        yield DoseReason(slip, "never", values, "" if rules.chair is None else rules.chair.rule.id)
    elif abs(drawn.dose.value - ordered.dose.value) > ordered.order.rounding.step.value:
        yield DoseReason("beyond-rounding", "prescriber", values)
    if _faster(ordered, drawn):
        assert drawn.over is not None
        assert ordered.order.over is not None
        yield DoseReason("minutes-shorter", "prescriber", {"minutes": drawn.over.text, "plan": ordered.order.over.text})


def _slip(plan: Milligrams, typed: Milligrams, rules: DoseRules) -> str:
    """Whether a dose is about ten, a hundred or a thousand times the plan's, or the tenth ...: the code, else ""."""
    tolerance = Fraction(0) if rules.chair is None else rules.chair.slip
    if plan.nothing or typed.nothing:
        return ""
    ratio = typed.value / plan.value
    for code, times in _SLIPS:
        # About the tenth part of the plan, or a plan that is about ten times it: whichever reaches further.
        if any(abs(each - 1) <= tolerance for each in (ratio / times, ratio * times, 1 / (ratio * times))):
            return code
    return ""


def _of_the_vial(drawn: Drawn, studied: DoseRange | None, today: date) -> Iterator[DoseReason]:
    """What the vial or the pack must say, and whether it may still be used."""
    if not drawn.lot.strip():
        yield DoseReason("lot-missing", "never", {})
    if drawn.expires_on is None:
        yield DoseReason("expiry-missing", "never", {})
    elif drawn.expires_on < today:
        yield DoseReason("expired", "never", {"day": drawn.expires_on.isoformat()})
    if drawn.route in DRAWN_ROUTES:
        if drawn.stock is None:
            yield DoseReason("stock-missing", "never", {})
        if drawn.volume is None or drawn.volume.nothing:
            yield DoseReason("volume-missing", "never", {})
    if studied is not None and studied.device is not None:
        yield from _of_devices(drawn, studied.device, studied.rule.id)


def _of_devices(drawn: Drawn, each: Milligrams, rule_id: str) -> Iterator[DoseReason]:
    if drawn.devices is None or drawn.devices < 1:
        yield DoseReason("devices-missing", "never", {})
        return
    held = Milligrams(each.value * drawn.devices)
    if held != drawn.dose:
        values = {"devices": str(drawn.devices), "each": each.text, "held": held.text, "dose": drawn.dose.text}
        yield DoseReason("devices-disagree", "never", values, rule_id)


def _measured(found: DoseCalculation, drawn: Drawn, rules: DoseRules) -> Iterator[DoseReason]:
    """Whether volume and rate, as typed, say the same as the milligrams and the minutes."""
    yield from _volume(found, drawn, rules)
    if drawn.rate is None:
        return
    if drawn.rate.nothing:
        yield DoseReason("rate-not-positive", "never", {})
        return
    yield from rate_reasons(drawn.rate, rules)
    if found.rate is None or found.volume is None or drawn.over is None:
        return
    agree = Fraction(0) if rules.chair is None else rules.chair.agree
    if abs(drawn.rate.value / found.rate.value - 1) > agree:
        gives = drawn.rate.during(drawn.over)
        values = {
            "rate": _short(drawn.rate, 1), "minutes": drawn.over.text, "gives": _short(gives, 2),
            "volume": _short(found.volume, 2), "needs": _short(found.rate, 1),
        }  # fmt: skip
        yield DoseReason("rate-disagrees", "never", values, "" if rules.chair is None else rules.chair.rule.id)


def _volume(found: DoseCalculation, drawn: Drawn, rules: DoseRules) -> Iterator[DoseReason]:
    """Whether the volume holds the milligrams, as finely as a syringe can be read: so much of a millilitre or so much
    of the volume, whichever is more."""
    if drawn.volume is None or drawn.volume.nothing or found.draw is None or drawn.stock is None:
        return
    fine = Fraction(0)
    if rules.chair is not None:
        fine = max(rules.chair.syringe.value, rules.chair.agree * found.draw.value)
    if abs(drawn.volume.value - found.draw.value) > fine:
        values = {
            "volume": drawn.volume.text, "stock": drawn.stock.text, "dose": drawn.dose.text,
            "held": _short(drawn.volume.at(drawn.stock), 2),
        }  # fmt: skip
        yield DoseReason("volume-disagrees", "never", values, "" if rules.chair is None else rules.chair.rule.id)


def _given(found: DoseCalculation) -> Given:
    order = found.order
    return Given(order.drug, order.route, found.dose, order.kilograms, order.over)


def _short(amount: MlPerHour | Millilitres | Milligrams, places: int) -> str:
    return trimmed(amount.rounded(places))
