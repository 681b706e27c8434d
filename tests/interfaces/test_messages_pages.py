"""Write to your clinic, and the clinic's inbox."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import acting_as
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.interfaces.test_portal import grade, prose

MESSAGES = "/today/messages/"


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


@pytest.fixture
def client(clinic: Cast, patient: Patient) -> Client:
    client = clinic.client("Alma")
    client.get("/today/help/")
    return client


def key(page: str) -> str:
    return re.search(r'name="key" value="([^"]+)"', page)[1]  # type: ignore[index]


def seen(page: str) -> str:
    return re.search(r'name="seen" value="(\d*)"', page)[1]  # type: ignore[index]


@pytest.mark.alone
def test_a_message_goes_there_and_an_answer_comes_back(clinic: Cast, patient: Patient, client: Client):
    empty = client.get(MESSAGES).text
    assert "Not for emergencies" in empty
    assert 'href="/today/help/"' in empty
    fields = {"key": key(empty), "body": "May I eat <b>before</b>?"}
    assert client.post(MESSAGES, fields).status_code == 302
    assert client.post(MESSAGES, fields).status_code == 302  # the second of two taps
    page = client.get(MESSAGES).text
    assert page.count("May I eat &lt;b&gt;before") == 1
    assert "Your message has arrived" in page
    desk = clinic.client("front_desk")
    desk.get("/clinic/")
    with at_most(12):
        inbox = desk.get("/clinic/messages/").text
    thread_url = f"/clinic/patients/{patient.pk}/messages/"
    assert thread_url in inbox
    with at_most(12):
        thread = desk.get(thread_url).text
    answer = {"key": key(thread), "seen": seen(thread), "body": "Nothing after midnight."}
    assert desk.post(thread_url, answer).status_code == 302
    nurse = clinic.client("nurse")
    late = nurse.post(thread_url, answer | {"key": key(empty)[::-1], "body": "A light breakfast."})
    assert late.status_code == 409
    assert "A light breakfast." in late.text
    assert "A message from the clinic" in client.get("/today/").text
    assert "Nothing after midnight." in client.get(MESSAGES).text
    assert "A message from the clinic" not in client.get("/today/").text


def test_an_empty_message_is_told_so(client: Client):
    answer = client.post(MESSAGES, {"key": "no key", "body": "  "})
    assert answer.status_code == 409
    assert "Write a message first" in answer.text


def test_a_thank_you_needs_no_answer(clinic: Cast, patient: Patient, client: Client):
    client.post(MESSAGES, {"key": key(client.get(MESSAGES).text), "body": "Thank you"})
    nurse = clinic.client("nurse")
    url = f"/clinic/patients/{patient.pk}/messages/"
    nurse.post(url, {"seen": seen(nurse.get(url).text), "settle": "1"})
    with acting_as(clinic.actor("nurse")):
        assert messaging_queries.waiting() == []
    assert nurse.post(url, {"seen": "999999999", "settle": "1"}).status_code == 404


def test_it_is_written_plainly_and_stands_in_the_navigation(client: Client):
    with at_most(12):
        page = client.get(MESSAGES).text
    assert grade(prose(page)) <= 8
    assert f'href="{MESSAGES}"' in client.get("/today/record/").text


@pytest.mark.parametrize("role", ["clinic_admin", "auditor"])
def test_others_do_not_read_it(clinic: Cast, patient: Patient, role: str):
    other = clinic.client(role)
    for url in (
        "/clinic/messages/",
        f"/clinic/patients/{patient.pk}/messages/",
        f"/clinic/patients/{patient.pk}/intake/",
    ):
        assert other.get(url).status_code == 403


# ---------------------------------------------------------------- the intake as the clinic reads it


def test_the_clinic_sees_what_was_told_what_changed_and_what_is_not_checked(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    with acting_as(by):
        tell = {"by": by, "patient_id": patient.pk}
        intake_actions.answer(**tell, question_id="psychosis", told=StatedAnswer("unsure"), seen=None)
        first = intake_actions.answer(**tell, question_id="bipolar", told=StatedAnswer("told", False), seen=None)
        intake_actions.say_line(**tell, of="medicines", name="moon dust", current=True)
        intake_actions.send(**tell)
        intake_actions.answer(**tell, question_id="bipolar", told=StatedAnswer("told", True), seen=first.pk)
    nurse = clinic.client("nurse")
    nurse.get("/clinic/")
    url = f"/clinic/patients/{patient.pk}/intake/"
    with at_most(13):
        page = nurse.get(url).text
    assert "moon dust" in page
    assert "1 medicine not checked" in page
    assert "Not sure" in page
    assert "Changed since it was sent" in page
    assert re.search(r'data-label="Before">No</td><td data-label="Now">Yes', page)
    with acting_as(by):
        intake_actions.send(**tell)
    assert "Changed with the last sending" in nurse.get(url).text
    assert url in nurse.get(f"/clinic/patients/{patient.pk}/").text


def test_staff_write_it_down_and_it_is_marked(clinic: Cast, patient: Patient):
    nurse = clinic.client("nurse")
    url = f"/clinic/patients/{patient.pk}/intake/"
    assert "Invite the patient to the portal" in nurse.get(url).text
    for question, fields in {
        "bipolar": {"value": "no"}, "weight": {"value": "70", "unit": "kg"}, "eyes": {"value": ["glaucoma"]},
        "heart_event_day": {"value": "2024-02-01"}, "why_now": {"value": "tired"}, "goals": {"press": "none"},
    }.items():  # fmt: skip
        page = nurse.get(f"{url}{question}/")
        assert page.status_code == 200
        assert nurse.post(f"{url}{question}/", {"seen": seen(page.text), **fields}).status_code == 302, question
    wrong = nurse.post(f"{url}weight/", {"seen": "", "value": "7000", "unit": "kg"})
    assert wrong.status_code == 409
    assert 'value="7000"' in wrong.text
    added = nurse.post(f"{url}medicines/add/", {"name": "Zoloft", "current": "yes"})
    assert added.status_code == 302
    line = re.search(rf"{url}medicines/[0-9a-f-]{{36}}/", nurse.get(f"{url}medicines/").text)[0]  # type: ignore[index]
    assert "Zoloft" in nurse.get(line).text
    page = nurse.get(url).text
    assert page.count("written by staff") >= 5
    assert "Sertraline" in page
    assert nurse.post(line, {"remove": "1"}).status_code == 302
    assert nurse.get(line).status_code == 404
    therapist = clinic.client("therapist")
    assert therapist.get(url).status_code == 200
    assert "Write down" not in therapist.get(url).text
    assert therapist.get(f"{url}bipolar/").status_code == 403
