"""Numbers that rules ship without, as the invented clinics of the tests have stated them. No source gives one."""

from __future__ import annotations

from collections.abc import Mapping

from sojourn.clinical.rules import Rule, tighten

STATED: Mapping[str, Mapping[str, float]] = {
    "floor.spo2": {"at_least": 85},
    "floor.sbp": {"at_least": 80},
    "floor.hr": {"at_least": 35, "at_most": 150},
    "floor.rr": {"at_least": 8, "at_most": 30},
    "floor.temp": {"at_least": 35},
    "recovery.floor": {"spo2": 88},
    "RC-EGFR": {"egfr": 15},
}
FLOORS: Mapping[str, Mapping[str, float]] = {each: STATED[each] for each in STATED if each.startswith("floor.")}


def as_stated(rule: Rule) -> Rule:
    """A rule with the numbers that an invented clinic has stated; one that ships with its numbers as it is."""
    own = tighten(rule, STATED[rule.id]) if rule.open else rule
    assert isinstance(own, Rule)
    return own
