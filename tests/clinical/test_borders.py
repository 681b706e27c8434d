"""The files beside the rooms, at their borders: shapes, rules, deadlines, pages of law, calls, vital signs, numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from sojourn.clinical import calls, deadlines, jurisdictions, numbers, shapes, vitals
from sojourn.clinical.dosing import ceilings, rules
from sojourn.clinical.rules import Loosened, Rule, RuleInvalid, content_hash, loosens, parse_rule, tighten
from sojourn.clinical.units import KG, MG, Quantity
from sojourn.clinical.written import says_something

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = NOON.date()


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


# ---------------------------------------------------------------- shapes

_PLAIN = shapes.table({"a": shapes.flag}, {"b": shapes.day})


@pytest.mark.parametrize(
    ("shape", "right", "wrong"),
    [
        (shapes.text, ["a"], ["", " ", 1]), (shapes.any_text, ["", "a"], [None]), (shapes.flag, [True, False], [0, 1]),
        (shapes.day, [DAY], [NOON, "2026-03-02"]), (shapes.number(0, 1), [0, 0.5, 1], [-0.1, 1.1, True, "1"]),
        (shapes.number(), [-9, 9], [float("nan"), float("inf")]), (shapes.whole(0, 2), [0, 2], [-1, 3, 1.0, True]),
        (shapes.word(("a",)), ["a"], ["b", 1, ["a"]]),
        (shapes.some(shapes.flag), [[True], (True, False)], [[], {}, [1]]),
        (shapes.some(shapes.flag, 2), [[True, False]], [[True], [True, True]]),
        (shapes.some(shapes.flag, 0, doubles=True), [[], [True, True]], [[1]]),
        (shapes.pair(shapes.whole()), [[1, 1], (1, 2)], [[1], [1, 2, 3], [1, 2.5], 1]),
        (_PLAIN, [{"a": True}, {"a": True, "b": DAY}], [{}, {"b": DAY}, {"a": 1}, {"a": True, "c": 1}, []]),
        (shapes.by(shapes.text, shapes.flag), [{"a": True}], [{}, {" ": True}, {"a": 1}, []]),
        (shapes.by(shapes.text, shapes.flag, 0), [{}], [{"a": 1}]),
        (shapes.either(shapes.flag, shapes.whole(0)), [True, 0], ["", -1]), (shapes.anything, [None, "a"], []),
    ],
)  # fmt: skip
def test_a_shape_takes_what_it_says_and_names_all_else(shape, right, wrong):
    assert [list(shape("x", each)) for each in right] == [[]] * len(right)
    faults = [list(shape("x", each)) for each in wrong]
    assert all(faults)
    assert all(fault.startswith("x") for each in faults for fault in each)


def test_of_either_the_faults_of_the_last_are_told():
    assert [*shapes.either(shapes.flag, shapes.text)("x", 1)] == ["x must be a text"]


# ---------------------------------------------------------------- rules


def number(**of_it: object) -> dict[str, object]:
    return {
        "id": "x", "version": 1, "kind": "k", "title": "t", "statement": "s", "sources": ["a paper"],
        "verification": "convention", "effective_from": DAY,
        "parameters": {"n": {"unit": "%", "tighten": "lower", **of_it}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("of_it", "taken", "refused"),
    [
        ({"value": 10}, [10, 9, 0], [-0.1, 10.1, float("inf")]),
        ({"value": 10, "furthest": 5}, [10, 5], [4.9, 10.1]),
        ({"value": 0}, [0], [-0.1, 0.1]), ({"value": -5}, [-5, -6], [-4.9]),
        ({"value": 10, "tighten": "higher"}, [10, 11], [9.9]),
        ({"value": 10, "tighten": "higher", "furthest": 12}, [12], [12.1]),
        ({"value": 10, "tighten": "fixed"}, [10], [9, 11]),
        ({"least": 5, "most": 10}, [5, 10, 7], [4.9, 10.1, 0]), ({}, [-1, 1], [0]),
    ],
)  # fmt: skip
def test_a_clinic_goes_as_far_as_the_number_lets_it(of_it, taken, refused):
    rule = parse_rule(number(**of_it))
    for value in taken:
        own = tighten(rule, {"n": value})
        assert not isinstance(own, Loosened)
        assert own.number("n") == value
        assert own.tightened is ("value" in of_it and value != of_it["value"])
        assert (own is rule) is (of_it.get("value") == value)
    assert all(isinstance(tighten(rule, {"n": value}), Loosened) for value in refused)


@pytest.mark.parametrize(
    ("of_it", "taken"),
    [
        ({"value": 5, "furthest": 5}, True), ({"value": 5, "furthest": 5.1}, False),
        ({"value": 5, "furthest": 5, "tighten": "higher"}, True),
        ({"value": 5, "furthest": 4.9, "tighten": "higher"}, False),
        ({"value": 5, "furthest": 5, "tighten": "fixed"}, False),
        ({"least": 1, "most": 1.1}, True), ({"least": 1, "most": 1}, False), ({"least": 1}, True), ({"most": 1}, True),
        ({"value": 5, "least": 1}, False), ({"tighten": "fixed"}, False), ({"furthest": 1}, False),
    ],
)  # fmt: skip
def test_how_far_lies_on_the_stricter_side(of_it, taken):
    if taken:
        assert parse_rule(number(**of_it))
    else:
        with pytest.raises(RuleInvalid, match="x: n"):
            parse_rule(number(**of_it))


@pytest.mark.parametrize(("tighten_way", "lower", "higher"), [("lower", False, True), ("higher", True, False)])
def test_what_allows_more_loosens(tighten_way, lower, higher):
    was = parse_rule(number(value=10, tighten=tighten_way))
    assert [loosens(was, parse_rule(number(value=each, tighten=tighten_way))) for each in (9, 10, 11)] == [
        lower, False, higher,
    ]  # fmt: skip
    other = number(value=10, tighten=tighten_way)
    assert loosens(was, parse_rule({**other, "fixed": {"a": 1}}))
    assert loosens(was, parse_rule({**other, "parameters": {}}))


def test_a_rule_is_read_only_all_the_way_down_and_its_examples_stand_once():
    one, two = ({"title": each, "expect": {"a": 1}} for each in "ab")
    rule = parse_rule({**number(value=1), "fixed": {"a": [{"b": 1}]}, "examples": [one, two]})
    assert isinstance(rule.fact("a"), tuple)
    assert [each.title for each in rule.examples] == ["a", "b"]
    with pytest.raises(TypeError):
        rule.fact("a")[0]["b"] = 2
    with pytest.raises(RuleInvalid, match="example 2 stands twice"):
        parse_rule({**number(value=1), "examples": [one, two, one]})
    endless = "fixed.a.1.b: inf is no number"
    with pytest.raises(RuleInvalid, match=endless):
        parse_rule({**number(value=1), "fixed": {"a": [1, {"b": float("inf")}]}})
    for given in ({"expect": 1}, {"expect": {}, "given": 1}):
        with pytest.raises(RuleInvalid, match="given and expect are tables"):
            parse_rule({**number(value=1), "examples": [{"title": "a", **given}]})


def test_the_hash_is_that_of_the_canonical_json():
    content = {"b": "é", "a": [2, True, date(2026, 3, 2), 2**53 - 1, 2**53]}
    text = '{"a":[2.0,true,"2026-03-02",9007199254740991.0,9007199254740992],"b":"é"}'
    assert content_hash(content) == sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------- what a rule of doses may say

INFUSED = {"route": "iv", "drug": "ketamine"}


def about_doses(kind: str, fixed: dict[str, object], numbers: dict[str, object]) -> Rule:
    """A rule with these numbers: a value, or a value and how far a clinic may go, in mg and min."""
    parameters = {}
    for name, said in numbers.items():
        value, furthest = said if isinstance(said, tuple) else (said, None)
        unit, way = ("min", "higher") if name.startswith("after") else ("mg", "lower")
        parameters[name] = {"value": value, "unit": unit, "tighten": way}
        if furthest is not None:
            parameters[name]["furthest"] = furthest
    return parse_rule(
        {**number(), "kind": kind, "fixed": {**INFUSED, "basis": "mg", **fixed}, "parameters": parameters}
    )


def steps(*of_them: tuple[object, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The steps of a ceiling: milligrams, and the minutes from which they hold."""
    fixed = {"steps": [{"most": f"most_{at}", "minutes": f"after_{at}"} for at in range(len(of_them))]}
    return fixed, {f"{name}_{at}": each for at, pair in enumerate(of_them) for name, each in
                   zip(("most", "after"), pair, strict=True)}  # fmt: skip


BODY = {"low": 18, "reference": 25, "high": 30, "share": 0.4}
STEP = ((10, 1), (2, 120))


@pytest.mark.parametrize(
    ("read", "kind", "fixed", "numbers", "taken"),
    [
        *((rules.read_series, rules.SERIES, {}, dict(zip(("sessions", "min_days", "max_days"), each, strict=True)), ok)
          for each, ok in (((1, 1, 1), True), ((0, 1, 1), False), ((1, 0, 1), False), ((1, 2, 1), False))),
        *((rules.read_body_mass, rules.BODY_MASS, {}, {**BODY, **each}, ok)
          for each, ok in (({}, True), ({"low": 25, "high": 25}, True), ({"low": 0}, False), ({"low": 26}, False),
                           ({"high": 24}, False), ({"share": 0}, True), ({"share": 1}, True), ({"share": 1.1}, False),
                           ({"share": -0.1}, False), ({"low": 0.1}, True))),
        *((rules.read_pump, rules.PUMP, {}, {"low": low, "high": high}, ok)
          for low, high, ok in ((0.1, 0.2, True), (0, 1, False), (1, 1, False), (2, 1, False))),
        *((rules.read_range, rules.RANGE, fixed, numbers, ok) for fixed, numbers, ok in (
            ({}, {"low": 1, "high": 1}, True), ({}, {"low": 1}, False), ({}, {"high": 1}, False),
            ({}, {"low": 2, "high": 1}, False), ({"doses": [1, 2]}, {"low": 1, "high": 2}, True),
            ({"doses": [0.9]}, {"low": 1, "high": 2}, False), ({"doses": [2.1]}, {"low": 1, "high": 2}, False),
            ({"doses": [28, 56], "device_mg": 28}, {"never_from": 99}, True),
            ({"doses": [42], "device_mg": 28}, {"never_from": 99}, False))),
        *((ceilings.read_ceiling, ceilings.CEILING, *steps(*each), ok) for each, ok in (
            ([STEP], True), ([STEP, ((10, 1), (3, 120))], True), ([STEP, ((11, 1), (3, 120))], True),
            ([STEP, ((11, 1), (2, 120))], False), ([STEP, ((9, 1), (3, 120))], False), ([], False),
            ([((10, 0.1), (2, 120))], True), ([((10, 0), (2, 120))], False), ([(10, (2, 120))], False),
            ([((0, 0), (2, 120))], False), ([((0.1, 0.1), (2, 120))], True))),
        (ceilings.read_ceiling, ceilings.CEILING, {"basis": "mL"}, {"most": (1, 1)}, False),
        (ceilings.read_ceiling, "k", {}, {"most": (1, 1)}, False),
        (ceilings.read_ceiling, ceilings.CEILING, {}, {"most": (1, 1)}, True),
    ],
)  # fmt: skip
def test_a_rule_of_doses_makes_sense(read, kind, fixed, numbers, taken):
    if taken:
        assert read(about_doses(kind, fixed, numbers))
        return
    with pytest.raises(RuleInvalid):
        read(about_doses(kind, fixed, numbers))


def test_a_series_lasts_from_its_first_session_to_its_last():
    rule = about_doses(rules.SERIES, {}, {"sessions": 6, "min_days": 2, "max_days": 4})
    assert [rules.read_series(rule).lasts(each) for each in (1, 2, 6)] == [(0, 0), (2, 4), (10, 20)]


# ---------------------------------------------------------------- what waits

SPANS = [timedelta(minutes=each) for each in (10, 20, 40, 5)]
OPEN = [(after(-60), after(15)), (after(60), after(600))]


@pytest.mark.parametrize(
    ("in_hours", "hours", "taken", "acted"),
    [
        (False, OPEN, (10, 30, 70), (5, 25, 65)), (True, None, (10, 30, 70), (5, 25, 65)),
        # A quarter of an hour until it closes, and open again an hour after noon.
        (True, OPEN, (10, 75, 115), (5, 70, 110)),
    ],
)  # fmt: skip
def test_who_is_told_when(in_hours, hours, taken, acted):
    found = deadlines.Deadlines(parse_rule(number(value=1)), "urgent", in_hours, *SPANS)
    ladders = deadlines.until_taken(found, NOON, hours), deadlines.until_acted(found, NOON, hours)
    for ladder, minutes in zip(ladders, (taken, acted), strict=True):
        assert (ladder.backup_at, ladder.everybody_at, ladder.all_at) == tuple(map(after, minutes))


@pytest.mark.parametrize(("now", "opens"), [(-61, -60), (-60, None), (14, None), (15, 60), (60, None), (600, "never")])
def test_when_the_clinic_opens_next(now, opens):
    found = deadlines.next_open(after(now), OPEN)
    assert found == (None if opens in (None, "never") else after(opens))


@pytest.mark.parametrize(("waited", "passed_on"), [(119, False), (120, True), (121, True)])
def test_a_call_is_passed_on_when_its_time_is_over(waited, passed_on):
    rule = parse_rule({**number(value=2, unit="min"), "kind": calls.ESCALATION})
    at_most = calls.waits_at_most(parse_rule({**number(), "kind": calls.ESCALATION, "parameters": {
        "after": {"value": 2, "unit": "min", "tighten": "lower"}}}))  # fmt: skip
    assert calls.is_escalated(NOON, NOON + timedelta(seconds=waited), at_most) is passed_on
    assert not calls.is_escalated(NOON, NOON + timedelta(seconds=waited), calls.waits_at_most(None))
    with pytest.raises(RuleInvalid):
        calls.waits_at_most(parse_rule(number(value=2)))
    with pytest.raises(RuleInvalid, match="after is missing"):
        calls.waits_at_most(rule)


@pytest.mark.parametrize(
    ("days", "stale"), [(0, ()), (29, ()), (30, ()), (31, ("review",)), (40, ("review",)), (41, ("lapsed", "review"))]
)
def test_a_page_of_law_holds_on_its_last_day(days, stale):
    page = {**dict.fromkeys(jurisdictions.TEXTS, "text"), "code": "US", "as_of": DAY,
            "ends": [{"what": "a waiver", "on": DAY + timedelta(days=40)}]}  # fmt: skip
    rule = {**number(), "kind": jurisdictions.KIND, "fixed": page,
            "parameters": {"review_after": {"value": 30, "unit": "d", "tighten": "lower"}}}  # fmt: skip
    found = jurisdictions.read(parse_rule(rule))
    assert found.stale(DAY + timedelta(days=days)) == stale
    assert found.text("schedule") == "text"
    for wrong in ({"as_of": "today"}, {"ends": [{"what": "", "on": DAY}]}, {"ends": [{"what": "a"}]},
                  {"schedule": 1}, {"more": 1}):  # fmt: skip
        with pytest.raises(RuleInvalid):
            jurisdictions.read(parse_rule({**rule, "fixed": {**page, **wrong}}))
    with pytest.raises(RuleInvalid):
        jurisdictions.read(parse_rule({**rule, "kind": "k"}))


# ---------------------------------------------------------------- vital signs and numbers


@pytest.mark.parametrize(
    ("code", "value", "nobodys"),
    [
        ("hr", -0.1, True), ("hr", 0, False), ("hr", 0.1, True), ("hr", 0.9, True), ("hr", 1, False),
        ("spo2", -0.1, True), ("spo2", 0, False), ("spo2", 0.5, False), ("temp", 0.9, False),
    ],
)  # fmt: skip
def test_a_beat_is_whole_and_nothing_is_below_zero(code, value, nobodys):
    assert vitals.impossible(code, value) is nobodys
    limits = {
        "low": {"value": 0, "unit": "1", "tighten": "fixed"},
        "high": {"value": 1, "unit": "1", "tighten": "fixed"},
    }
    rule = parse_rule({**number(), "parameters": limits, "fixed": {"vital": code}})
    assert vitals.doubt_of(rule, code, value) == ("impossible" if nobodys else "")
    assert vitals.doubt_of(rule, code, 1.5) == "implausible"


def test_the_words_of_doubt():
    assert [vitals.void(each) for each in ("no-value", "implausible", "")] == [True, False, False]
    assert [vitals.limit_of(each) for each in ("below", "at-least", "clock")] == ["<", ">=", ""]
    assert [vitals.measured_by("rr", each) for each in ("capnography", "impedance")] == ["co2_rr", "rr"]


@pytest.mark.parametrize(
    ("codes", "one"),
    [(("nibp_sys", "nibp_dia"), True), (("art_dia", "art_sys"), True), (("nibp_sys", "art_dia"), False),
     (("nibp_sys",), False)],
)  # fmt: skip
def test_a_pressure_has_two_halves(codes, one):
    assert vitals.pressure_parts(codes) is one


@pytest.mark.parametrize(("low", "fault"), [(79, None), (80, "not-below"), (81, "not-below")])
def test_a_diastolic_is_below_its_systolic(low, fault):
    assert vitals.pressure_fault(80, low) == fault


@pytest.mark.parametrize(
    ("text", "says"), [("", False), (" .", False), ("\u3164", False), ("a", True), ("7", True), ("\u3164 a", True)]
)
def test_a_letter_or_a_figure_says_something(text, says):
    assert says_something(text) is says


@pytest.mark.parametrize("text", ["9" * 15, "1" * 7 + "." + "1" * 8])
def test_fifteen_digits_are_read_and_no_more(text):
    assert numbers.read_number(text) == Decimal(text)
    assert isinstance(numbers.read_number(text + "1"), numbers.NumberRefusal)


def test_what_is_refused_is_shown_up_to_sixty_signs():
    assert [numbers.read_number("x" * each).text for each in (60, 61)] == ["x" * 60, "x" * 60 + "…"]
    assert numbers.read_amount("5" + " " * 57 + "kg", "kg") == 5
    assert isinstance(numbers.read_amount("5" + " " * 58 + "kg", "kg"), numbers.NumberRefusal)
    assert [numbers.read_amount("5 " + "x" * each, "kg").why for each in (20, 21)] == ["unit", "not-a-number"]


def test_what_is_written_is_read_in_one_way_only():
    assert [numbers.written(each) for each in (1.408, 0.125, Decimal("-0"), Decimal("1E+3"), 2.50)] == [
        "1.4080", "0.125", "0", "1000", "2.5",
    ]  # fmt: skip
    assert numbers.written(0.5, ",") == "0,5"


def test_quantities_are_compared_after_converting():
    gram, kilo = Quantity.of(1_000_000, MG), Quantity.of(1, KG)
    assert gram <= kilo <= gram
    assert not gram < kilo
    assert Quantity.of(999_999, MG) < kilo
    assert not Quantity.of(1_000_001, MG) <= kilo
    assert (float(kilo), str(kilo), str(Quantity.of("0.5", KG))) == (1.0, "1 kg", "0.5 kg")
