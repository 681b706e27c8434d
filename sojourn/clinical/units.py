"""Units of measure with their UCUM codes, and exact conversion between them.

A value is kept as a fraction, so that converting there and back gives the same number, not nearly the same.
Factors are the definitions of UCUM (mm[Hg] = 133.3220 Pa) and of the international avoirdupois pound
(0.45359237 kg). A dose per kilogram of body weight is a dimension of its own: UCUM would let ``mg/kg`` be
read as a plain ratio, and a ratio must never be taken for a dose.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final


class UnitError(ValueError):
    """Two quantities could not be brought together, or a number is no number."""


class UnknownUnit(UnitError):
    """The code is not one of ours."""

    def __init__(self, code: str) -> None:
        super().__init__(f"unknown unit {code!r}")
        self.code = code


class Incompatible(UnitError):
    """The units measure different things."""

    def __init__(self, have: Unit, want: Unit) -> None:
        super().__init__(f"{have.code} ({have.dimension}) is no {want.dimension} ({want.code})")
        self.have = have
        self.want = want


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: ``canonical = value * factor + offset``, where canonical is the dimension's own unit."""

    code: str  # UCUM
    display: str
    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)


def _u(code: str, display: str, dimension: str, factor: str = "1", offset: str = "0") -> Unit:
    return Unit(code, display, dimension, Fraction(factor), Fraction(offset))


MMHG: Final = _u("mm[Hg]", "mmHg", "pressure", "133.3220")
KPA: Final = _u("kPa", "kPa", "pressure", "1000")
HPA: Final = _u("hPa", "hPa", "pressure", "100")
CMH2O: Final = _u("cm[H2O]", "cmH₂O", "pressure", "98.0665")
CEL: Final = _u("Cel", "°C", "temperature", "1", "273.15")
DEGF: Final = _u("[degF]", "°F", "temperature", "5/9", "45967/180")  # (F - 32) * 5/9 + 273.15
PERCENT: Final = _u("%", "%", "fraction", "1/100")
ONE: Final = _u("1", "", "fraction")
PER_MIN: Final = _u("/min", "/min", "frequency", "1/60")
HERTZ: Final = _u("Hz", "Hz", "frequency")
KG: Final = _u("kg", "kg", "mass", "1000")
G: Final = _u("g", "g", "mass")
MG: Final = _u("mg", "mg", "mass", "1/1000")
UG: Final = _u("ug", "µg", "mass", "1/1000000")
LB: Final = _u("[lb_av]", "lb", "mass", "453.59237")
MG_PER_KG: Final = _u("mg/kg", "mg/kg", "dose per body weight")
UG_PER_KG: Final = _u("ug/kg", "µg/kg", "dose per body weight", "1/1000")
ML: Final = _u("mL", "mL", "volume", "1/1000")
LITRE: Final = _u("L", "L", "volume")
MG_PER_H: Final = _u("mg/h", "mg/h", "mass rate")
MG_PER_MIN: Final = _u("mg/min", "mg/min", "mass rate", "60")
MG_PER_KG_PER_H: Final = _u("mg/kg/h", "mg/kg/h", "mass rate per body weight")
UG_PER_KG_PER_MIN: Final = _u("ug/kg/min", "µg/kg/min", "mass rate per body weight", "60/1000")
ML_PER_H: Final = _u("mL/h", "mL/h", "volume rate")
ML_PER_MIN: Final = _u("mL/min", "mL/min", "volume rate", "60")
L_PER_MIN: Final = _u("L/min", "L/min", "volume rate", "60000")
MG_PER_ML: Final = _u("mg/mL", "mg/mL", "concentration")
UG_PER_ML: Final = _u("ug/mL", "µg/mL", "concentration", "1/1000")
NG_PER_ML: Final = _u("ng/mL", "ng/mL", "concentration", "1/1000000")
SECOND: Final = _u("s", "s", "time")
MINUTE: Final = _u("min", "min", "time", "60")
HOUR: Final = _u("h", "h", "time", "3600")
DAY: Final = _u("d", "d", "time", "86400")
CM: Final = _u("cm", "cm", "length", "1/100")
METRE: Final = _u("m", "m", "length")
INCH: Final = _u("[in_i]", "in", "length", "0.0254")
SCORE: Final = _u("{score}", "", "score")

UNITS: Final = MappingProxyType(
    {
        each.code: each
        for each in (
            *(MMHG, KPA, HPA, CMH2O, CEL, DEGF, PERCENT, ONE, PER_MIN, HERTZ, KG, G, MG, UG, LB, MG_PER_KG),
            *(UG_PER_KG, ML, LITRE, MG_PER_H, MG_PER_MIN, MG_PER_KG_PER_H, UG_PER_KG_PER_MIN, ML_PER_H, ML_PER_MIN),
            *(L_PER_MIN, MG_PER_ML, UG_PER_ML, NG_PER_ML, SECOND, MINUTE, HOUR, DAY, CM, METRE, INCH, SCORE),
        )
    }
)

# Annotations in braces carry no meaning in UCUM; these are the ones that FHIR's vital-sign profiles send.
_ALIASES: Final = MappingProxyType(
    {"{beats}/min": PER_MIN, "{Beats}/min": PER_MIN, "{breaths}/min": PER_MIN, "l": LITRE, "ml": ML}
)


def unit(code: str) -> Unit:
    """The unit with this UCUM code; raises UnknownUnit."""
    found = UNITS.get(code) or _ALIASES.get(code)
    if found is None:
        raise UnknownUnit(code)
    return found


# What people and laboratories write for a unit, in small letters; by its code otherwise.
_SPELLED: Final = MappingProxyType(
    {
        "mmhg": "mm[Hg]", "mm hg": "mm[Hg]", "°c": "Cel", "c": "Cel", "celsius": "Cel", "°f": "[degF]", "f": "[degF]",
        "bpm": "/min", "beats/min": "/min", "breaths/min": "/min", "kgs": "kg", "kilo": "kg", "kilos": "kg",
        "kilograms": "kg", "kilogramos": "kg", "lb": "[lb_av]", "lbs": "[lb_av]", "pounds": "[lb_av]",
        "libras": "[lb_av]", "mcg": "ug", "in": "[in_i]", "inches": "[in_i]",
    }
)  # fmt: skip


def code_of(text: str) -> str:
    """The code of a unit as somebody wrote it, in small letters: "MMHG" and "mm[Hg]" are "mm[hg]", "µmol/L" is
    "umol/l". A unit that we do not know is its own code; whether it is known is not asked here."""
    plain = " ".join(text.split()).lower().replace("\u00b5", "u").replace("\u03bc", "u")
    return _SPELLED.get(plain, plain).lower()


def spelled(text: str) -> str:
    """The UCUM code of a unit as somebody wrote it; what is not one of ours as it stands, so that it can be named."""
    code = code_of(text)
    return next((each for each in UNITS if each.lower() == code), text.strip())


Number = int | float | str | Decimal | Fraction


def exact(value: Number) -> Fraction:
    """The number as written: the float 0.1 is one tenth here, not its binary neighbour."""
    if isinstance(value, bool):
        raise UnitError("a truth value is no number")
    if isinstance(value, float):
        value = repr(value)
    try:
        return Fraction(value)
    except (ValueError, OverflowError, ZeroDivisionError) as wrong:
        raise UnitError(f"{value!r} is no number") from wrong


def rounded(number: Decimal, places: int) -> Decimal:
    """A number to so many decimal places, a half rounded away from zero, as people round."""
    return number.quantize(Decimal(0).scaleb(-places), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit. Compare and add only after converting: both refuse a different unit."""

    value: Fraction
    unit: Unit

    @classmethod
    def of(cls, value: Number, unit_or_code: Unit | str) -> Quantity:
        """A quantity from any plain number and a unit or its UCUM code."""
        return cls(exact(value), unit_or_code if isinstance(unit_or_code, Unit) else unit(unit_or_code))

    def to(self, want: Unit | str) -> Quantity:
        """The same quantity in another unit; raises Incompatible."""
        target = want if isinstance(want, Unit) else unit(want)
        if target is self.unit:
            return self
        if target.dimension != self.unit.dimension:
            raise Incompatible(self.unit, target)
        canonical = self.value * self.unit.factor + self.unit.offset
        return Quantity((canonical - target.offset) / target.factor, target)

    def __add__(self, other: Quantity) -> Quantity:
        if self.unit.offset:
            raise UnitError(f"{self.unit.code} is a scale with a zero of its own: its values cannot be added")
        return Quantity(self.value + other.to(self.unit).value, self.unit)

    def __lt__(self, other: Quantity) -> bool:
        return self.value < other.to(self.unit).value

    def __le__(self, other: Quantity) -> bool:
        return self.value <= other.to(self.unit).value

    def __float__(self) -> float:
        return float(self.value)

    def rounded(self, places: int) -> Decimal:
        """The value to so many decimal places."""
        return rounded(Decimal(self.value.numerator) / Decimal(self.value.denominator), places)

    def __str__(self) -> str:
        shown = self.value.numerator if self.value.denominator == 1 else float(self.value)
        return f"{shown} {self.unit.display}".strip()


def convert(value: Number, have: str, want: str) -> Fraction:
    """``value`` in ``have`` (UCUM code) expressed in ``want``; raises a UnitError."""
    return Quantity.of(value, have).to(want).value


_PER_WEIGHT: Final = MappingProxyType({"dose per body weight": MG, "mass rate per body weight": MG_PER_H})


def for_weight(dose: Quantity, weight: Quantity) -> Quantity:
    """A dose or a rate per kilogram, for a body of this weight: mg/kg gives mg, mg/kg/h gives mg/h."""
    result = _PER_WEIGHT.get(dose.unit.dimension)
    if result is None:
        raise Incompatible(dose.unit, MG_PER_KG)
    return Quantity(dose.value * dose.unit.factor * weight.to(KG).value, result)
