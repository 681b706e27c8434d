"""Rules adopted as a prescriber would type them: what no source was read for needs its value, floors have none."""

from __future__ import annotations

from collections.abc import Iterable

from sojourn.clinical.rules import Parameter
from sojourn.foundation.rulebook.queries import newest
from tests.stated import STATED


def as_typed(rule_id: str, **own: float) -> dict[str, float]:
    """What is typed into the form of a rule: ``own`` numbers, the others as released or as this cast states them."""
    rule = newest(rule_id)
    released = {each.name: each.value for each in rule.typed if isinstance(each, Parameter)}
    stated = {each: STATED[rule_id][each] for each in rule.open if each not in own}
    return {**released, **stated, **own}


def typed_each(rule_ids: Iterable[str]) -> dict[str, dict[str, float]]:
    return {each: as_typed(each) for each in rule_ids}
