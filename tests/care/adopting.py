"""Rules adopted as a prescriber would type them: what no source was read for needs its value, floors have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from sojourn.clinical.rules import Parameter, Rule, tighten
from sojourn.foundation.rulebook.queries import newest, own_numbers
from tests.stated import STATED


def as_typed(rule_id: str, **own: float) -> dict[str, float]:
    """What is typed into the form of a rule: ``own`` numbers, the others as released or as this cast states them."""
    rule = newest(rule_id)
    released = {each.name: each.value for each in rule.typed if isinstance(each, Parameter)}
    stated = {each: STATED[rule_id][each] for each in rule.open if each not in own}
    return {**released, **stated, **own}


def typed_each(rule_ids: Iterable[str]) -> dict[str, dict[str, float]]:
    return {each: as_typed(each) for each in rule_ids}


@lru_cache(maxsize=1024)
def typed_numbers(rule_id: str, _hash: str) -> Mapping[str, float]:
    """The numbers that an adoption keeps of what is typed so: those that are the clinic's own. Asked by the hash of the
    newest version, since a test may come with a rulebook of its own."""
    rule = newest(rule_id)
    own = tighten(rule, as_typed(rule_id))
    assert isinstance(own, Rule)
    return own_numbers(rule, own)
