"""Units: exact both ways, and never across dimensions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import units
from sojourn.clinical.units import UNITS, Incompatible, Quantity, UnitError, UnknownUnit, convert, for_weight

numbers = st.decimals(-10000, 10000, allow_nan=False, places=4)
codes = st.sampled_from(sorted(UNITS))


@given(numbers, codes, codes)
def test_there_and_back_is_the_same_number(value: Decimal, have: str, want: str):
    if UNITS[have].dimension != UNITS[want].dimension:
        with pytest.raises(Incompatible):
            convert(value, have, want)
    else:
        assert convert(convert(value, have, want), want, have) == Fraction(value)


@pytest.mark.parametrize(
    ("value", "have", "want", "expected"),
    [
        (32, "[degF]", "Cel", 0),
        (212, "[degF]", "Cel", 100),
        ("98.6", "[degF]", "Cel", 37),
        (-40, "Cel", "[degF]", -40),
        (1, "[lb_av]", "kg", Fraction("0.45359237")),  # the international pound, exact by definition
        (1, "[in_i]", "cm", Fraction("2.54")),
        (1, "kPa", "mm[Hg]", Fraction("1000") / Fraction("133.3220")),  # UCUM: m[Hg] = 133.3220 kPa
        (60, "/min", "Hz", 1),
        (94, "%", "1", Fraction("0.94")),
        (1, "ug/kg/min", "mg/kg/h", Fraction("0.06")),
        (1, "g", "mg", 1000),
        (1, "ug/mL", "ng/mL", 1000),
    ],
)
def test_known_conversions(value, have, want, expected):
    assert convert(value, have, want) == expected


def test_half_a_milligram_per_kilogram():
    dose = for_weight(Quantity.of("0.5", "mg/kg"), Quantity.of(70, "kg"))
    assert (dose.value, dose.unit.code) == (35, "mg")
    pounds = for_weight(Quantity.of("0.5", "mg/kg"), Quantity.of(150, "[lb_av]"))
    assert pounds.rounded(2) == Decimal("34.02")
    with pytest.raises(Incompatible):
        for_weight(Quantity.of(35, "mg"), Quantity.of(70, "kg"))


def test_a_dose_per_kilogram_is_no_plain_ratio():
    with pytest.raises(Incompatible):
        convert(1, "mg/kg", "%")


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "abc", True, ""])
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(UnitError):
        Quantity.of(wrong, "mg")


def test_unknown_units_and_temperatures_do_not_add():
    with pytest.raises(UnknownUnit):
        units.unit("furlong")
    with pytest.raises(UnitError):
        Quantity.of(37, "Cel") + Quantity.of(1, "Cel")
    assert Quantity.of(1, "g") + Quantity.of(500, "mg") == Quantity.of("1.5", "g")
    assert Quantity.of(120, "mm[Hg]") < Quantity.of(20, "kPa")


def test_a_float_means_what_is_written():
    assert Quantity.of(0.1, "mg").value == Fraction(1, 10)


def test_a_half_rounds_away_from_zero():
    assert Quantity.of("2.5", "mg").rounded(0) == 3
    assert str(Quantity.of(37, "Cel")) == "37 °C"
