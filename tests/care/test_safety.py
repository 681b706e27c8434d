"""An alarming answer raises one flag, at once; a flag is taken, answered and closed by people."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.measures.queries import available_scales, scale
from sojourn.care.patients.models import Patient
from sojourn.care.safety import actions as safety_actions
from sojourn.care.safety import duty_queries
from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.models import Flag, FlagAnswer
from sojourn.care.safety.writing_actions import answer_intake
from sojourn.foundation.accounts.actor import NotAllowed, acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import FlagScope
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def begin(clinic: Cast, patient: Patient) -> QuestionnaireResponse:
    by = actor_for(clinic, patient)
    with acting_as(by):
        return measures_actions.start_response(by=by, scale_id="phq-9", now=NOW)


def answer(clinic: Cast, patient: Patient, response: QuestionnaireResponse, link_id: str, value: int | None):
    by = actor_for(clinic, patient)
    with acting_as(by):
        return safety_actions.answer_measure(by=by, response_id=response.pk, link_id=link_id, value=value, now=NOW)


def raise_flag(clinic: Cast, patient: Patient) -> Flag:
    response = begin(clinic, patient)
    answer(clinic, patient, response, "9", 1)
    with acting_as(clinic.actor("nurse")):
        return Flag.objects.get(response=response)


def as_at_the_commit() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.alone
@pytest.mark.parametrize(("value", "alarms"), [(0, False), (1, True), (2, True), (3, True), (None, False)])
def test_item_nine_above_zero_raises_a_flag_at_once(clinic: Cast, patient: Patient, value, alarms):
    """facts/instruments.json, PHQ-9: safety_item 9, flag_if_ge 1. The rest is never answered."""
    response = begin(clinic, patient)
    assert answer(clinic, patient, response, "9", value).alarming is alarms
    with acting_as(clinic.actor("nurse")):
        flags = safety_queries.open_flags()
        assert len(flags) == int(alarms)
        if alarms:
            assert flags[0].waiting
            assert flags[0].response_id == response.pk


@pytest.mark.alone
def test_other_questions_raise_nothing(clinic: Cast, patient: Patient):
    response = begin(clinic, patient)
    for link_id in "12345678":
        assert not answer(clinic, patient, response, link_id, 3).alarming
    with acting_as(clinic.actor("nurse")):
        assert safety_queries.open_count() == 0


def test_one_questionnaire_raises_one_flag(clinic: Cast, patient: Patient):
    response = begin(clinic, patient)
    for value in (1, 3, 0, 2):
        answer(clinic, patient, response, "9", value)
    for link_id in (*"12345678", "difficulty"):
        answer(clinic, patient, response, link_id, 0)
    by = actor_for(clinic, patient)
    with acting_as(by):
        assert safety_actions.complete_measure(by=by, response_id=response.pk).safety_positive
    with acting_as(clinic.actor("nurse")):
        assert Flag.objects.filter(response=response).count() == 1
        assert AuditEvent.objects.filter(action="flag.raised").count() == 1


@pytest.mark.alone
def test_an_answer_taken_back_keeps_its_flag(clinic: Cast, patient: Patient):
    response = begin(clinic, patient)
    answer(clinic, patient, response, "9", 2)
    for link_id in (*"123456789", "difficulty"):
        answer(clinic, patient, response, link_id, 0)
    by = actor_for(clinic, patient)
    with acting_as(by):
        assert not safety_actions.complete_measure(by=by, response_id=response.pk).safety_positive
    with acting_as(clinic.actor("nurse")):
        assert safety_queries.open_count() == 1


@pytest.mark.alone
def test_too_little_for_a_score_still_raises(clinic: Cast, patient: Patient):
    """phq-9.toml, worked example: three items missing, no total, but the flag stands."""
    by = clinic.actor("nurse")
    given = dict(zip("123456789", [1, 1, 1, 1, 1, None, None, None, 1], strict=True))
    with acting_as(by):
        response = safety_actions.enter_paper(
            by=by, patient_id=patient.pk, scale_id="phq-9", answers={**given, "difficulty": None},
            filled_in_at=NOW, now=NOW + timedelta(hours=2),
        )  # fmt: skip
        assert (response.score, response.safety_positive) == (None, True)
        (flag,) = safety_queries.open_flags()
        assert flag.raised_at == NOW + timedelta(hours=2)


def test_the_database_refuses_an_alarming_questionnaire_without_its_flag(clinic: Cast, patient: Patient):
    response = begin(clinic, patient)
    by = actor_for(clinic, patient)
    with acting_as(by):
        for link_id in (*"123456789", "difficulty"):
            measures_actions.answer(by=by, response_id=response.pk, link_id=link_id, value=1, now=NOW)
        before = transaction.savepoint()
        measures_actions.complete(by=by, response_id=response.pk, now=NOW)
        with pytest.raises(DatabaseError, match="needs its flag"):
            as_at_the_commit()
        transaction.savepoint_rollback(before)
        safety_actions.complete_measure(by=by, response_id=response.pk, now=NOW)
        as_at_the_commit()


def test_no_interface_goes_around_the_flag():
    """Answering and completing go through the safety room: nobody in interfaces calls the bare actions."""
    root = Path(__file__).parents[2] / "sojourn" / "interfaces"
    for file in root.rglob("*.py"):
        names: set[str] = set()
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "sojourn.care.measures":
                names |= {a.asname or a.name for a in node.names if a.name == "actions"}
            if isinstance(node, ast.ImportFrom) and node.module == "sojourn.care.measures.actions":
                assert not {"answer", "complete"} & {a.name for a in node.names}, file
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
                assert node.attr not in {"answer", "complete"}, file


def test_paper_answers_the_open_request_and_is_entered_once(clinic: Cast, patient: Patient):
    by = clinic.actor("nurse")
    given = dict.fromkeys("1234567", 1)
    with acting_as(by):
        request = measures_actions.request_measure(
            by=by, patient_id=patient.pk, scale_id="gad-7", due_at=NOW + timedelta(days=1), now=NOW
        )
        response = safety_actions.enter_paper(
            by=by, patient_id=patient.pk, scale_id="gad-7", answers=given, filled_in_at=NOW, now=NOW
        )
        assert (response.request_id, response.score, response.completed_at) == (request.pk, 7, NOW)
        with pytest.raises(ActionRefused) as refused:
            safety_actions.enter_paper(
                by=by, patient_id=patient.pk, scale_id="gad-7", answers=given, filled_in_at=NOW, now=NOW
            )
        assert refused.value.codes == ("entered",)
        for minutes, scale_id in ((-1, "gad-7"), (1, "gad-7"), (0, "phq-9")):  # another minute, or another form
            at, zeros = NOW + timedelta(minutes=minutes), {item.link_id: 0 for item in scale(scale_id).items}
            safety_actions.enter_paper(
                by=by, patient_id=patient.pk, scale_id=scale_id, answers=zeros, filled_in_at=at, now=at
            )
        with pytest.raises(ActionRefused) as refused:
            safety_actions.enter_paper(
                by=by, patient_id=patient.pk, scale_id="gad-7", answers=given,
                filled_in_at=NOW + timedelta(minutes=5), now=NOW,
            )  # fmt: skip
        assert refused.value.codes == ("future",)


@pytest.mark.alone
def test_a_flag_is_taken_answered_and_closed_with_a_note(clinic: Cast, patient: Patient):
    flag, other = raise_flag(clinic, patient), make_patient(clinic, "Bruno")
    stays = raise_flag(clinic, other)
    by = clinic.actor("nurse")
    with acting_as(by):
        with pytest.raises(ActionRefused) as refused:
            safety_actions.answer_flag(by=by, flag_id=flag.pk, kind="closed", note="all well", after=None)
        assert refused.value.codes == ("take_first",)
        seen = safety_actions.answer_flag(by=by, flag_id=flag.pk, kind="seen", after=None)
        standing = safety_queries.flag(FlagScope(flag.pk))
        assert (standing.state, standing.owner) == ("seen", clinic.members["nurse"])
        assert [each.id for each in safety_queries.open_flags()] == [stays.pk, flag.pk]  # whom nobody has
        rang = safety_actions.answer_flag(by=by, flag_id=flag.pk, kind="contacted", note="rang, safe", after=seen.pk)
        with pytest.raises(ActionRefused) as refused:
            safety_actions.answer_flag(by=by, flag_id=flag.pk, kind="closed", note="  ", after=rang.pk)
        assert refused.value.codes == ("outcome_missing", "note_missing")
        closed = safety_actions.answer_flag(
            by=by, flag_id=flag.pk, kind="closed", outcome="safety_plan", note="plan made", after=rang.pk
        )
        assert [each.id for each in safety_queries.open_flags()] == [stays.pk]
        assert [each.id for each in safety_queries.closed_flags()] == [flag.pk]
        assert safety_queries.flagged([patient.pk, other.pk]) == {other.pk}
        with pytest.raises(ActionRefused) as refused:
            safety_actions.answer_flag(by=by, flag_id=flag.pk, kind="seen", after=closed.pk)
        assert refused.value.codes == ("closed",)
        assert AuditEvent.objects.filter(action="flag.answered").count() == 3


def test_the_slower_of_two_is_told_and_writes_nothing(clinic: Cast, patient: Patient):
    flag = raise_flag(clinic, patient)
    nurse, therapist = clinic.actor("nurse"), clinic.actor("therapist")
    with acting_as(nurse):
        assert safety_actions.note_reading(by=nurse, flag_id=flag.pk).flag == flag
        seen = safety_actions.answer_flag(by=nurse, flag_id=flag.pk, kind="seen", after=None)
    with acting_as(therapist):
        with pytest.raises(Overtaken, match=str(clinic.members["nurse"].name)):
            safety_actions.answer_flag(by=therapist, flag_id=flag.pk, kind="seen", after=None)
        assert FlagAnswer.objects.filter(flag=flag).count() == 1
        # having looked, they may take it over
        safety_actions.answer_flag(by=therapist, flag_id=flag.pk, kind="seen", after=seen.pk)
        assert safety_queries.flag(FlagScope(flag.pk)).owner == clinic.members["therapist"]


def test_who_may_answer_flags_and_whose(clinic: Cast, other_clinic: Cast, patient: Patient):
    flag = raise_flag(clinic, patient)
    for role in ("front_desk", "auditor", "clinic_admin"):
        by = clinic.actor(role)
        with acting_as(by), pytest.raises(NotAllowed):
            safety_actions.answer_flag(by=by, flag_id=flag.pk, kind="seen", after=None)
    own = actor_for(clinic, patient)
    with acting_as(own), pytest.raises(NotAllowed):
        safety_actions.answer_flag(by=own, flag_id=flag.pk, kind="seen", after=None)
    far = other_clinic.actor("nurse")
    with acting_as(far):
        assert safety_queries.open_flags() == []
        with pytest.raises(Flag.DoesNotExist):
            safety_actions.answer_flag(by=far, flag_id=flag.pk, kind="seen", after=None)


def test_whoever_works_in_two_clinics_acts_in_one(clinic: Cast, other_clinic: Cast, patient: Patient):
    """The database shows people every place where they work."""
    with acting_as(system_actor(other_clinic.clinic.pk)):
        Membership.objects.create(
            clinic=other_clinic.clinic, person=clinic.members["nurse"].person, role="nurse", name="Elsewhere"
        )
    with acting_as(clinic.actor("nurse")) as by:
        here = {each.clinic_id for each in duty_queries.clinical_members(by.own_clinic_id)}
        assert here == {clinic.clinic.pk}
        assert available_scales().own == ()
        told = StatedAnswer("told", "yes")
        assert answer_intake(by=by, patient_id=patient.pk, question_id="psychosis_now", told=told, seen=None).alarming


@pytest.mark.alone
def test_the_clinics_flags_cost_five_queries_however_many(clinic: Cast, django_assert_num_queries):
    for name in ("Alma", "Bruno", "Carla"):
        raise_flag(clinic, make_patient(clinic, name))
    by = clinic.actor("nurse")
    with acting_as(by):
        first = safety_queries.open_flags()[0]
        safety_actions.answer_flag(by=by, flag_id=first.id, kind="seen", after=None)
        with django_assert_num_queries(5):
            flags = safety_queries.open_flags()
            assert [flag.waiting for flag in flags] == [True, True, False]
            assert {flag.patient.given_name for flag in flags} == {"Alma", "Bruno", "Carla"}
        with django_assert_num_queries(1):
            assert safety_queries.flagged([flag.patient.pk for flag in flags]) == {f.patient.pk for f in flags}
