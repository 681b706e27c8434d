"""A version's order, its dose under the rules of the clinic, and the hashes that a check and a signature stand for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from sojourn.care.plan.models import PlanVersion
from sojourn.clinical import dosing
from sojourn.clinical.eligibility.facts import Facts
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.queries import RuleStatus, ids_of, standings
from sojourn.foundation.scope import CourseScope

_Quantity = TypeVar("_Quantity")

DOSE_FIELDS: Final = (
    *("protocol_id", "route", "drug", "per_kg", "fixed_mg", "weight_kg", "weight_on", "round_mg", "round_direction"),
    *("over_min", "stock_mg_per_ml", "total_ml", "dose_mg"),
)
HEIGHT: Final = "height_cm"
CONTENT_FIELDS: Final = (
    *("number", "indication", *DOSE_FIELDS, "working", "rules", "sessions", "min_days", "max_days", "starts_on"),
    *("parts", "goals", "intention", "review_after", "review_on", "change_reason"),
)
# Columns that came after plans were signed: in the content where they are filled, so that older signatures stay whole.
LATER_FIELDS: Final[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Doses:
    """What the clinic's rulebook says of doses. ``rules`` is what acts; ``waiting`` what nobody has adopted yet.

    What only catches slips, asks back or warns acts everywhere (``dosing.ALWAYS``); rounding and series are proposals,
    which the prescriber makes her own by signing the plan, and so they are offered unadopted.
    """

    rules: dosing.DoseRules
    waiting: tuple[Rule, ...]
    known: dosing.DoseRules


def doses_of(clinic_id: int) -> Doses:
    """The rules about doses as they act in a clinic. One query."""
    return sort(standings(clinic_id, only=ids_of(*dosing.KINDS)))


def sort(found: Any) -> Doses:
    """The same from the standings of the rules. No query."""
    rows: list[RuleStatus] = list(found)
    waiting = tuple(
        each.newest
        for each in rows
        if each.acting is None and each.newest.kind not in (*dosing.PROPOSALS, *dosing.ALWAYS)
    )
    return Doses(
        dosing.in_force((each.newest, each.acting) for each in rows),
        waiting,
        dosing.gather(each.acting or each.newest for each in rows),
    )


def protocol_way(protocol_id: str) -> tuple[str, str]:
    """Route and drug of a protocol; two empty texts where the rulebook does not know it."""
    found = next((each for each in released_rulebook().protocols() if each.id == protocol_id), None)
    return ("", "") if found is None else (found.route, found.drug)


def height_of(facts: Facts) -> dosing.Centimetres | None:
    """The newest height among what is known of a person; None where nobody told it. No query."""
    found = facts.get(HEIGHT)
    if found is None or not isinstance(found.value, int | float):
        return None
    return dosing.Centimetres.of(found.value)


def _some(of: Callable[[Decimal], _Quantity], value: Decimal | None) -> _Quantity | None:
    return None if value is None else of(value)


def order_of(version: PlanVersion, height: dosing.Centimetres | None = None) -> dosing.Order | None:
    """What a version orders; None until it says by which route, how much, and how it is rounded. With the height, where
    it is known, a dose by weight can come with a warning."""
    if not version.route or version.round_mg is None or (version.per_kg is None and version.fixed_mg is None):
        return None
    weight = None
    if version.weight_kg is not None and version.weight_on is not None:
        weight = dosing.Weight(dosing.Kilograms.of(version.weight_kg), version.weight_on)
    return dosing.Order(
        route=version.route,
        drug=version.drug,
        rounding=dosing.Rounding(dosing.Milligrams.of(version.round_mg), version.round_direction),
        per_kg=_some(dosing.MgPerKg.of, version.per_kg),
        fixed=_some(dosing.Milligrams.of, version.fixed_mg),
        weight=weight,
        stock=_some(dosing.MgPerMl.of, version.stock_mg_per_ml),
        total=_some(dosing.Millilitres.of, version.total_ml),
        over=_some(dosing.Minutes.of, version.over_min),
        height=height,
    )


def ordered_of(version: PlanVersion) -> dosing.Ordered | None:
    """What a signed version orders at the chair, with what was set aside when it was signed; None where it orders no
    dose. No query."""
    order = order_of(version)
    if order is None or version.dose_mg is None:
        return None
    return dosing.Ordered(
        order, dosing.Milligrams.of(version.dose_mg), tuple(str(each["code"]) for each in version.beyond)
    )


def first_of(version: PlanVersion, rules: dosing.DoseRules, today: date) -> dosing.FirstDose | None:
    """For whom and where the version begins a course; None where it does not, or where no label speaks of a first dose
    of its drug by its route. At most three queries, none for most drugs."""
    if not any((each.route, each.drug) == (version.route, version.drug) for each in rules.starts):
        return None
    if version.care_plan_id is not None:
        earlier = CourseScope(version.care_plan_id).rows(PlanVersion).filter(number__lt=version.number)
        if earlier.filter(signed_at__isnull=False).exists():
            return None
    return dosing.FirstDose(version.patient.age_on(today), version.clinic.jurisdiction)


def work(
    version: PlanVersion, rules: dosing.DoseRules, today: date, *, override: bool = False,
    height: dosing.Centimetres | None = None,
) -> dosing.DoseCalculation | dosing.DoseRefused | None:  # fmt: skip
    """The dose of a version under some rules; None while it says too little. As many queries as ``first_of``."""
    order = order_of(version, height)
    if order is None:
        return None
    return dosing.calculate(order, rules, today, override=override, first=first_of(version, rules, today))


def calculated(found: dosing.DoseCalculation | dosing.DoseRefused | None) -> dosing.DoseCalculation | None:
    """The calculation of an answer, also where the dose itself is refused."""
    return found.calculation if isinstance(found, dosing.DoseRefused) else found


def milligrams(found: dosing.DoseCalculation) -> Decimal:
    """The dose as a plan stores it. Steps of rounding are multiples of a hundredth, so nothing is lost."""
    return found.dose.rounded(2)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return dosing.trimmed(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def content(version: PlanVersion) -> dict[str, Any]:
    """What a signature stands for, as plain data."""
    return {
        "patient": version.patient_id,
        "version": version.pk,
        **{name: _plain(getattr(version, name)) for name in CONTENT_FIELDS},
        **{name: _plain(value) for name in LATER_FIELDS if (value := getattr(version, name)) not in (None, "", [], {})},
    }


def _hash(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def content_hash(version: PlanVersion) -> str:
    """SHA-256 of the canonical JSON of ``content``."""
    return _hash(content(version))


def dose_hash(version: PlanVersion) -> str:
    """SHA-256 of what a double check stands for: the order and its dose."""
    return _hash({name: _plain(getattr(version, name)) for name in DOSE_FIELDS})
