"""The clinic's side: a patient's measures, a form from paper, and the flags."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sojourn.care.measures.models import MeasureRequest, QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag, FlagAnswer
from sojourn.foundation.accounts.actor import acting_as
from tests.care.infusions import BEGINS, interrupted
from tests.care.people import make_patient
from tests.care.stage import adopt_everything, to_dosing
from tests.clock import now_here, today
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.interfaces.test_portal import send_phq9, signed_in


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def paper(values: list[int | str], **more: str) -> dict[str, str]:
    at = now_here()
    form = {f"item-{number}": str(value) for number, value in enumerate(values, start=1)}
    return {"filled_on": f"{at:%Y-%m-%d}", "filled_at": "00:00", **form, **more}


def test_the_measures_page_shows_scores_bands_and_doses(clinic: Cast):
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = to_dosing(clinic)
    signed_in(clinic, stage.patient)
    now = timezone.now()
    for days, values in ((20, [3] * 6 + [0, 0, 0]), (10, [2] * 8 + [0]), (3, [1] * 8 + [0])):
        send_phq9(clinic, stage.patient, values, now - timedelta(days=days))
    client = clinic.client("nurse")
    page = f"/clinic/patients/{stage.patient.pk}/measures/"
    client.get(page)
    with at_most(14):  # what was given is worked out of a dose's steps and waste
        text = client.get(page).text
    assert "35 mg" in text
    assert "Solid marks are doses" in text
    # the fact base: reliable change 5, second-hand; the last score before the first dose is the baseline
    assert "Baseline: 8 on" in text
    assert "A change of 5 points or more is reliable (second-hand)" in text
    assert "Moderately severe" in text
    response = QuestionnaireResponse.objects
    with acting_as(clinic.actor("nurse")):
        newest = response.filter(patient=stage.patient).latest("completed_at")
    with at_most(12):
        answers = client.get(f"/clinic/measures/responses/{newest.pk}/").text
    assert answers.count("Several days") == 8
    assert "left out" in answers


def test_the_doses_over_the_scores_are_what_was_given(clinic: Cast):
    """10 minutes at 75 mL/h and 10 at 60 mL/h of 0.7 mg/mL: 15.75 of 35 mg."""
    stage = interrupted(clinic)
    signed_in(clinic, stage.patient)
    send_phq9(clinic, stage.patient, [3] * 6 + [0, 0, 0], BEGINS - timedelta(days=1))
    send_phq9(clinic, stage.patient, [1] * 6 + [0, 0, 0], BEGINS + timedelta(days=1))
    text = clinic.client("nurse").get(f"/clinic/patients/{stage.patient.pk}/measures/").text
    assert "15.75 mg" in text
    assert "35 mg" not in text


@pytest.mark.alone
def test_a_measure_is_asked_for_once_and_taken_back(clinic: Cast, patient: Patient):
    client = clinic.client("nurse")
    page = f"/clinic/patients/{patient.pk}/measures/"
    due = {"scale_id": "phq-9", "due_on": f"{today() + timedelta(days=3):%Y-%m-%d}"}
    assert client.post(f"{page}ask/", due)["Location"] == page
    again = client.post(f"{page}ask/", due)
    assert again.status_code == 409
    assert "is already open for" in again.text
    assert client.post(f"{page}ask/", {**due, "due_on": "soon"}).status_code == 422
    with acting_as(clinic.actor("nurse")):
        row = MeasureRequest.objects.get()
    assert client.post(f"/clinic/measures/requests/{row.pk}/withdraw/")["Location"] == page
    assert "Nothing is open" in client.get(page).text


def test_the_front_desk_asks_but_does_not_read(clinic: Cast, patient: Patient):
    client = clinic.client("front_desk")
    page = f"/clinic/patients/{patient.pk}/measures/"
    assert client.get(page).status_code == 403
    due = {"scale_id": "gad-7", "due_on": f"{today() + timedelta(days=3):%Y-%m-%d}"}
    assert client.post(f"{page}ask/", due)["Location"] == f"/clinic/patients/{patient.pk}/"
    assert client.post(f"{page}ask/", due).status_code == 409
    assert client.get(f"{page}phq-9/paper/").status_code == 403
    assert client.get("/clinic/flags/").status_code == 403


@pytest.mark.alone
def test_a_form_is_entered_from_paper(clinic: Cast, patient: Patient):
    client = clinic.client("therapist")
    page = f"/clinic/patients/{patient.pk}/measures/gad-7/paper/"
    assert client.get(page).text.count('type="radio"') == 28
    assert client.post(page, paper([])).status_code == 422  # nothing entered
    wrong = client.post(page, paper([1, 1, 1, 1, 1, 1, 9]))
    assert wrong.status_code == 422
    assert 'value="1" class="radio" id="id_item-1_1" checked' in wrong.text or "checked" in wrong.text
    assert client.post(page, paper([1, 1, 1, 1, 1, 1, 2])).status_code == 302
    twice = client.post(page, paper([1, 1, 1, 1, 1, 1, 2]))
    assert twice.status_code == 409
    with acting_as(clinic.actor("nurse")):
        assert [int(row.score or 0) for row in QuestionnaireResponse.objects.all()] == [8]


@pytest.mark.alone
def test_an_alarming_form_leads_to_its_flag(clinic: Cast, patient: Patient):
    client = clinic.client("nurse")
    page = f"/clinic/patients/{patient.pk}/measures/phq-9/paper/"
    answer = client.post(page, paper([0, 0, 0, 0, 0, 0, 0, 0, 2], **{"item-difficulty": "0"}))
    with acting_as(clinic.actor("nurse")):
        flag = Flag.objects.get()
    assert answer["Location"] == f"/clinic/flags/{flag.pk}/"


@pytest.mark.alone
def test_a_flag_is_taken_and_closed_on_its_page(clinic: Cast, patient: Patient):
    send_phq9(clinic, patient, [0] * 8 + [1], timezone.now())
    nurse, therapist = clinic.client("nurse"), clinic.client("therapist")
    nurse.get("/clinic/flags/")
    with at_most(12):
        listed = nurse.get("/clinic/flags/").text
    assert patient.name in listed
    assert "nobody has taken this" in listed
    with acting_as(clinic.actor("nurse")):
        flag = Flag.objects.get()
    page = f"/clinic/flags/{flag.pk}/"
    nurse.get(page)  # the first reading is written down
    with at_most(20):
        text = nurse.get(page).text
    assert "Thoughts that you would be better off dead" in text
    assert "Several days" in text
    assert nurse.post(page, {"kind": "seen", "after": ""})["Location"] == page
    slower = therapist.post(page, {"kind": "seen", "after": "", "note": "I ring her now"})
    assert slower.status_code == 409
    assert "answered this a moment ago" in slower.text
    assert "I ring her now" in slower.text  # what was typed stays
    with acting_as(clinic.actor("nurse")):
        after = FlagAnswer.objects.latest("id").pk
    held = nurse.post(page, {"kind": "closed", "after": after, "note": ""})
    assert held.status_code == 409
    assert "Write what was found and done" in held.text
    assert (
        nurse.post(
            page, {"kind": "closed", "after": after, "outcome": "safety_plan", "note": "Safe, plan made"}
        ).status_code
        == 302
    )
    assert patient.name not in nurse.get("/clinic/flags/").text
    assert patient.name in nurse.get("/clinic/flags/?closed=1").text
    assert "Safe, plan made" in nurse.get(page).text


@pytest.mark.alone
def test_restricted_and_foreign_records_stay_closed(clinic: Cast, other_clinic: Cast):
    hidden = make_patient(clinic, "Dora", restricted=True)
    send_phq9(clinic, hidden, [0] * 8 + [1], timezone.now())
    nurse = clinic.client("nurse")
    listed = nurse.get("/clinic/flags/").text
    assert "Restricted record" in listed
    assert "Dora" not in listed
    with acting_as(clinic.actor("nurse")):
        flag, response = Flag.objects.get(), QuestionnaireResponse.objects.get()
    pages = (
        f"/clinic/flags/{flag.pk}/",
        f"/clinic/patients/{hidden.pk}/measures/",
        f"/clinic/patients/{hidden.pk}/measures/phq-9/paper/",
        f"/clinic/measures/responses/{response.pk}/",
    )
    for page in pages:
        answer = nurse.get(page)
        assert answer.status_code == 302, page
        assert "Dora" not in answer.text
        assert clinic.client("prescriber").get(page).status_code == 200
        assert other_clinic.client("prescriber").get(page).status_code == 404
