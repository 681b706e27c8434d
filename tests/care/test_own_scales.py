"""A clinic's own questionnaires and batteries, as actions: versions, isolation, what is kept."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures import own_scale_actions
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.models import MeasureRequest, MeasureSession, OwnScale
from sojourn.care.patients.models import Patient
from sojourn.care.safety.actions import enter_paper
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.scope import PatientScope
from tests.care.adopting import as_typed
from tests.care.own_forms import MADRS_LIKE, SLEEP
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast

SCORING = {"score": "sum[1..3]"}


def load(clinic: Cast, questionnaire: object = SLEEP, **more: object) -> OwnScale:
    by = clinic.actor("prescriber")
    given: dict[str, object] = {"scoring": SCORING, "holder": "We", "statement": "Contract 7", **more}
    with acting_as(by):
        return own_scale_actions.load_own_scale(by=by, questionnaire=json.dumps(questionnaire), **given)  # type: ignore[arg-type]


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def test_the_same_file_again_is_the_row_that_stands_and_another_is_a_version(clinic: Cast):
    first = load(clinic)
    assert load(clinic).pk == first.pk
    second = load(clinic, {**SLEEP, "description": "corrected"}, code=first.code)
    assert (second.code, second.version) == (first.code, 2)
    assert len({first.hash, second.hash}) == 2
    with acting_as(clinic.actor("nurse")):
        assert [row.pk for row in measures_queries.own_rows()] == [second.pk]
        assert [each.id for each in measures_queries.askable()][-1] == f"own-{second.pk}"
        # what was answered under the first keeps it
        assert [measures_queries.scale(f"own-{each.pk}").version for each in (first, second)] == [1, 2]
    actions_of = []
    with acting_as(clinic.actor("auditor")):
        actions_of = [row.action for row in AuditEvent.objects.filter(action__startswith="measure.").order_by("seq")]
    assert actions_of == ["measure.loaded", "measure.loaded"]


@pytest.mark.parametrize("decimals", [-1, 3, 50])
def test_a_score_has_as_many_decimals_as_can_be_kept(clinic: Cast, decimals: int):
    with pytest.raises(ActionRefused) as refused:
        load(clinic, scoring={**SCORING, "decimals": decimals})
    assert refused.value.codes == ("no-scoring",)


def test_a_retired_one_is_asked_no_more_and_what_stands_stays(clinic: Cast, patient: Patient):
    row = load(clinic)
    for words in ("", "corrected"):
        stays = load(clinic, {**MADRS_LIKE, "description": words}, stands_for="madrs")
    by = clinic.actor("prescriber")
    with acting_as(by):
        assert own_scale_actions.retire_own_scale(by=by, code=row.code).version == 2
        with pytest.raises(ActionRefused) as refused:
            own_scale_actions.retire_own_scale(by=by, code=row.code)
        assert refused.value.codes == ("not_in_use",)
        assert measures_queries.own_rows() == [stays]
        assert measures_queries.scale(f"own-{row.pk}").title["en"] == "Sleep in three questions"


def test_it_is_the_clinics_alone_and_its_patients_only_read_it(clinic: Cast, other_clinic: Cast, patient: Patient):
    row = load(clinic)
    with acting_as(other_clinic.actor("nurse")), pytest.raises(KeyError):
        measures_queries.scale(f"own-{row.pk}")
    by = actor_for(clinic, patient)
    with acting_as(by):
        assert measures_queries.scale(f"own-{row.pk}").title["en"] == "Sleep in three questions"
        with pytest.raises(DatabaseError), transaction.atomic():
            OwnScale.objects.create(
                clinic_id=row.clinic_id, code="mine", version=1, title="t", questionnaire="{}", hash="x",
                licence_holder="x", licence_statement="y", loaded_at=timezone.now(), loaded_by_id=row.loaded_by_id,
            )  # fmt: skip
    nurse = clinic.actor("nurse")
    with acting_as(nurse), pytest.raises(DatabaseError), transaction.atomic():
        OwnScale.objects.filter(pk=row.pk).update(questionnaire="{}")


@pytest.mark.parametrize("scale_id", ["own-", "own-x", "own-99999999", "own-" + "9" * 30, "own--1", "madness"])
def test_ids_that_are_nobodys_are_refused(clinic: Cast, patient: Patient, scale_id: str):
    by = clinic.actor("nurse")
    with acting_as(by), pytest.raises(ActionRefused) as refused:
        measures_actions.request_measure(
            by=by, patient_id=patient.pk, scale_id=scale_id, due_at=timezone.now() + timedelta(1)
        )
    assert refused.value.codes == ("unknown_scale",)


def test_what_has_no_text_or_another_rater_is_not_asked_of_a_patient(clinic: Cast, patient: Patient):
    row = load(clinic, MADRS_LIKE, stands_for="madrs")
    by = clinic.actor("nurse")
    with acting_as(by):
        for scale_id, code in (("isi", "no_text"), (f"own-{row.pk}", "not_self_rated")):
            with pytest.raises(ActionRefused) as refused:
                measures_actions.request_measure(
                    by=by, patient_id=patient.pk, scale_id=scale_id, due_at=timezone.now() + timedelta(days=1)
                )
            assert refused.value.codes == (code,)


def test_what_is_open_already_joins_the_sitting(clinic: Cast, patient: Patient):
    by = clinic.actor("prescriber")
    due = timezone.now() + timedelta(days=2)
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id="battery.anxiety", parameters=as_typed("battery.anxiety"))
        before = measures_actions.request_measure(by=by, patient_id=patient.pk, scale_id="phq-9", due_at=due)
        together = measures_actions.request_battery(by=by, patient_id=patient.pk, indication="anxiety", due_at=due)
        rows = MeasureRequest.objects.filter(measure_session=together).order_by("id")
        assert [row.scale_id for row in rows] == ["phq-9", "gad-7", "audit-c"]
        assert rows[0].pk == before.pk
        with pytest.raises(ActionRefused) as refused:
            measures_actions.request_battery(by=by, patient_id=patient.pk, indication="anxiety", due_at=due)
        assert refused.value.codes == ("already_open",)
        assert (together.rule_id, together.rule_version, len(together.rule_hash)) == ("battery.anxiety", 1, 64)
        for indication, code in (("boredom", "unknown_battery"), ("pain", "not_adopted")):
            with pytest.raises(ActionRefused) as refused:
                measures_actions.request_battery(by=by, patient_id=patient.pk, indication=indication, due_at=due)
            assert refused.value.codes == (code,)
        assert MeasureSession.objects.count() == 1
        other = make_patient(clinic, "Bruno")
        measures_actions.request_battery(by=by, patient_id=other.pk, indication="anxiety", due_at=due)
        found, parts = measures_queries.measure_session(together.pk)
        assert (found, [each.request_id for each in parts]) == (together, [row.pk for row in rows])


def test_the_newest_of_each_scale_in_one_query(clinic: Cast, patient: Patient, django_assert_num_queries):
    by = clinic.actor("nurse")
    now = timezone.now()
    with acting_as(by):
        for days, total in ((3, 30), (1, 12)):
            measures_actions.enter_score(
                by=by, patient_id=patient.pk, scale_id="who-5", total=total * 2, taken_at=now - timedelta(days=days)
            )
        measures_actions.enter_score(by=by, patient_id=patient.pk, scale_id="isi", total=15, taken_at=now)
        with django_assert_num_queries(1):
            newest = measures_queries.latest(PatientScope(patient.pk))
    assert {name: each.score for name, each in newest.items()} == {"who-5": 24, "isi": 15}
    assert newest["isi"].band_code == "moderate"


def test_a_score_of_one_moment_is_entered_once_for_each_scale_and_patient(clinic: Cast, patient: Patient):
    by, other, now = clinic.actor("nurse"), make_patient(clinic, "Bruno"), timezone.now()
    entered = [(other, "isi", 0), (patient, "who-5", 0), (patient, "isi", 1), (patient, "isi", 0)]
    with acting_as(by):
        enter_paper(
            by=by, patient_id=patient.pk, scale_id="gad-7", answers=dict.fromkeys("1234567", 1), filled_in_at=now
        )
        entered.append((patient, "gad-7", 0))  # what stands beside its form, answer by answer
        for of, scale_id, hours in entered:
            taken_at = now - timedelta(hours=hours)
            measures_actions.enter_score(by=by, patient_id=of.pk, scale_id=scale_id, total=8, taken_at=taken_at)
        with pytest.raises(ActionRefused) as refused:
            measures_actions.enter_score(by=by, patient_id=patient.pk, scale_id="isi", total=8, taken_at=now)
        assert refused.value.codes == ("entered",)


def test_numbers_in_dispute_count_only_once_adopted(clinic: Cast, patient: Patient):
    by = clinic.actor("prescriber")
    now = timezone.now()
    with acting_as(by):
        for days, total in ((9, 50), (1, 40)):
            measures_actions.enter_score(
                by=by, patient_id=patient.pk, scale_id="pcl-5", total=total, taken_at=now - timedelta(days=days)
            )
        trend = measures_queries.trend(PatientScope(patient.pk), "pcl-5")
        change = trend.change(trend.points[-1])
        assert change is not None
        assert (change.reliable, change.meaningful) == (None, None)
        rulebook_actions.adopt(by=by, rule_id="scale.pcl-5", parameters=as_typed("scale.pcl-5", reliable_change=15))
        trend = measures_queries.trend(PatientScope(patient.pk), "pcl-5")
        change = trend.change(trend.points[-1])
        assert change is not None
        assert (change.reliable, change.meaningful) == ("none", "better")
