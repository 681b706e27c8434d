"""A questionnaire on a phone: one question a screen, saved at each tap, help first where it is needed."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures import own_scale_actions
from sojourn.care.measures.models import Answer, MeasureRequest, QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from tests.care.own_forms import choice
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.interfaces.test_portal import CRISIS, grade, prose


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(**CRISIS)
    return make_patient(clinic)


@pytest.fixture
def branching(clinic: Cast, patient: Patient) -> MeasureRequest:
    """Three questions; the second is asked only after a yes to the first, and is about danger."""
    after_yes = {"enableWhen": [{"question": "1", "operator": "=", "answerBoolean": True}]}
    form = {"resourceType": "Questionnaire", "title": "Made up", "item": [
        {"linkId": "1", "type": "boolean", "text": "Was it bad?"},
        choice("2", "How bad?", [("Bad", 0), ("Worse", 1)], **after_yes),
        choice("3", "How long?", [("Short", 0), ("Long", 1)]),
    ]}  # fmt: skip
    by = clinic.actor("prescriber")
    with acting_as(by):
        row = own_scale_actions.load_own_scale(
            by=by, questionnaire=json.dumps(form), holder="We", statement="Contract 7",
            scoring={"score": "sum[1..3]", "safety_items": ["2"], "safety_from": 1},
        )  # fmt: skip
    return ask(clinic, patient, f"own-{row.pk}")


@pytest.fixture
def request_row(clinic: Cast, patient: Patient) -> MeasureRequest:
    return ask(clinic, patient)


def ask(clinic: Cast, patient: Patient, scale_id: str = "phq-9") -> MeasureRequest:
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        return measures_actions.request_measure(
            by=nurse, patient_id=patient.pk, scale_id=scale_id, due_at=timezone.now() + timedelta(days=2)
        )


def url(row: MeasureRequest, *parts: object) -> str:
    return "/today/measures/" + "/".join(str(part) for part in (row.pk, *parts)) + "/"


def test_the_whole_way_by_taps_without_script(clinic: Cast, patient: Patient, request_row: MeasureRequest):
    client = clinic.client("Alma")
    intro = client.get(url(request_row)).text
    assert "There are 10 questions" in intro
    assert "does not watch alerts at every hour" in intro
    at = url(request_row, 1)
    assert f'href="{at}"' in intro
    for number in range(1, 11):
        page = client.get(at).text
        assert f"Question {number} of 10" in page
        assert page.count('name="value" value="') == 5  # four choices, one way to skip
        answer = client.post(at, {"value": "0" if number == 9 else "1"})
        assert answer.status_code == 302
        at = answer["Location"]
    assert at == url(request_row, "review")
    review = client.get(at).text
    assert review.count("Several days") == 8
    assert "Not at all" in review
    answer = client.post(at)
    assert answer["Location"] == url(request_row, "sent")
    sent = client.get(answer["Location"]).text
    assert "Your answers are sent" in sent
    assert "tel:" not in re.search(r"<main.*?</main>", sent, re.DOTALL)[0]  # type: ignore[index]
    with acting_as(clinic.actor("nurse")):
        response = QuestionnaireResponse.objects.get(request=request_row)
        assert (response.score, response.band) == (8, "mild")


def test_an_alarming_answer_shows_help_before_anything_else(
    clinic: Cast, patient: Patient, request_row: MeasureRequest
):
    client = clinic.client("Alma")
    answer = client.post(url(request_row, 9), {"value": "1"})
    assert answer["Location"] == url(request_row, 9, "help")
    with acting_as(clinic.actor("nurse")):
        assert Flag.objects.filter(patient_id=patient.pk).count() == 1  # though nothing else is answered
    page = client.get(answer["Location"]).text
    assert 'href="tel:5550123"' in page
    assert "your local emergency number" in page
    assert "The clinic has an alert" in page
    assert f'href="{url(request_row, 10)}"' in page
    assert grade(prose(page)) <= 8
    for number in (*range(1, 9), 10):
        client.post(url(request_row, number), {"value": "0"})
    client.post(url(request_row, "review"))
    sent = client.get(url(request_row, "sent")).text
    assert 'href="tel:5550123"' in sent


def test_it_is_gone_on_with_on_another_device(clinic: Cast, patient: Patient, request_row: MeasureRequest):
    clinic.client("Alma").post(url(request_row, 1), {"value": "2"})
    clinic.client("Alma").post(url(request_row, 2), {"value": "3"})
    other = clinic.client("Alma")
    assert "2 of 10 answered" in other.get("/today/").text
    intro = other.get(url(request_row)).text
    assert "You have answered 2 of 10" in intro
    assert f'href="{url(request_row, 3)}"' in intro
    chosen = other.get(url(request_row, 2)).text
    assert 'value="3" aria-pressed="true"' in chosen


def test_skipping_and_changing_from_the_review(clinic: Cast, patient: Patient, request_row: MeasureRequest):
    client = clinic.client("Alma")
    assert client.post(url(request_row, 1), {"value": "skip"})["Location"] == url(request_row, 2)
    review = client.get(url(request_row, "review")).text
    assert "Skipped" in review
    assert "Go to question 2" in review
    held = client.post(url(request_row, "review"))
    assert held.status_code == 409
    assert "Question 2 is still open" in held.text
    answer = client.post(url(request_row, 1), {"value": "3", "to": "review"})
    assert answer["Location"] == url(request_row, "review")
    assert "Nearly every day" in client.get(answer["Location"]).text
    # an alarming change goes to help first, and from there back to the review
    answer = client.post(url(request_row, 9), {"value": "2", "to": "review"})
    assert f'href="{url(request_row, "review")}"' in client.get(answer["Location"]).text


def test_two_tabs_are_harmless(clinic: Cast, patient: Patient, request_row: MeasureRequest):
    one, two = clinic.client("Alma"), clinic.client("Alma")
    for client in (one, two):
        for number in range(1, 11):
            client.post(url(request_row, number), {"value": "0"})
    with acting_as(clinic.actor("nurse")):
        assert Answer.objects.filter(response__request=request_row).count() == 10
    assert one.post(url(request_row, "review")).status_code == 302
    assert two.post(url(request_row, "review"))["Location"] == url(request_row, "sent")
    late = two.post(url(request_row, 1), {"value": "3"})
    assert late.status_code == 409
    assert "have been sent and stay as they are" in late.text
    for page in ((), (1,), ("review",)):
        assert two.get(url(request_row, *page))["Location"] == url(request_row, "sent")


@pytest.mark.parametrize("typed", ["", "7", "-1", "two", "1e3", "0; drop table"])
def test_what_is_no_answer_is_asked_again(clinic: Cast, patient: Patient, request_row: MeasureRequest, typed):
    client = clinic.client("Alma")
    answer = client.post(url(request_row, 1), {"value": typed})
    assert answer.status_code == 409
    assert "Choose one of the answers shown" in answer.text
    with acting_as(clinic.actor("nurse")):
        assert not Answer.objects.filter(response__request=request_row).exists()


@pytest.mark.alone
def test_a_page_from_before_a_branch_closed_answers_what_it_showed(
    clinic: Cast, patient: Patient, branching: MeasureRequest
):
    client = clinic.client("Alma")
    client.post(url(branching, 1), {"item": "1", "value": "1"})
    assert 'name="item" value="2"' in client.get(url(branching, 2)).text
    client.post(url(branching, 1), {"item": "1", "value": "0"})  # in another tab
    stale = client.post(url(branching, 2), {"item": "2", "value": "1"})
    assert stale["Location"] == url(branching, 2, "help")
    assert client.get(stale["Location"]).status_code == 200
    with acting_as(clinic.actor("nurse")):
        given = {row.link_id: row.value for row in Answer.objects.order_by("id")}
        assert given == {"1": 0, "2": 1}
        assert Flag.objects.filter(patient=patient).count() == 1
    assert client.post(url(branching, 3), {"item": "3", "value": "1"})["Location"] == url(branching, "review")
    assert client.post(url(branching, 1), {"item": "9", "value": "1"}).status_code == 404


@pytest.mark.parametrize("number", [0, 11, 99])
def test_questions_beyond_the_end_do_not_exist(clinic: Cast, request_row: MeasureRequest, number: int):
    assert clinic.client("Alma").get(url(request_row, number)).status_code == 404


def test_a_request_taken_back_says_so(clinic: Cast, patient: Patient, request_row: MeasureRequest):
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        measures_actions.withdraw_request(by=nurse, request_id=request_row.pk)
    client = clinic.client("Alma")
    assert "no longer needs these answers" in client.get(url(request_row)).text
    assert client.post(url(request_row, 1), {"value": "1"}).status_code == 409


def test_nobody_else_opens_or_answers_it(clinic: Cast, other_clinic: Cast, request_row: MeasureRequest):
    make_patient(clinic, "Bruno")
    make_patient(other_clinic, "Carla")
    for client in (clinic.client("Bruno"), other_clinic.client("Carla")):
        for page in ((), (1,), ("review",), ("sent",), (9, "help")):
            assert client.get(url(request_row, *page)).status_code == 404
        assert client.post(url(request_row, 1), {"value": "1"}).status_code == 404
        assert client.post(url(request_row, "review")).status_code == 404
    assert clinic.client("nurse").get(url(request_row)).status_code == 403
    assert Client().get(url(request_row)).status_code == 302


def test_the_questions_are_asked_in_spanish(clinic: Cast, patient: Patient, request_row: MeasureRequest):
    client = clinic.client("Alma")
    client.cookies["django_language"] = "es"
    page = client.get(url(request_row, 1)).text
    assert "Poco interés o placer en hacer cosas" in page
    assert "Varios días" in page
    assert "Durante las últimas 2 semanas" in page
    client.post(url(request_row, 1), {"value": "1"})
    with acting_as(clinic.actor("nurse")):
        assert QuestionnaireResponse.objects.get(request=request_row).language == "es"


def test_a_question_is_light(clinic: Cast, patient: Patient, request_row):
    client = clinic.client("Alma")
    client.post(url(request_row, 1), {"value": "1"})
    for page in ((), (2,), ("review",)):
        with at_most(12):
            client.get(url(request_row, *page))
