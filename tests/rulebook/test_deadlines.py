"""By when a flag is answered: laws of the clock. The rules' own examples are run by the rulebook's check."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import deadlines
from sojourn.clinical.deadlines import Stretch, due, next_open
from sojourn.clinical.rules import RuleInvalid
from sojourn.foundation.rulebook.load import released_rulebook

MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hours)


def day(number: int) -> Stretch:
    """08:00 to 18:00."""
    return at(24 * number + 8), at(24 * number + 18)


WEEK = [day(number) for number in range(5)]


def test_it_ends_within_an_opening_and_counts_no_closed_hour():
    assert due(at(9), timedelta(hours=2), WEEK) == at(11)
    assert due(at(17), timedelta(hours=2), WEEK) == at(24 + 9)
    assert due(at(20), timedelta(hours=1), WEEK) == at(24 + 9)
    assert due(at(8), timedelta(hours=10), WEEK) == at(18)  # the whole day ends at its closing, not at the next opening


def test_hours_that_do_not_suffice_make_nobody_wait():
    assert due(at(24 * 4 + 17), timedelta(hours=2), WEEK) == at(24 * 4 + 19)
    assert due(at(9), timedelta(hours=2), []) == at(11)
    assert due(at(9), timedelta(hours=2), None) == at(11)


@given(st.integers(0, 24 * 60 * 4), st.integers(1, 60 * 20))
def test_it_is_never_before_its_span_has_passed_and_always_in_an_opening(begins: int, minutes: int):
    start, span = MIDNIGHT + timedelta(minutes=begins), timedelta(minutes=minutes)
    found = due(start, span, WEEK)
    assert found >= start + span
    known = sum((closes - max(opens, start) for opens, closes in WEEK if closes > start), timedelta())
    if known >= span:
        assert any(opens < found <= closes for opens, closes in WEEK)
        counted = sum((min(closes, found) - max(opens, start) for opens, closes in WEEK
                       if closes > start and opens < found), timedelta())  # fmt: skip
        assert counted == span


def test_when_it_opens_next():
    assert next_open(at(9), WEEK) is None
    assert next_open(at(18), WEEK) == at(24 + 8)
    assert next_open(at(7), WEEK) == at(8)
    assert next_open(at(24 * 6), WEEK) is None


def test_each_severity_has_one_rule_and_waits_for_adoption():
    rules = released_rulebook().of_kind(deadlines.KIND)
    assert sorted(deadlines.by_severity(rules)) == ["emergency", "soon", "urgent"]
    assert not any(each.acts_without_adoption for each in rules)
    assert {each.severity: each.in_hours for each in map(deadlines.read, rules)} == {
        "emergency": False, "urgent": True, "soon": True,
    }  # fmt: skip


def test_another_rule_is_no_deadline():
    with pytest.raises(RuleInvalid):
        deadlines.read(released_rulebook().rule("escalation"))
