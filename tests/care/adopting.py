"""Rules adopted as a prescriber would type them: what no source was read for needs its value, floors have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sojourn.clinical.rules import Parameter
from sojourn.foundation.rulebook.queries import newest

# Where this cast's prescriber draws the line that nobody passes: theirs, and no part of the rulebook.
FLOORS: Mapping[str, Mapping[str, float]] = {
    "floor.spo2": {"at_least": 85},
    "floor.sbp": {"at_least": 80},
    "floor.hr": {"at_least": 35, "at_most": 150},
    "floor.rr": {"at_least": 8, "at_most": 30},
    "floor.temp": {"at_least": 35},
}


def as_typed(rule_id: str, **own: float) -> dict[str, float]:
    """What is typed into the form of a rule: ``own`` numbers, the others as released or as this cast states them."""
    rule = newest(rule_id)
    released = {each.name: each.value for each in rule.typed if isinstance(each, Parameter)}
    stated = {each: FLOORS[rule_id][each] for each in rule.open if each not in own}
    return {**released, **stated, **own}


def typed_each(rule_ids: Iterable[str]) -> dict[str, dict[str, float]]:
    return {each: as_typed(each) for each in rule_ids}
