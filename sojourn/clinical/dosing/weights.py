"""What is asked about a weight, and what is said beside a dose by weight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sojourn.clinical import units
from sojourn.clinical.dosing.quantities import Centimetres, Kilograms, MgPerKg, trimmed
from sojourn.clinical.dosing.reasons import Notice, Question
from sojourn.clinical.dosing.rules import BodyMass, DoseRules


@dataclass(frozen=True, slots=True)
class Weight:
    """A body weight and the day on which it was measured."""

    kilograms: Kilograms
    measured_on: date


def weigh(new: Kilograms, last: Weight | None, rules: DoseRules) -> tuple[Question, ...]:
    """What to ask back when a new weight is typed: "pounds" (taken as pounds it would be about the last weight),
    "kilograms" (it was taken for pounds and may have been kilograms already), "changed" (it differs too much)."""
    allowed = rules.weight_change
    if allowed is None or last is None or last.kilograms.nothing or new.nothing:
        return ()
    return tuple(_questions(new, last, allowed.most, allowed.rule.id))


def _questions(new: Kilograms, last: Weight, most: Fraction, rule_id: str) -> Iterator[Question]:
    change = _change(new, last.kilograms)
    if change <= most:
        return
    values = {"new": _short(new), "last": _short(last.kilograms), "day": last.measured_on.isoformat()}
    pound = Kilograms.converted(units.Quantity.of(1, units.LB)).value
    if _change(Kilograms(new.value * pound), last.kilograms) <= most:
        as_pounds = trimmed(last.kilograms.quantity.to(units.LB).rounded(1))
        yield Question("pounds", values | {"as_pounds": as_pounds}, rule_id)
    if _change(Kilograms(new.value / pound), last.kilograms) <= most:
        yield Question("kilograms", values, rule_id)
    percent = Kilograms(change * 100).rounded(0)
    yield Question("changed", values | {"percent": trimmed(percent)}, rule_id)


def _change(new: Kilograms, last: Kilograms) -> Fraction:
    return abs(new.value - last.value) / last.value


def _short(weight: Kilograms) -> str:
    return trimmed(weight.rounded(1))


def body_mass_index(weight: Kilograms, height: Centimetres) -> Fraction:
    """kg/m2."""
    return weight.value / height.to("m") ** 2


def adjusted(weight: Kilograms, height: Centimetres, rule: BodyMass) -> Kilograms:
    """The weight at the reference index, and a share of what is above it."""
    reference = rule.reference * height.to("m") ** 2
    return Kilograms(reference + rule.share * (weight.value - reference))


def body_mass(
    weight: Kilograms, height: Centimetres | None, per_kg: MgPerKg | None, rules: DoseRules
) -> Iterator[Notice]:
    """A warning beside a dose by weight where somebody is very heavy or very light for the height: "body-mass-high"
    with the adjusted weight beside the actual and the dose by it, or "body-mass-low"."""
    rule = rules.body_mass
    if rule is None or height is None or height.nothing or weight.nothing or per_kg is None:
        return
    index = body_mass_index(weight, height)
    values = {"bmi": trimmed(Kilograms(index).rounded(1)), "weight": _short(weight)}
    if index < rule.low:
        yield Notice("body-mass-low", values, rule.rule.id, rule.rule.verification)
    elif index >= rule.high:
        lean = adjusted(weight, height, rule)
        more = {"adjusted": _short(lean), "dose": trimmed(per_kg.of_weight(lean).rounded(1))}
        yield Notice("body-mass-high", values | more, rule.rule.id, rule.rule.verification)
