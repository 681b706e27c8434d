"""Quantities of a dose, each a type of its own: a weight cannot be taken for a volume, nor mg/kg for mg.

Values are exact fractions, so that going there and back gives the same number. Only the products and quotients that
mean something exist: mg/kg for a weight, mg in a volume, a volume over a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import ClassVar, Self

from sojourn.clinical import units
from sojourn.clinical.units import Number, Quantity, Unit, UnitError, exact


def trimmed(value: Decimal) -> str:
    """A number as text, with a point and without zeros that say nothing."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(value: Fraction) -> str:
    """A number as text: a decimal where it ends within six places, else a fraction."""
    millionths = value * 10**6
    if millionths.denominator == 1:
        return trimmed(Decimal(millionths.numerator).scaleb(-6))
    return f"{value.numerator}/{value.denominator}"


@dataclass(frozen=True, slots=True, order=True)
class Amount:
    """A number of one unit. Amounts of different types cannot be compared or added."""

    value: Fraction

    unit: ClassVar[Unit]

    @classmethod
    def of(cls, value: Number) -> Self:
        """The amount from any plain number; raises UnitError for what is none."""
        return cls(exact(value))

    @classmethod
    def converted(cls, quantity: Quantity) -> Self:
        """The same quantity in this type's unit ("154 lb" as kilograms); raises Incompatible."""
        return cls(quantity.to(cls.unit).value)

    @property
    def quantity(self) -> Quantity:
        """With the unit as data, to convert or to show."""
        return Quantity(self.value, self.unit)

    def to(self, code: str) -> Fraction:
        """The number in another unit of the same dimension, by its UCUM code; raises UnitError."""
        return self.quantity.to(code).value

    def rounded(self, places: int) -> Decimal:
        """To so many decimal places, a half rounded away from zero."""
        return self.quantity.rounded(places)

    @property
    def nothing(self) -> bool:
        """Whether it is nothing, or less."""
        return self.value <= 0

    @property
    def text(self) -> str:
        """The exact number as text: a decimal where it ends within six places, else a fraction."""
        return plain(self.value)

    def __str__(self) -> str:
        return f"{self.text} {self.unit.display}"


class Kilograms(Amount):
    """Body weight."""

    __slots__ = ()
    unit = units.KG


class Centimetres(Amount):
    """Body height."""

    __slots__ = ()
    unit = units.CM


class Minutes(Amount):
    """How long a dose runs."""

    __slots__ = ()
    unit = units.MINUTE


class Millilitres(Amount):
    """A volume of solution."""

    __slots__ = ()
    unit = units.ML

    def over(self, time: Minutes) -> MlPerHour:
        """The rate that gives this volume in this time; raises UnitError for no time."""
        if time.nothing:
            raise UnitError("nothing can run in no time")
        return MlPerHour(self.value * 60 / time.value)

    def at(self, concentration: MgPerMl) -> Milligrams:
        """What this volume holds."""
        return Milligrams(self.value * concentration.value)


class MgPerMl(Amount):
    """A concentration, as base."""

    __slots__ = ()
    unit = units.MG_PER_ML


class MlPerHour(Amount):
    """A pump's rate."""

    __slots__ = ()
    unit = units.ML_PER_H

    def during(self, time: Minutes) -> Millilitres:
        """What runs in at this rate in this time."""
        return Millilitres(self.value * time.value / 60)

    def lasts(self, volume: Millilitres) -> Minutes:
        """How long a volume lasts at this rate; raises UnitError for a pump that stands still."""
        if self.nothing:
            raise UnitError("a pump that stands still gives nothing")
        return Minutes(volume.value * 60 / self.value)

    def delivers(self, concentration: MgPerMl, weight: Kilograms) -> MgPerKgPerHour:
        """What each kilogram gets in an hour; raises UnitError for no weight."""
        if weight.nothing:
            raise UnitError("a body weighs more than nothing")
        return MgPerKgPerHour(self.value * concentration.value / weight.value)


class Milligrams(Amount):
    """A dose. Base, unless it says otherwise."""

    __slots__ = ()
    unit = units.MG

    def volume(self, concentration: MgPerMl) -> Millilitres:
        """The volume that holds it; raises UnitError for a concentration of nothing."""
        if concentration.nothing:
            raise UnitError("a concentration is more than nothing")
        return Millilitres(self.value / concentration.value)

    def within(self, volume: Millilitres) -> MgPerMl:
        """The concentration when it is made up to this volume; raises UnitError for no volume."""
        if volume.nothing:
            raise UnitError("a volume is more than nothing")
        return MgPerMl(self.value / volume.value)

    def per(self, weight: Kilograms) -> MgPerKg:
        """The dose for each kilogram; raises UnitError for no weight."""
        if weight.nothing:
            raise UnitError("a body weighs more than nothing")
        return MgPerKg(self.value / weight.value)


class MgPerKg(Amount):
    """A dose for each kilogram of body weight."""

    __slots__ = ()
    unit = units.MG_PER_KG

    def of_weight(self, weight: Kilograms) -> Milligrams:
        """The dose of a body of this weight."""
        return Milligrams(units.for_weight(self.quantity, weight.quantity).to(units.MG).value)


class MgPerKgPerHour(Amount):
    """How fast a dose goes in, for each kilogram of body weight."""

    __slots__ = ()
    unit = units.MG_PER_KG_PER_H


@dataclass(frozen=True, slots=True)
class Rounding:
    """To a multiple of ``step``; ``direction``: "nearest" (a half goes down, towards caution) or "down"."""

    step: Milligrams
    direction: str

    def __post_init__(self) -> None:
        if self.step.nothing:
            raise UnitError("a step is more than nothing")
        if self.direction not in DIRECTIONS:
            raise UnitError(f"{self.direction!r} is no direction of rounding")

    def round(self, dose: Milligrams) -> Milligrams:
        """The dose as it can be measured out."""
        steps = dose.value / self.step.value
        whole = ceil(steps - Fraction(1, 2)) if self.direction == "nearest" else floor(steps)
        return Milligrams(whole * self.step.value)


DIRECTIONS = ("nearest", "down")
