"""C4: of a grid of orders and of generated ones, none above its ceiling is ever a dose, whatever is set aside.

What is expected is worked out here from the numbers in ceilings.toml, never by the code of dosing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_DOWN, Decimal
from fractions import Fraction
from importlib import resources
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.clinical import dosing
from sojourn.clinical.rules import Rule, tighten
from sojourn.foundation.rulebook.load import released_rulebook

TODAY = date(2026, 3, 2)
FILE = resources.files("sojourn.foundation.rulebook") / "rules" / "ceilings.toml"
TABLE: dict[tuple[str, str], dict[str, Any]] = {
    (each["fixed"]["drug"], each["fixed"]["route"]): each
    for each in tomllib.loads(FILE.read_text(encoding="utf-8"), parse_float=Decimal)["rule"]
    if each["kind"] == "dose.ceiling"
}
RULES = dosing.gather(released_rulebook().newest.values())
HALF = dosing.Rounding(dosing.Milligrams.of("0.5"), "nearest")

DRUGS = ("ketamine", "esketamine")
ROUTES = ("iv", "im", "sc", "in", "sl", "oral", "film")
PER_KG = tuple(map(Decimal, ("0.05", "0.1", "0.2", "0.21", "0.3", "0.31", "0.4", "0.5", "0.51", "0.75", "0.9",
                             "0.91", "1", "1.01", "2", "2.1", "4", "6.5", "50")))  # fmt: skip
FIXED = tuple(map(Decimal, (5, 14, 25, 28, 30, 31, 40, 50, 51, 56, 84, 100, 112, 400, 401, 840, 1000, 3500)))
MINUTES = tuple(map(Decimal, ("0.5", "1", "4", "5", "19", "20", "39", "40", "100")))
WEIGHTS = tuple(map(Decimal, ("40", "50.5", "70", "84.3", "120", "180.7")))


@dataclass(frozen=True)
class Case:
    """An order in plain numbers."""

    drug: str
    route: str
    per_kg: Decimal | None
    fixed: Decimal | None
    weight: Decimal
    over: Decimal | None

    @property
    def mg(self) -> Decimal:
        """What is measured out: to the nearest half milligram, from the middle downwards."""
        whole = self.fixed if self.per_kg is None else self.per_kg * self.weight
        assert whole is not None
        return (whole * 2).quantize(Decimal(1), rounding=ROUND_HALF_DOWN) / 2

    def limit(self, column: str) -> Decimal | None:
        """The most milligrams by the file; None where it says nothing of the drug by the route, 0 where the time is too
        short for any. ``column``: the number as released ("value"), or as low as a clinic may set it ("furthest")."""
        rule = TABLE.get((self.drug, self.route))
        if rule is None:
            return None
        numbers = {name: Decimal(each[column]) for name, each in rule["parameters"].items()}
        if "steps" in rule["fixed"]:
            slow_enough = [each for each in rule["fixed"]["steps"] if numbers[each["minutes"]] <= (self.over or 0)]
            most = max((numbers[each["most"]] for each in slow_enough), default=Decimal(0))
        else:
            most = numbers["most"]
        found = most * self.weight if rule["fixed"]["basis"] == "mg/kg" else most
        return min(found, numbers["cap"]) if "cap" in numbers else found

    def above(self, column: str) -> bool:
        limit = self.limit(column)
        return limit is None or self.mg > limit or (self.route == "iv" and self.over is None)

    @property
    def order(self) -> dosing.Order:
        return dosing.Order(
            self.route, self.drug, HALF,
            per_kg=None if self.per_kg is None else dosing.MgPerKg.of(self.per_kg),
            fixed=None if self.fixed is None else dosing.Milligrams.of(self.fixed),
            weight=dosing.Weight(dosing.Kilograms.of(self.weight), TODAY),
            over=None if self.over is None else dosing.Minutes.of(self.over),
        )  # fmt: skip

    @property
    def drawn(self) -> dosing.Drawn:
        return dosing.Drawn(
            self.drug, self.route, dosing.Milligrams.of(self.mg), lot="L1", expires_on=TODAY,
            over=None if self.over is None else dosing.Minutes.of(self.over),
        )  # fmt: skip


def grid() -> Iterator[Case]:
    for drug, route, weight in product(DRUGS, ROUTES, WEIGHTS):
        for over in (None, *MINUTES) if route == "iv" else (None,):
            yield from (Case(drug, route, each, None, weight, over) for each in PER_KG)
            yield from (Case(drug, route, None, each, weight, over) for each in FIXED)


def tightest(rule: Rule) -> Rule:
    """A ceiling with every number as strict as a clinic may make it."""
    found = tighten(rule, {name: each.furthest for name, each in rule.parameters.items() if each.furthest is not None})
    assert isinstance(found, Rule), found
    return found


CLINICS = {
    "value": RULES,
    "furthest": dosing.gather(
        tightest(each) if each.kind == dosing.CEILING else each for each in released_rulebook().newest.values()
    ),
}
CASES = list(grid())


def wrong(case: Case, column: str) -> str:
    """What the rules do otherwise than the file says, in words; "" where nothing."""
    rules, above = CLINICS[column], case.above(column)
    for override in (False, True):
        found = dosing.calculate(case.order, rules, TODAY, override=override)
        if above and isinstance(found, dosing.DoseCalculation):
            return f"a dose above its ceiling, override {override}"
        if isinstance(found, dosing.DoseRefused) and found.calculation is not None:
            codes = {"above-ceiling", "no-ceiling", "minutes-missing"} & set(found.codes)
            if bool(codes) != above:
                return f"refused for {found.codes}"
        if isinstance(found, dosing.DoseRefused) and above and found.overridable:
            return "a signature would pass it"
    ordered = dosing.Ordered(case.order, dosing.Milligrams.of(case.mg))
    chair = dosing.at_chair(ordered, case.drawn, rules, today=TODAY, override=True)
    return "given at the chair" if above and isinstance(chair, dosing.ChairDose) else ""


@pytest.mark.parametrize("column", CLINICS)
def test_none_of_a_grid_of_orders_above_its_ceiling_is_ever_a_dose(column: str):
    """C4: both drugs by every route, in many doses, minutes and weights; as released and as strict as it can be set."""
    assert len(set(CASES)) >= 1_500
    found = [(case, words) for case in CASES if (words := wrong(case, column))]
    assert not found, found[:5]


def test_the_grid_holds_doses_on_both_sides_of_every_ceiling():
    """C4: the grid is no empty promise: by every way with a ceiling some of its orders are a dose and some are not."""
    for way in TABLE:
        mine = [each for each in CASES if (each.drug, each.route) == way]
        given_ = [
            isinstance(dosing.calculate(each.order, RULES, TODAY, override=True), dosing.DoseCalculation)
            for each in mine
            if not each.above("value")
        ]
        assert any(given_), way
        assert any(each.above("value") for each in mine), way


def test_a_way_that_the_file_does_not_name_gives_no_dose():
    """C4: no ceiling is no dose, never no limit: racemic film, esketamine under the skin and under the tongue."""
    unnamed = {(each.drug, each.route) for each in CASES} - set(TABLE)
    assert unnamed == {("ketamine", "film"), ("esketamine", "sc"), ("esketamine", "sl")}
    for case in CASES:
        if (case.drug, case.route) in unnamed:
            found = dosing.calculate(case.order, RULES, TODAY, override=True)
            assert isinstance(found, dosing.DoseRefused)
            assert "no-ceiling" in found.codes or found.calculation is None


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=Decimal(low), max_value=Decimal(high), places=places)


@st.composite
def orders(draw: st.DrawFn) -> Case:
    """An order as a plan can hold it: four places for mg/kg, two for mg and kg, one for minutes."""
    drug, route = draw(st.sampled_from(DRUGS)), draw(st.sampled_from(ROUTES))
    by_weight = draw(st.booleans())
    return Case(
        drug, route,
        draw(decimals("0.02", "8", 4)) if by_weight else None,
        None if by_weight else draw(decimals("1", "1200", 2)),
        draw(decimals("30", "300", 2)),
        draw(st.none() | decimals("0.1", "200", 1)) if route == "iv" else None,
    )  # fmt: skip


@given(orders(), st.sampled_from(sorted(CLINICS)))
@settings(max_examples=2_000)
def test_no_generated_order_above_its_ceiling_is_ever_a_dose(case: Case, column: str):
    assert wrong(case, column) == ""


def test_the_share_is_the_dose_over_the_limit_of_the_file():
    """C4: the part of its ceiling that a dose is, from which the day is added up, exactly."""
    for case in CASES:
        limit = case.limit("value")
        found = dosing.calculate(case.order, RULES, TODAY, override=True)
        if isinstance(found, dosing.DoseCalculation):
            assert limit is not None
            assert found.share == Fraction(case.mg) / Fraction(limit)
