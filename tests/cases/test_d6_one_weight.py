"""D6: one newest weight fills plan, session and explorer; the second person enters from the scale.

The weight was asked three times and never carried; the checklist had no field for it, so every session said that it
held none. Seen through the pages: what is typed once stands on the next.
"""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from sojourn.care.encounter.queries import current_state
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.intake.weight_queries import newest_weight
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session import strike_actions
from sojourn.care.session.models import CheckResult
from sojourn.clinical.numbers import written
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import PatientScope, SessionScope
from tests.care.people import actor_for, make_patient
from tests.care.stage import Stage, adopt_everything, arrive, check_dose, pass_checks, set_stage
from tests.care.way import plan_values
from tests.clock import today
from tests.conftest import Cast


def body(answer) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def here(clinic: Cast) -> Stage:
    """A patient who has just arrived; the plan in force rests on 70 kg of five days ago."""
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic)
        arrive(stage, timezone.now())
    return stage


def seq(cast: Cast, stage: Stage) -> str:
    with acting_as(cast.actor("nurse")):
        return str(current_state(SessionScope(stage.id)).seq)


def weighed(cast: Cast, stage: Stage, kg: str, **more: str):
    typed = {"item": "weight", "outcome": "passed", "last": "0", "kg": kg, "seen": seq(cast, stage)}
    return cast.client("nurse").post(reverse("console:session_check", args=[stage.id]), typed | more)


def page(cast: Cast, stage: Stage) -> str:
    return body(cast.client("nurse").get(reverse("console:session", args=[stage.id])))


def explorer(cast: Cast, stage: Stage) -> str:
    return body(cast.client("prescriber").get(reverse("console:concentration", args=[stage.patient.pk])))


def value_of(text: str, name: str) -> str:
    tag = next(each for each in re.findall(r"<input[^>]*>", text) if f'name="{name}"' in each)
    found = re.search(r'value="([^"]*)"', tag)
    return found[1] if found else ""


@pytest.mark.alone
def test_a_weight_taken_in_the_session_fills_the_next_plan_the_explorer_and_the_session(clinic: Cast, here: Stage):
    assert 'name="kg"' in page(clinic, here)  # the checklist has a field for it
    answer = weighed(clinic, here, "74.2")
    assert answer.status_code == 302, body(answer)[:2000]
    with acting_as(clinic.actor("nurse")):
        row, fact = CheckResult.objects.get(item_id="weight"), ClinicalFact.objects.get(name="weight_kg")
        assert (row.outcome, row.value) == ("passed", "74.2 kg")
        assert (fact.value, fact.observed_on) == (74.2, today())
        newest = newest_weight(PatientScope(here.patient.pk))
    nurse = clinic.members["nurse"].name
    assert newest is not None
    assert (newest.kg, newest.on, newest.told_by, newest.by) == (Decimal("74.2"), today(), "clinician", nurse)
    text = page(clinic, here)
    assert "74.2 kg" in text
    assert f"entered by the clinic ({nurse})" in text  # the last weight, with who said so

    prescriber = clinic.client("prescriber")
    course = {"course": str(here.appointment.care_plan_id)}
    draft = prescriber.post(reverse("console:plan_draft", args=[here.patient.pk]), course)
    text = body(prescriber.get(draft.url))
    assert (value_of(text, "weight_kg"), value_of(text, "weight_on")) == ("74.2", today().isoformat())
    assert f"Newest weight: 74.2 kg on {today():%-d %B %Y}, entered by the clinic ({nurse})" in text
    with acting_as(clinic.actor("prescriber")):
        version = PlanVersion.objects.latest("id")
        # 0.5 mg/kg x 74.2 kg = 37.1 mg, to the nearest 0.5 mg
        assert version.dose_mg == Decimal(37)

    text = explorer(clinic, here)
    assert value_of(text, "weight") == "74.2"
    assert f"The weight is 74.2 kg on {today():%-d %B %Y}, entered by the clinic ({nurse})." in text


def test_the_first_plan_begins_with_what_the_patient_told(clinic: Cast):
    ana = make_patient(clinic, "Ana", sex="female")
    by = actor_for(clinic, ana)
    with acting_as(by):
        told = StatedAnswer("told", {"typed": "150", "unit": "lb", "number": 68.04})
        intake_actions.answer(by=by, patient_id=ana.pk, question_id="weight", told=told, seen=None)
    prescriber = clinic.client("prescriber")
    draft = prescriber.post(reverse("console:plan_draft", args=[ana.pk]))
    text = body(prescriber.get(draft.url))
    assert value_of(text, "weight_kg") == "68.04"
    assert "told by the patient" in text


@pytest.mark.alone
def test_a_weight_is_never_answered_by_a_tick(clinic: Cast, here: Stage):
    answer = weighed(clinic, here, "")
    assert answer.status_code == 409
    assert "Write the weight that the scale shows" in body(answer)
    with acting_as(clinic.actor("nurse")):
        assert not CheckResult.objects.filter(item_id="weight").exists()


@pytest.mark.alone
def test_a_note_beside_the_weight_leaves_the_weight(clinic: Cast, here: Stage):
    weighed(clinic, here, "74.2")
    with acting_as(clinic.actor("nurse")):
        last = CheckResult.objects.get(item_id="weight").pk
    typed = {"item": "weight", "outcome": "passed", "last": str(last), "note": "with shoes", "seen": seq(clinic, here)}
    clinic.client("nurse").post(reverse("console:session_check", args=[here.id]), typed)
    text = page(clinic, here)
    assert "74.2 kg" in text
    assert "with shoes" in text


def test_a_plan_that_a_second_person_checked_from_the_scale_joins_the_stream(clinic: Cast, here: Stage):
    """The checker's own figures; what is on the draft is not shown."""
    prescriber, nurse = clinic.actor("prescriber"), clinic.actor("nurse")
    with acting_as(prescriber):
        version = plan_actions.draft(by=prescriber, patient_id=here.patient.pk, course_id=here.appointment.care_plan_id)
        values = {"weight_kg": Decimal(74), "weight_on": today(), "change_reason": "Weighed again"}
        version = plan_actions.save_draft(by=prescriber, version_id=version.pk, seen=version.revision, values=values)
    check = reverse("console:plan_check", args=[version.pk])
    form = body(clinic.client("nurse").get(check))
    assert "Off the scale, not off the plan." in form
    assert value_of(form, "weight_kg") == ""
    assert ">74" not in form
    assert clinic.client("nurse").post(check, {"weight_kg": "74", "amount": "0.5"}).status_code == 302
    with acting_as(nurse):
        newest = newest_weight(PatientScope(here.patient.pk))
    assert newest is not None
    assert (newest.kg, newest.on, newest.by) == (Decimal(74), today(), nurse.name)
    assert value_of(explorer(clinic, here), "weight") == "74"


def test_the_expected_concentration_beside_a_session_starts_from_it(clinic: Cast):
    adopt_everything(clinic)
    at = timezone.now()
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic, at=at)
        arrive(stage, at)
        entry_actions.enter_fact(
            by=clinic.actor("nurse"), patient_id=stage.patient.pk, name="weight_kg", value=74.2,
            on=today() - timedelta(days=3),
        )  # fmt: skip
        pass_checks(stage, at)
        check_dose(stage, at)
        stage.step("start_dose", now=at)
    address = reverse("console:session_concentration", args=[stage.id])
    client = clinic.client("nurse")
    client.get(address, {"show": "on"})
    text = body(client.get(address, headers={"HX-Request": "true"}))
    assert "a body of 74.2 kg" in text


@pytest.mark.alone
def test_a_struck_weight_takes_itself_out_of_the_stream(clinic: Cast, here: Stage):
    weighed(clinic, here, "74.2")
    by = clinic.actor("nurse")
    with acting_as(by):
        row = CheckResult.objects.get(item_id="weight")
        strike_actions.strike(by=by, encounter_id=here.id, of="check", row_id=row.pk, reason="Another patient")
        assert newest_weight(PatientScope(here.patient.pk)) is None
    text = page(clinic, here)
    assert value_of(text, "kg") == ""


def test_an_open_draft_is_told_of_a_newer_weight_and_takes_it_by_one_press(clinic: Cast, here: Stage):
    prescriber = clinic.actor("prescriber")
    with acting_as(prescriber):
        version = plan_actions.draft(by=prescriber, patient_id=here.patient.pk, course_id=here.appointment.care_plan_id)
    weighed(clinic, here, "71")
    edit = reverse("console:plan_edit", args=[version.pk])
    client = clinic.client("prescriber")
    assert "Take the newest weight" in body(client.get(edit))
    with acting_as(prescriber):
        values = plan_values(version.protocol_id, Decimal(35), timezone.now())
        typed = {name: written(each) if isinstance(each, Decimal) else str(each) for name, each in values.items()}
    typed |= {"revision": str(version.revision), "use": "weight", "round_direction": "nearest"}
    answer = client.post(edit, typed)
    assert answer.status_code == 302, body(answer)[:3000]
    assert value_of(body(client.get(edit)), "weight_kg") == "71"


@pytest.mark.alone
def test_the_weights_of_plans_signed_before_join_the_stream(clinic: Cast, here: Stage):
    """The migration's own statement: the plan in force rests on 70 kg and wrote no fact."""
    weights = import_module("sojourn.care.session.migrations.0006_entered_in_error").WEIGHTS
    with acting_as(clinic.actor("prescriber")):
        assert newest_weight(PatientScope(here.patient.pk)) is None
        for _again in range(2):
            with connection.cursor() as cursor:
                cursor.execute(weights)
        fact = ClinicalFact.objects.get(name="weight_kg")
        newest = newest_weight(PatientScope(here.patient.pk))
    assert newest is not None
    assert (newest.kg, newest.by) == (Decimal(70), clinic.members["prescriber"].name)
    assert fact.told_by == "clinician"
