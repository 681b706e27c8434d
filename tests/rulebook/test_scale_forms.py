"""A clinic's own FHIR Questionnaire: what is taken, and what is refused by name. Nothing hostile gets further."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical.rules import RuleInvalid
from sojourn.clinical.scales import FormInvalid, Licence, OwnScoring, Score, When, danger, fhir, items, own, text_for
from sojourn.foundation.rulebook.scales import asked_scales, scale
from tests.care.own_forms import FHIR, MADRS_LIKE, SLEEP, choice

LICENCE = Licence("own", "We", "Contract 7")
TWO = [("No", 0), ("Yes", 1)]


def form_of(*items: dict[str, Any], **more: Any) -> fhir.Form:
    return fhir.read({"resourceType": "Questionnaire", "title": "T", "item": list(items), **more})


def faults(*items: Any, **more: Any) -> list[tuple[str, str]]:
    with pytest.raises(FormInvalid) as wrong:
        form_of(*items, **more)
    return [(each.code, each.item) for each in wrong.value.faults]


def within(groups: int, inmost: Any) -> dict[str, Any]:
    """An item inside of so many groups."""
    for number in range(groups):
        inmost = {"linkId": f"g{number}", "type": "group", "item": [inmost]}
    return inmost


def whole_numbers(*values: int) -> dict[str, Any]:
    return choice("7", "How many?", []) | {"answerOption": [{"valueInteger": each} for each in values]}


def counted(low: float, high: float, **more: Any) -> dict[str, Any]:
    ends = [{"url": f"{FHIR}minValue", "valueInteger": low}, {"url": f"{FHIR}maxValue", "valueDecimal": high}]
    unit = {"url": f"{FHIR}questionnaire-unit", "valueCoding": more.pop("unit", None)}
    return {"linkId": "7", "type": "integer", "text": "How many?", "extension": [*ends, unit], **more}


@pytest.mark.parametrize(
    "item",
    [
        choice("7", "How?", [("Well", -10_000), ("Badly", 10_000)]), choice("7" * 40, "How?", TWO),
        choice("7", "How?", [(str(n), n) for n in range(fhir.MOST_OPTIONS)]), choice("7", "x" * fhir.LONGEST_TEXT, TWO),
        within(fhir.DEEPEST - 1, choice("7", "How?", TWO)), whole_numbers(-10_000, 10_000), counted(-10_000, 10_000),
        counted(3, 4.0),
    ],
)  # fmt: skip
def test_it_takes_items_up_to_every_limit(item):
    (taken,) = form_of(item).items
    assert taken.accepts(taken.bounds[0])
    assert taken.accepts(taken.bounds[1])
    assert not taken.accepts(taken.bounds[0] - 1)
    assert not taken.accepts(taken.bounds[1] + 1)


def test_what_a_form_says_of_an_item_is_kept():
    code = {"system": fhir.LOINC, "code": "1-8", "extension": [{"url": fhir.VERIFICATION, "valueCode": "recalled"}]}
    first = counted(0, 9, prefix="x" * 21, required=True, code=[{"system": "other", "code": "2"}, code],
                    unit={"code": "h", "display": "y" * 21})  # fmt: skip
    asks = [{"question": "7", "operator": ">", "answerDecimal": 3}, {"question": "7", "operator": "exists",
            "answerBoolean": True}]  # fmt: skip
    answers = [{"valueCoding": {"code": "LA6-8", "system": fhir.LOINC, "display": "Once", "extension": [
        {"url": fhir.ORDINAL, "valueDecimal": 1}, {"url": fhir.VERIFICATION, "valueCode": "recalled"}]}},
        {"valueCoding": {"code": "no", "system": "other", "display": "Never",
                         "extension": [{"url": fhir.ORDINAL, "valueDecimal": 0}]}}]  # fmt: skip
    second = choice("8", "When?", [], enableWhen=asks, enableBehavior="all") | {"answerOption": answers}
    third = choice("9", "Why?", TWO, enableWhen=[{"question": "8", "operator": "=", "answerCoding": {"code": "LA6-8"}}])
    one, two, three = form_of(first, second, third).items
    assert (one.prefix, one.required, one.scored, one.loinc, one.mark) == ("x" * 20, True, False, "1-8", "recalled")
    assert (one.unit, two.required, two.loinc, two.mark) == ("y" * 20, False, None, "verified")
    assert [(each.code, each.mark) for each in two.options] == [("LA6-8", "recalled"), (None, "verified")]
    assert (two.enable_all, three.enable_all) == (True, False)
    assert [(each.operator, each.value) for each in (*two.enable, *three.enable)] == [(">", 3), ("exists", 1), ("=", 1)]
    assert form_of(counted(0, 9, unit={"code": "h"})).items[0].unit == "h"
    assert form_of(counted(0, 9)).items[0].unit == ""


def when(question: str, answer: int, how: str = "=") -> dict[str, Any]:
    return {"question": question, "operator": how, "answerInteger": answer}


@pytest.mark.parametrize(
    ("named", "limit", "found"),
    [
        ("", 1, []), ("", 2, [("danger-no-question", "", "2")]), ("7", 3, []), ("7", 9, []),
        ("7", 10, [("danger-unreachable", "7", "9")]), ("77", 2, [("danger-always", "7", "2")]),
        ("x", 1, [("danger-no-answers", "x", "")]),
    ],
)  # fmt: skip
def test_an_alarm_can_be_raised_by_some_answers_and_not_by_all(named, limit, found):
    asked = form_of(counted(2, 9)).items
    assert [(each.code, each.item, each.detail) for each in danger.faults(asked, named, limit)] == found


@pytest.mark.parametrize(
    ("conditions", "how", "asked"),
    [
        ([], "any", True), ([when("6", 1)], "any", True), ([when("6", 5)], "any", False),
        ([when("6", 0, "exists")], "all", True), ([when("6", 1, ">")], "any", False),
        ([when("6", 1), when("6", 0)], "all", False), ([when("6", 1), when("6", 0)], "any", True),
        ([when("6", 5), when("5", 1)], "any", True), ([when("6", 5), when("5", 1)], "all", False),
        ([when("6", 1), when("5", 1)], "all", True), ([when("never", 1)], "any", False),
    ],
)  # fmt: skip
def test_a_question_about_danger_can_be_reached(conditions, how, asked):
    never = choice("never", "?", TWO, enableWhen=[when("6", 9)])
    last = choice("8", "?", TWO, enableWhen=conditions, enableBehavior=how)
    form = form_of(choice("5", "?", TWO), choice("6", "?", TWO), never, last)
    assert [each.code for each in danger.faults(form.items, ["8"], 1)] == ([] if asked else ["danger-never-asked"])


def test_a_question_about_danger_is_known_by_its_code_or_its_words():
    mine = [{"system": fhir.LOINC, "code": each} for each in ("1-8", "2-6", "44260-8")]
    inner = within(1, choice("3", "Fine?", TWO, code=mine))
    form = form_of(choice("2", "Better off dead?", TWO), inner, choice("4", "Fine?", TWO, code=mine[:2]))
    assert danger.proposed(form) == {"2": "“Better off dead”", "3": "LOINC 44260-8"}
    assert danger.proposed(form, ["2-6"])["4"] == "LOINC 2-6"


@pytest.mark.parametrize(("bytes_more", "code", "detail"), [(0, "not-json", None), (1, "too-large", "400")])
def test_a_file_may_be_as_large_as_is_said(bytes_more, code, detail):
    with pytest.raises(FormInvalid) as wrong:
        fhir.load(" " * (400_000 + bytes_more))
    (fault,) = wrong.value.faults
    assert fault.code == code
    assert detail in (None, fault.detail)


@pytest.mark.parametrize(("value", "answered", "met"), [(1, 0, True), (1, None, False), (0, 0, False), (0, None, True)])
def test_a_branch_may_wait_for_an_answer_or_for_none(value, answered, met):
    assert When("1", "exists", value).met({"1": answered}) is met


@pytest.mark.parametrize(("both", "asked"), [(False, ["6", "7", "8"]), (True, ["6", "7"])])
def test_one_condition_is_enough_unless_all_are_asked_for(both, asked):
    asks = [{"question": each, "operator": "=", "answerInteger": 1} for each in "67"]
    how = {"enableBehavior": "all"} if both else {}
    form = form_of(choice("6", "?", TWO), choice("7", "?", TWO), choice("8", "?", TWO, enableWhen=asks, **how))
    assert [each.link_id for each in items.asked(form.items, {"6": 1, "7": 0})] == asked


def test_it_takes_choices_yes_no_numbers_and_branches():
    form = fhir.read(fhir.load(json.dumps(SLEEP)))
    assert [each.kind for each in form.items] == ["yes_no", "number", "choice"]
    assert [sorted(each.values)[-1] for each in form.items] == [1, 100, 7]
    assert form.items[1].slider
    assert form.items[2].enable[0].met({"1": 1})
    assert not form.items[2].enable[0].met({"1": 0})
    assert form.items[0].text == {"en": "Did you sleep badly?", "es": "¿Durmió mal?"}


def test_it_is_scored_with_its_branches():
    form = fhir.read(SLEEP)
    made = own(scale_id="own-1", family="own.s", version=1, form=form, scoring=OwnScoring("sum[1..3]"), licence=LICENCE)
    assert (made.low, made.high) == (0, 108)
    assert made.score({"1": 0, "2": 30}).total == 30
    assert made.score({"1": 1, "2": 30, "3": 7}).total == 38
    assert made.score({"1": 1, "2": 30}).reasons == ("too-many-missing",)


def test_groups_are_opened_and_languages_told_by_the_file():
    inner = {"linkId": "g", "type": "group", "text": "¿Cómo fue?", "item": [choice("1", "¿Bien?", TWO)]}
    form = form_of(inner, language="es-MX")
    assert form.items[0].text == {"es": "¿Bien?", "en": "¿Bien?"}
    assert form.stem["es"] == "¿Cómo fue?"


def test_the_shipped_forms_pass_the_same_door():
    for each in asked_scales():
        again = fhir.read(fhir.load(json.dumps(each.definition)))
        assert [item.link_id for item in again.items] == [item.link_id for item in each.items]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([choice("7", "How?", [("Well", None), ("Badly", 1)])], ("no-ordinal", "7")),
        ([choice("7", "How?", [("Well", 1), ("Badly", 1)])], ("number-twice", "7")),
        ([choice("7", "How?", [("Well", 0)])], ("no-answers", "7")),
        ([choice("7", " ", TWO)], ("no-text", "7")),
        ([choice("7", "How?", TWO), choice("7", "Why?", TWO)], ("link-id-twice", "7")),
        ([choice("7", "How?", [("Well", 0), ("Badly", 10_001)])], ("not-a-whole-number", "7")),
        ([choice("7", "How?", [("Well", 0), ("Badly", float("inf"))])], ("not-a-whole-number", "7")),
        ([choice("7", "How?", [("Well", 0), ("Badly", 0.5)])], ("not-a-whole-number", "7")),
        ([choice("7", "How?", TWO, repeats=True)], ("repeats", "7")),
        ([choice("7", "How?", TWO, item=[])], ("items-below", "7")),
        ([choice("7", "x" * (fhir.LONGEST_TEXT + 1), TWO)], ("text-too-long", "7")),
        ([choice("7", "How?", [(str(n), n) for n in range(fhir.MOST_OPTIONS + 1)])], ("too-many-answers", "7")),
        ([choice("7" * 41, "How?", TWO)], ("no-link-id", "#1")),
        ([within(fhir.DEEPEST, choice("7", "How?", TWO))], ("too-deep", "")),
        ([within(1, "nonsense")], ("not-an-item", "#1.#1")),
        ([whole_numbers(0, True)], ("not-a-whole-number", "7")),
        ([whole_numbers(0, 10_001)], ("not-a-whole-number", "7")),
        ([choice("7", "How?", [(" ", 0), ("Badly", 1)])], ("no-answer-text", "7")),
        *(([counted(*ends)], ("no-bounds", "7")) for ends in ((3, 3), (4, 3), (-10_001, 3), (3, 10_001), (0, 2.5))),
        ([choice("7", "a\x00b", TWO)], ("no-text", "7")),
        ([{"linkId": "7", "type": "string", "text": "Why?"}], ("wrong-type", "7")),
        ([{"linkId": "7", "type": "integer", "text": "How many?"}], ("no-bounds", "7")),
        ([{"type": "boolean", "text": "Well?"}], ("no-link-id", "#1")),
        (["nonsense"], ("not-an-item", "#1")),
        (
            [choice("7", "How?", TWO, enableWhen=[{"question": "8", "operator": "=", "answerInteger": 1}])],
            ("branch-on-later", "7"),
        ),
        (
            [choice("6", "?", TWO), choice("7", "How?", TWO, enableWhen=[{"question": "6", "operator": "~"}])],
            ("wrong-branch", "7"),
        ),
        ([choice("7", "How?", [("Well", 0), ("Badly", 10**400)])], ("not-a-whole-number", "7")),
        ([{"linkId": "g", "type": "group", "repeats": True, "item": [choice("7", "How?", TWO)]}], ("repeats", "g")),
        (
            [
                choice("6", "?", TWO),
                {
                    "linkId": "g",
                    "type": "group",
                    "item": [choice("7", "How?", TWO)],
                    "enableWhen": [{"question": "6", "operator": "=", "answerInteger": 1}],
                },
            ],
            ("branch-of-group", "g"),
        ),
        ([choice(str(n), "How?", TWO) for n in range(fhir.MOST_ITEMS + 1)], ("too-many-items", "")),
    ],
)
def test_a_fault_names_the_item(items, expected):
    assert expected in faults(*items)


def test_all_faults_are_told_at_once():
    found = faults(
        choice("1", "How?", [("Well", None), ("Badly", 1)]), {"linkId": "2", "type": "date", "text": "When?"}
    )
    assert found == [("no-ordinal", "1"), ("wrong-type", "2")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not-json"),
        ("{", "not-json"),
        ('{"resourceType": "Questionnaire", "x": NaN}', "not-json"),
        ("[]", "not-a-questionnaire"),
        ('{"resourceType": "Patient"}', "not-a-questionnaire"),
        ("[" * 100_000, "too-deep"),
        (" " * (fhir.MOST_BYTES + 1), "too-large"),
        ('{"resourceType": "Questionnaire", "title": "\\ud800"}', "not-json"),
    ],
)
def test_what_is_no_questionnaire_is_refused(text, code):
    with pytest.raises(FormInvalid) as wrong:
        fhir.load(text)
    assert wrong.value.faults[0].code == code


@pytest.mark.parametrize(
    ("parts", "languages"),
    [
        (5, set()), ([5], set()), ([{"url": "language"}], set()), ([{"url": "language", "valueCode": "es"}], {"es"}),
        ([{"url": "language", "valueCode": "es"}, {"url": "mark", "valueCode": "verified"}], set()),
        ([{"url": "language", "valueCode": "es"}, {"url": "mark", "valueCode": "recalled"}], {"es"}),
    ],
)  # fmt: skip
def test_a_mark_of_ours_that_says_little_is_no_end(parts, languages):
    marks = [{"url": fhir.VERIFICATION, "extension": parts}, {"url": "other", "extension": parts}]
    assert form_of(choice("7", "How?", TWO), extension=marks).unverified_languages == languages


def test_a_total_fits_where_scores_are_kept():
    form = form_of(choice("7", "How?", TWO))
    made = own(scale_id="own-1", family="own.x", version=1, form=form, scoring=OwnScoring("sum[7] * 100000"),
               licence=LICENCE)  # fmt: skip
    assert (made.low, made.high, made.adopted) == (0, 100_000, True)
    for beyond in ("sum[7] * 100001", "0 - sum[7] * 100001"):
        with pytest.raises(RuleInvalid, match="can go beyond"):
            own(scale_id="own-1", family="own.x", version=1, form=form, scoring=OwnScoring(beyond),
                licence=LICENCE)  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = ["title", "item", "language", "code", "extension", "copyright", "_title"]
DEEPER = ["linkId", "type", "text", "_text", "answerOption", "enableWhen", "extension", "prefix", "required", "code"]


@given(st.sampled_from(PLACES), JSON, st.sampled_from(DEEPER), st.integers(0, 2), JSON)
def test_no_shape_does_anything_but_be_read_or_refused(place, anything, deeper, which, other):
    data = copy.deepcopy(SLEEP)
    data["item"][which][deeper] = other
    for table in (data, {**data, place: anything}):
        try:
            form = fhir.read(table)
        except FormInvalid:
            continue
        assert all(item.values for item in form.items)


def test_the_text_of_a_known_scale_is_scored_as_that_scale():
    form = fhir.read(MADRS_LIKE)
    made = text_for(scale("madrs"), form, scale_id="own-9", licence=LICENCE)
    assert (made.id, made.family, made.ships_text) == ("own-9", "madrs", True)
    found = made.score({str(number): 2 for number in range(1, 11)})
    assert isinstance(found, Score)
    assert (found.total, found.band.code, found.safety) == (20, "moderate", ())
    short = {**MADRS_LIKE, "item": MADRS_LIKE["item"][:9]}
    with pytest.raises(FormInvalid, match="other-count 9/10"):
        text_for(scale("madrs"), fhir.read(short), scale_id="own-9", licence=LICENCE)
    other = {**MADRS_LIKE, "item": [*MADRS_LIKE["item"][:9], choice("x", "Made up", TWO)]}
    with pytest.raises(FormInvalid, match="other-answers x"):
        text_for(scale("madrs"), fhir.read(other), scale_id="own-9", licence=LICENCE)
    with pytest.raises(FormInvalid, match="no-scoring"):
        text_for(scale("kset"), _empty(), scale_id="own-9", licence=LICENCE)


def _empty() -> fhir.Form:
    form = fhir.read(SLEEP)
    return fhir.Form(form.id, form.title, form.stem, (), None, "", frozenset(("en",)), frozenset(), form.definition)


@pytest.mark.parametrize(
    ("scoring", "says"),
    [
        (OwnScoring("max[1..3]", most_missing=1), "can be prorated"),
        (OwnScoring("sum[1..3]", safety_items=("9",)), "9 is not an item"),
        (OwnScoring("sum[1..3]", bands=(("a", "A", 0, 3), ("b", "B", 5, 108))), "gap or an overlap"),
    ],
)
def test_a_scoring_that_does_not_fit_is_refused(scoring, says):
    with pytest.raises(RuleInvalid, match=says):
        own(scale_id="own-1", family="own.s", version=1, form=fhir.read(SLEEP), scoring=scoring, licence=LICENCE)


def test_every_address_of_an_extension_is_fhirs():
    assert f"{FHIR}ordinalValue" == fhir.ORDINAL
