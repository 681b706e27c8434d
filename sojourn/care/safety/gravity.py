"""How grave a sign of danger is, by the rule that the clinic has."""

from __future__ import annotations

from functools import lru_cache

from sojourn.care.safety.models import Severity
from sojourn.clinical import raising
from sojourn.clinical.raising import Raising
from sojourn.foundation.rulebook.load import book


def table() -> Raising:
    """What raises a flag, and how gravely: the newest version acts everywhere by itself. No query."""
    return _table(book().hash)


@lru_cache(maxsize=2)
def _table(_book: str) -> Raising:
    (rule,) = book().of_kind(raising.KIND)
    return raising.read(rule)


def severity_of(found: str | None) -> Severity | None:
    """A severity of the table as flags have it."""
    return None if found is None else Severity(found)
