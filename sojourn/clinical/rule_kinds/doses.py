"""What the rules of doses hold: ranges, ceilings, weights, pumps, and how a dose is measured out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from sojourn.clinical.dosing import ceilings
from sojourn.clinical.dosing import rules as doses
from sojourn.clinical.dosing.quantities import DIRECTIONS
from sojourn.clinical.rule_kinds.kind import (
    DRUG,
    LEAST_AMOUNT,
    ROAD,
    ROUTE,
    Kind,
    Laws,
    Number,
    apart,
    code_of_place,
    may,
    plain,
)
from sojourn.clinical.rules import Rule
from sojourn.clinical.shapes import flag, number, some, table, text, word

_BASIS: Final = word(("mg/kg", "mg"))


def _rises(*names: str) -> Laws:
    """Of those numbers that a rule has, none is below the one before it."""

    def laws(rule: Rule) -> Iterator[str]:
        found = [rule.parameters[name] for name in names if name in rule.parameters]
        yield from (f"{one.name} is above {other.name}" for one, other in pairwise(found) if one.value > other.value)

    return laws


def _range(rule: Rule) -> Iterator[str]:
    yield from _rises("low", "usual", "high", "never_from")(rule)
    yield from _rises("shortest", "usual_minutes", "longest")(rule)
    if not {"high", "never_from"} & set(rule.parameters):
        yield "a range names a dose"
    if rule.fixed.get("only_these") and not rule.fixed.get("doses"):
        yield "only_these names its doses"
    if ("shortest" in rule.parameters) != ("longest" in rule.parameters):
        yield "shortest and longest belong together"


def _ceiling(rule: Rule) -> Iterator[str]:
    steps = rule.fixed.get("steps")
    named = ["most"] if steps is None else [each[key] for each in steps for key in ("most", "minutes")]
    yield from (f"{name} stands in no step" for name in rule.parameters if name not in {*named, "cap"})
    yield from (f"{name} stands in two steps" for name in named if named.count(name) > 1)
    if steps is not None:
        for name in (each["minutes"] for each in steps):
            if rule.parameters[name].unit != "min" or rule.number(name) <= 0:
                yield f"{name} is more than nothing, in min"
            if rule.parameters[name].tighten != "higher":
                yield f"{name} may only be raised"
    cap = rule.parameters.get("cap")
    if cap is not None and (cap.unit != "mg" or cap.tighten != "lower"):
        yield "cap is in mg, and may only be lowered"


_DOSE: Final = ("mg", "mg/kg")
_REFUSES: Final = ("refused", "overridable")
_ORDER: Final = ("per_kg", "fixed", "weight", "days", "stock", "total", "over", "height")
_COUNT: Final = Number(("{count}",))


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        doses.RANGE: Kind(
            table(
                {**ROAD, "basis": _BASIS},
                {"doses": some(number(LEAST_AMOUNT)), "only_these": flag, "device_mg": number(LEAST_AMOUNT)},
            ),
            {
                "low": may(*_DOSE, way="higher"), "high": may(*_DOSE, way="lower"), "usual": may(*_DOSE),
                "never_from": may(*_DOSE, way="lower"), "shortest": may("min", way="higher"),
                "longest": may("min", way="lower"), "usual_minutes": may("min"),
            },
            _ORDER, (*_REFUSES, "dose_mg", "draw_ml", "diluent_ml", "mg_per_ml", "ml_per_h"), doses.read_range, _range,
        ),
        ceilings.CEILING: Kind(
            table({**ROAD, "basis": _BASIS}, {"steps": some(plain(most=text, minutes=text))}), None, _ORDER,
            (*_REFUSES, "limit_mg", "share"), ceilings.read_ceiling, _ceiling,
        ),
        doses.START: Kind(
            plain(**ROAD, jurisdictions=some(code_of_place)),
            {"from_age": Number(("a",), "lower"), "most": Number(("mg",), "lower")},
            ("fixed", "age", "place"), _REFUSES, doses.read_start,
        ),
        doses.SALT: Kind(
            plain(drugs=some(DRUG)), {"base": Number(("mg",)), "hydrochloride": Number(("mg",))},
            ("base", "hydrochloride"), ("base", "hydrochloride"), doses.read_salt, apart("base", "hydrochloride"),
        ),
        doses.CONCENTRATION: Kind(
            plain(route=ROUTE), {"below": Number(("mg/mL",), "lower")}, ("mg_per_ml",), _REFUSES,
            doses.read_concentration,
        ),
        doses.PUMP: Kind(
            plain(), {"low": Number(("mL/h",), "higher"), "high": Number(("mL/h",), "lower")}, ("ml_per_h",),
            _REFUSES, doses.read_pump,
        ),
        doses.WEIGHT: Kind(
            plain(), {"low": Number(("kg",), "higher"), "high": Number(("kg",), "lower")}, ("weight",), _REFUSES,
            doses.read_plausible, apart("low", "high"),
        ),
        doses.WEIGHT_AGE: Kind(plain(), {"days": Number(("d",), "lower")}, ("age",), _REFUSES),
        doses.WEIGHT_CHANGE: Kind(
            plain(), {"percent": Number(("%",), "lower")}, ("new", "last"), ("asks",), doses.read_weight_change
        ),
        doses.BODY_MASS: Kind(
            plain(),
            {
                "low": Number(("kg/m2",), "higher"), "high": Number(("kg/m2",), "lower"),
                "reference": Number(("kg/m2",)), "share": Number(("1",)),
            },
            ("weight", "height", "per_kg"), ("notice", "bmi", "adjusted", "dose"), doses.read_body_mass,
        ),
        doses.CHAIR: Kind(
            plain(),
            {
                "slip": Number(("%",), "higher"), "syringe": Number(("mL",), "lower"),
                "agree": Number(("%",), "lower"),
            },
            ("plan_mg", "dose_mg", "stock", "volume", "total", "over", "rate"), _REFUSES, doses.read_at_the_chair,
        ),
        doses.ROUNDING: Kind(
            plain(direction=word(DIRECTIONS)), {"step": Number(("mg",))}, ("mg",), ("dose_mg",),
            doses.read_rounding,
        ),
        doses.SERIES: Kind(
            plain(**ROAD),
            {"sessions": _COUNT, "min_days": Number(("d",), "higher"), "max_days": Number(("d",))},
            ("sessions",), ("shortest_days", "longest_days"), doses.read_series,
        ),
    }
)  # fmt: skip
