"""S9: a clinic's own questionnaire whose question about danger can never raise a flag is refused, in words; and a
question that is about danger by its LOINC code or its words is never loaded without somebody having said so.

A clinic loaded a scale of 0 to 3 with "a flag from 5": it was taken, and nobody would ever have been told.
"""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures.models import OwnScale
from sojourn.care.safety.models import Flag
from sojourn.clinical.scales import danger, fhir
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook.scales import scales
from tests.care.own_forms import choice
from tests.care.people import make_patient
from tests.conftest import Cast

FHIR = "http://hl7.org/fhir/StructureDefinition/"
OFTEN = [("Never", 0), ("Some days", 1), ("Most days", 2), ("Every day", 3)]
LOINC_9 = [{"system": "http://loinc.org", "code": "44260-8"}]


def number(link_id: str, text: str, low: int, high: int, **more: Any) -> dict[str, Any]:
    bounds = [
        {"url": f"{FHIR}minValue", "valueInteger": low},
        {"url": f"{FHIR}maxValue", "valueInteger": high},
    ]
    return {"linkId": link_id, "type": "integer", "text": text, "extension": bounds, **more}


def form(*items: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Questionnaire", "title": "Made up", "status": "active", "item": list(items)})


MOOD, DARK = choice("1", "Low mood", OFTEN), choice("9", "Dark thoughts", OFTEN)


def load(clinic: Cast, questionnaire: str, **typed: str) -> Any:
    """The form of the page, as a prescriber sends it."""
    sent = {
        "questionnaire": questionnaire, "stands_for": "", "score": "sum[1, 9]", "higher_is": "worse",
        "most_missing": "0", "decimals": "0", "bands": "", "safety_items": "9", "safety_from": "1", "not_danger": "",
        "holder": "We",
        "statement": "Contract 7", **typed,
    }  # fmt: skip
    return clinic.client("prescriber").post(reverse("console:own_scales"), sent)


def plain(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


def loaded(clinic: Cast) -> int:
    with acting_as(clinic.actor("prescriber")):
        return OwnScale.objects.count()


BRANCH = [{"question": "1", "operator": "=", "answerInteger": 7}]
UNREACHABLE: dict[str, tuple[str, dict[str, str], str]] = {
    "above the highest of a choice": (
        form(MOOD, DARK), {"safety_from": "4"}, "Question 9 can never raise a flag: its highest answer is 3",
    ),
    "above the highest of a number": (
        form(MOOD, number("9", "Dark thoughts", 0, 10)), {"safety_from": "11"},
        "Question 9 can never raise a flag: its highest answer is 10",
    ),
    "every answer reaches it": (
        form(MOOD, number("9", "Dark thoughts", 1, 4)), {"safety_from": "1"},
        "Question 9 would always raise a flag: its lowest answer, 1,",
    ),
    "nought, which every answer reaches": (
        form(MOOD, DARK), {"safety_from": "0"}, "Question 9 would always raise a flag: its lowest answer, 0,",
    ),
    "a text that one reads": (
        form(MOOD, DARK, {"linkId": "t", "type": "display", "text": "Think of last week"}), {"safety_items": "9, t"},
        "Question t cannot raise a flag: there is no such question with numbered answers.",
    ),
    "no such question": (
        form(MOOD, DARK), {"safety_items": "10"},
        "Question 10 cannot raise a flag: there is no such question with numbered answers.",
    ),
    "one of two": (
        form(MOOD, number("8", "Plans", 0, 1), DARK),
        {"score": "sum[1, 8, 9]", "safety_items": "8, 9", "safety_from": "2"},
        "Question 8 can never raise a flag: its highest answer is 1",
    ),
    "a branch that no answer opens": (
        form(MOOD, {**DARK, "enableWhen": BRANCH}), {}, "Question 9 can never raise a flag: no answer leads to it.",
    ),
    "a number without a question": (
        form(MOOD, DARK), {"safety_items": "", "safety_from": "2"},
        "A flag from 2, but no question about danger is named.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREACHABLE)
def test_an_alarm_that_cannot_sound_is_refused_in_words(clinic: Cast, name: str):
    questionnaire, typed, words = UNREACHABLE[name]
    answer = load(clinic, questionnaire, **typed)
    assert answer.status_code == 409
    assert words in plain(answer)
    assert loaded(clinic) == 0


def test_the_highest_answer_is_reached_and_raises_the_flag(clinic: Cast):
    """S9: at the edge: a flag from 3 of 0 to 3 is taken, and the answer 3 of a patient raises it."""
    assert load(clinic, form(MOOD, DARK), safety_from="3").status_code == 302
    by, patient = clinic.actor("nurse"), make_patient(clinic)
    with acting_as(by):
        scale_id = f"own-{OwnScale.objects.get().pk}"
        asked = measures_actions.request_measure(
            by=by, patient_id=patient.pk, scale_id=scale_id, due_at=timezone.now() + timedelta(days=1)
        )
    door = reverse("portal:question", args=[asked.pk, 2])
    phone = clinic.client(patient.given_name)
    phone.post(door, {"item": "9", "value": "2"})
    with acting_as(by):
        assert not Flag.objects.filter(patient=patient).exists()
    phone.post(door, {"item": "9", "value": "3"})
    with acting_as(by):
        assert Flag.objects.filter(patient=patient).count() == 1


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (choice("9", "Question nine", OFTEN, code=LOINC_9), "LOINC 44260-8"),
        (choice("9", "Question nine", OFTEN, code=[{"system": "urn:x", "code": "a"}, *LOINC_9]), "LOINC 44260-8"),
        (choice("9", "Thoughts of killing yourself", OFTEN), "killing yourself"),
        (choice("9", "Pensamientos de suicidio", OFTEN), "suicid"),
        (choice("9", "¿Ha pensado en quitarse la vida?", OFTEN), "quitarse la vida"),
    ],
)
def test_a_question_about_danger_is_proposed_and_never_passed_over(clinic: Cast, item: dict[str, Any], why: str):
    """S9: unnamed, the page asks and fills the field; named it is loaded; set aside it is loaded, and that is kept."""
    answer = load(clinic, form(MOOD, item), safety_items="")
    assert answer.status_code == 409
    assert "Question 9 looks like one about danger to oneself" in plain(answer)
    assert why.casefold() in plain(answer).casefold()
    field = re.search(r'<input[^>]*name="safety_items"[^>]*>', answer.content.decode())
    assert field is not None
    assert 'value="9"' in field[0]
    assert loaded(clinic) == 0
    assert load(clinic, form(MOOD, item), safety_items="9").status_code == 302
    with acting_as(clinic.actor("prescriber")):
        assert OwnScale.objects.get().scoring["safety_items"] == ["9"]


def test_a_person_may_say_that_it_is_not_one_and_it_is_kept(clinic: Cast):
    item = choice("9", "Fear that others harm themselves; I never think of killing myself", OFTEN)
    assert load(clinic, form(MOOD, item), safety_items="", not_danger="9").status_code == 302
    with acting_as(clinic.actor("prescriber")):
        row = OwnScale.objects.get()
        assert row.scoring["not_danger"] == ["9"]
        assert row.loaded_by_id == clinic.members["prescriber"].pk


def test_what_stands_for_a_scale_of_ours_keeps_its_questions_about_danger(clinic: Cast):
    """S9: the field was dropped without a word where a file stands for a known scale."""
    items = [choice(f"q{n}", f"Made-up question {n}", OFTEN) for n in range(1, 17)]
    answer = load(clinic, form(*items), stands_for="qids-sr16", safety_items="q1")
    assert answer.status_code == 409
    assert "the questions about danger are those of that scale" in plain(answer)
    assert load(clinic, form(*items), stands_for="qids-sr16", safety_items="").status_code == 302
    # one that the known scale takes for harmless is asked about all the same
    five = [*OFTEN, ("All the time", 4)]
    items = [choice(f"q{n}", f"Made-up question {n}", five) for n in range(1, 8)]
    items[3] = choice("q4", "Made-up question 4", five, code=LOINC_9)
    answer = load(clinic, form(*items), stands_for="isi", safety_items="")
    assert "Question q4 looks like one about danger to oneself: LOINC 44260-8" in plain(answer)


def test_one_loaded_before_says_on_its_page_that_it_cannot_sound(clinic: Cast):
    """S9: rows of an earlier release are not touched: the page says what is wrong and that it is to be loaded anew."""
    by = clinic.actor("prescriber")
    with acting_as(by):
        OwnScale.objects.create(
            clinic_id=by.own_clinic_id, code="old", version=1, title="Old one", stands_for="", questionnaire=form(MOOD,
            DARK),
            scoring={"score": "sum[1, 9]", "safety_items": ["9"], "safety_from": 5}, hash="x" * 64,
            licence_holder="We", licence_statement="Contract 1", loaded_at=timezone.now(), loaded_by_id=by.member,
        )  # fmt: skip
    page = plain(clinic.client("prescriber").get(reverse("console:own_scales")))
    assert "Question 9 can never raise a flag: its highest answer is 3, below the number." in page


def test_every_question_about_danger_of_ours_can_sound():
    for each in scales():
        if each.safety_items:
            assert danger.faults(each.items, each.safety_items, int(each.rule.number("safety_from"))) == (), each.id


def test_what_is_proposed_of_our_own_texts_is_what_raises_a_flag():
    """S9: of every scale whose words ship, the questions that look like danger are its safety items, no more and no
    fewer."""

    def thawed(data: Any) -> Any:
        if hasattr(data, "items"):
            return {key: thawed(value) for key, value in data.items()}
        return [thawed(each) for each in data] if isinstance(data, (list, tuple)) else data

    found = {
        each.id: (set(danger.proposed(fhir.read(thawed(each.definition)))), set(each.safety_items))
        for each in scales()
        if each.definition
    }
    assert found["phq-9"] == ({"9"}, {"9"})
    assert {name for name, (proposed, named) in found.items() if proposed != named} == set()


def test_the_refusal_is_said_in_spanish(clinic: Cast):
    with translation.override("es"):
        answer = clinic.client("prescriber").post(
            reverse("console:own_scales"),
            {
                "questionnaire": form(MOOD, DARK), "score": "sum[1, 9]", "higher_is": "worse", "most_missing": "0",
                "decimals": "0", "safety_items": "9", "safety_from": "4", "holder": "Nosotros",
                "statement": "Contrato 7",
            },
            headers={"accept-language": "es"},
        )  # fmt: skip
    assert "can never raise a flag" not in plain(answer)
