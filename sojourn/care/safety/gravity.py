"""How grave a sign of danger is, by the rule that the clinic has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sojourn.care.safety.models import Severity
from sojourn.clinical import raising
from sojourn.clinical.raising import Raising
from sojourn.clinical.scales import Scale
from sojourn.foundation.rulebook.load import released_rulebook


def table() -> Raising:
    """What raises a flag, and how gravely: the newest version acts everywhere by itself. No query."""
    return _table(released_rulebook().hash)


@lru_cache(maxsize=2)
def _table(_book: str) -> Raising:
    (rule,) = released_rulebook().of_kind(raising.KIND)
    return raising.read(rule)


def alarming(asked: Scale, answers: Mapping[str, int | None]) -> tuple[str, ...]:
    """The items whose answers raise a flag: those that the scale names, and those that the rule adds."""
    return tuple(dict.fromkeys((*asked.safety(answers), *table().more(asked.family, answers))))


def may_alarm(asked: Scale) -> bool:
    """Whether any answer of a scale may raise a flag."""
    return bool(asked.safety_items) or any(family == asked.family for family, _item in table().answers)


def severity_of(found: str | None) -> Severity | None:
    """A severity of the table as flags have it."""
    return None if found is None else Severity(found)
