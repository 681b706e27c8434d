"""The session, from arrival to the door: every guard answers with its reasons, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from sojourn.care.alarms import actions as alarms_actions
from sojourn.care.alarms.models import AlarmEvent, AlarmState, CurrentVital
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.encounter.models import SessionState
from sojourn.care.session import actions as session_actions
from sojourn.care.session import drawing_actions
from sojourn.care.session.models import Discharge, MedicationAdministration
from sojourn.care.vitals.models import Observation
from sojourn.care.vitals.watch import sweep_deadlines
from sojourn.foundation.accounts.actor import NotAllowed, acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from tests.care.stage import (
    Stage,
    adopt_everything,
    arrive,
    check_dose,
    drawn,
    found_well,
    pass_checks,
    set_stage,
    to_dosing,
)
from tests.care.test_plan import check, drafted, free, sign
from tests.clock import day_of
from tests.conftest import Cast

__all__ = ["free"]  # a fixture


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


@pytest.mark.alone
def test_the_whole_way(ready: Cast):
    begins = timezone.now() - timedelta(hours=3)
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=begins)
        end = begins + timedelta(minutes=40)
        stage.step("end_dose", now=end)
        late = end + timedelta(minutes=81)
        stage.vitals(late, nibp_sys=122, nibp_dia=76, spo2=98, hr=70, rr=14, moaas=5)
        with pytest.raises(encounter_actions.StepRefused) as refused:
            stage.step("find_ready", now=late)
        assert {"score-missing:aldrete", "score-missing:padss"} <= set(refused.value.codes)
        by = ready.actor("nurse")
        for item in ("walks", "dissociation", "no_crisis", "driving", "companion_here"):
            session_actions.check(by=by, encounter_id=stage.id, item_id=item, passed=True, now=late)
        found_well(stage, late)
        stage.step("find_ready", now=late)
        stage.step("leave", now=late)
        assert [s.state for s in SessionState.objects.order_by("seq")] == [
            "arrived", "checked", "dosing", "observing", "ready_to_leave", "left"
        ]  # fmt: skip
        assert Discharge.objects.get().escort_name == "Luis Reyes"
        assert MedicationAdministration.objects.get().dose_mg == 35
        assert not CurrentVital.objects.exclude(silent_after=None).exists()
        actions = set(AuditEvent.objects.values_list("action", flat=True))
        assert {"session.arrive", "session.start_dose", "session.leave", "dose.checked"} <= actions


def test_nothing_begins_before_a_prescriber_adopts_the_protocol(clinic: Cast):
    now = timezone.now()
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic, at=now)
        arrive(stage, now)
        with pytest.raises(encounter_actions.StepRefused) as refused:
            pass_checks(stage, now)
        assert "protocol-not-adopted" in refused.value.codes


def test_a_dose_needs_a_second_person_who_wrote_the_same(ready: Cast):
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        arrive(stage, now)
        pass_checks(stage, now)
        for _twice in range(2):
            drawing_actions.check_dose(by=ready.actor("nurse"), encounter_id=stage.id, drawn=drawn(lot="A"), now=now)
        with pytest.raises(encounter_actions.StepRefused) as refused:
            stage.step("start_dose", now=now)
        assert refused.value.codes == ("second-check-missing",)
        with pytest.raises(ActionRefused):  # setting it aside is a prescriber's, with a reason
            stage.step("start_dose", "prescriber", overrides=["second-check-missing"], now=now)
        drawing_actions.check_dose(by=ready.actor("prescriber"), encounter_id=stage.id, drawn=drawn(lot="B"), now=now)
        with pytest.raises(encounter_actions.StepRefused) as refused:
            stage.step("start_dose", now=now)
        assert refused.value.codes == ("entries-differ",)


def test_a_second_role_is_no_second_person(ready: Cast):
    now = timezone.now()
    with acting_as(system_actor(ready.clinic.pk)):
        ready.members["the same nurse"] = Membership.objects.create(
            clinic=ready.clinic, person=ready.members["nurse"].person, role="prescriber", name="The same nurse"
        )
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        arrive(stage, now)
        pass_checks(stage, now)
        for role in ("nurse", "the same nurse"):
            drawing_actions.check_dose(by=ready.actor(role), encounter_id=stage.id, drawn=drawn(lot="A"), now=now)
        with pytest.raises(encounter_actions.StepRefused) as refused:
            stage.step("start_dose", now=now)
        assert refused.value.codes == ("second-check-missing",)


@pytest.mark.alone
def test_a_dose_runs_as_long_as_the_signed_plan_says(ready: Cast, free: dict):
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        course = stage.appointment.care_plan_id
        version = drafted(
            ready,
            stage.patient.pk,
            course_id=course,
            over_min=Decimal(60),
            weight_on=day_of(now),
            change_reason="Slower",
        )
        check(ready, version)
        sign(ready, version, now=now)
        arrive(stage, now)
        pass_checks(stage, now)
        check_dose(stage, now, over_min=Decimal(60), rate_ml_per_h=Decimal(50))
        stage.step("start_dose", now=now)
        assert MedicationAdministration.objects.get().duration_min == 60


@pytest.mark.alone
def test_another_dose_than_the_plans_is_a_prescribers_to_sign(ready: Cast):
    """Case D2: 85 mg with the reason "x" started where the plan said 42.5."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        arrive(stage, now)
        pass_checks(stage, now)
        check_dose(stage, now, mg="40")
        with pytest.raises(encounter_actions.StepRefused) as refused:
            stage.step("start_dose", note="x", now=now)
        assert refused.value.codes == ("dose:beyond-rounding",)
        with pytest.raises(NotAllowed):
            stage.step("start_dose", overrides=["dose:beyond-rounding"], reason="x", now=now)
        stage.step(
            "start_dose", "prescriber", overrides=["dose:beyond-rounding"], reason="Tolerated 35 mg well", now=now
        )
        assert SessionState.objects.latest("seq").overridden == ["dose:beyond-rounding"]


def test_a_dose_begins_after_the_arrival_and_not_in_the_future(ready: Cast):
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        arrive(stage, now)
        pass_checks(stage, now)
        check_dose(stage, now)
        for wrong, code in ((now - timedelta(hours=10), "before-arrival"), (now + timedelta(minutes=2), "future")):
            with pytest.raises(ActionRefused) as refused:
                stage.step("start_dose", at=wrong, now=now)
            assert refused.value.codes == (code,)
        stage.step("start_dose", at=now.replace(second=0, microsecond=0), now=now)


def test_a_second_nurse_is_told_not_overwritten(ready: Cast):
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        seen = SessionState.objects.latest("seq").seq
        stage.step("end_dose", seen=seen, now=now)
        with pytest.raises(Overtaken):
            stage.step("stop_early", seen=seen, reason="nausea", now=now)


def test_an_alarm_rises_is_answered_and_recovers(ready: Cast):
    now = timezone.now() - timedelta(minutes=10)
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.vitals(now + timedelta(minutes=1), spo2=88)
        state = AlarmState.objects.get(rule_id="spo2.low", code="spo2")
        assert (state.phase, state.priority, state.value) == ("raised", "high", 88)
        alarms_actions.acknowledge(by=ready.actor("nurse"), encounter_id=stage.id, rule_id="spo2.low", code="spo2")
        with pytest.raises(Overtaken):
            alarms_actions.acknowledge(
                by=ready.actor("prescriber"), encounter_id=stage.id, rule_id="spo2.low", code="spo2"
            )
        stage.vitals(now + timedelta(minutes=2), spo2=97)
        kinds = list(AlarmEvent.objects.filter(rule_id="spo2.low").order_by("id").values_list("kind", flat=True))
        assert kinds == ["raised", "acknowledged", "recovered"]


def test_an_unanswered_alarm_escalates(ready: Cast, django_db_blocker):
    from django.db import connection

    now = timezone.now() - timedelta(minutes=30)
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.vitals(now, spo2=88)
        with connection.cursor() as cursor:
            sweep_deadlines(cursor.cursor, now + timedelta(minutes=29))
        assert AlarmState.objects.get(rule_id="spo2.low").phase == "escalated"


def test_an_implausible_value_is_kept_and_does_not_judge(ready: Cast):
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.vitals(now, spo2=250)
        assert Observation.objects.get(value=250).doubt == "implausible"
        assert not AlarmState.objects.filter(code="spo2").exists()


def test_a_session_stopped_early_is_observed_after_a_dose(ready: Cast):
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage: Stage = to_dosing(ready, at=now)
        stage.step("stop_early", reason="Asked to stop", now=now)
        with pytest.raises(encounter_actions.StepRefused):
            stage.step("leave_without_dose", now=now)
        stage.step("observe_after_stop", now=now)


def test_two_taps_at_once_are_one_entry(ready: Cast):
    """Both from the page as it was before either: what the same person noted alike since then is the same tap."""
    nurse, now = ready.actor("nurse"), timezone.now()
    with acting_as(nurse):
        stage = set_stage(ready, at=now)
        arrive(stage, now)
        tap = {"encounter_id": stage.id, "kind": "nausea", "grade": "mild", "since": 0}
        first = session_actions.note_event(by=nurse, **tap)
        assert session_actions.note_event(by=nurse, **tap).pk == first.pk
        others = [
            session_actions.note_event(by=nurse, **tap | {"grade": "severe"}),
            session_actions.note_event(by=nurse, **tap | {"about_id": first.pk, "grade": "", "effect": "gone"}),
            session_actions.note_event(by=nurse, **tap | {"since": first.pk}),  # from a page that showed the first
            session_actions.note_event(by=nurse, **tap | {"since": None}),
            session_actions.note_event(by=ready.actor("prescriber"), **tap),
        ]
        assert len({first.pk, *(each.pk for each in others)}) == 6
        assert AuditEvent.objects.filter(action="session.event").count() == 6
