"""Runs the worked examples of the rules about doses: each rule alone, on an order that the example describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sojourn.clinical import dosing
from sojourn.clinical.rules import Example, Rule

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DAY: Final = BEGINNING.date()

Runner = Callable[[Rule, Example], Mapping[str, Any]]

# What other rules say of an order, when one rule is worked alone.
_OF_OTHERS: Final = ("no-studied-range", "no-ceiling", "minutes-missing")


def _order(rule: Rule, given: Mapping[str, Any]) -> dosing.Order:
    """The order of an example. Whoever orders rounds to a hundredth of a milligram, and weighed today."""
    day = _DAY

    def told(name: str, kind: type[dosing.Amount]) -> Any:
        return kind.of(given[name]) if name in given else None

    weight = told("weight", dosing.Kilograms)
    return dosing.Order(
        route=str(rule.fixed.get("route", "")), drug=str(rule.fixed.get("drug", "ketamine")),
        rounding=dosing.Rounding(dosing.Milligrams.of("0.01"), "nearest"),
        per_kg=told("per_kg", dosing.MgPerKg), fixed=told("fixed", dosing.Milligrams),
        weight=None if weight is None else dosing.Weight(weight, day - timedelta(days=given.get("days", 0))),
        stock=told("stock", dosing.MgPerMl), total=told("total", dosing.Millilitres), over=told("over", dosing.Minutes),
        height=told("height", dosing.Centimetres),
    )  # fmt: skip


def _dose(rule: Rule, example: Example) -> Mapping[str, Any]:
    """A dose under this rule alone."""
    found = dosing.calculate(_order(rule, example.given), dosing.gather((rule,)), _DAY)
    if isinstance(found, dosing.DoseRefused):
        reasons = [each for each in found.reasons if each.code != "no-ceiling"]
        if reasons or found.calculation is None:
            return {
                "refused": tuple(each.code for each in reasons),
                "overridable": found.calculation is not None and all(each.override == "prescriber" for each in reasons),
            }
        found = found.calculation
    shown = {
        "dose_mg": found.dose, "draw_ml": found.draw, "diluent_ml": found.diluent,
        "mg_per_ml": found.concentration, "ml_per_h": found.rate,
    }  # fmt: skip
    return {"refused": (), **{name: float(each.value) for name, each in shown.items() if each is not None}}


def _limits(rule: Rule, example: Example) -> Mapping[str, Any]:
    """What this rule alone objects to in an order that no other speaks of."""
    given, rules, day = example.given, dosing.gather((rule,)), _DAY
    order = dosing.Order(
        route=str(rule.fixed.get("route", "")), drug="ketamine",
        rounding=dosing.Rounding(dosing.Milligrams.of("0.01"), "nearest"), per_kg=dosing.MgPerKg.of(1),
        weight=dosing.Weight(
            dosing.Kilograms.of(given.get("weight", 70)), day - timedelta(days=given.get("age", 0))
        ),
        stock=dosing.MgPerMl.of(given.get("mg_per_ml", 10)),
    )  # fmt: skip
    found = dosing.calculate(order, rules, day, override=True)
    return {"refused": _own(found)}


def _own(found: dosing.DoseCalculation | dosing.DoseRefused) -> tuple[str, ...]:
    """The codes of a refusal that are of the rule that is worked."""
    return tuple(
        each for each in (found.codes if isinstance(found, dosing.DoseRefused) else ()) if each not in _OF_OTHERS
    )


def _ceiling(rule: Rule, example: Example) -> Mapping[str, Any]:
    """What a ceiling says of an order; its limit, and the part of the day that the order takes."""
    order, ceiling = _order(rule, example.given), dosing.read_ceiling(rule)
    found = dosing.calculate(order, dosing.gather((rule,)), _DAY)
    worked = found.calculation if isinstance(found, dosing.DoseRefused) else found
    share = None if worked is None else worked.share
    limit = ceiling.limit(order.kilograms, order.over)
    return {
        "refused": _own(found),
        "limit_mg": None if limit is None else float(limit.value),
        "share": None if share is None else float(share),
    }


def _start(rule: Rule, example: Example) -> Mapping[str, Any]:
    given = example.given
    first = dosing.FirstDose(given["age"], given["place"])
    found = dosing.calculate(_order(rule, given), dosing.gather((rule,)), _DAY, first=first)
    assert isinstance(found, dosing.DoseRefused)  # without a ceiling
    own = [each for each in found.reasons if each.code not in _OF_OTHERS]
    return {
        "refused": tuple(each.code for each in own),
        "overridable": all(each.override == "prescriber" for each in own),
    }


def _pump(rule: Rule, example: Example) -> Mapping[str, Any]:
    rate = dosing.MlPerHour.of(example.given["ml_per_h"])
    return {"refused": tuple(each.code for each in dosing.rate_reasons(rate, dosing.gather((rule,))))}


def _weight_change(rule: Rule, example: Example) -> Mapping[str, Any]:
    last = dosing.Weight(dosing.Kilograms.of(example.given["last"]), _DAY)
    asked = dosing.weigh(dosing.Kilograms.of(example.given["new"]), last, dosing.gather((rule,)))
    return {"asks": tuple(each.code for each in asked)}


def _body_mass(rule: Rule, example: Example) -> Mapping[str, Any]:
    found = dosing.calculate(_order(rule, example.given), dosing.gather((rule,)), _DAY)
    assert isinstance(found, dosing.DoseRefused)  # without a ceiling
    assert found.calculation is not None
    notice = next(iter(found.calculation.notices), None)
    return {"notice": "none"} if notice is None else {"notice": notice.code, **notice.values}


def _chair(rule: Rule, example: Example) -> Mapping[str, Any]:
    """What the tolerances say of a dose that is infused or injected, with a lot that is good."""
    given, day = example.given, _DAY

    def told(name: str, kind: type[dosing.Amount]) -> Any:
        return kind.of(given[name]) if name in given else None

    plan, mg = dosing.Milligrams.of(given["plan_mg"]), dosing.Milligrams.of(given["dose_mg"])
    order = dosing.Order("iv", "ketamine", dosing.Rounding(dosing.Milligrams.of("0.5"), "nearest"), fixed=plan)
    drawn = dosing.Drawn(
        "ketamine", "iv", mg, "example", day, stock=told("stock", dosing.MgPerMl),
        volume=told("volume", dosing.Millilitres), total=told("total", dosing.Millilitres),
        over=told("over", dosing.Minutes), rate=told("rate", dosing.MlPerHour),
    )  # fmt: skip
    found = dosing.at_chair(dosing.Ordered(order, plan), drawn, dosing.gather((rule,)), today=day)
    assert isinstance(found, dosing.ChairRefused)  # without a ceiling
    others = (*_OF_OTHERS, "stock-missing", "volume-missing")
    return {"refused": tuple(each for each in found.codes if each not in others)}


def _salt(rule: Rule, example: Example) -> Mapping[str, Any]:
    salt = dosing.gather((rule,)).salt
    assert salt is not None
    if "base" in example.given:
        return {"hydrochloride": float(salt.of_base(dosing.Milligrams.of(example.given["base"])).value)}
    return {"base": float(salt.of_hydrochloride(dosing.Milligrams.of(example.given["hydrochloride"])).value)}


def _rounding(rule: Rule, example: Example) -> Mapping[str, Any]:
    exact = dosing.Milligrams.of(example.given["mg"])
    return {"dose_mg": float(dosing.read_rounding(rule).round(exact).value)}


def _series(rule: Rule, example: Example) -> Mapping[str, Any]:
    shortest, longest = dosing.gather((rule,)).series[0].lasts(int(example.given["sessions"]))
    return {"shortest_days": shortest, "longest_days": longest}


RUNNERS: Final[Mapping[str, Runner]] = MappingProxyType(
    {
        "dose.range": _dose,
        "dose.concentration": _limits,
        "dose.weight": _limits,
        "dose.weight_age": _limits,
        "dose.ceiling": _ceiling,
        "dose.start": _start,
        "dose.pump": _pump,
        "dose.weight_change": _weight_change,
        "dose.body_mass": _body_mass,
        "dose.chair": _chair,
        "dose.salt": _salt,
        "dose.rounding": _rounding,
        "dose.series": _series,
    }
)
