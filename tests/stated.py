"""Numbers that rules ship without, as the invented clinics of the tests have stated them. No source gives one."""

from __future__ import annotations

from sojourn.clinical.rules import Rule, tighten

STATED: dict[str, dict[str, float]] = {"RC-EGFR": {"egfr": 15}}


def as_stated(rule: Rule) -> Rule:
    """A rule with the numbers that an invented clinic has stated; one that ships with its numbers as it is."""
    own = tighten(rule, STATED[rule.id]) if rule.open else rule
    assert isinstance(own, Rule)
    return own
