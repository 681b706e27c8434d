"""Scales: totals, bands, missing items, safety, change. Values from facts/instruments.json."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical.rules import RuleInvalid
from sojourn.clinical.scales import Refusal, Score, parse, say
from sojourn.foundation.rulebook.scales import ids, scale, scales

PHQ, GAD = scale("phq-9"), scale("gad-7")


def texts(scale_id: str) -> tuple[str, str]:
    folder = resources.files("sojourn.clinical.scales").joinpath("definitions")
    return tuple(folder.joinpath(f"{scale_id}.{end}").read_text(encoding="utf-8") for end in ("json", "toml"))


def answers(of, values):
    return {item.link_id: value for item, value in zip(of.scored, values, strict=True)}


@pytest.mark.parametrize(
    ("of", "bands"),
    [
        (PHQ, [(0, 4, "minimal"), (5, 9, "mild"), (10, 14, "moderate"), (15, 19, "moderately_severe"),
               (20, 27, "severe")]),
        (GAD, [(0, 4, "minimal"), (5, 9, "mild"), (10, 14, "moderate"), (15, 21, "severe")]),
    ],
)  # fmt: skip
def test_bands(of, bands):
    for low, high, code in bands:
        for total in range(low, high + 1):
            assert of.band(total).code == code
    assert of.band(bands[-1][1] + 1) is None


@pytest.mark.parametrize("of", scales(), ids=lambda each: each.id)
@given(data=st.data())
def test_a_total_is_the_sum_and_stays_in_range(of, data):
    given_answers = {
        each.link_id: data.draw(st.one_of(st.none(), st.sampled_from(sorted(each.values)))) for each in of.scored
    }
    found = of.score(given_answers)
    known = [each for each in given_answers.values() if each is not None]
    missing = tuple(name for name, value in given_answers.items() if value is None)
    assert found.missing == missing
    assert found.safety == of.safety(given_answers)
    if isinstance(found, Refusal):
        assert len(missing) > of.rule.number("most_missing") or set(missing) & of.never_prorated
        return
    assert of.low <= found.total <= of.high
    assert found.total >= sum(known)
    assert found.band is not None
    if not missing:
        assert found.total == sum(known)
        assert not found.prorated


@pytest.mark.parametrize("of", scales(), ids=lambda each: each.id)
@given(data=st.data())
def test_a_worse_answer_never_lowers_the_total(of, data):
    first = {each.link_id: data.draw(st.sampled_from(sorted(each.values))) for each in of.scored}
    name = data.draw(st.sampled_from(sorted(first)))
    worse = {**first, name: data.draw(st.sampled_from([v for v in sorted(of.item(name).values) if v >= first[name]]))}
    assert of.score(worse).total >= of.score(first).total


def test_phq9_missing_items():
    two = PHQ.score(answers(PHQ, [2, 2, 2, 2, 2, 2, None, None, 2]))
    assert isinstance(two, Score)
    assert (two.total, two.prorated, two.missing) == (18, True, ("7", "8"))
    three = PHQ.score(answers(PHQ, [2, 2, 2, 2, 2, None, None, None, 2]))
    assert isinstance(three, Refusal)
    assert (three.reasons, three.safety) == (("too-many-missing",), ("9",))
    nine = PHQ.score(answers(PHQ, [2] * 8 + [None]))
    assert isinstance(nine, Refusal)
    assert nine.reasons == ("never-prorated:9",)


def test_proration_rounds_a_half_up():
    # 15 over 7 answered items: 15 * 9 / 7 = 19.29; 11 over 8: 12.375; 4 over 8: 4.5
    assert PHQ.score(answers(PHQ, [3, 2, 2, 2, 2, 2, None, None, 2])).total == 19
    assert PHQ.score(answers(PHQ, [3, 2, 1, 1, 1, 1, 1, None, 1])).total == 12
    assert PHQ.score(answers(PHQ, [1, 1, 1, 1, 0, 0, 0, None, 0])).total == 5


def test_item_nine_speaks_after_a_single_answer():
    assert PHQ.safety({"9": 1}) == ("9",)
    assert PHQ.safety({"9": 0}) == ()
    assert PHQ.safety({"1": 3}) == ()
    assert GAD.safety({"7": 3}) == ()


def test_gad7_wants_every_item():
    assert isinstance(GAD.score(answers(GAD, [1] * 6 + [None])), Refusal)
    assert GAD.score(answers(GAD, [1] * 7)).total == 7


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"1": 4}, "no-such-answer:1"), ({"1": -1}, "no-such-answer:1"), ({"1": True}, "no-such-answer:1"),
     ({"12": 1}, "no-such-item:12")],
)  # fmt: skip
def test_wrong_answers_are_refused(wrong, reason):
    found = PHQ.score({**answers(PHQ, [0] * 9), **wrong})
    assert isinstance(found, Refusal)
    assert reason in found.reasons


def test_the_difficulty_question_does_not_count():
    found = PHQ.score({**answers(PHQ, [1] * 9), "difficulty": 3})
    assert found.total == 9
    assert "difficulty" not in found.answers


@pytest.mark.parametrize(
    ("of", "before", "now", "response", "remission", "reliable"),
    [
        (PHQ, 20, 10, True, False, "better"),
        (PHQ, 20, 11, False, False, "better"),
        (PHQ, 9, 5, False, False, "none"),
        (PHQ, 9, 4, True, True, "better"),
        (PHQ, 10, 15, False, False, "worse"),
        (PHQ, 0, 3, None, True, "none"),
        (GAD, 14, 10, False, False, "better"),
        (GAD, 14, 11, False, False, "none"),
    ],
)
def test_change(of, before, now, response, remission, reliable):
    change = of.change_of_totals(before, now)
    assert (change.response, change.remission, change.reliable) == (response, remission, reliable)
    assert change.difference == now - before


def test_change_in_percent_is_exact_and_of_one_scale():
    one, other = PHQ.score(answers(PHQ, [1] * 9)), GAD.score(answers(GAD, [1] * 7))
    assert isinstance(PHQ.change(one, other), Refusal)
    assert PHQ.change_of_totals(9, 6).percent == Fraction(100, 3)


def test_codes_are_those_of_the_fact_base_and_carry_their_mark():
    assert (PHQ.loinc, PHQ.total_loinc, GAD.loinc, GAD.total_loinc) == ("44249-1", "44261-6", "69737-5", "70274-6")
    assert [each.loinc for each in PHQ.scored] == [
        *("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"),
    ]
    assert [each.mark for each in PHQ.scored] == ["verified"] * 7 + ["second-hand", "verified"]
    assert {each.mark for each in GAD.items} == {"recalled"}
    marks = {each.code: each.mark for each in PHQ.item("1").options}
    assert marks == {
        "LA6568-5": "recalled", "LA6569-3": "verified", "LA6570-1": "verified", "LA6571-9": "recalled",
    }  # fmt: skip


@pytest.mark.parametrize("of", scales(), ids=lambda each: each.id)
def test_every_word_is_there_in_both_languages(of):
    assert of.languages == {"en", "es"}
    assert of.unverified_languages == {"es"}
    for each in of.items:
        assert all(set(option.text) == {"en", "es"} for option in each.options)
        assert say(each.text, "es-MX") == each.text["es"]
        assert say(each.text, "fr") == each.text["en"]
    assert "No permission required" in of.copyright
    assert "LOINC" in of.copyright


def test_the_zero_label_of_gad7_is_not_at_all():  # Zorowitz 2021
    assert GAD.item("1").options[0].text["en"] == "Not at all"


def test_a_scale_is_two_files_and_nothing_else():
    definition = json.loads(texts("gad-7")[0])
    definition["id"] = "mini"
    definition["item"] = definition["item"][:4]
    scoring = """
[[rule]]
id = "scale.mini"
version = 3
kind = "scale"
title = "t"
statement = "s"
sources = ["a test"]
verification = "convention"
effective_from = 2026-11-22
parameters = { most_missing = { value = 0, unit = "{items}", tighten = "fixed" } }
[rule.fixed]
questionnaire = "mini"
items = ["1", "2", "3"]
groups = [{ items = ["1", "2"], take = "max" }, { items = ["3"], take = "sum" }]
reverse = ["3"]
multiply = 2
never_prorated = []
safety_items = []
higher_is = "better"
range = [0, 12]
"""
    mini = parse(json.dumps(definition), scoring)
    # max(1, 2) + (3 - 1), times 2
    assert mini.score({"1": 1, "2": 2, "3": 1}).total == 8
    assert (mini.version, mini.bands, mini.change_of_totals(4, 8).percent) == (3, (), 100)
    for wrong, says in (
        (("range = [0, 12]", "range = [0, 11]"), "0 to 12"),
        (('items = ["1", "2", "3"]', 'items = ["1", "2", "8"]'), "no item 8"),
        (('take = "max"', 'take = "mean"'), "sum or the max"),
        (("safety_items = []", 'safety_items = ["2"]'), "without a limit"),
        (('questionnaire = "mini"', 'questionnaire = "maxi"'), "does not score"),
    ):
        with pytest.raises(RuleInvalid, match=says):
            parse(json.dumps(definition), scoring.replace(*wrong))


def test_bands_must_meet():
    definition, scoring = texts("phq-9")
    with pytest.raises(RuleInvalid, match="gap or an overlap"):
        parse(definition, scoring.replace("from = 5, to = 9", "from = 6, to = 9"))
    with pytest.raises(RuleInvalid, match="cannot be read"):
        parse("{", scoring)


def test_known_scales():
    assert ids() == ("gad-7", "phq-9")
    with pytest.raises(KeyError):
        scale("../secrets")
