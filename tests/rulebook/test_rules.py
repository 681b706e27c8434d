"""Rules: tightening never loosens, the weakest number decides, a wrong file says what is wrong in it."""

from __future__ import annotations

from datetime import date
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.clinical.rules import MARKS, Loosened, Rule, RuleInvalid, content_hash, loosens, parse_rule, tighten
from sojourn.foundation.rulebook import coverage, released_rulebook
from sojourn.foundation.rulebook.differences import differences
from sojourn.foundation.rulebook.scales import scales

RULES = [*released_rulebook().versions.values(), *(each.rule for each in scales())]


def table(**changes: object) -> dict[str, object]:
    return {
        "id": "x",
        "version": 1,
        "kind": "alarm.threshold",
        "title": "t",
        "statement": "s",
        "sources": ["a paper"],
        "verification": "verified",
        "effective_from": date(2026, 11, 22),
        "parameters": {"high": {"value": 90, "unit": "%", "tighten": "higher"}},
        **changes,
    }


def never_looser(rule, changes):
    """What a clinic's own numbers make of a rule: refused with a reason, or stricter in all that changed."""
    own = tighten(rule, changes)
    if isinstance(own, Loosened):
        assert own.reasons
        return
    for name, parameter in own.parameters.items():
        if name in rule.open:
            assert rule.open[name].refused(parameter.value) is None
            continue
        before = rule.parameters[name]
        if parameter.value != before.value:
            assert before.tighten in ("lower", "higher")
            assert (parameter.value < before.value) == (before.tighten == "lower")
            assert before.furthest is None or (
                parameter.value >= before.furthest if before.tighten == "lower" else parameter.value <= before.furthest
            )
    assert (own.id, own.version, own.hash) == (rule.id, rule.version, rule.hash)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_tightening_never_loosens(rule):
    """Each number of each rule, on its own borders and on either side of them."""
    never_looser(rule, {"none": 1})
    for name, parameter in rule.parameters.items():
        for border in (parameter.value, 0.0 if parameter.furthest is None else parameter.furthest):
            for step in (-inf, -1000.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 1000.0, inf, nan):
                never_looser(rule, {name: border + step})


NUMBERS = st.one_of(st.integers(-500, 500), st.floats(allow_nan=True, allow_infinity=True))


@settings(max_examples=1000)
@given(rule=st.sampled_from(RULES), changes=st.lists(st.tuples(st.integers(0, 7), NUMBERS), max_size=4))
def test_tightening_several_numbers_never_loosens(rule, changes):
    names = [*sorted(rule.parameters), "none"]
    never_looser(rule, {names[at % len(names)]: value for at, value in changes})


def test_nothing_is_half_applied():
    rule = released_rulebook().rule("spo2.low")
    own = tighten(rule, {"medium": 95, "high": 85})
    assert isinstance(own, Loosened)
    assert len(own.reasons) == 1
    assert "may only be higher than 90" in own.reasons[0]
    assert rule.number("medium") == 94


def test_only_what_was_read_acts_by_itself():
    for mark in MARKS:
        assert parse_rule(table(verification=mark)).acts_without_adoption == (mark == "verified")


def test_a_rule_is_worth_no_more_than_its_weakest_number():
    weak = {"high": {"value": 90, "unit": "%", "tighten": "higher", "verification": "recalled"}}
    with pytest.raises(RuleInvalid, match="only recalled"):
        parse_rule(table(parameters=weak))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"sources": []}, "sources"),
        ({"verification": "certain"}, "verification"),
        ({"effective_from": "2026-11-22"}, "effective_from"),
        ({"colour": "red"}, "colour"),
        ({"parameters": {"high": {"value": float("nan"), "unit": "%", "tighten": "higher"}}}, "number"),
        ({"parameters": {"high": {"value": 90, "tighten": "higher"}}}, "unit"),
        ({"parameters": {"high": {"value": 90, "unit": "%", "tighten": "sideways"}}}, "tighten"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(change, says):
    with pytest.raises(RuleInvalid, match=says):
        parse_rule(table(**change))


def test_the_hash_is_of_the_content_and_not_of_its_spelling():
    first = table()
    reordered = dict(reversed(list(first.items())))
    assert content_hash(first) == content_hash(reordered)
    spelled = table(parameters={"high": {"value": 90.0, "unit": "%", "tighten": "higher"}})
    assert content_hash(first) == content_hash(spelled)
    assert content_hash(first) != content_hash(table(title="another"))


# --- a number that ships without a value ---


def unstated(**of_the_number: object) -> dict[str, object]:
    number = {"unit": "%", "tighten": "higher", "least": 1, "most": 100, **of_the_number}
    return table(verification="convention", parameters={"at_least": number})


def stated(value: float) -> Rule:
    own = tighten(parse_rule(unstated()), {"at_least": value})
    assert isinstance(own, Rule)
    return own


def test_what_has_no_value_cannot_be_read_and_does_not_act():
    rule = parse_rule(unstated())
    assert (list(rule.open), dict(rule.parameters)) == (["at_least"], {})
    assert rule.optional("at_least") is None
    with pytest.raises(RuleInvalid, match="at_least is missing"):
        rule.number("at_least")
    assert not parse_rule({**unstated(verification="verified"), "verification": "verified"}).acts_without_adoption


def test_once_stated_it_is_a_number_like_any_other_and_the_hash_stays():
    own = stated(88)
    assert (own.number("at_least"), dict(own.open), own.tightened) == (88.0, {}, False)
    assert own.hash == parse_rule(unstated()).hash
    assert own.parameters["at_least"].furthest == 100  # the stricter bound: this number goes up


@pytest.mark.parametrize("value", [0, 101, inf, nan, True, "90"])
def test_what_lies_outside_of_its_bounds_or_is_no_number_is_not_stated(value):
    own = tighten(parse_rule(unstated()), {"at_least": value})
    assert isinstance(own, Loosened)
    assert "at_least" in own.reasons[0]


def test_without_bounds_any_number_is_stated():
    bare = parse_rule(table(parameters={"at_least": {"unit": "%", "tighten": "higher"}}))
    own = tighten(bare, {"at_least": -3})
    assert isinstance(own, Rule)
    assert own.number("at_least") == -3


def test_what_was_stated_is_loosened_by_two():
    assert parse_rule(unstated()).loosened_by_two
    assert not parse_rule(table()).loosened_by_two
    assert loosens(stated(88), stated(87))
    assert not loosens(stated(88), stated(88))
    assert not loosens(stated(88), stated(89))


@pytest.mark.parametrize(
    ("of_the_number", "says"),
    [
        ({"tighten": "fixed"}, "what a clinic states cannot be fixed"),
        ({"furthest": 3}, "furthest is not a part of a number without a value"),
        ({"least": "low"}, "least must be a number"),
        ({"value": 90}, "least is not a part of a parameter"),
    ],
)
def test_a_file_says_what_is_wrong_with_a_number_without_a_value(of_the_number, says):
    with pytest.raises(RuleInvalid, match=says):
        parse_rule(unstated(**of_the_number))


def test_a_version_that_takes_its_value_away_says_so_part_by_part():
    old, new = (
        parse_rule(each)
        for each in (
            table(parameters={"at_least": {"value": 90, "unit": "%", "tighten": "higher"}}),
            table(version=2, parameters={"at_least": {"unit": "%", "tighten": "higher"}}),
        )
    )
    assert [(each.part, each.before, each.after) for each in differences(old, new) if "value" in each.part] == [
        ("parameters.at_least.value", 90.0, None)
    ]


def test_the_coverage_page_names_no_value_where_there_is_none():
    page = coverage.page()
    assert "Saturation at least: no value in %, stated by whoever adopts it" in page
    assert "| session.hard_floor | 5 |" in page


def test_no_number_of_a_rule_is_less_than_nothing():
    """A slip of the hand: -5 would count as stricter than 140, and hold everybody."""
    rule = released_rulebook().rule("RC-HTN-BASE")
    found = tighten(rule, {"systolic": -5})
    assert isinstance(found, Loosened)
    assert found.reasons == ("systolic: -5 is no number that this can be",)


@pytest.mark.parametrize("rule_id", [each.id for each in released_rulebook().newest.values() if each.open])
def test_nothing_is_no_limit(rule_id):
    """A floor of 0 would count as stated, and stop nobody."""
    rule = released_rulebook().rule(rule_id)
    for number in rule.open:
        found = tighten(rule, {number: 0})
        assert isinstance(found, Loosened)
        assert f"{number}: 0 is no number that this can be" in found.reasons
