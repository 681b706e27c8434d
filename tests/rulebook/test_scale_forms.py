"""A clinic's own FHIR Questionnaire: what is taken, and what is refused by name. Nothing hostile gets further."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical.rules import RuleInvalid
from sojourn.clinical.scales import FormInvalid, Licence, OwnScoring, Score, fhir, own, text_for
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
        ([choice("7", "How?", [("Well", 0), ("Badly", 99_999)])], ("not-a-whole-number", "7")),
        ([choice("7", "How?", [("Well", 0), ("Badly", float("inf"))])], ("not-a-whole-number", "7")),
        ([choice("7", "How?", [("Well", 0), ("Badly", 0.5)])], ("not-a-whole-number", "7")),
        ([choice("7", "How?", TWO, repeats=True)], ("repeats", "7")),
        ([choice("7", "How?", TWO, item=[])], ("items-below", "7")),
        ([choice("7", "x" * 3000, TWO)], ("text-too-long", "7")),
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


@pytest.mark.parametrize("parts", [5, [5], [{"url": "language"}], [{"url": "language", "valueCode": "es"}]])
def test_a_mark_of_ours_that_says_little_is_no_end(parts):
    form = form_of(choice("7", "How?", TWO), extension=[{"url": fhir.VERIFICATION, "extension": parts}])
    assert form.unverified_languages <= {"es"}


def test_a_total_fits_where_scores_are_kept():
    form = form_of(choice("7", "How?", TWO))
    with pytest.raises(RuleInvalid, match="can go beyond"):
        own(scale_id="own-1", family="own.x", version=1, form=form, scoring=OwnScoring("sum[7] * 100001"),
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
