"""C5: nobody leaves on half a score: every recorded one reaches its threshold, PADSS always, Aldrete first if adopted.

The thresholds are those of the rules: PADSS 9 of 10 (table at clinmedjournals.org, read), Aldrete 9 of 10 (StatPearls
excerpt, second-hand), saturation 94 % (convention); Aldrete first, then PADSS: Chung 1995, PubMed 8590498, abstract.
"""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from sojourn.care.encounter.models import SessionState
from sojourn.care.encounter.queries import current_state
from sojourn.care.session import actions as session_actions
from sojourn.care.session import score_actions, strike_actions
from sojourn.care.session.models import CheckResult, Discharge
from sojourn.care.session.snapshot import load
from sojourn.clinical import recovery
from sojourn.clinical.protocol import GuardFacts, Latest, State, guard
from sojourn.clinical.protocol import StepRefusal as GuardRefused
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.scope import SessionScope
from tests.care.stage import (
    WELL,
    Stage,
    adopt_everything,
    answers_to,
    arrive,
    check_dose,
    found_well,
    pass_checks,
    score,
    set_stage,
    to_dosing,
)
from tests.cases.chair import press, show
from tests.conftest import Cast
from tests.interfaces.test_session_pages import body, url

ITEMS = ("walks", "dissociation", "no_crisis", "driving", "companion_here")
BEGAN, OVER = 125, 85  # minutes ago: the dose ran for 40 minutes, and 80 of observation have gone by


def observed(cast: Cast, *, items: bool = True, spo2: float = 98, baseline: float = 98) -> Stage:
    """A dose that is over for long enough; everything is well and every item passed, and nobody has scored."""
    began, by = timezone.now() - timedelta(minutes=BEGAN), cast.actor("nurse")
    with acting_as(by):
        stage = to_dosing(cast, at=began) if baseline == 98 else _from(cast, baseline)
        stage.step("end_dose", now=timezone.now() - timedelta(minutes=OVER))
        stage.vitals(timezone.now(), nibp_sys=122, nibp_dia=76, spo2=spo2, hr=70, rr=14, moaas=5)
        for item in ITEMS if items else ():
            session_actions.check(by=by, encounter_id=stage.id, item_id=item, passed=True)
    return stage


def _from(cast: Cast, baseline: float) -> Stage:
    """A dose begun by somebody whose saturation was low at the checks, and better when the dose began."""
    began = timezone.now() - timedelta(minutes=BEGAN)
    stage = set_stage(cast, at=began)
    arrive(stage, began)
    pass_checks(stage, began, spo2=baseline)
    for minute in (1, 2):
        stage.vitals(began + timedelta(minutes=minute), spo2=97)
    check_dose(stage, began + timedelta(minutes=2))
    stage.step("start_dose", now=began + timedelta(minutes=2))
    return stage


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    """A clinic that has adopted everything, Aldrete first among it; how low a saturation may be nobody has stated."""
    adopt_everything(clinic, but={"recovery.floor"})
    return clinic


@pytest.fixture
def padss_alone(clinic: Cast) -> Cast:
    adopt_everything(clinic, but={"recovery.aldrete_first", "recovery.floor"})
    return clinic


def scored(stage: Stage, *scores: tuple[str, int]) -> None:
    """Scores of some totals, in this order."""
    by = stage.cast.actor("nurse")
    with acting_as(by):
        for scale_id, total in scores:
            score_actions.score(
                by=by, encounter_id=stage.id, scale_id=scale_id, answers=answers_to(scale_id, total)
            )  # fmt: skip


def state(stage: Stage) -> str:
    with acting_as(stage.cast.actor("nurse")):
        return str(current_state(SessionScope(stage.id)).state)


def standing(stage: Stage, transition: str) -> set[str]:
    with acting_as(stage.cast.actor("nurse")):
        return {each.code for each in load(SessionScope(stage.id), timezone.now()).standing(transition)}


def refused(client: Client, stage: Stage, step: str, said: str) -> None:
    """The button does not move the session on, and both the answer and the page say why."""
    before = state(stage)
    answer = press(client, stage, step)
    assert said in body(answer)
    assert said in show(client, stage)
    assert state(stage) == before


def with_keys(client: Client, stage: Stage, step: str, *keys: str, reason: str) -> Any:
    return press(client, stage, step, override=list(keys), reason=reason)


# ---------------------------------------------------------------- every score that is recorded


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([("aldrete", 9), ("padss", 4)], "PADSS is 4 and must be at least 9."),
        ([("aldrete", 3), ("padss", 9)], "Aldrete score is 3 and must be at least 9."),
        ([("padss", 8)], "PADSS is 8 and must be at least 9."),
        ([("aldrete", 10)], "Not scored in this observation: PADSS."),
        ([], "Not scored in this observation: PADSS."),
        ([("padss", 10), ("padss", 8)], "PADSS is 8 and must be at least 9."),
        ([("aldrete", 10), ("aldrete", 8), ("padss", 10)], "Aldrete score is 8 and must be at least 9."),
    ],
)  # fmt: skip
def test_no_score_makes_up_for_another(padss_alone: Cast, scores: list[tuple[str, int]], said: str):
    """C5: PADSS 4 with Aldrete 9 passed, and so did PADSS 9 with Aldrete 3."""
    stage = observed(padss_alone)
    scored(stage, *scores)
    refused(padss_alone.client("nurse"), stage, "session_find_ready", said)


@pytest.mark.parametrize("scores", [[("padss", 9)], [("padss", 4), ("padss", 9)], [("padss", 9), ("aldrete", 9)]])
def test_padss_alone_is_enough_where_aldrete_is_not_asked_for(padss_alone: Cast, scores: list[tuple[str, int]]):
    """C5: at the threshold, by the newest of each."""
    stage = observed(padss_alone)
    scored(stage, *scores)
    press(padss_alone.client("nurse"), stage, "session_find_ready")
    assert state(stage) == "ready_to_leave"


def test_what_is_scored_at_the_door_counts_at_the_door(padss_alone: Cast):
    """C5: found ready with PADSS 10, then dizzy: 4. The button "The patient has left" asks again."""
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    scored(stage, ("padss", 10))
    press(nurse, stage, "session_find_ready")
    scored(stage, ("padss", 4))
    refused(nurse, stage, "session_leave", "PADSS is 4 and must be at least 9.")
    with acting_as(padss_alone.actor("nurse")):
        assert not Discharge.objects.exists()
    scored(stage, ("padss", 9))
    press(nurse, stage, "session_leave")
    assert state(stage) == "left"


def test_a_struck_score_does_not_count(padss_alone: Cast):
    """C5: the one score that let the patient be found ready was entered in error."""
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    scored(stage, ("padss", 10))
    press(nurse, stage, "session_find_ready")
    with acting_as(padss_alone.actor("nurse")):
        row = CheckResult.objects.get(item_id="padss")
        strike_actions.strike(
            by=padss_alone.actor("nurse"), encounter_id=stage.id, of="check", row_id=row.pk, reason="Another patient"
        )
    refused(nurse, stage, "session_leave", "Not scored in this observation: PADSS.")


def test_what_was_scored_before_the_dose_or_during_it_does_not_count(padss_alone: Cast):
    """C5: a PADSS of 10 from before the dose let a patient leave after it."""
    began, by = timezone.now() - timedelta(minutes=BEGAN), padss_alone.actor("nurse")
    with acting_as(by):
        stage = set_stage(padss_alone, at=began)
        arrive(stage, began)
        score(stage, "padss", now=began)
        pass_checks(stage, began)
        check_dose(stage, began)
        stage.step("start_dose", now=began)
        score(stage, "padss", now=began + timedelta(minutes=20))
        for item in ITEMS:
            session_actions.check(by=by, encounter_id=stage.id, item_id=item, passed=True, now=began)
        stage.vitals(began + timedelta(minutes=1), moaas=5)
        stage.step("end_dose", now=timezone.now() - timedelta(minutes=OVER))
        stage.vitals(timezone.now(), nibp_sys=122, nibp_dia=76, spo2=98, hr=70, rr=14)
    assert standing(stage, "find_ready") == {
        "score-missing:padss", "missing:moaas", "check-missing:walks", "check-missing:dissociation",
        "check-missing:no_crisis", "check-missing:driving",
    }  # fmt: skip
    page = show(padss_alone.client("nurse"), stage)
    assert "Not scored yet; 9 of 10 or more is needed." in page
    assert "Not recorded in this observation: Sedation (MOAA/S)" in page or "Not recorded in this observation" in page


def test_who_is_observed_again_is_scored_again(padss_alone: Cast):
    """C5: a score is of one observation."""
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    scored(stage, ("padss", 10))
    press(nurse, stage, "session_find_ready")
    press(nurse, stage, "session_observe_again")
    refused(nurse, stage, "session_find_ready", "Not scored in this observation: PADSS.")


def test_what_was_signed_for_one_observation_is_signed_again_for_the_next(padss_alone: Cast):
    """C5: "walks" passed by a prescriber's reason; then the patient has to be observed again."""
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    by = padss_alone.actor("nurse")
    scored(stage, ("padss", 10))
    with acting_as(by):
        session_actions.check(by=by, encounter_id=stage.id, item_id="walks", passed=False)
    prescriber = padss_alone.client("prescriber")
    with_keys(prescriber, stage, "session_find_ready", "check-failed:walks", reason="Walks with a stick since 2019")
    assert state(stage) == "ready_to_leave"
    press(nurse, stage, "session_observe_again")
    assert "check-missing:walks" in standing(stage, "find_ready")
    with acting_as(by):
        session_actions.check(by=by, encounter_id=stage.id, item_id="walks", passed=False)
    assert "check-failed:walks" in standing(stage, "find_ready")


@pytest.mark.parametrize("left_out", WELL["padss"])
def test_a_score_with_an_item_missing_is_none(padss_alone: Cast, left_out: str):
    """C5: a partial PADSS is refused and says which item; nothing is kept of it."""
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    typed = {name: "skip" if points is None else str(points) for name, points in WELL["padss"].items()}
    typed.pop(left_out)
    answer = press(nurse, stage, "session_score", "padss", **typed)
    assert answer.status_code == 422
    assert "Choose one answer." in body(answer)
    by = padss_alone.actor("nurse")
    answers = {name: points for name, points in WELL["padss"].items() if name != left_out}
    with acting_as(by):
        with pytest.raises(ActionRefused) as partial:
            score_actions.score(by=by, encounter_id=stage.id, scale_id="padss", answers=answers)
        assert partial.value.codes == (f"missing:{left_out}",)
        assert not CheckResult.objects.filter(item_id="padss").exists()


@pytest.mark.parametrize("scale_id", recovery.SCALES)
def test_a_total_cannot_be_ticked_past_its_items(padss_alone: Cast, scale_id: str):
    """C5: no other door writes a score."""
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    answer = press(nurse, stage, "session_check", item=scale_id, outcome="passed", value="10", last="0")
    assert answer.status_code == 404
    by = padss_alone.actor("nurse")
    with acting_as(by):
        with pytest.raises(ActionRefused) as unknown:
            session_actions.check(by=by, encounter_id=stage.id, item_id=scale_id, passed=True, value="10")
        assert unknown.value.codes == ("unknown-item",)


# ---------------------------------------------------------------- Aldrete first, where it is adopted


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([("padss", 10)], "Not scored in this observation: Aldrete score."),
        ([("padss", 10), ("aldrete", 10)], "Aldrete has to reach 9 before PADSS is scored."),
        ([("aldrete", 8), ("padss", 10), ("aldrete", 9)], "Aldrete has to reach 9 before PADSS is scored."),
    ],
)  # fmt: skip
def test_aldrete_comes_first_where_it_is_adopted(ready: Cast, scores: list[tuple[str, int]], said: str):
    """C5: Chung 1995: Aldrete first, then PADSS."""
    stage = observed(ready)
    scored(stage, *scores)
    refused(ready.client("nurse"), stage, "session_find_ready", said)
    scored(stage, ("aldrete", 9), ("padss", 9))
    press(ready.client("nurse"), stage, "session_find_ready")
    assert state(stage) == "ready_to_leave"


def test_an_aldrete_that_fell_again_is_not_first(ready: Cast):
    """C5: Aldrete 9, then 7, and PADSS while it was 7: a later 9 does not make that PADSS the second."""
    stage = observed(ready)
    scored(stage, ("aldrete", 9), ("aldrete", 7), ("padss", 9), ("aldrete", 9))
    assert "aldrete-first" in standing(stage, "find_ready")
    scored(stage, ("padss", 9))
    assert "aldrete-first" not in standing(stage, "find_ready")


def test_aldrete_first_is_proposed_for_iv_im_and_sc():
    """C5: a convention that waits for a prescriber."""
    rule = released_rulebook().rule("recovery.aldrete_first")
    assert (tuple(rule.fact("routes")), rule.acts_without_adoption) == (("iv", "im", "sc"), False)
    for route in ("iv", "im", "sc", "in", "sl", "oral"):
        assert recovery.read_leaving([rule], route).aldrete_first is (route in {"iv", "im", "sc"})


# ---------------------------------------------------------------- an adopted older version


def test_old_numbers_stay_and_the_guards_act_at_once(padss_alone: Cast):
    """C5: a clinic that adopted an older version with PADSS 10 keeps its 10; Aldrete alone lets nobody leave there."""
    old = released_rulebook().rule("iv_racemic_40min", 2)
    by = padss_alone.actor("prescriber")
    with acting_as(by):
        RuleAdoption.objects.create(
            clinic_id=by.own_clinic_id, rule_id=old.id, version=2, rule_hash=old.hash,
            parameters={"padss_at_least": 10},
            adopted_at=timezone.now() - timedelta(days=1), adopted_by_id=by.member,
        )  # fmt: skip
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    with acting_as(padss_alone.actor("nurse")):
        assert load(SessionScope(stage.id), timezone.now()).protocol.rule.version == 2
    scored(stage, ("aldrete", 9))
    refused(nurse, stage, "session_find_ready", "Not scored in this observation: PADSS.")
    scored(stage, ("padss", 9))
    refused(nurse, stage, "session_find_ready", "PADSS is 9 and must be at least 10.")
    scored(stage, ("padss", 10))
    press(nurse, stage, "session_find_ready")
    assert state(stage) == "ready_to_leave"


@pytest.mark.parametrize("protocol_id", [each.id for each in released_rulebook().protocols()])
@pytest.mark.parametrize(("padss", "aldrete", "code"), [
    (4, 9, "score-too-low:padss"), (9, 3, "score-too-low:aldrete"), (None, 9, "score-missing:padss"),
])  # fmt: skip
def test_it_is_so_in_every_version_of_every_protocol(protocol_id: str, padss: int | None, aldrete: int, code: str):
    """C5: seven protocols, each in every version that was ever released."""
    from sojourn.clinical.protocol import read

    for version in (1, 2, 3):
        own = read(released_rulebook().rule(protocol_id, version))
        facts = GuardFacts(State.READY_TO_LEAVE, padss=padss, aldrete=aldrete)
        for step, at in (("find_ready", State.OBSERVING), ("leave", State.READY_TO_LEAVE)):
            found = guard(step, GuardFacts(at, padss=facts.padss, aldrete=facts.aldrete), own)
            assert isinstance(found, GuardRefused)
            assert code in {each.code for each in found.reasons}


# ---------------------------------------------------------------- as before the dose

CHAIR = {name: "skip" if points is None else str(points) for name, points in WELL["padss"].items()}


def test_somebody_in_a_wheelchair_leaves_and_the_record_says_how_it_was(padss_alone: Cast):
    """C5: movement is scored as before the dose, by name, with what justifies it, on page, record and paper."""
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    assert "moves as before the dose" in body(nurse.get(url("session_score", stage, "padss")))
    as_before = {**CHAIR, "activity_mental": "as-before", "intake_output": "1"}
    answer = press(nurse, stage, "session_score", "padss", **as_before)
    assert answer.status_code == 422
    assert "Say how it was before the dose" in body(answer)
    press(nurse, stage, "session_score", "padss", **as_before, before_activity_mental="Uses a wheelchair since 2019")
    said, name = "as before the dose: Uses a wheelchair since 2019", padss_alone.members["nurse"].name
    page = show(nurse, stage)
    assert said in page
    assert name in page
    press(nurse, stage, "session_find_ready")
    press(nurse, stage, "session_leave")
    assert state(stage) == "left"
    assert said in body(nurse.get(reverse("console:record", args=[stage.id])))
    paper = PdfReader(BytesIO(nurse.get(reverse("console:record_pdf", args=[stage.id])).content))
    assert said in " ".join(" ".join(each.extract_text() for each in paper.pages).split())
    with acting_as(padss_alone.actor("nurse")):
        criteria = Discharge.objects.get().criteria
        assert criteria["padss"] == 9
        assert said in criteria["parts"]["padss"]


def test_only_movement_and_oxygen_are_ever_as_before():
    """C5: nausea, consciousness, breathing and pressure are scored as they are."""
    allowed = {
        scale_id: {item.id for item in recovery.read(released_rulebook().rule(scale_id)).items if item.as_before}
        for scale_id in recovery.SCALES
    }
    assert allowed == {"padss": {"activity_mental"}, "aldrete": {"activity", "spo2"}}


def test_oxygen_as_before_shows_what_was_measured_before_the_dose(padss_alone: Cast):
    """C5: home oxygen: the saturation of before the dose stands beside what was said."""
    stage, nurse = observed(padss_alone), padss_alone.client("nurse")
    typed = {**dict.fromkeys(WELL["aldrete"], "2"), "spo2": "as-before", "before_spo2": "2 L/min at home"}
    press(nurse, stage, "session_score", "aldrete", **typed)
    said = "as before the dose: 2 L/min at home; Oxygen saturation before the dose 98 %"
    assert said in show(nurse, stage)


def test_what_nobody_measured_before_the_dose_is_not_as_before(padss_alone: Cast):
    """C5: without a saturation of before the dose there is nothing to compare with."""
    began, by = timezone.now() - timedelta(minutes=BEGAN), padss_alone.actor("nurse")
    with acting_as(by):
        stage = set_stage(padss_alone, at=began)
        arrive(stage, began)
        session_actions.check(by=by, encounter_id=stage.id, item_id="saturation", passed=True, now=began)
        pass_checks(stage, began, spo2=None)
        with pytest.raises(ActionRefused) as refusal:
            score_actions.score(
                by=by, encounter_id=stage.id, scale_id="aldrete", before={"spo2": "2 L/min at home"},
                answers={**WELL["aldrete"], "spo2": recovery.AS_BEFORE},
            )  # fmt: skip
        assert refusal.value.codes == ("baseline-missing:spo2",)


# ---------------------------------------------------------------- a saturation that was low before


def test_a_baseline_of_82_excuses_no_82(ready: Cast):
    """C5: baseline 82, now 82 passed. Until somebody states a floor a prescriber signs, for that value alone."""
    stage = observed(ready, baseline=82, spo2=93)
    with acting_as(ready.actor("nurse")):
        found_well(stage)
        stage.vitals(timezone.now(), spo2=82)
    assert "low:spo2" in standing(stage, "find_ready")
    nurse, prescriber = ready.client("nurse"), ready.client("prescriber")
    said = "Oxygen saturation is 82, and was 82 before the dose. Below 94 a prescriber decides"
    refused(nurse, stage, "session_find_ready", said)
    with acting_as(ready.actor("nurse")):
        keys = [each.key for each in load(SessionScope(stage.id), timezone.now()).standing("find_ready")]
    with_keys(prescriber, stage, "session_find_ready", *keys, reason="Severe COPD, at the 82 % that she lives with")
    assert state(stage) == "ready_to_leave"
    with acting_as(ready.actor("nurse")):
        stage.vitals(timezone.now(), spo2=81)
    assert "low:spo2" in standing(stage, "leave"), "the signature was for 82"


def test_a_stated_floor_lets_the_own_saturation_count_down_to_it(ready: Cast):
    """C5: a clinic has stated 90 (its own number: no source gives one)."""
    by = ready.actor("prescriber")
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id="recovery.floor", parameters={"spo2": 90})
    stage = observed(ready, baseline=82, spo2=90)
    with acting_as(ready.actor("nurse")):
        found_well(stage)
        assert "low:spo2" not in standing(stage, "find_ready")
        stage.vitals(timezone.now(), spo2=89)
        assert "low:spo2" in standing(stage, "find_ready")


def test_the_floor_has_no_default():
    """C5: no number was found in any source, so none is proposed."""
    rule = released_rulebook().rule("recovery.floor")
    assert (dict(rule.parameters), set(rule.open), rule.acts_without_adoption) == ({}, {"spo2"}, False)


@pytest.mark.parametrize(
    ("before", "floor", "now", "leaves"),
    [
        (98, None, 94, True), (98, None, 93, False), (93, None, 93, False), (82, None, 82, False),
        (None, None, 93, False), (None, 88, 93, False), (93, 88, 93, True), (93, 88, 92, False),
        (82, 88, 88, True), (82, 88, 87, False), (82, 88, 82, False),
    ],
)  # fmt: skip
def test_the_smaller_of_94_and_the_own_but_never_below_the_floor(
    before: float | None, floor: float | None, now: float, leaves: bool
):
    """C5: max(floor, min(94, own)); without a floor 94."""
    own = {} if before is None else {"spo2": float(before)}
    facts = GuardFacts(
        State.OBSERVING, latest={"spo2": Latest(now, 1)}, baseline=own,
        leaving=recovery.Leaving(saturation_floor=floor),
    )  # fmt: skip
    found = guard("find_ready", facts, released_rulebook().protocol("im"))
    assert isinstance(found, GuardRefused)
    assert ("low:spo2" not in {each.code for each in found.reasons}) is leaves


# ---------------------------------------------------------------- other ways round


def test_a_fresh_pressure_without_a_like_of_before_is_not_passed_by_an_old_cuff():
    """C5: the kind: an arterial line says 190 now; the cuff that was well half an hour ago does not speak for it."""
    pressures = {
        "nibp_sys": Latest(122, 30), "nibp_dia": Latest(78, 30), "art_sys": Latest(190, 0), "art_dia": Latest(110, 0),
    }  # fmt: skip
    facts = GuardFacts(State.OBSERVING, latest=pressures, baseline={"nibp_sys": 120.0, "nibp_dia": 80.0})
    found = guard("find_ready", facts, released_rulebook().protocol("im"))
    assert isinstance(found, GuardRefused)
    assert {"bp-unknown:systolic", "bp-unknown:diastolic"} <= {each.code for each in found.reasons}


def test_who_lets_the_patient_go_signs_for_nothing_that_a_prescriber_signed(padss_alone: Cast):
    """C5: what a prescriber set aside is in the record once, under their name."""
    stage = observed(padss_alone)
    scored(stage, ("padss", 8))
    with acting_as(padss_alone.actor("nurse")):
        keys = [each.key for each in load(SessionScope(stage.id), timezone.now()).standing("find_ready")]
    with_keys(padss_alone.client("prescriber"), stage, "session_find_ready", *keys, reason="Nausea as after every dose")
    press(padss_alone.client("nurse"), stage, "session_leave")
    with acting_as(padss_alone.actor("nurse")):
        rows = SessionState.objects.filter(encounter_id=stage.id, state__in=["ready_to_leave", "left"]).order_by("seq")
        assert [(row.state, row.overridden) for row in rows] == [
            ("ready_to_leave", ["score-too-low:padss"]), ("left", [])
        ]  # fmt: skip
