"""D6: how old a weight is counts from the last weighing. Whoever was weighed near the plan's weight keeps the plan.

A course of monthly doses would otherwise need a newly signed plan for each dose (dose.weight_age: 30 days). The plan
orders 0.5 mg/kg at 70 kg, which is 35 mg; dose.weight_change allows 10 %, which is 63 to 77 kg.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sojourn.care.encounter.queries import current_state
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.intake.models import ClinicalFact
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.scope import SessionScope
from tests.care import way
from tests.care.stage import Stage, adopt_everything, arrive, pass_checks, set_stage
from tests.cases.chair import press, show, write_down
from tests.clock import today
from tests.conftest import Cast
from tests.interfaces.test_session_pages import body

OLD = timedelta(days=45)


@pytest.fixture
def monthly(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The plan in force rests on 70 kg of 45 days ago; the patient has arrived and everything else stands."""
    known = way.ordered

    def older(*args: Any) -> dict[str, Any]:
        return {**known(*args), "weight_on": today() - OLD}

    monkeypatch.setattr(way, "ordered", older)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic)  # signed before the clinic decided how old a weight may be
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        arrive(stage, timezone.now())
    return stage


def weigh(cast: Cast, stage: Stage, kg: str) -> None:
    answer = press(
        cast.client("nurse"), stage, "session_check", item="weight", outcome="passed", last="0", kg=kg,
        sure="weight-changed",
    )  # fmt: skip
    assert answer.status_code == 200, body(answer)[:3000]


def weighed_before(cast: Cast, stage: Stage, kg: float, days: int) -> None:
    by = cast.actor("nurse")
    with acting_as(by):
        entry_actions.enter_fact(
            by=by, patient_id=stage.patient.pk, name="weight_kg", value=kg, on=today() - timedelta(days=days)
        )


def ready(cast: Cast, stage: Stage) -> None:
    with acting_as(cast.actor("nurse")):
        pass_checks(stage, timezone.now())


def prepare(cast: Cast, stage: Stage) -> str:
    """Two people write the dose down; the page that the second one gets."""
    ready(cast, stage)
    write_down(cast.client("nurse"), stage)
    return body(write_down(cast.client("prescriber"), stage))


def state(cast: Cast, stage: Stage) -> str:
    with acting_as(cast.actor("nurse")):
        return str(current_state(SessionScope(stage.id)).state)


@pytest.mark.parametrize("kg", ["63", "70", "72", "77"])
def test_weighed_today_near_the_plan_the_signed_dose_stands(clinic: Cast, monthly: Stage, kg: str):
    """D6: 63 and 77 kg are exactly 10 % off 70 kg."""
    weigh(clinic, monthly, kg)
    prepare(clinic, monthly)
    press(clinic.client("nurse"), monthly, "session_start_dose")
    assert state(clinic, monthly) == "dosing"


@pytest.mark.parametrize("kg", ["62.9", "77.1"])
def test_beyond_the_limit_the_plan_is_signed_anew(clinic: Cast, monthly: Stage, kg: str):
    """D6: nobody passes it by a reason; what lifts it is a plan that rests on the new weight."""
    weigh(clinic, monthly, kg)
    page = prepare(clinic, monthly)
    assert f"The newest weight, {kg} kg, differs by more than 10 % from the weight of the plan, 70 kg." in page
    assert "Sign the plan anew with it." in page
    aside = {"override": ["weight-changed", "dose-not-recorded", "second-check-missing"], "reason": "It is little"}
    assert press(clinic.client("prescriber"), monthly, "session_start_dose", **aside).status_code == 409
    assert state(clinic, monthly) == "checked"


def test_not_weighed_again_no_dose(clinic: Cast, monthly: Stage):
    """D6: refused where the dose is typed, with what to do."""
    page = prepare(clinic, monthly)
    assert "The weight is 45 days old. Here it may be at most 30 days old: weigh again." in page
    assert state(clinic, monthly) == "checked"


@pytest.mark.parametrize(("days", "holds"), [(29, True), (30, True), (31, False)])
def test_weighed_within_the_limit_is_enough(clinic: Cast, monthly: Stage, days: int, holds: bool):
    """D6: a weighing of an earlier visit counts as long as it is no older than the rule says."""
    weighed_before(clinic, monthly, 71, days)
    page = prepare(clinic, monthly)
    assert (f"The weight is {days} days old." in page) is not holds
    press(clinic.client("nurse"), monthly, "session_start_dose")
    assert state(clinic, monthly) == ("dosing" if holds else "checked")


def test_what_the_patient_tells_is_no_weighing(clinic: Cast, monthly: Stage):
    """D6: a number from home does not stand for the scale."""
    with acting_as(system_actor(clinic.clinic.pk)):
        person = Person.objects.create_user(f"ana@{clinic.clinic.slug}.example")
        clinic.members["patient"] = Membership.objects.create(
            clinic=clinic.clinic, person=person, role="patient", name="Ana", patient_id=monthly.patient.pk
        )
    by = clinic.actor("patient")
    with acting_as(by):
        told = StatedAnswer("told", {"typed": "70", "unit": "kg", "number": 70.0})
        intake_actions.answer(by=by, patient_id=monthly.patient.pk, question_id="weight", told=told, seen=None)
    assert "The weight is 45 days old." in prepare(clinic, monthly)


def test_a_struck_weighing_is_none(clinic: Cast, monthly: Stage):
    """D6: the weight of another patient, struck, makes the plan's weight no younger."""
    weighed_before(clinic, monthly, 71, 1)
    by = clinic.actor("nurse")
    with acting_as(by):
        fact = ClinicalFact.objects.get(name="weight_kg")
        entry_actions.retract_fact(by=by, fact_id=fact.pk, reason="Another patient", now=timezone.now())
    assert "The weight is 45 days old." in prepare(clinic, monthly)
    assert "dosing" not in state(clinic, monthly)
    assert "Give the dose" not in show(clinic.client("nurse"), monthly)
