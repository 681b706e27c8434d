"""The one reader of numbers that people write: its law, case by case, and for every number that two countries write."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical.numbers import MOST_DIGITS, NumberRefusal, read_amount, read_number, read_whole, written
from sojourn.clinical.units import UNITS, code_of, spelled


def why(text: str) -> str:
    found = read_number(text)
    return found.why if isinstance(found, NumberRefusal) else f"read as {found}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("70", "70"), ("35,5", "35.5"), ("35.5", "35.5"), (" 35.5\n", "35.5"), ("\u00a070\u2009", "70"),
        ("0.125", "0.125"), ("0,125", "0.125"), (".5", "0.5"), (",125", "0.125"), ("-5", "-5"), ("\u22125", "-5"),
        ("007", "7"), ("1.4080", "1.408"), ("1,4080", "1.408"), ("1408,125", "1408.125"),
        ("1408", "1408"), ("12.34", "12.34"), ("0", "0"), ("0,0", "0"), ("100.00", "100"),
    ],
)  # fmt: skip
def test_one_reading_is_read(text: str, value: str):
    assert read_number(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"), (" \u00a0", "empty"),
        ("1,408", "two-ways"), ("1.408", "two-ways"), ("70,125", "two-ways"), ("999.999", "two-ways"),
        ("-1,408", "two-ways"), ("1.500", "two-ways"), ("50.000", "two-ways"), ("01,408", "two-ways"),
        ("1 408", "grouped"), ("1\u00a0408", "grouped"), ("1\u2009408", "grouped"), ("1\u202f408", "grouped"),
        ("1'408", "grouped"), ("1’408", "grouped"), ("1,408.5", "grouped"), ("1.408,5", "grouped"),
        ("1,408,000", "grouped"), ("12,34,567", "grouped"), ("1 408,5", "grouped"),
        ("<5", "bound"), (">90", "bound"), ("≤5", "bound"), ("≥ 90", "bound"), ("~5", "bound"), ("<0.01", "bound"),
        ("5-6", "several"), ("5–6", "several"), ("120/80", "several"), ("5 to 6", "several"),
        ("1e3", "not-a-number"), ("inf", "not-a-number"), ("nan", "not-a-number"), ("0x10", "not-a-number"),
        ("1_000", "not-a-number"), ("5.", "not-a-number"), ("5,", "not-a-number"), ("+5", "not-a-number"),
        ("--5", "not-a-number"),
        ("5,,5", "not-a-number"), ("1.2.3", "not-a-number"), (".", "not-a-number"), ("-", "not-a-number"),
        ("seventy", "not-a-number"), ("٧٠", "not-a-number"), ("३५", "not-a-number"), ("７０", "not-a-number"),
        ("35٫5", "not-a-number"), ("½", "not-a-number"), ("5²", "not-a-number"), ("70 kg", "not-a-number"),
        ("1" * (MOST_DIGITS + 1), "not-a-number"), ("5\n6", "not-a-number"), ("l0", "not-a-number"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_says_why(text: str, code: str):
    assert why(text) == code


def test_a_refusal_says_how_each_reading_is_written():
    found = read_number("1,408")
    assert isinstance(found, NumberRefusal)
    assert (read_number(found.whole), read_number(found.part)) == (Decimal(1408), Decimal("1.408"))


# What a number means to somebody who writes it with this decimal mark, and that mark between thousands.
_WRITINGS = ((".", ","), (",", "."))


def _meant(text: str, decimal: str, thousands: str) -> Decimal | None:
    """The textbook reading of one country: groups of three or none, at most one decimal mark."""
    whole, mark, part = text.partition(decimal)
    grouped = re.fullmatch(rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+", whole)
    if not (grouped or re.fullmatch(r"\d+", whole)) or (mark and not re.fullmatch(r"\d+", part)):
        return None
    if grouped and whole.startswith("0"):
        return None  # nobody writes a thousand so
    return Decimal(f"{whole.replace(thousands, '')}.{part or 0}")


@given(st.text(alphabet="0123456789.,", min_size=1, max_size=9))
def test_what_two_countries_read_differently_is_refused(text: str):
    meant = {each for marks in _WRITINGS if (each := _meant(text, *marks)) is not None}
    found = read_number(text)
    if len(meant) > 1:
        assert isinstance(found, NumberRefusal)
        assert found.why == "two-ways"
    elif isinstance(found, Decimal) and meant:
        assert meant == {found}


@given(st.decimals(-(10**6), 10**6, places=3, allow_nan=False), st.sampled_from([".", ","]))
def test_what_we_write_we_read(value: Decimal, mark: str):
    assert read_number(written(value, mark)) == value


@given(st.floats(-1e6, 1e6, allow_nan=False).map(lambda each: round(each, 4)))
def test_a_float_is_written_as_it_is_shown(value: float):
    assert read_number(written(value)) == Decimal(repr(value))


@given(st.text(max_size=12))
def test_no_text_breaks_the_reader(text: str):
    found = read_number(text)
    assert isinstance(found, NumberRefusal) or found.is_finite()
    whole = read_whole(text)
    assert isinstance(whole, NumberRefusal) or whole == found
    read_amount(text, "kg")
    read_amount(text, "")


def test_a_book_in_a_cell_is_not_looked_through():
    for text in ("." * 200_000, "9" * 200_000, "1,000" * 50_000, "5 to " * 50_000):
        for found in (read_number(text), read_amount(text, "kg"), read_whole(text)):
            assert isinstance(found, NumberRefusal)
            assert len(found.text) < 100


@pytest.mark.parametrize(("text", "value"), [("12", 12), (" 0 ", 0), ("-3", -3)])
def test_a_whole_number(text: str, value: int):
    assert read_whole(text) == value


@pytest.mark.parametrize(
    ("text", "code"), [("12.5", "not-whole"), ("12,0", "not-whole"), ("1,200", "two-ways"), ("1e2", "not-a-number")]
)
def test_no_whole_number(text: str, code: str):
    found = read_whole(text)
    assert isinstance(found, NumberRefusal)
    assert found.why == code


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("70 kg", "kg", "70"), ("70kg", "kg", "70"), ("70,5 KG", "kg", "70.5"), ("120 mmHg", "mm[Hg]", "120"),
        ("36,6 °C", "Cel", "36.6"), ("98 %", "%", "98"), ("62 /min", "/min", "62"), ("1408 U/L", "U/L", "1408"),
        ("12 µmol/L", "umol/L", "12"), ("12 μmol/L", "umol/L", "12"), ("50 mg/mL", "mg/mL", "50"), ("70", "kg", "70"),
    ],
)  # fmt: skip
def test_the_unit_that_is_asked_may_stand_behind(text: str, unit: str, value: str):
    assert read_amount(text, unit) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("154 lb", "kg", "unit"), ("5 mg/dL", "mmol/L", "unit"), ("5 mg", "mg/kg", "unit"), ("5 ug", "mg", "unit"),
        ("5 flagons", "mL", "unit"), ("70 kg", "", "unit"), ("1,408 kg", "kg", "two-ways"),
        ("<5 kg", "kg", "bound"), ("1e3", "kg", "not-a-number"), ("5-6 kg", "kg", "not-a-number"),
    ],
)  # fmt: skip
def test_another_unit_is_named_and_never_converted(text: str, unit: str, code: str):
    found = read_amount(text, unit)
    assert isinstance(found, NumberRefusal)
    assert found.why == code
    if code == "unit":
        assert found.unit == text.rsplit(maxsplit=1)[-1]


def test_units_are_found_as_people_write_them():
    assert spelled("mmHg") == spelled("MM HG") == "mm[Hg]"
    assert spelled("lbs") == "[lb_av]"
    assert spelled("U/L") == "U/L"
    assert code_of("µmol/l") == code_of("umol/L")
    assert code_of("mg/dL") != code_of("mmol/L")
    assert all(spelled(each) == each for each in UNITS)
    assert len({code_of(each) for each in UNITS}) == len(UNITS)  # small letters keep them apart
