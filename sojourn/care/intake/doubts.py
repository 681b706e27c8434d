"""What is asked back before a fact is taken: a weight that changed much, a pressure the wrong way round.

Asked once: what somebody confirms is kept as it was typed. Codes begin with what they are about: "weight:pounds",
"weight:kilograms", "weight:changed", "pressure:not-below".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.intake.weight_queries import Weight
from sojourn.clinical import dosing
from sojourn.clinical.vitals import pressure_fault
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook.queries import ids_of, standings

ABOUT_WEIGHT: Final = "weight:"
ABOUT_PRESSURE: Final = "pressure:"
WEIGHT: Final = "weight_kg"
SYSTOLIC: Final = "sbp"
DIASTOLIC: Final = "dbp"


def doubted(codes: Iterable[str]) -> bool:
    """Whether a refusal only asks back, so that it can be confirmed."""
    return all(code.startswith((ABOUT_WEIGHT, ABOUT_PRESSURE)) for code in codes)


def about_weight(clinic_id: int, kg: Decimal, last: Weight | None) -> dict[str, str]:
    """What to ask about a new weight beside the last one, by code; empty where nothing is. One query."""
    if last is None:
        return {}
    standing = standings(clinic_id, only=ids_of(dosing.WEIGHT_CHANGE))
    rules = dosing.gather(each.acting or each.newest for each in standing)  # it only asks: it acts everywhere
    known = dosing.Weight(dosing.Kilograms.of(last.kg), last.on)
    asked = dosing.weigh(dosing.Kilograms.of(kg), known, rules)
    return {f"{ABOUT_WEIGHT}{each.code}": _words(each, last) for each in asked}


def _words(question: dosing.Question, last: Weight) -> str:
    values = dict(question.values) | {"day": date_format(last.on, _("j F Y"))}
    return _(question.template) % values


def about_pressure(values: Mapping[str, Any]) -> dict[str, str]:
    """What to ask about the two numbers of a pressure ("sbp", "dbp"), by code; empty where nothing is. No query."""
    systolic, diastolic = values.get(SYSTOLIC), values.get(DIASTOLIC)
    if systolic is None or diastolic is None:
        return {}
    fault = pressure_fault(float(systolic), float(diastolic))
    if fault is None:
        return {}
    words = _("%(upper)s/%(lower)s: the lower pressure is not below the upper one. Are they the wrong way round?")
    numbers = {"upper": f"{float(systolic):g}", "lower": f"{float(diastolic):g}"}
    return {f"{ABOUT_PRESSURE}{fault}": words % numbers}


def kilograms(value: object) -> Decimal:
    """A weight of the vocabulary to the ten grams that a plan holds."""
    return Decimal(str(value)).quantize(Decimal("0.01"))


def last_before(weights: Iterable[Weight], on: date) -> Weight | None:
    """Of weights in the order of their days, what a weight of ``on`` is compared with: the last one up to that day;
    where there is none, the first after it."""
    known = list(weights)
    return next((each for each in reversed(known) if each.on <= on), next(iter(known), None))


def ask(found: Mapping[str, str]) -> None:
    """Raises Refused with what there is to ask."""
    if found:
        raise ActionRefused(*found.values(), codes=tuple(found))
