"""How grave a sign of danger is, by the rule that the clinic has."""

from __future__ import annotations

from sojourn.care.safety.models import Severity
from sojourn.clinical import raising
from sojourn.clinical.raising import Raising
from sojourn.foundation.rulebook.load import book


def table() -> Raising:
    """What raises a flag, and how gravely: the newest version acts everywhere by itself. No query."""
    return raising.read(next(iter(book().of_kind(raising.KIND))))


def severity_of(found: str | None) -> Severity | None:
    """A severity of the table as flags have it."""
    return None if found is None else Severity(found)
