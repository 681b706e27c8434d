"""The whole set on the pages: entered scores, batteries as one sitting, a clinic's own questionnaire, other answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.models import MeasureRequest, MeasureSession, OwnScale, QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.scope import PatientScope
from tests.care.adopting import as_typed
from tests.care.own_forms import MADRS_LIKE, SLEEP, choice
from tests.care.people import make_patient
from tests.clock import now_here
from tests.conftest import Cast
from tests.interfaces.spoken import at_most


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def score_form(**more: Any) -> dict[str, Any]:
    now = now_here()
    return {"taken_on": f"{now:%Y-%m-%d}", "taken_at": "00:00", "rater": "Nora", "origin": "paper in the file", **more}


def own_form(**more: Any) -> dict[str, Any]:
    return {
        "questionnaire": json.dumps(SLEEP), "score": "sum[1..3]", "higher_is": "worse", "most_missing": "0",
        "decimals": "0", "holder": "We", "statement": "Contract 7 of 2026", "safety_from": "1", **more,
    }  # fmt: skip


@pytest.mark.alone
def test_a_score_is_entered_with_its_licence_and_shown_with_its_band(clinic: Cast, patient: Patient):
    client = clinic.client("nurse")
    page = f"/clinic/patients/{patient.pk}/measures/"
    listed = client.get(page).text
    assert f"{page}madrs/score/" in listed
    assert f"{page}kset/score/" not in listed  # its range is not known
    form = client.get(f"{page}madrs/score/").text
    assert "Hold your own licence and enter the score" in form
    assert "Royal College of Psychiatrists" in form
    assert "Item 10, about danger" in form
    held = client.post(f"{page}madrs/score/", score_form(total="24"))
    assert held.status_code == 409
    assert "Enter item 10 too" in held.text
    assert 'value="24"' in held.text
    assert client.post(f"{page}madrs/score/", score_form(total="61", **{"item-10": "0"})).status_code == 422
    done = client.post(f"{page}madrs/score/", score_form(total="24", **{"item-10": "1"}))
    assert done["Location"] == page
    with at_most(12):
        text = client.get(page).text
    assert "Moderate" in text
    assert "entered, rated by Nora" in text
    again = client.post(f"{page}madrs/score/", score_form(total="24", **{"item-10": "1"}))
    assert again.status_code == 409  # the second of two taps
    with acting_as(clinic.actor("nurse")):
        row = QuestionnaireResponse.objects.get()
        assert (row.score, row.band, row.source, row.origin) == (24, "moderate", "entered", "paper in the file")
        assert measures_queries.latest(PatientScope(patient.pk))["madrs"].score == 24
    shown = client.get(f"/clinic/measures/responses/{row.pk}/").text
    assert "entered as a score" in shown
    # what a clinician rates is no chart on the patient's phone
    assert "MADRS" not in clinic.client("Alma").get("/today/progress/").text


@pytest.mark.alone
def test_a_safety_item_of_an_entered_score_raises_the_flag(clinic: Cast, patient: Patient):
    client = clinic.client("nurse")
    page = f"/clinic/patients/{patient.pk}/measures/madrs/score/"
    answer = client.post(page, score_form(total="30", **{"item-10": "4"}))
    assert "/clinic/flags/" in answer["Location"]
    with acting_as(clinic.actor("nurse")):
        assert Flag.objects.get().detail == "madrs 10 = 4"
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.alone
def test_the_columbia_screener_is_entered_by_its_questions(clinic: Cast, patient: Patient):
    client = clinic.client("nurse")
    root = f"/clinic/patients/{patient.pk}/measures/c-ssrs-screener/"
    paper = client.get(f"{root}score/")["Location"]
    assert paper == f"{root}paper/"
    now = now_here()
    at = {"filled_on": f"{now:%Y-%m-%d}", "filled_at": "00:00"}
    page = client.get(paper).text
    assert "Item 6r" in page
    answer = client.post(
        paper, {**at, "item-1": "1", "item-2": "1", "item-3": "0", "item-4": "1", "item-5": "0", "item-6": "0"}
    )
    assert "/clinic/flags/" in answer["Location"]
    with acting_as(clinic.actor("nurse")):
        row = QuestionnaireResponse.objects.get()
        assert (row.score, row.band, row.safety_positive) == (3, "high", True)
        assert Flag.objects.count() == 1


@pytest.mark.parametrize(
    ("sex", "says", "reached"),
    [
        ("male", "Closer look in men from 4 (from memory).", False),
        ("female", "Closer look in women from 3 (from memory).", True),
        ("unknown", "Closer look in women from 3 (from memory). Sex is not told: the more careful number holds.", True),
    ],
)
def test_the_cut_off_of_a_closer_look_is_that_of_the_patients_sex(clinic: Cast, sex: str, says: str, reached: bool):
    patient, client = make_patient(clinic, sex=sex), clinic.client("nurse")
    page, now = f"/clinic/patients/{patient.pk}/measures/", now_here()
    drinks = {"filled_on": f"{now:%Y-%m-%d}", "filled_at": "00:00", "item-1": "3", "item-2": "0", "item-3": "0"}
    assert client.post(f"{page}audit-c/paper/", drinks).status_code == 302
    before = client.get(page).text
    assert says in before
    assert "asks for a closer look" not in before  # from memory: it says nothing before a prescriber adopts it
    by = clinic.actor("prescriber")
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id="scale.audit-c", parameters=as_typed("scale.audit-c"))
    assert ("asks for a closer look" in client.get(page).text) is reached


@pytest.mark.alone
def test_cadss_subscales_make_the_total(clinic: Cast, patient: Patient):
    client = clinic.client("nurse")
    page = f"/clinic/patients/{patient.pk}/measures/cadss/score/"
    parts = {"part-depersonalisation": "5", "part-derealisation": "7", "part-amnesia": "1"}
    assert "do not make this total" in client.post(page, score_form(total="20", **parts)).text
    assert client.post(page, score_form(**parts)).status_code == 302
    with acting_as(clinic.actor("nurse")):
        row = QuestionnaireResponse.objects.get()
        assert (row.score, row.parts) == (13, {"depersonalisation": 5, "derealisation": 7, "amnesia": 1})
    assert "Depersonalisation 5" in client.get(f"/clinic/patients/{patient.pk}/measures/").text


@pytest.mark.alone
def test_a_battery_waits_for_a_prescriber_and_is_then_one_sitting(clinic: Cast, patient: Patient):
    client, page = clinic.client("nurse"), f"/clinic/patients/{patient.pk}/measures/"
    due = {"indication": "depression", "due_on": f"{now_here().date():%Y-%m-%d}"}
    assert "A prescriber adopts a battery before it is used" in client.get(page).text
    held = client.post(f"{page}battery/", due)
    assert held.status_code == 409
    assert "must adopt this battery" in held.text
    by = clinic.actor("prescriber")
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id="battery.depression", parameters=as_typed("battery.depression"))
    assert "Ask for all of them" in client.get(page).text
    assert client.post(f"{page}battery/", due)["Location"] == page
    assert client.post(f"{page}battery/", due).status_code == 409  # twice is once
    with acting_as(clinic.actor("nurse")):
        (measure_session,) = MeasureSession.objects.all()
        assert [each.scale_id for each in MeasureRequest.objects.order_by("id")] == ["phq-9", "gad-7", "audit-c"]
    phone = clinic.client("Alma")
    today = phone.get("/today/").text
    assert "3 short questionnaires" in today
    assert f"/today/measure-sessions/{measure_session.pk}/" in today
    with at_most(12):
        whole = phone.get(f"/today/measure-sessions/{measure_session.pk}/").text
    assert "3 short questionnaires, about 4 minutes" in whole  # 20 questions of 12 seconds
    with acting_as(clinic.actor("nurse")):
        last = MeasureRequest.objects.get(scale_id="audit-c")
    for number in (1, 2, 3):
        phone.post(f"/today/measures/{last.pk}/{number}/", {"value": "0"})
    sent = phone.post(f"/today/measures/{last.pk}/review/")
    assert "2 more questionnaires in this sitting" in phone.get(sent["Location"]).text
    assert "1 of 3 are sent" in phone.get(f"/today/measure-sessions/{measure_session.pk}/").text


def test_another_patient_sees_no_sitting_of_mine(clinic: Cast, patient: Patient):
    by = clinic.actor("prescriber")
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id="battery.ptsd", parameters=as_typed("battery.ptsd"))
    clinic.client("nurse").post(
        f"/clinic/patients/{patient.pk}/measures/battery/",
        {"indication": "ptsd", "due_on": f"{now_here().date():%Y-%m-%d}"},
    )
    with acting_as(clinic.actor("nurse")):
        measure_session = MeasureSession.objects.get()
    make_patient(clinic, "Bruno")
    assert clinic.client("Bruno").get(f"/today/measure-sessions/{measure_session.pk}/").status_code == 404
    assert clinic.client("Alma").get(f"/today/measure-sessions/{measure_session.pk}/").status_code == 200


@pytest.mark.alone
def test_a_clinics_own_questionnaire_is_asked_on_the_phone_like_any_other(
    clinic: Cast, other_clinic: Cast, patient: Patient
):
    admin, nurse, phone = clinic.client("clinic_admin"), clinic.client("nurse"), clinic.client("Alma")
    assert admin.post("/clinic/measures/own/", own_form(bands="0-4 Calm\n5-108 Restless"))["Location"]
    listed = admin.get("/clinic/measures/own/").text
    assert "Sleep in three questions" in listed
    assert "Contract 7 of 2026" in listed
    assert "Sleep in three questions" not in other_clinic.client("clinic_admin").get("/clinic/measures/own/").text
    with acting_as(clinic.actor("nurse")):
        row = OwnScale.objects.get()
    due = {"scale_id": f"own-{row.pk}", "due_on": f"{now_here().date():%Y-%m-%d}"}
    page = f"/clinic/patients/{patient.pk}/measures/"
    assert nurse.post(f"{page}ask/", due).status_code == 302
    with acting_as(clinic.actor("nurse")):
        request = MeasureRequest.objects.get()
    at = f"/today/measures/{request.pk}/"
    assert "Question 1 of 2" in phone.get(f"{at}1/").text  # the third is asked only after a yes
    phone.cookies["django_language"] = "es"
    assert "¿Durmió mal?" in phone.get(f"{at}1/").text
    phone.cookies["django_language"] = "en"
    assert phone.post(f"{at}1/", {"value": "1"})["Location"] == f"{at}2/"
    second = phone.get(f"{at}2/").text
    assert "Question 2 of 3" in second
    assert 'inputmode="numeric"' in second
    assert 'type="range"' in second
    for wrong in ("101", "-1", "a lot", "1.5", ""):
        held = phone.post(f"{at}2/", {"value": wrong})
        assert held.status_code == 409
        assert "Enter a whole number from 0 to 100" in held.text
        assert f'value="{wrong}"' in held.text  # what was typed is kept
    assert phone.post(f"{at}2/", {"value": "40"})["Location"] == f"{at}3/"
    phone.post(f"{at}3/", {"value": "2"})
    assert "40" in phone.get(f"{at}review/").text
    phone.post(f"{at}review/")
    with acting_as(clinic.actor("nurse")):
        done = QuestionnaireResponse.objects.get()
        assert (done.score, done.scale_version, len(done.scale_hash)) == (43, "1", 64)
        assert measures_queries.latest(PatientScope(patient.pk))["own.sleep-in-three-questions"].total == 43
    assert "Restless" in nurse.get(page).text
    assert "Your score" not in phone.get("/today/progress/").text
    assert "43" in phone.get("/today/progress/").text


@pytest.mark.alone
def test_a_number_can_be_skipped_too(clinic: Cast, patient: Patient):
    clinic.client("clinic_admin").post("/clinic/measures/own/", own_form(most_missing="1"))
    with acting_as(clinic.actor("nurse")):
        row = OwnScale.objects.get()
    due = {"scale_id": f"own-{row.pk}", "due_on": f"{now_here().date():%Y-%m-%d}"}
    clinic.client("nurse").post(f"/clinic/patients/{patient.pk}/measures/ask/", due)
    with acting_as(clinic.actor("nurse")):
        request = MeasureRequest.objects.get()
    phone = clinic.client("Alma")
    phone.post(f"/today/measures/{request.pk}/1/", {"value": "0"})
    phone.post(f"/today/measures/{request.pk}/2/", {"value": "", "skip": "skip"})
    assert "Skipped" in phone.get(f"/today/measures/{request.pk}/review/").text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"questionnaire": "{"}, "This is not JSON"),
        ({"questionnaire": "[]"}, "not a FHIR Questionnaire"),
        ({"questionnaire": json.dumps({**SLEEP, "item": []})}, "has no questions"),
        ({"questionnaire": json.dumps({**SLEEP, "item": [SLEEP["item"][0]] * 2})}, "The linkId 1 appears twice."),
        (
            {"questionnaire": json.dumps({**SLEEP, "item": [{"linkId": "x", "type": "string", "text": "Why?"}]})},
            "Item x is of type string",
        ),
        (
            {"questionnaire": json.dumps({**SLEEP, "item": [choice("7", "How?", [("Well", None), ("Badly", 1)])]})},
            "Item 7: the answer “Well” has no number",
        ),
        ({"score": "sum[1..9]"}, "there is no item 9"),
        ({"score": "__import__('os').system('id')"}, "not a part of this language"),
        ({"bands": "few: bad"}, "is no band"),
        ({"bands": "0-4 Calm\n6-108 Restless"}, "gap or an overlap"),
        ({"statement": " "}, "This field is required"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_keeps_what_was_typed(clinic: Cast, change, says):
    client = clinic.client("prescriber")
    answer = client.post("/clinic/measures/own/", own_form(**change))
    assert answer.status_code in (409, 422)
    assert says in answer.text.replace("&#x27;", "'")
    assert "Contract 7 of 2026" in answer.text or "statement" in change
    with acting_as(clinic.actor("nurse")):
        assert not OwnScale.objects.exists()


def test_the_text_of_a_known_scale_keeps_its_scoring_and_its_trend(clinic: Cast, patient: Patient):
    clinic.client("prescriber").post(
        "/clinic/measures/own/", own_form(questionnaire=json.dumps(MADRS_LIKE), stands_for="madrs", score="")
    )
    nurse, page = clinic.client("nurse"), f"/clinic/patients/{patient.pk}/measures/"
    nurse.post(f"{page}madrs/score/", score_form(total="30", **{"item-10": "0"}))
    with acting_as(clinic.actor("nurse")):
        row = OwnScale.objects.get()
    now = now_here()
    form = {"filled_on": f"{now:%Y-%m-%d}", "filled_at": "00:01"}
    form |= {f"item-{number}": "1" for number in range(1, 11)}
    assert nurse.post(f"{page}own-{row.pk}/paper/", form).status_code == 302
    with acting_as(clinic.actor("nurse")):
        (trend,) = measures_queries.trends(PatientScope(patient.pk))
        assert (trend.scale.id, [each.total for each in trend.points]) == ("madrs", [30, 10])
        assert measures_queries.latest(PatientScope(patient.pk))["madrs"].band_code == "mild"
    refused = nurse.post(f"{page}ask/", {"scale_id": f"own-{row.pk}", "due_on": f"{now:%Y-%m-%d}"})
    assert refused.status_code == 422  # a clinician rates it: it is not among what a patient is asked


def test_only_those_who_may_load_one(clinic: Cast):
    for role, status in (("nurse", 403), ("front_desk", 403), ("prescriber", 200), ("clinic_admin", 200)):
        assert clinic.client(role).get("/clinic/measures/own/").status_code == status
