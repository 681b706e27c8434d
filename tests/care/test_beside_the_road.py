"""What goes in beside the road, or stands in the record only as words: each is found by the step that gives a dose."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from sojourn.care.encounter.actions import StepRefused
from sojourn.care.encounter.models import Encounter
from sojourn.care.intake.models import AllergyIntolerance, ClinicalFact
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session import actions as session_actions
from sojourn.care.session import drawing_actions, medicine_actions, snapshot, strike_actions
from sojourn.care.session.models import CheckResult, DoseEvent, MedicationAdministration
from sojourn.care.session.road import stands_against
from sojourn.care.session.step_actions import Pump
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, arrive, check_dose, drawn, pass_checks, set_stage, to_dosing
from tests.care.test_road import prepared, refused, told
from tests.conftest import Cast


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def a_line(stage: Stage, now: datetime, substance: str, **more: object) -> None:
    AllergyIntolerance.objects.create(
        clinic=stage.cast.clinic, patient=stage.patient, line=more.get("line", uuid4()), substance=substance,
        reaction="Hives", said_at=now, said_by=stage.cast.members["nurse"], removed=bool(more.get("removed")),
    )  # fmt: skip


@pytest.mark.parametrize("substance", ["Ketamine", "S-ketamina", "spravato (nasal spray)", "Ketalar", "esketamine"])
def test_an_allergy_that_stands_as_a_line_stops_a_dose(ready: Cast, substance: str) -> None:
    """Whatever was answered or ticked beside it; removing the line lifts it."""
    now, line = timezone.now(), uuid4()
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, now)
        told(stage, now, "allergy_ketamine", False)
        a_line(stage, now, substance, line=line)
        assert "allergy" in refused(stage, "start_dose", now=now)
        a_line(stage, now, substance, line=line, removed=True)
        stage.step("start_dose", now=now)


def test_an_allergy_to_another_substance_stops_nothing(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, now)
        a_line(stage, now, "Penicillin")
        stage.step("start_dose", now=now)


def test_an_allergy_said_at_the_chair_is_not_ticked_away(ready: Cast) -> None:
    """Failed, then passed: it stands in this session and in the record until somebody takes it back."""
    now = timezone.now()
    common = {"by": ready.actor("nurse"), "item_id": "allergies", "now": now}
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, now)
        session_actions.check(encounter_id=stage.id, passed=False, **common)
        session_actions.check(encounter_id=stage.id, passed=True, note="Asked again: none", **common)
        assert "allergy" in refused(stage, "start_dose", now=now)
        fact = ClinicalFact.objects.get(name="allergy_ketamine")
        assert (fact.value, fact.told_by) == (True, "clinician")


def test_two_sessions_of_one_person_are_one_dose(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        running = to_dosing(ready, at=now)
        second = another_session(running, now)
        assert "other-session" in refused(second, "start_dose", now=now)
        assert "other-session" in refused(
            second, "start_dose", "prescriber", overrides=["other-session"], reason="Sure", now=now
        )
        running.step("end_dose", now=now + timedelta(minutes=1))
        stands = stands_against(snapshot.load(SessionScope(second.id), now + timedelta(minutes=1)), "start_dose")
        assert "other-session" not in {each.code for each in stands.road}


def another_session(of: Stage, now: datetime) -> Stage:
    """The same person in another chair."""
    other = set_stage(of.cast, at=now, number=2)
    type(other.appointment).objects.filter(pk=other.appointment.pk).update(
        patient=of.patient,
        care_plan=of.appointment.care_plan,
        escort=of.appointment.escort,
        during=(now + timedelta(hours=4), now + timedelta(hours=7)),
    )
    stage = Stage(of.cast, of.patient, type(other.appointment).objects.get(pk=other.appointment.pk))
    arrive(stage, now)
    pass_checks(stage, now)
    check_dose(stage, now)
    return stage


@pytest.mark.parametrize("name", ["Ketamine", "Ketamine 20 mg rescue", "Spravato"])
def test_ketamine_charted_as_another_medicine_lets_no_dose_in(ready: Cast, name: str) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        row = medicine_actions.give_medicine(
            by=ready.actor("nurse"), encounter_id=stage.id, name=name, amount=Decimal(20), unit="mg", route="im",
            key=uuid4(), now=now,
        )  # fmt: skip
        stage.step("pause", now=now)
        assert "ketamine-otherwise" in refused(stage, "resume", now=now)
        strike_actions.strike(
            by=ready.actor("nurse"), encounter_id=stage.id, of="medicine", row_id=row.pk, reason="Never given", now=now
        )
        stage.step("resume", now=now)


def test_a_newer_weight_is_asked_of_the_dose(ready: Cast) -> None:
    """35 mg at 70 kg; at 56 kg it is 20 % off the plan's weight: the plan is signed anew, nobody passes it. At 30 kg it
    is above 1 mg/kg as well, the highest dose of the file."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, now)
        told(stage, now, "weight_kg", 56)
        assert refused(stage, "start_dose", "prescriber", overrides=["weight-changed"], reason="Seen", now=now) == (
            "weight-changed",
        )
        told(stage, now + timedelta(seconds=1), "weight_kg", 30)
        assert "dose:above-ceiling" in refused(stage, "start_dose", now=now)


def test_the_checks_of_yesterday_are_not_of_today(ready: Cast) -> None:
    now = timezone.now()
    yesterday = now - timedelta(hours=20)
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, yesterday)
        stage.vitals(now, nibp_sys=124, nibp_dia=78, spo2=98, hr=71, rr=14)
        codes = refused(stage, "start_dose", now=now)
        assert {"check-missing:allergies", "dose-not-recorded", "second-check-missing"} <= set(codes)
        assert (
            "allergies" not in snapshot.load(SessionScope(stage.id), now).checks
        )  # nor does the page show it as answered
        assert "allergies" in {
            each.item_id for each in snapshot.load(SessionScope(stage.id), now).answered
        }  # and nothing is lost


def test_a_rate_above_the_checked_one_is_a_prescribers(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        assert refused(stage, "raise_rate", now=now, pump=Pump(rate_ml_per_h=Decimal(76))) == ("faster-than-checked",)
        stage.step("lower_rate", now=now, pump=Pump(rate_ml_per_h=Decimal(50)))
        stage.step("raise_rate", now=now, pump=Pump(rate_ml_per_h=Decimal(75)))  # back to what two people checked


def test_a_signature_passes_the_numbers_that_were_read(ready: Cast) -> None:
    """Signed for 76 mL/h is not signed for 78."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        with pytest.raises(StepRefused) as found:
            stage.step("raise_rate", now=now, pump=Pump(rate_ml_per_h=Decimal(76)))
        (reason,) = found.value.guard.reasons
        signed = {"overrides": [reason.key], "reason": "Slept through the first half", "now": now}
        again = refused(stage, "raise_rate", "prescriber", pump=Pump(rate_ml_per_h=Decimal(78)), **signed)
        assert again == ("faster-than-checked",)
        stage.step("raise_rate", "prescriber", pump=Pump(rate_ml_per_h=Decimal(76)), **signed)


def test_a_part_of_a_dose_on_a_pump_is_none(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        with pytest.raises(ActionRefused) as found:
            stage.step("give_part", now=now, pump=Pump(part_mg=Decimal(5)))
        assert found.value.codes == ("no-part",)


def test_a_reading_that_cannot_be_stops_nobody_and_spoils_nothing(ready: Cast) -> None:
    """4000 mL left of a bag of 50: the pause stands, the reading does not, and the note says so."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.step("pause", now=now + timedelta(minutes=10), pump=Pump(remaining_ml=Decimal(4000)))
        row = DoseEvent.objects.get(kind="pause")
        assert row.remaining_ml is None
        assert "4000 mL" in row.note
        line = snapshot.load(SessionScope(stage.id), now + timedelta(minutes=10)).line
        assert line is not None
        assert line.given_mg == Decimal("8.75")  # 10 min at 75 mL/h of 0.7 mg/mL


def test_a_dose_does_not_begin_before_it_was_checked(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, now)
        with pytest.raises(ActionRefused) as found:
            stage.step("start_dose", at=now - timedelta(minutes=5), now=now + timedelta(minutes=1))
        assert found.value.codes[0] in {"before-check", "before-arrival"}


@pytest.mark.alone
def test_nobody_is_named_as_checker_who_checked_nothing(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        arrive(stage, now)
        pass_checks(stage, now)
        drawing_actions.check_dose(by=ready.actor("nurse"), encounter_id=stage.id, drawn=drawn(), now=now)
        stage.step(
            "start_dose", "prescriber", overrides=["second-check-missing"], reason="Nobody else is here", now=now
        )
        dose = MedicationAdministration.objects.get()
        assert (dose.checked_by, dose.checked_at) == (None, None)
        assert CheckResult.objects.filter(encounter_id=stage.id).exists()


@pytest.mark.alone
def test_a_session_runs_under_the_version_that_the_clinic_adopted(ready: Cast) -> None:
    """The clinic works by version 1 of its protocol, and the rulebook has version 2, which nobody has adopted: sessions
    are opened under version 1. Where only version 2 acts, one that was opened under version 1 lets nothing in."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        adopt_protocol(stage, 1, now)
        arrive(stage, now)
        own = Encounter.objects.get()
        assert own.protocol_version == "1"
        assert own.protocol_hash == released_rulebook().rule(own.protocol_id, 1).hash
        assert snapshot.load(SessionScope(own.pk), now).adopted
        Encounter.objects.filter(pk=own.pk).update(opened_at=now - timedelta(days=1))  # before anybody adopted it
        adopt_protocol(stage, 2, now)
        assert not snapshot.load(SessionScope(own.pk), now).adopted


def adopt_protocol(stage: Stage, version: int, now: datetime) -> None:
    rule = released_rulebook().rule(stage.appointment.care_plan.protocol_id, version)
    RuleAdoption.objects.create(
        clinic=stage.cast.clinic, rule_id=rule.id, version=version, rule_hash=rule.hash, parameters={},
        adopted_at=now, adopted_by=stage.cast.members["prescriber"],
    )  # fmt: skip


@pytest.mark.alone
def test_a_plan_signed_lower_in_a_pause_is_asked_of_the_rest(ready: Cast) -> None:
    """35 mg run; 20 mg are signed in the pause. Going on with 35 is a prescriber's, once; less is always allowed."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.step("pause", now=now)
        assert not [each for each in standing(stage, now) if each == "dose:beyond-rounding"]
        lower = PlanVersion.objects.get()
        lower.pk, lower.number, lower.dose_mg, lower.signed_at = None, 2, Decimal(20), now
        lower.save(force_insert=True)
        later = now + timedelta(minutes=1)
        assert refused(stage, "resume", now=later) == ("dose:beyond-rounding",)
        signed = {"overrides": ["dose:beyond-rounding"], "reason": "The rest was agreed on by phone", "now": later}
        stage.step("resume", "prescriber", **signed)
        stage.step("pause", now=later)
        stage.step("resume", now=later)  # signed for under this version


def standing(stage: Stage, now: datetime) -> list[str]:
    session = snapshot.load(SessionScope(stage.id), now)
    return [each.code for each in stands_against(session, "resume").dose]


def test_one_prescriber_on_site_passes_a_hold_and_no_block(ready: Cast) -> None:
    """The prescriber gives the dose herself: a pressure above the limit is hers to sign, a block is not."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, now)
        stage.vitals(now + timedelta(seconds=1), nibp_sys=171, nibp_dia=84, spo2=98, hr=71, rr=14)
        later = now + timedelta(seconds=2)
        hold = refused(stage, "start_dose", now=later)
        assert "hold:systolic" in hold
        signed = {"overrides": list(hold), "reason": "White coat; 128 at home today", "now": later}
        session_actions.check(
            by=ready.actor("nurse"), encounter_id=stage.id, item_id="intoxication", passed=False, now=later
        )
        assert "rule:RC-INTOX" in refused(
            stage, "start_dose", "prescriber", **signed | {"overrides": [*hold, "rule:RC-INTOX"]}
        )
        session_actions.check(
            by=ready.actor("nurse"),
            encounter_id=stage.id,
            item_id="intoxication",
            passed=True,
            note="Seen again: sober",
            now=later,
        )
        stage.step("start_dose", "prescriber", **signed)


def test_a_reading_is_judged_at_its_own_moment(ready: Cast) -> None:
    """45 mL left can be after 4 min at 75 mL/h, not at the start; written down late, for the start, it is not kept."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        later = now + timedelta(minutes=4)
        stage.step("pause", at=now, now=later, pump=Pump(remaining_ml=Decimal(45)))
        assert DoseEvent.objects.get(kind="pause").remaining_ml is None
        assert snapshot.load(SessionScope(stage.id), later).line is not None
