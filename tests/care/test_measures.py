"""Questionnaires asked, answered, scored and compared. Scores come from the PHQ-9's and GAD-7's own rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone, translation

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.models import Answer, MeasureRequest, QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import PatientScope
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def ask(clinic: Cast, patient: Patient, scale_id: str = "phq-9", now: datetime = START) -> MeasureRequest:
    by = clinic.actor("nurse")
    with acting_as(by):
        return measures_actions.request_measure(
            by=by, patient_id=patient.pk, scale_id=scale_id, due_at=now + timedelta(days=3), now=now
        )


def fill(
    clinic: Cast,
    patient: Patient,
    values: Sequence[int | None],
    *,
    scale_id: str = "phq-9",
    at: datetime = START,
) -> QuestionnaireResponse:
    """The patient answers item 1 to n with ``values`` and sends it."""
    by = actor_for(clinic, patient)
    with acting_as(by):
        response = measures_actions.start_response(by=by, scale_id=scale_id, now=at)
        links = [item.link_id for item in measures_queries.scale(scale_id).items]
        for link_id, value in zip(links, [*values, None], strict=False):
            measures_actions.answer(by=by, response_id=response.pk, link_id=link_id, value=value, now=at)
        return measures_actions.complete(by=by, response_id=response.pk, now=at)


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [
        # facts/instruments.json, PHQ-9: bands 0-4, 5-9, 10-14, 15-19, 20-27
        ([0] * 9, 0, "minimal"),
        ([1, 1, 1, 1, 0, 0, 0, 0, 0], 4, "minimal"),
        ([1, 1, 1, 1, 1, 0, 0, 0, 0], 5, "mild"),
        ([2, 2, 2, 1, 1, 1, 0, 0, 0], 9, "mild"),
        ([2, 2, 2, 2, 1, 1, 0, 0, 0], 10, "moderate"),
        ([2, 2, 2, 2, 2, 2, 1, 1, 0], 14, "moderate"),
        ([2, 2, 2, 2, 2, 2, 2, 1, 0], 15, "moderately_severe"),
        ([3, 3, 3, 3, 3, 3, 2, 0, 0], 20, "severe"),
        # convention in the fact base: up to two missing are prorated, 14 of seven items is 18 of nine
        ([2, 2, 2, 2, 2, 2, None, None, 0], 15, "moderately_severe"),
    ],
)
def test_phq9_is_scored_into_its_band(clinic: Cast, patient: Patient, values, total, band):
    response = fill(clinic, patient, values)
    assert (response.score, response.band) == (total, band)
    assert response.safety_positive is False
    assert len(response.scale_hash) == 64


def test_gad7_is_scored_into_its_band(clinic: Cast, patient: Patient):
    response = fill(clinic, patient, [3, 2, 2, 2, 2, 2, 2], scale_id="gad-7")
    assert (response.score, response.band) == (15, "severe")


def test_too_much_left_out_is_kept_without_a_score(clinic: Cast, patient: Patient):
    response = fill(clinic, patient, [1, 1, 1, 1, 1, None, None, None, 0])
    assert response.completed_at == START
    assert (response.score, response.band) == (None, "")


def test_a_question_neither_answered_nor_left_out_holds_the_sending(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    with acting_as(by):
        response = measures_actions.start_response(by=by, scale_id="gad-7")
        for link_id in ("1", "2", "4", "5", "6"):
            measures_actions.answer(by=by, response_id=response.pk, link_id=link_id, value=1)
        with pytest.raises(ActionRefused) as refused:
            measures_actions.complete(by=by, response_id=response.pk)
        assert refused.value.codes == ("open:3", "open:7")
        assert "3" in refused.value.reasons[0]


def test_the_newest_answer_counts_and_all_are_kept(clinic: Cast, patient: Patient):
    by = actor_for(clinic, patient)
    with acting_as(by):
        response = measures_actions.start_response(by=by, scale_id="gad-7")
        for value in (3, 1, 1, 0):
            measures_actions.answer(by=by, response_id=response.pk, link_id="1", value=value)
        measures_actions.answer(by=by, response_id=response.pk, link_id="2", value=2)
        other = measures_actions.start_response(by=by, scale_id="phq-9")
        measures_actions.answer(by=by, response_id=other.pk, link_id="1", value=2)
        assert measures_queries.answers_of([response.pk]) == {response.pk: {"1": 0, "2": 2}}
        # the tap that came twice is one tap
        assert [row.value for row in measures_queries.every_answer(response.pk, ["1"])] == [3, 1, 0]


def test_sent_answers_are_frozen_in_words_and_by_the_database(clinic: Cast, patient: Patient):
    response = fill(clinic, patient, [0] * 7, scale_id="gad-7")
    by = actor_for(clinic, patient)
    with acting_as(by):
        with pytest.raises(ActionRefused) as refused:
            measures_actions.answer(by=by, response_id=response.pk, link_id="1", value=1)
        assert refused.value.codes == ("completed",)
        with pytest.raises(ActionRefused):
            measures_actions.complete(by=by, response_id=response.pk)
        with pytest.raises(DatabaseError), transaction.atomic():
            QuestionnaireResponse.objects.filter(pk=response.pk).update(score=21)
        with pytest.raises(DatabaseError), transaction.atomic():
            Answer.objects.filter(response=response).update(value=3)


@pytest.mark.parametrize(("link_id", "value", "code"), [("1", 4, "unknown_answer"), ("77", 1, "unknown_item")])
def test_answers_that_do_not_exist_are_refused(clinic: Cast, patient: Patient, link_id, value, code):
    by = actor_for(clinic, patient)
    with acting_as(by):
        response = measures_actions.start_response(by=by, scale_id="phq-9")
        with pytest.raises(ActionRefused) as refused:
            measures_actions.answer(by=by, response_id=response.pk, link_id=link_id, value=value)
        assert refused.value.codes == (code,)
        assert not response.answers.exists()


def test_a_request_is_gone_on_with_on_another_device(clinic: Cast, patient: Patient):
    request = ask(clinic, patient)
    by = actor_for(clinic, patient)
    with acting_as(by):
        first = measures_actions.start_response(by=by, request_id=request.pk)
        measures_actions.answer(by=by, response_id=first.pk, link_id="1", value=2)
        assert measures_actions.start_response(by=by, request_id=request.pk).pk == first.pk
        (waiting,) = measures_queries.open_requests(PatientScope(patient.pk))
        assert (waiting.answered, waiting.questions, waiting.started) == (1, 10, True)
        given = measures_queries.answers_of([first.pk])[first.pk]
        assert measures_queries.standing(given, waiting.scale) == 2
    with acting_as(clinic.actor("nurse")) as by:
        assert measures_queries.request_of(request.pk) == (request, first)
        measures_actions.withdraw_request(by=by, request_id=request.pk)  # begun is not answered
        assert measures_queries.open_requests(PatientScope(patient.pk)) == []


def test_the_same_questionnaire_is_not_asked_for_twice_at_once(clinic: Cast, patient: Patient):
    ask(clinic, patient)
    with pytest.raises(ActionRefused) as refused:
        ask(clinic, patient)
    assert refused.value.codes == ("already_open",)
    ask(clinic, patient, "gad-7")


def test_a_request_taken_back_is_not_answered(clinic: Cast, patient: Patient):
    request = ask(clinic, patient)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        measures_actions.withdraw_request(by=nurse, request_id=request.pk)
        with pytest.raises(ActionRefused) as refused:
            measures_actions.withdraw_request(by=nurse, request_id=request.pk)
        assert refused.value.codes == ("withdrawn",)
    by = actor_for(clinic, patient)
    with acting_as(by):
        assert measures_queries.open_requests(PatientScope(patient.pk)) == []
        with pytest.raises(ActionRefused) as refused:
            measures_actions.start_response(by=by, request_id=request.pk)
        assert refused.value.codes == ("withdrawn",)


def test_a_due_day_in_the_past_and_an_unknown_scale_are_refused(clinic: Cast, patient: Patient):
    by = clinic.actor("nurse")
    with acting_as(by):
        for scale_id, due, code in (
            ("phq-9", START - timedelta(days=1), "due_in_the_past"),
            ("mood-ring", START + timedelta(days=1), "unknown_scale"),
        ):
            with pytest.raises(ActionRefused) as refused:
                measures_actions.request_measure(by=by, patient_id=patient.pk, scale_id=scale_id, due_at=due, now=START)
            assert refused.value.codes == (code,)


def test_patients_see_and_answer_only_their_own(clinic: Cast, other_clinic: Cast, patient: Patient):
    other = make_patient(clinic, "Bruno")
    request = ask(clinic, patient)
    response = fill(clinic, patient, [1] * 8 + [0])
    by = actor_for(clinic, other)
    with acting_as(by):
        assert measures_queries.open_requests(PatientScope(patient.pk)) == []
        assert measures_queries.trends(PatientScope(patient.pk)) == []
        with pytest.raises(MeasureRequest.DoesNotExist):
            measures_actions.start_response(by=by, request_id=request.pk)
        with pytest.raises(QuestionnaireResponse.DoesNotExist):
            measures_actions.answer(by=by, response_id=response.pk, link_id="1", value=0)
    far = other_clinic.actor("nurse")
    with acting_as(far):
        assert measures_queries.latest(PatientScope(patient.pk)) == {}
        with pytest.raises(Patient.DoesNotExist):
            measures_actions.request_measure(by=far, patient_id=patient.pk, scale_id="phq-9", due_at=START, now=START)


def test_the_trend_says_what_is_a_reliable_change(clinic: Cast, patient: Patient):
    """Reliable change of the PHQ-9 is 5 points (second-hand in the fact base), response 50 %, remission below 5."""
    for days, values in (
        (0, [2, 2, 2, 2, 2, 2, 2, 2, 0]),  # 16, long before the first dose
        (20, [3, 3, 3, 3, 2, 2, 2, 2, 0]),  # 20, the baseline
        (30, [2, 2, 2, 2, 2, 2, 2, 2, 0]),  # 16: four points, noise
        (40, [2, 2, 2, 2, 2, 2, 2, 1, 0]),  # 15: five points, reliable
        (50, [1, 1, 1, 1, 0, 0, 0, 0, 0]),  # 4: response and remission
    ):
        fill(clinic, patient, values, at=START + timedelta(days=days))
    first_dose_at = START + timedelta(days=20)  # what was answered at that moment was before it
    with acting_as(clinic.actor("nurse")):
        trend = measures_queries.trend(PatientScope(patient.pk), "phq-9", first_dose_at=first_dose_at)
        assert [point.total for point in trend.points] == [16, 20, 16, 15, 4]
        assert trend.baseline is not None
        assert trend.baseline.total == 20
        changes = [trend.change(point) for point in trend.points]
        assert changes[:2] == [None, None]
        assert [change.reliable for change in changes[2:] if change] == ["none", "better", "better"]
        last = changes[-1]
        assert last is not None
        assert (last.response, last.remission, last.difference) == (True, True, -16)
        without = measures_queries.trend(PatientScope(patient.pk), "phq-9")
        assert without.baseline is not None
        assert without.baseline.total == 16


def test_lists_of_patients_cost_as_much_as_one(clinic: Cast, django_assert_num_queries):
    patients = [make_patient(clinic, name) for name in ("Alma", "Bruno", "Carla")]
    for patient in patients:
        fill(clinic, patient, [1] * 8 + [0])
        fill(clinic, patient, [2] * 8 + [0], at=START + timedelta(days=7))
        fill(clinic, patient, [1] * 7, scale_id="gad-7")
        request = ask(clinic, patient)
        by = actor_for(clinic, patient)
        with acting_as(by):
            response = measures_actions.start_response(by=by, request_id=request.pk)
            measures_actions.answer(by=by, response_id=response.pk, link_id="1", value=1)
    ids = [patient.pk for patient in patients]
    with acting_as(clinic.actor("nurse")):
        with django_assert_num_queries(1):
            newest = measures_queries.latest_of(ids)
        assert {pk: [(s.scale_id, s.total) for s in rows] for pk, rows in newest.items()} == {
            pk: [("gad-7", 7), ("phq-9", 16)] for pk in ids
        }
        with django_assert_num_queries(1):
            waiting = measures_queries.open_requests_of(ids)
        assert all(waiting[pk][0].answered == 1 for pk in ids)


def test_every_action_leaves_one_audit_row_without_the_answer_itself(clinic: Cast, patient: Patient):
    request = ask(clinic, patient)
    by = actor_for(clinic, patient)
    with acting_as(by), translation.override("es"):
        response = measures_actions.start_response(by=by, request_id=request.pk)
        for item in measures_queries.scale("phq-9").items:
            measures_actions.answer(by=by, response_id=response.pk, link_id=item.link_id, value=0)
        done = measures_actions.complete(by=by, response_id=response.pk, now=timezone.now())
        assert done.language == "es"
        assert measures_queries.open_requests(PatientScope(patient.pk)) == []
    with acting_as(clinic.actor("nurse")):
        rows = list(AuditEvent.objects.filter(patient_id=patient.pk).order_by("seq"))
    assert [row.action for row in rows] == [
        "measure.requested",
        "measure.started",
        *["measure.answered"] * 10,
        "measure.completed",
    ]
    assert all("value" not in row.detail for row in rows)
