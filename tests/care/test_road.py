"""The one road to a dose, through the engine: what every room must say before a milligram goes in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.consent.models import Consent, ConsentWithdrawal
from sojourn.care.encounter.actions import StepRefused
from sojourn.care.encounter.models import SessionState
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.plan.models import CarePlan, PlanVersion
from sojourn.care.session import actions as session_actions
from sojourn.care.session import drawing_actions, snapshot, waste_actions
from sojourn.care.session.models import DoseEvent, MedicationAdministration, Waste, WasteWitness
from sojourn.care.session.step_actions import Pump
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.scope import SessionScope
from tests.care.adopting import as_typed
from tests.care.stage import Stage, adopt_everything, arrive, check_dose, drawn, pass_checks, set_stage, to_dosing
from tests.clock import day_of
from tests.conftest import Cast


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def refused(stage: Stage, transition: str, role: str = "nurse", **more: object) -> tuple[str, ...]:
    with pytest.raises(StepRefused) as found:
        stage.step(transition, role, **more)
    return tuple(found.value.codes)


def prepared(cast: Cast, now: datetime) -> Stage:
    """Everything stands: one press from the dose."""
    stage = set_stage(cast, at=now)
    arrive(stage, now)
    pass_checks(stage, now)
    check_dose(stage, now)
    return stage


def told(stage: Stage, now: datetime, name: str, value: object) -> None:
    ClinicalFact.objects.create(
        clinic=stage.cast.clinic, patient=stage.patient, name=name, value=value, observed_on=day_of(now),
        told_by="clinician", entered_at=now, entered_by=stage.cast.members["nurse"], entered_by_name="Nurse",
    )  # fmt: skip


def withdrawn(stage: Stage, now: datetime) -> None:
    ConsentWithdrawal.objects.create(
        clinic=stage.cast.clinic, patient=stage.patient, consent=Consent.objects.filter(document_id="treatment").get(),
        reason="said so", withdrawn_at=now, noted_by_name="Nurse",
    )  # fmt: skip


def declined(stage: Stage, now: datetime) -> None:
    accepted = CandidacyDecision.objects.get()
    accepted.pk, accepted.previous_id, accepted.kind = None, accepted.pk, "decline"
    accepted.save(force_insert=True)


def retired(stage: Stage, now: datetime) -> None:
    rulebook_actions.retire(
        by=stage.cast.actor("prescriber"), rule_id="dose.ceiling.iv.ketamine", reason="Being revised"
    )


TAKEN_AWAY: dict[str, tuple[Callable[[Stage, datetime], object], str]] = {
    "the acceptance": (declined, "decision:0"),
    "an agreement": (withdrawn, "consent-withdrawn:treatment"),
    "the plan's sessions": (lambda s, now: course(s, ended_on=day_of(now)), "plan-ended"),
    "an allergy came": (lambda s, now: told(s, now, "allergy_ketamine", True), "allergy"),
    "capacity went": (lambda s, now: told(s, now, "lacks_capacity", True), "capacity"),
    "the ceiling": (retired, "dose:no-ceiling"),
}


def course(stage: Stage, **changes: object) -> None:
    CarePlan.objects.filter(pk=stage.appointment.care_plan_id).update(**changes)


@pytest.mark.alone
@pytest.mark.parametrize("what", TAKEN_AWAY)
@pytest.mark.parametrize("transition", ["start_dose", "resume", "raise_rate"])
def test_nothing_goes_in_without_it_and_nobody_sets_it_aside(ready: Cast, what: str, transition: str) -> None:
    now = timezone.now()
    take_away, code = TAKEN_AWAY[what]
    with acting_as(ready.actor("nurse")):
        if transition == "start_dose":
            stage = prepared(ready, now)
        else:
            stage = to_dosing(ready, at=now)
            if transition == "resume":
                stage.step("pause", now=now)
        take_away(stage, now)
        more = {"now": now, "pump": Pump(rate_ml_per_h=Decimal(80))}
        assert code in refused(stage, transition, **more)
        with_reason = {"overrides": [code], "reason": "I take it on me"}
        assert code in refused(stage, transition, "prescriber", **with_reason, **more)
        if transition != "start_dose":  # less is always allowed
            stage.step("stop_early", now=now)
            assert SessionState.objects.latest("seq").state == "stopped_early"


def test_a_dose_waits_while_nobody_has_decided_about_an_alarm(clinic: Cast) -> None:
    """Case C3: the dose waits in a clinic whose alarms are not adopted; arrival, values and notes always work."""
    now = timezone.now()
    adopt_everything(clinic, but=("spo2.low",))
    with acting_as(clinic.actor("nurse")):
        stage = prepared(clinic, now)
        assert refused(stage, "start_dose", now=now) == ("alarms-not-adopted",)
        assert refused(
            stage, "start_dose", "prescriber", overrides=["alarms-not-adopted"], reason="We watch", now=now
        ) == ("alarms-not-adopted",)
        session_actions.note_event(by=clinic.actor("nurse"), encounter_id=stage.id, kind="music", now=now)
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage.step("start_dose", now=now)


@pytest.mark.alone
def test_what_a_dose_rested_on_stands_beside_it(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        to_dosing(ready, at=now)
        basis = SessionState.objects.get(state="dosing").basis
        assert basis["plan_version"] == PlanVersion.objects.get().pk
        assert basis["decision"] == CandidacyDecision.objects.get().pk
        assert basis["agreements"] == sorted(Consent.objects.values_list("pk", flat=True))
        assert "dose.ceiling.iv.ketamine" in {each["id"] for each in basis["rules"]}


def test_intoxicated_today_waits_for_two_prescribers(ready: Cast) -> None:
    """RC-INTOX blocks (trial exclusion, read); the checklist would let one prescriber pass it: the stricter holds."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, now)
        session_actions.check(
            by=ready.actor("nurse"), encounter_id=stage.id, item_id="intoxication", passed=False, now=now
        )
        codes = refused(
            stage, "start_dose", "prescriber", now=now, reason="Only one beer",
            overrides=["check-failed:intoxication", "rule:RC-INTOX"],
        )  # fmt: skip
        assert codes == ("rule:RC-INTOX",)


# ---------------------------------------------------------------- what was really given


def test_twenty_seconds_of_forty_minutes_are_not_the_whole_dose(ready: Cast) -> None:
    """Case D3. 35 mg in 50 mL at 75 mL/h: 20 s are 75 / 3600 * 20 mL of 0.7 mg/mL = 0.29 mg."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.step("stop_early", now=now + timedelta(seconds=20))
        line = snapshot.load(SessionScope(stage.id), now + timedelta(minutes=5)).line
        assert line is not None
        assert (line.planned_mg, line.given_mg, line.wasted_mg) == (Decimal(35), Decimal("0.29"), Decimal(0))


@pytest.mark.alone
def test_pause_and_another_rate_are_counted(ready: Cast) -> None:
    """10 min at 75 mL/h, 5 min paused, 10 min at 60, stopped: 12.5 + 10 mL of 0.7 mg/mL = 15.75 mg."""
    now = timezone.now()

    def at(minutes: int) -> datetime:
        return now + timedelta(minutes=minutes)

    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.step("pause", now=at(10))
        stage.vitals(at(15), nibp_sys=124, nibp_dia=78, spo2=98)
        stage.step("resume", now=at(15), pump=Pump(rate_ml_per_h=Decimal(60)))
        stage.step("end_dose", now=at(25))
        line = snapshot.load(SessionScope(stage.id), at(40)).line
        assert line is not None
        assert line.given_mg == Decimal("15.75")
        kinds = list(DoseEvent.objects.order_by("id").values_list("kind", flat=True))
        assert kinds == ["start", "pause", "resume", "end"]


def test_a_rate_goes_the_way_it_is_called(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        for transition, rate, code in (("lower_rate", 75, "not-lower"), ("raise_rate", 75, "not-higher")):
            with pytest.raises(ActionRefused) as found:
                stage.step(transition, now=now, pump=Pump(rate_ml_per_h=Decimal(rate)))
            assert found.value.codes == (code,)
        stage.step("lower_rate", "therapist", now=now, pump=Pump(rate_ml_per_h=Decimal(50)))
        assert snapshot.load(SessionScope(stage.id), now).rate_ml_per_h == 50


def test_a_ceiling_that_was_tightened_meanwhile_counts_at_the_next_step(ready: Cast) -> None:
    """35 mg at 70 kg are 0.5 mg/kg; a clinic that lowers its ceiling to 0.3 lets nothing more in."""
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.step("pause", now=now)
    with acting_as(ready.actor("prescriber")):
        rule = RuleAdoption.objects.filter(rule_id="dose.ceiling.iv.ketamine").latest("id")
        tighter = {
            name: 0.3
            for name, each in released_rulebook().rule(rule.rule_id).parameters.items()
            if each.unit == "mg/kg"
        }
        rulebook_actions.adopt(
            by=ready.actor("prescriber"), rule_id=rule.rule_id, parameters=as_typed(rule.rule_id, **tighter)
        )  # fmt: skip
    with acting_as(ready.actor("nurse")):
        assert any(code.startswith("dose:above-ceiling") for code in refused(stage, "resume", now=now))
        stage.step("end_dose", now=now)


@pytest.mark.alone
def test_two_nurses_on_one_dose(ready: Cast) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = prepared(ready, now)
        seen = SessionState.objects.latest("seq").seq
        stage.step("start_dose", seen=seen, now=now)
        with pytest.raises(Overtaken):
            stage.step("start_dose", "prescriber", seen=seen, now=now)
        assert MedicationAdministration.objects.count() == 1


# ---------------------------------------------------------------- slips at the chair


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mg": "350", "drawn_ml": Decimal(7)}, "dose:tenfold"),
        ({"mg": "3500", "drawn_ml": Decimal(70), "total_ml": Decimal(90)}, "dose:hundredfold"),
        ({"drawn_ml": Decimal("0.35")}, "dose:volume-disagrees"),
        ({"rate_ml_per_h": Decimal("7.5")}, "dose:rate-disagrees"),
        ({"over_min": None, "rate_ml_per_h": None}, "dose:minutes-missing"),
        ({"drug": "esketamine"}, "dose:another-drug"),
        ({"route": "im"}, "dose:another-route"),
        ({"expires_on": None}, "dose:expiry-missing"),
    ],
)
def test_a_slip_is_refused_where_it_is_typed(ready: Cast, changes: dict, code: str) -> None:
    now = timezone.now()
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready, at=now)
        arrive(stage, now)
        pass_checks(stage, now)
        with pytest.raises(ActionRefused) as found:
            drawing_actions.check_dose(by=ready.actor("nurse"), encounter_id=stage.id, drawn=drawn(**changes), now=now)
        assert code in found.value.codes


# ---------------------------------------------------------------- waste


@pytest.mark.alone
def test_waste_wants_two_people_and_is_one_however_often_sent(ready: Cast) -> None:
    now, key = timezone.now(), uuid4()
    with acting_as(ready.actor("nurse")):
        stage = to_dosing(ready, at=now)
        stage.step("stop_early", now=now + timedelta(minutes=20))
        later = now + timedelta(minutes=25)
        given = {"encounter_id": stage.id, "mg": Decimal("17.5"), "key": key, "now": later}
        row = waste_actions.waste(by=ready.actor("nurse"), **given)
        assert waste_actions.waste(by=ready.actor("nurse"), **given).pk == row.pk
        assert Waste.objects.count() == 1
        line = snapshot.load(SessionScope(stage.id), later).line
        assert line is not None
        assert not line.complete
        with pytest.raises(ActionRefused) as found:
            waste_actions.witness(by=ready.actor("nurse"), waste_id=row.pk, now=later)
        assert found.value.codes == ("own-waste",)
        with pytest.raises(IntegrityError), transaction.atomic():  # nor by SQL
            WasteWitness.objects.create(
                clinic=ready.clinic, patient=stage.patient, waste=row, at=later, by=ready.members["nurse"]
            )
        waste_actions.witness(by=ready.actor("therapist"), waste_id=row.pk, now=later)
        line = snapshot.load(SessionScope(stage.id), later).line
        assert line is not None
        assert (line.given_mg, line.wasted_mg, line.unaccounted_mg) == (Decimal("17.50"), Decimal("17.50"), Decimal(0))
        assert line.complete
