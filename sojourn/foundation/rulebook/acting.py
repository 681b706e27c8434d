"""Which version of a rule acts, by what a clinic has decided about it. No database: queries.py reads the decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from sojourn.clinical.rules import Loosened, Rule, tighten


class Decided(Protocol):
    """The newest decision of a clinic about a rule: the version that was read, and the clinic's own numbers."""

    @property
    def version(self) -> int: ...
    @property
    def rule_hash(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...
    @property
    def retired(self) -> bool: ...


def acting(versions: Sequence[Rule], decision: Decided | None, day: date) -> Rule | None:
    """The rule with the clinic's numbers; None while it does not act. ``versions``: those of one rule, the oldest
    first. What nobody has decided about acts by itself where it may, in its newest version in effect on ``day``."""
    if decision is not None and not decision.retired:
        return as_adopted(decision, next((each for each in versions if each.version == decision.version), None))
    last = next((each for each in reversed(versions) if each.effective_from <= day), None)
    return last if last is not None and last.acts_without_adoption else None


def as_adopted(decision: Decided, rule: Rule | None) -> Rule | None:
    """The adopted rule with the clinic's numbers; None if the file no longer says what was adopted, or if it needs a
    number that nobody stated."""
    if rule is None or rule.hash != decision.rule_hash:
        return None
    own = tighten(rule, decision.parameters)
    return None if isinstance(own, Loosened) or own.open else own
