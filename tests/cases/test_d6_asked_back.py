"""D6: a weight that changed by more than 10 %, 154 typed for 70 kg, and 80/120 are asked back at every door, once.

The bounds are those of the rule dose.weight_change: more than 10 %, and a pound is 0.45359237 kg by definition. What
was typed is never lost, and what somebody confirms is kept.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sojourn.care.encounter.queries import current_state
from sojourn.care.intake import entry_actions
from sojourn.care.intake.models import ClinicalFact, IntakeAnswer
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan.models import DoubleCheck, PlanVersion
from sojourn.care.session.models import CheckResult
from sojourn.care.vitals.models import Observation
from sojourn.clinical.numbers import written
from sojourn.clinical.vitals import pressure_fault
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, arrive, set_stage
from tests.care.way import plan_values
from tests.clock import today
from tests.conftest import Cast
from tests.interfaces.test_portal import signed_in


def body(answer: Any) -> str:
    return html.unescape(answer.content.decode())


@dataclass
class Known:
    """A patient in a session whose weight is 70 kg, of today."""

    cast: Cast
    stage: Stage

    @property
    def patient_id(self) -> int:
        return self.stage.patient.pk


@pytest.fixture
def known(clinic: Cast) -> Known:
    adopt_everything(clinic)
    by = clinic.actor("nurse")
    with acting_as(by):
        stage = set_stage(clinic)
        arrive(stage, timezone.now())
        entry_actions.enter_fact(by=by, patient_id=stage.patient.pk, name="weight_kg", value=70.0, on=today())
    return Known(clinic, stage)


# ---------------------------------------------------------------- the doors of a weight


def candidacy(known: Known, kg: str, sure: bool) -> Any:
    typed = {"panel": "body", "weight_kg": kg, "observed_on": today().isoformat()} | ({"sure": "1"} if sure else {})
    return known.cast.client("nurse").post(reverse("console:candidacy_enter", args=[known.patient_id]), typed)


def csv_report(known: Known, kg: str, sure: bool) -> Any:
    text = f"name,value,unit,date\nweight_kg,{kg},kg,{today().isoformat()}"
    typed = {"report": text} | ({"sure": "1"} if sure else {})
    return known.cast.client("nurse").post(reverse("console:candidacy_report", args=[known.patient_id]), typed)


def session(known: Known, kg: str, sure: bool) -> Any:
    with acting_as(known.cast.actor("nurse")):
        last = CheckResult.objects.filter(item_id="weight").last()
        seq = str(current_state(SessionScope(known.stage.id)).seq)
    typed = {"item": "weight", "outcome": "passed", "last": str(last.pk if last else 0), "kg": kg, "seen": seq}
    typed |= {"sure": "1"} if sure else {}
    return known.cast.client("nurse").post(reverse("console:session_check", args=[known.stage.id]), typed)


def plan(known: Known, kg: str, sure: bool) -> Any:
    by = known.cast.actor("prescriber")
    with acting_as(by):
        version = plan_actions.draft(by=by, patient_id=known.patient_id, course_id=known.stage.appointment.care_plan_id)
        wanted = plan_values(version.protocol_id, Decimal(35), timezone.now())
    typed = {name: written(each) if isinstance(each, Decimal) else str(each) for name, each in wanted.items()}
    typed |= {"weight_kg": kg, "weight_on": today().isoformat(), "revision": str(version.revision), "more": "1"}
    typed |= {"round_direction": "nearest"} | ({"sure": "1"} if sure else {})
    return known.cast.client("prescriber").post(reverse("console:plan_edit", args=[version.pk]), typed)


def on_behalf(known: Known, kg: str, sure: bool) -> Any:
    typed: dict[str, Any] = {"value": kg, "unit": "kg", "seen": ""}
    if sure:
        typed["confirmed"] = ["weight-pounds", "weight-changed"]
    return known.cast.client("nurse").post(
        reverse("console:intake_question", args=[known.patient_id, "weight"]), typed
    )  # fmt: skip


def own_intake(known: Known, kg: str, sure: bool) -> Any:
    typed: dict[str, Any] = {"value": kg, "unit": "kg", "seen": ""}
    if sure:
        typed["confirmed"] = ["weight-pounds", "weight-changed"]
    return signed_in(known.cast, known.stage.patient).post(reverse("portal:intake_question", args=["weight"]), typed)


Door = Callable[[Known, str, bool], Any]
DOORS: dict[str, Door] = {
    "candidacy": candidacy, "report": csv_report, "session": session, "plan": plan, "on behalf": on_behalf,
    "own intake": own_intake,
}  # fmt: skip


def kept(known: Known, door: str) -> list[float]:
    """The weights that this door has written down beside the 70 kg that were known."""
    with acting_as(known.cast.actor("prescriber")):
        if door == "plan":
            rows = PlanVersion.objects.filter(patient_id=known.patient_id, signed_at=None)
            return [float(each.weight_kg) for each in rows if each.weight_kg not in (None, Decimal(70))]
        if door in ("on behalf", "own intake"):
            return [each.value["number"] for each in IntakeAnswer.objects.filter(question_id="weight")]
        return [each.value for each in ClinicalFact.objects.filter(name="weight_kg") if each.value != 70]


@pytest.mark.alone
@pytest.mark.parametrize("door", DOORS)
def test_a_change_of_more_than_a_tenth_is_asked_about_and_kept_when_confirmed(known: Known, door: str):
    answer = DOORS[door](known, "78", False)  # 78 / 70 = 1.114
    assert answer.status_code == 409
    text = body(answer)
    assert "78 kg; on" in text
    assert "it was 70 kg. That is 11 % different. Is it right?" in text
    assert "78" in text[text.index("<form") :]  # what was typed is still there
    assert not kept(known, door)
    confirmed = DOORS[door](known, "78", True)
    assert confirmed.status_code == 302, body(confirmed)[:2000]
    assert kept(known, door) == [78]
    again = DOORS[door](known, "78", False)  # asked once
    assert again.status_code == 302, body(again)[:2000]


@pytest.mark.alone
@pytest.mark.parametrize("door", DOORS)
def test_154_where_70_kg_was_known_asks_whether_it_was_pounds(known: Known, door: str):
    text = body(DOORS[door](known, "154", False))  # 154 lb = 69.9 kg
    assert "Pounds? 154 kg; the last weight was 70 kg, which is 154.3 pounds." in text
    assert not kept(known, door)


@pytest.mark.alone
@pytest.mark.parametrize("door", DOORS)
def test_a_tenth_is_not_asked_about(known: Known, door: str):
    answer = DOORS[door](known, "77", False)
    assert answer.status_code == 302, body(answer)[:2000]
    assert kept(known, door) == [77]


def test_the_form_that_comes_back_can_be_confirmed(known: Known):
    for door in ("candidacy", "report", "session", "plan"):
        assert 'name="sure"' in body(DOORS[door](known, "78", False)), door
    for door in ("on behalf", "own intake"):
        assert 'name="confirmed"' in body(DOORS[door](known, "78", False)), door


def test_a_slip_that_no_person_weighs_cannot_be_confirmed(known: Known):
    for door in ("candidacy", "report", "session", "plan"):
        answer = DOORS[door](known, "7", True)
        assert answer.status_code == 409, door
        assert not kept(known, door)


def test_a_report_with_two_weights_compares_each_with_the_one_before_it(known: Known):
    rows = "\n".join(f"weight_kg,{kg},kg,{today().isoformat()}" for kg in (72, 80))
    answer = known.cast.client("nurse").post(
        reverse("console:candidacy_report", args=[known.patient_id]), {"report": f"name,value,unit,date\n{rows}"}
    )
    text = body(answer)
    assert answer.status_code == 409
    assert "Line 3: 80 kg; on" in text  # 80 / 72 = 1.111
    assert "it was 72 kg. That is 11 % different" in text


def test_the_second_pair_of_eyes_is_asked_whether_it_read_pounds(known: Known):
    """The plan says 70 kg; the checker typed what a scale in pounds shows. They differ, and the slip is named."""
    assert plan(known, "70", False).status_code == 302
    with acting_as(known.cast.actor("nurse")):
        version = PlanVersion.objects.latest("id")
    check = reverse("console:plan_check", args=[version.pk])
    answer = known.cast.client("nurse").post(check, {"weight_kg": "154", "amount": "0.5"})
    assert answer.status_code == 409
    text = body(answer)
    assert "The weight differs: the plan says 70 kg, you say 154 kg." in text
    assert "Pounds? 154 kg; the last weight was 70 kg, which is 154.3 pounds." in text
    assert 'value="154"' in text
    with acting_as(known.cast.actor("nurse")):
        assert not DoubleCheck.objects.filter(version=version).exists()


# ---------------------------------------------------------------- the doors of a pressure


@pytest.mark.parametrize(("systolic", "diastolic"), [(80, 120), (90, 90)])
def test_the_lower_pressure_lies_below_the_upper_one(systolic: float, diastolic: float):
    assert pressure_fault(systolic, diastolic) == "not-below"
    assert pressure_fault(diastolic + 1, systolic - 1) is None


def pressure_values(known: Known, sure: bool) -> Any:
    typed = {"nibp_sys": "80", "nibp_dia": "120", "seen": "1"} | ({"sure": "on"} if sure else {})
    return known.cast.client("nurse").post(reverse("console:session_values", args=[known.stage.id]), typed)


def pressure_panel(known: Known, sure: bool) -> Any:
    typed = {"panel": "pressure", "sbp": "80", "dbp": "120", "observed_on": today().isoformat()}
    typed |= {"sure": "1"} if sure else {}
    return known.cast.client("nurse").post(reverse("console:candidacy_enter", args=[known.patient_id]), typed)


def pressure_alone(known: Known, sure: bool) -> Any:
    """The upper number first, the lower one with another entry of the same day."""
    by = known.cast.actor("nurse")
    with acting_as(by):
        entry_actions.enter_fact(by=by, patient_id=known.patient_id, name="sbp", value=80.0, on=today())
    typed = {"panel": "pressure", "dbp": "120", "observed_on": today().isoformat()} | ({"sure": "1"} if sure else {})
    return known.cast.client("nurse").post(reverse("console:candidacy_enter", args=[known.patient_id]), typed)


def pressure_csv(known: Known, sure: bool) -> Any:
    day = today().isoformat()
    text = f"name,value,unit,date\nsbp,80,mmHg,{day}\ndbp,120,mmHg,{day}"
    return known.cast.client("nurse").post(
        reverse("console:candidacy_report", args=[known.patient_id]), {"report": text} | ({"sure": "1"} if sure else {})
    )


def pressure_bundle(known: Known, sure: bool) -> Any:
    def part(code: str, value: int) -> dict[str, Any]:
        coding = [{"system": "http://loinc.org", "code": code}]
        return {"code": {"coding": coding}, "valueQuantity": {"value": value, "code": "mm[Hg]"}}

    observation = {
        "resourceType": "Observation", "status": "final", "effectiveDateTime": today().isoformat(),
        "component": [part("8480-6", 80), part("8462-4", 120)],
    }  # fmt: skip
    text = json.dumps({"resourceType": "Bundle", "entry": [{"resource": observation}]})
    return known.cast.client("nurse").post(
        reverse("console:candidacy_report", args=[known.patient_id]), {"report": text} | ({"sure": "1"} if sure else {})
    )


PRESSURES: dict[str, Callable[[Known, bool], Any]] = {
    "values": pressure_values, "panel": pressure_panel, "alone": pressure_alone, "csv": pressure_csv,
    "bundle": pressure_bundle,
}  # fmt: skip


@pytest.mark.parametrize("door", PRESSURES)
def test_80_over_120_is_asked_about_and_kept_when_confirmed(known: Known, door: str):
    answer = PRESSURES[door](known, False)
    assert answer.status_code in {409, 422}
    text = body(answer)
    assert "ower pressure is not below the upper one. Are they the wrong way round?" in text
    assert "120" in text[text.index("<form") :]
    confirmed = PRESSURES[door](known, True)
    assert confirmed.status_code == 302, body(confirmed)[:2000]
    with acting_as(known.cast.actor("nurse")):
        if door == "values":
            rows = Observation.objects.filter(encounter_id=known.stage.id)
            assert {(each.code, each.value, each.doubt) for each in rows} == {
                ("nibp_sys", 80, "crossed"), ("nibp_dia", 120, "crossed"),
            }  # on the chart, marked, and not counted  # fmt: skip
        else:
            assert ClinicalFact.objects.filter(name="dbp", value=120.0).exists()


def test_two_pressures_of_one_day_in_a_report_are_two_pressures(known: Known):
    day = today().isoformat()
    rows = "\n".join(
        f"{name},{value},mmHg,{day}" for name, value in (("sbp", 140), ("dbp", 90), ("sbp", 85), ("dbp", 60))
    )
    answer = known.cast.client("nurse").post(
        reverse("console:candidacy_report", args=[known.patient_id]), {"report": f"name,value,unit,date\n{rows}"}
    )
    assert answer.status_code == 302, body(answer)[:2000]
