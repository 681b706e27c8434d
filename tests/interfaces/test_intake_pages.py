"""Your intake on a phone without script, and what the clinic sees of it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import StatedAnswer, intake_form
from sojourn.care.intake.models import IntakeAnswer, MedicationStatement
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import PatientScope
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.interfaces.test_portal import grade, prose

INTAKE = "/today/intake/"


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic, sex="male")


@pytest.fixture
def client(clinic: Cast, patient: Patient) -> Client:
    client = clinic.client("Alma")
    client.get("/today/help/")  # the session notes that somebody is there, once a minute
    return client


def seen(page: str) -> str:
    return re.search(r'name="seen" value="(\d*)"', page)[1]  # type: ignore[index]


def onward(address: str) -> str:
    """Where one goes on to, where help was offered in between."""
    return parse_qs(urlsplit(address).query).get("next", [address])[0]


def press(client: Client, question: str, **fields: object):
    page = client.get(f"{INTAKE}{question}/").text
    return client.post(f"{INTAKE}{question}/", {"seen": seen(page), **fields})


def test_the_whole_intake_by_taps_to_the_clinic(clinic: Cast, patient: Patient, client: Client):
    assert f'href="{INTAKE}"' in client.get("/today/").text
    overview = client.get(INTAKE).text
    assert "Tell us about your health" in overview
    at = re.search(rf'href="({INTAKE}[a-z_]+/)" class="btn', overview)[1]  # type: ignore[index]
    steps = 0
    while "review" not in at:
        page = client.get(at)
        assert page.status_code == 200
        assert "Why we ask:" in page.text
        assert "Write to your clinic" in page.text
        answer = client.post(at, {"seen": seen(page.text), "press": "unsure" if steps % 2 else "skip"})
        assert answer.status_code == 302, page.text
        at = onward(answer["Location"])
        steps += 1
    with acting_as(clinic.actor("nurse")):
        told = {name: each.told for name, each in intake_queries.answers(PatientScope(patient.pk)).items()}
    assert steps == len(intake_form().shown(told, "male"))
    finished = client.get(f"{INTAKE}{intake_form().questions[0].id}/").text
    assert f"Question 1 of {steps}" in finished
    assert "left" not in re.search(r'class="progress-words".*?</div>', finished, re.DOTALL)[0]  # type: ignore[index]
    review = client.get(at).text
    assert "Not sure" in review
    assert "Skipped" in review
    assert client.post(at)["Location"] == f"{INTAKE}sent/"
    assert client.post(at)["Location"] == f"{INTAKE}sent/"
    assert "Your intake is sent" in client.get(f"{INTAKE}sent/").text
    with acting_as(clinic.actor("nurse")):
        assert len(intake_queries.submissions(PatientScope(patient.pk))) == 1
    assert "Open my intake" not in client.get("/today/").text


def test_every_kind_of_answer_is_shown_again(clinic: Cast, client: Client):
    press(client, "weight", value="154", unit="lb")
    press(client, "high_blood_pressure", value="yes")
    press(client, "blood_pressure_control", value="high")
    press(client, "heart_now", value=["cv_event", "rhythm"], rest_unsure="1")
    press(client, "heart_event_day", value="2025-04-03")
    press(client, "why_now", value="I am tired.\nSo tired <b>")
    assert 'value="154"' in client.get(f"{INTAKE}weight/").text
    assert re.search(r'value="high" aria-pressed="true"', client.get(f"{INTAKE}blood_pressure_control/").text)
    assert client.get(f"{INTAKE}heart_now/").text.count(" checked") == 3
    assert 'value="2025-04-03"' in client.get(f"{INTAKE}heart_event_day/").text
    assert "So tired &lt;b&gt;" in client.get(f"{INTAKE}why_now/").text
    review = client.get(f"{INTAKE}review/").text
    for words in ("154 lb", "Often higher than my doctor wants", "not sure about the others", "3 April 2025"):
        assert words in review


def test_it_is_gone_on_with_on_another_device(clinic: Cast, client: Client):
    press(client, "weight", value="70", unit="kg")
    press(client, "height", value="5 7", unit="ft")
    other = clinic.client("Alma")
    overview = other.get(INTAKE).text
    assert f"2 of {len(intake_form().shown({}, 'male'))} answered" in overview
    assert f'href="{INTAKE}high_blood_pressure/"' in overview
    assert "minutes left" in overview


def test_an_older_tab_is_told_and_both_answers_are_shown(clinic: Cast, patient: Patient, client: Client):
    press(client, "bipolar", value="no")
    old = seen(client.get(f"{INTAKE}bipolar/").text)  # the older tab
    client.post(f"{INTAKE}bipolar/", {"seen": old, "value": "yes"})  # the newer one
    late = client.post(f"{INTAKE}bipolar/", {"seen": old, "press": "unsure"})
    assert late.status_code == 409
    assert "Saved on the other page:</span> <b>Yes" in late.text or re.search(
        r"Saved on the other page:\s*<b>Yes</b>", late.text
    )
    assert re.search(r"You just chose:\s*<b>Not sure</b>", late.text)
    answer = client.post(f"{INTAKE}bipolar/", {"seen": seen(late.text), "press": "unsure"})
    assert answer.status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert intake_queries.answers(PatientScope(patient.pk))["bipolar"].told == StatedAnswer("unsure")
        assert IntakeAnswer.objects.filter(patient=patient, question_id="bipolar").count() == 3


def test_a_slip_keeps_what_was_typed(clinic: Cast, client: Client):
    answer = press(client, "weight", value="700", unit="kg")
    assert answer.status_code == 409
    assert 'value="700"' in answer.text
    assert '<option value="kg" selected>' in answer.text
    assert "700 kg cannot be right" in answer.text


def test_pregnancy_in_a_record_that_says_male_is_asked_about_kindly(clinic: Cast, patient: Patient, client: Client):
    answer = press(client, "can_become_pregnant", value="yes")
    assert answer.status_code == 409
    assert "Is your answer right?" in answer.text
    assert 'name="confirmed" value="pregnancy-and-sex"' in answer.text
    done = client.post(f"{INTAKE}can_become_pregnant/", {"seen": "", "value": "yes", "confirmed": "pregnancy-and-sex"})
    assert done["Location"] == f"{INTAKE}pregnant/"


def test_a_change_from_the_review_opens_what_it_opens_and_comes_back(clinic: Cast, client: Client):
    press(client, "high_blood_pressure", value="no")
    answer = press(client, "high_blood_pressure", value="yes", to="review")
    assert answer["Location"] == f"{INTAKE}blood_pressure_control/?to=review"
    answer = press(client, "blood_pressure_control", value="fine", to="review")
    assert answer["Location"] == f"{INTAKE}review/"


def test_a_question_that_does_not_apply_leads_back(clinic: Cast, client: Client):
    assert client.get(f"{INTAKE}pregnant/")["Location"] == INTAKE
    assert client.get(f"{INTAKE}no_such_question/").status_code == 404


def ticked(page: str) -> set[str]:
    boxes = re.findall(r'<input class="(?:radio|checkbox)"[^>]*>', page)
    return {re.search(r'value="([^"]*)"', box)[1] for box in boxes if " checked" in box}  # type: ignore[index]


@pytest.mark.parametrize(
    ("question", "fields", "chosen"),
    [
        ("high_blood_pressure", {"value": "no"}, {"no"}),
        ("blood_pressure_control", {"value": "high"}, {"high"}),
        ("heart_now", {"value": ["angina", "cv_event"]}, {"angina", "cv_event"}),
        ("heart_now", {"value": ["angina"], "rest_unsure": "1"}, {"angina", "1"}),
    ],
)
def test_the_clinic_sees_ticked_what_was_answered_before(clinic: Cast, patient: Patient, question, fields, chosen):
    nurse = clinic.client("nurse")
    url = f"/clinic/patients/{patient.pk}/intake/{question}/"
    assert ticked(nurse.get(url).text) == set()
    assert nurse.post(url, {"seen": "", **fields}).status_code == 302
    page = nurse.get(url).text
    assert ticked(page) == chosen
    wrong = nurse.post(url, {"seen": "", "value": "nothing-like-it"})
    assert wrong.status_code == 409
    assert ticked(wrong.text) == set()


# ---------------------------------------------------------------- lists


def test_medicines_are_found_by_brand_and_free_text_is_marked(clinic: Cast, patient: Patient, client: Client):
    found = client.get(f"{INTAKE}search/", {"name": "zolo"}).text
    assert 'value="Sertraline"' in found
    assert "None of these" in found
    assert "care team looks at it" in client.get(f"{INTAKE}search/", {"name": "moon dust"}).text
    added = client.post(f"{INTAKE}medicines/add/", {"name": "my Zoloft", "ingredient": "Sertraline", "current": "yes",
                                                   "dose": "50 mg"})  # fmt: skip
    assert added["Location"] == f"{INTAKE}medicines/"
    client.post(f"{INTAKE}medicines/add/", {"name": "moon dust", "current": "yes"})
    page = client.get(f"{INTAKE}medicines/").text
    assert "Recognized as Sertraline" in page
    assert "Not checked" in page
    wrong = client.post(f"{INTAKE}medicines/add/", {"name": "Sertraline", "current": "no", "stopped_on": "2090-01-01"})
    assert wrong.status_code == 409
    assert 'value="2090-01-01"' in wrong.text
    doubt = client.post(f"{INTAKE}medicines/add/", {"name": "Sertraline", "current": "no"})
    assert doubt.status_code == 409
    assert 'name="sure"' in doubt.text


def test_a_list_written_as_prose_is_confirmed_piece_by_piece(clinic: Cast, patient: Patient, client: Client):
    prose = "I take Zoloft 100 mg in the morning, moon dust at night; lithium"
    page = client.post(f"{INTAKE}paste/", {"prose": prose})
    names = re.findall(r'name="piece-\d+" value="([^"]*)"', page.text)
    assert len(names) == 3
    assert "Recognized as Sertraline" in page.text
    fields = {"prose": prose}
    for number, name in enumerate(names, start=1):
        fields |= {f"piece-{number}": name, f"is-{number}": ""}
    half = client.post(f"{INTAKE}paste/", fields | {"take-1": "now"})
    assert half.status_code == 409
    assert "2 are still open" in half.text
    assert 'value="now"' in half.text
    with acting_as(clinic.actor("nurse")):
        assert not MedicationStatement.objects.filter(patient=patient).exists()
    done = client.post(
        f"{INTAKE}paste/", fields | {"is-1": "Sertraline", "take-1": "now", "take-2": "before", "take-3": "no"}
    )
    assert done["Location"] == f"{INTAKE}medicines/"
    with acting_as(clinic.actor("nurse")):
        kept = intake_queries.medicines(PatientScope(patient.pk))
    assert [(each.ingredient, each.current) for each in kept] == [("Sertraline", True), (None, False)]
    assert client.post(f"{INTAKE}paste/", {"prose": " . "}).status_code == 409


def test_lists_are_changed_and_taken_off(clinic: Cast, patient: Patient, client: Client):
    client.post(f"{INTAKE}goals/add/", {"text": "Sleep through"})
    url = re.search(rf"{INTAKE}goals/[0-9a-f-]{{36}}/", client.get(f"{INTAKE}goals/").text)[0]  # type: ignore[index]
    page = client.get(url).text
    assert "Sleep through" in page
    client.post(url, {"seen": seen(page), "text": "Sleep until six"})
    assert "Sleep until six" in client.get(f"{INTAKE}goals/").text
    assert "Take it off first" in press(client, "goals", press="none").text
    assert press(client, "goals", press="done")["Location"] == f"{INTAKE}concerns/"
    client.post(url, {"remove": "1"})
    assert "Nothing is on this list yet" in client.get(f"{INTAKE}goals/").text
    client.post(f"{INTAKE}people/add/", {"name": "Luis", "phone": "555 0199"})
    with acting_as(clinic.actor("nurse")):
        luis = RelatedPerson.objects.get(patient=patient)
    assert f"{INTAKE}people/{luis.pk}/" in client.get(f"{INTAKE}people/").text
    client.post(f"{INTAKE}people/{luis.pk}/")
    assert "Luis" not in client.get(f"{INTAKE}people/").text
    assert client.post(f"{INTAKE}allergies/add/", {"substance": ""}).status_code == 422
    assert press(client, "allergies", press="none").status_code == 302
    assert ">None<" in client.get(f"{INTAKE}review/").text


def test_another_patients_lines_and_people_are_not_there(clinic: Cast, patient: Patient, client: Client):
    ben = make_patient(clinic, "Ben")
    by = actor_for(clinic, ben)
    with acting_as(by):
        goal = intake_actions.say_line(by=by, patient_id=ben.pk, of="goals", text="Mine alone")
        person = intake_actions.name_person(by=by, patient_id=ben.pk, name="Eve", phone="1")
    url = f"{INTAKE}goals/{goal.line}/"
    assert client.get(url).status_code == 404
    assert client.post(url, {"text": "x", "seen": goal.pk}).status_code == 404
    assert client.post(url, {"remove": "1"}).status_code == 404
    assert client.post(f"{INTAKE}people/{person.pk}/").status_code == 404


def test_pages_take_few_questions_and_plain_words(clinic: Cast, patient: Patient, client: Client):
    client.post(f"{INTAKE}medicines/add/", {"name": "Zoloft", "current": "yes"})
    for path in ("", "weight/", "medicines/", "people/", "medicines/add/", "review/", "paste/"):
        with at_most(12):
            page = client.get(INTAKE + path)
        assert page.status_code == 200
        assert grade(prose(page.text)) <= 8, path
    with at_most(12):
        client.get("/today/")


@pytest.mark.parametrize("question", intake_form().questions, ids=lambda question: question.id)
def test_every_question_is_in_plain_words(question):
    words = " ".join([question.text, question.why, question.hint, *(f"{each.text}." for each in question.choices)])
    assert len(words.split()) < 140
    assert max(len(sentence.split()) for sentence in re.split(r"[.?!]", words)) <= 26
