"""Who is treated: decisions bound to what was seen, blocks that two prescribers override, acceptances that end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import judging
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.actions import DecisionInput
from sojourn.care.candidacy.models import CandidacyDecision, Override, OverrideSignature
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.patients.models import Patient
from sojourn.clinical import news2
from sojourn.clinical.eligibility import ACTIONS, SEVERITIES, Fact, Finding
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import actor_of, system_actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.scope import PatientScope
from tests.care.adopting import as_typed
from tests.care.open_eyes import clear, reasoned
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast

NOW = datetime(2026, 12, 2, 15, 0, tzinfo=UTC)
TODAY = date(2026, 12, 2)
ACCEPT = DecisionInput("accept")
DECLINE = DecisionInput("decline", explanation="The risk is too high.", alternatives="Talk therapy.")


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic, sex="female")


def colleague(clinic: Cast) -> Actor:
    """A second prescriber."""
    with acting_as(system_actor(clinic.clinic.pk)):
        person = Person.objects.create_user(f"second@{clinic.clinic.slug}.example")
        member = Membership.objects.create(clinic=clinic.clinic, person=person, role="prescriber", name="Second Eyes")
        return actor_of(member)


def know(clinic: Cast, patient: Patient, on: date = TODAY, **facts: Any) -> None:
    by = clinic.actor("nurse")
    with acting_as(by):
        for name, value in facts.items():
            entry_actions.enter_fact(by=by, patient_id=patient.pk, name=name, value=value, on=on, now=NOW)


def takes(clinic: Cast, patient: Patient, name: str) -> None:
    by = clinic.actor("nurse")
    with acting_as(by):
        intake_actions.say_line(
            by=by, patient_id=patient.pk, of="medicines", name=name, current=True, stopped_on=None, now=NOW
        )


def look(clinic: Cast, patient: Patient, drug: str = "ketamine", route: str = "iv", on: date = TODAY):
    with acting_as(clinic.actor("prescriber")):
        return candidacy_queries.assessment(PatientScope(patient.pk), drug, on, route=route)


def seen(clinic: Cast, patient: Patient, drug: str = "ketamine", route: str = "iv", on: date = TODAY) -> dict:
    with acting_as(clinic.actor("prescriber")):
        newest = candidacy_queries.latest(PatientScope(patient.pk))
        token = candidacy_queries.seeing(
            candidacy_queries.assessment(PatientScope(patient.pk), drug, on, route=route), newest.pk if newest else None
        )
        found = candidacy_queries.read_seen(token)
    assert found is not None
    return found


def decide(clinic: Cast, patient: Patient, answer: DecisionInput = ACCEPT, *, page: dict | None = None, **more: Any):
    by = more.pop("by", clinic.actor("prescriber"))
    page = page or seen(clinic, patient)
    with acting_as(by):
        found = candidacy_queries.assessment(
            PatientScope(patient.pk), page.get("drug") or "ketamine", TODAY, route=page.get("route")
        )
        if answer.accepts:
            clear(by, found, now=more.get("now", NOW))
        return candidacy_actions.decide(
            by=by, patient_id=patient.pk, answer=reasoned(found, answer), seen=page, **({"now": NOW} | more)
        )


def stands(clinic: Cast, patient: Patient, on: date = TODAY, **way: str) -> candidacy_queries.CandidacyStatus:
    with acting_as(clinic.actor("prescriber")):
        return candidacy_queries.standing(PatientScope(patient.pk), on, **way)


def codes(call: Any) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as refused:
        call()
    return refused.value.codes


def adopt(clinic: Cast, rule_id: str) -> None:
    by = clinic.actor("prescriber")
    with acting_as(by):
        rulebook_actions.adopt(by=by, rule_id=rule_id, parameters=as_typed(rule_id))


def key(clinic: Cast, patient: Patient, rule_id: str) -> str:
    return next(judging.fingerprint(each) for each in look(clinic, patient).findings if each.rule_id == rule_id)


def override(
    clinic: Cast, patient: Patient, rule_id: str, by: Actor | None = None, reason: str = "Seen by obstetrics",
    drug: str = "ketamine",
):  # fmt: skip
    actor = by or clinic.actor("prescriber")
    finding = key(clinic, patient, rule_id)
    with acting_as(actor):
        return candidacy_actions.override(
            by=actor, patient_id=patient.pk, drug=drug, finding=finding, reason=reason, now=NOW
        )


# ---------------------------------------------------------------- what the rules say


def test_the_assessment_says_what_is_found_missing_and_not_checked(clinic: Cast, patient: Patient):
    know(clinic, patient, pregnancy_test="positive", can_become_pregnant=True)
    for name in ("Diazepam", "Grandmother’s tea", "Paracetamol"):
        takes(clinic, patient, name)
    found = look(clinic, patient)
    assert [each.rule_id for each in found.blocking] == ["CI-PREGNANCY"]
    assert "absolute" in found.by_severity
    assert [(each.medicine.name, each.severity) for each in found.interactions] == [("Diazepam", "major")]
    assert [each.name for each in found.not_checked] == ["Grandmother’s tea"]
    assert {"sbp", "alt"} <= {each.fact for each in found.missing}


def test_an_assessment_takes_six_statements(clinic: Cast, patient: Patient, django_assert_max_num_queries):
    with acting_as(clinic.actor("nurse")), django_assert_max_num_queries(6):
        candidacy_queries.assessment(PatientScope(patient.pk), "ketamine", TODAY, route="iv")


def test_vitals_are_scored_if_they_are_all_of_one_day(clinic: Cast, patient: Patient):
    """The whole score of 5 of the rule's worked examples (facts/news2.json)."""
    assert isinstance(look(clinic, patient).news2, news2.News2Refusal)
    know(
        clinic, patient, respiratory_rate=22.0, spo2=98.0, on_oxygen=False, sbp=105.0, heart_rate=100.0,
        temperature=38.5, consciousness="alert",
    )  # fmt: skip
    scored = look(clinic, patient).news2
    assert isinstance(scored, news2.News2)
    assert scored.total == 5
    assert scored.caveats
    know(clinic, patient, on=TODAY - timedelta(days=1), pregnant=True)
    assert look(clinic, patient).news2 == news2.News2Refusal(("pregnancy",))


def test_vitals_of_two_days_are_not_scored(clinic: Cast, patient: Patient):
    know(
        clinic, patient, respiratory_rate=16.0, spo2=98.0, on_oxygen=False, heart_rate=70.0, temperature=37.0,
        consciousness="alert",
    )  # fmt: skip
    know(clinic, patient, on=TODAY - timedelta(days=3), sbp=120.0)
    assert look(clinic, patient).news2 == news2.News2Refusal(("not-of-one-day",))


# ---------------------------------------------------------------- deciding


def test_nobody_has_decided(clinic: Cast, patient: Patient):
    standing = stands(clinic, patient)
    assert (standing.may_treat, standing.conditions, standing.decision) == (False, (), None)
    assert "decided yet" in standing.reasons[0]


@pytest.mark.alone
def test_accepting_keeps_what_it_rests_on(clinic: Cast, patient: Patient):
    know(clinic, patient, on=TODAY - timedelta(days=2), sbp=124.0, dbp=78.0)
    takes(clinic, patient, "Diazepam")
    row = decide(clinic, patient)
    facts = {each["name"]: each for each in row.basis["facts"]}
    assert facts["sbp"] == {"name": "sbp", "value": 124.0, "on": "2026-11-30", "told_by": "clinician"}
    assert [each["medicine"] for each in row.basis["interactions"]] == ["Diazepam"]
    stamp = {each["id"]: each for each in row.basis["rules"]}
    assert stamp["CI-PREGNANCY"]["adopted"] is True
    assert stamp["RC-LFT"]["adopted"] is False
    assert all(len(each["hash"]) == 64 and each["version"] >= 1 for each in stamp.values())
    assert "sbp" not in {each["fact"] for each in row.basis["missing"]}
    with acting_as(clinic.actor("nurse")):
        kept = CandidacyDecision.objects.get()
        assert kept.content_hash == candidacy_actions.content_hash(kept)
        assert AuditEvent.objects.order_by("-seq").values_list("action", flat=True)[0] == "candidacy.decided"
    standing = stands(clinic, patient)
    assert (standing.may_treat, standing.reasons) == (True, ())


def test_conditions_come_with_the_standing(clinic: Cast, patient: Patient):
    said = DecisionInput(
        "accept_with_conditions", conditions=("ECG first ", "", "No driving"), explanation="Your heart."
    )
    decide(clinic, patient, said)
    assert stands(clinic, patient).conditions == ("ECG first", "No driving")


MOST = DecisionInput("accept_with_conditions", conditions=tuple(f"{n:0300}" for n in range(20)), explanation="x" * 4000)


@pytest.mark.parametrize("answer", [MOST, DecisionInput("defer", awaited_words="x" * 300, explanation="So.")])
def test_an_answer_may_be_as_long_as_it_says(clinic: Cast, patient: Patient, answer: DecisionInput):
    assert decide(clinic, patient, answer).kind == answer.kind


@pytest.mark.alone
@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (DecisionInput(""), ("unknown-kind",)),
        (DecisionInput("accept", conditions=("ECG",)), ("conditions-not-kept",)),
        (DecisionInput("accept", until_on=TODAY + timedelta(days=3)), ("until-not-kept",)),
        (DecisionInput("accept_with_conditions", explanation="So."), ("conditions-missing",)),
        (DecisionInput("accept_with_conditions", conditions=("ECG",)), ("explanation-missing",)),
        (DecisionInput("defer", explanation="A test first."), ("until-missing",)),
        (DecisionInput("defer", until_on=TODAY, explanation="Later."), ("past",)),
        (DecisionInput("defer", awaited=("ecg",)), ("explanation-missing",)),
        (DecisionInput("decline", explanation=" \n "), ("explanation-missing", "alternatives-missing")),
        (replace(DECLINE, explanation="x" * 4001), ("too-long",)),
        (replace(MOST, conditions=(*MOST.conditions, "x")), ("too-long",)),
        (replace(MOST, conditions=("x" * 301,)), ("too-long",)),
        (DecisionInput("defer", awaited_words="x" * 301, explanation="So."), ("too-long",)),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(clinic: Cast, patient: Patient, answer: DecisionInput, wrong: tuple):
    assert codes(lambda: decide(clinic, patient, answer)) == wrong
    with acting_as(clinic.actor("nurse")):
        assert not CandidacyDecision.objects.exists()


def test_a_deferral_ends_by_a_new_decision_not_by_itself(clinic: Cast, patient: Patient):
    until = TODAY + timedelta(days=14)
    decide(clinic, patient, DecisionInput("defer", until_on=until, awaited=("ecg", "sbp"), explanation="A test first."))
    before, after = stands(clinic, patient), stands(clinic, patient, until)
    assert (before.may_treat, after.may_treat) == (False, False)
    assert "due" not in before.reasons[0]
    assert "due now" in after.reasons[0]


def test_a_decline_does_not_let_treat(clinic: Cast, patient: Patient):
    decide(clinic, patient, DECLINE)
    assert not stands(clinic, patient).may_treat


def test_a_decision_speaks_of_one_drug_and_route(clinic: Cast, patient: Patient):
    decide(clinic, patient)
    assert stands(clinic, patient, drug="ketamine", route="iv").may_treat
    assert not stands(clinic, patient, drug="esketamine", route="in").may_treat
    assert not stands(clinic, patient, drug="ketamine", route="im").may_treat


def test_the_patient_is_told_that_there_is_an_answer_and_not_which(clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    posted: list[Any] = []
    monkeypatch.setattr(candidacy_actions.letters, "post", posted.append)
    who = make_patient(clinic, "Bea", email="bea@example.org")
    decide(clinic, who, DECLINE)
    decide(clinic, who, DECLINE, page=seen(clinic, who) | {"decision": None})
    assert [each.to for each in posted] == ["bea@example.org"]
    letter = posted[0]
    assert "/today/decision/" in letter.text
    for word in ("etamine", "risk", "decline", "therapy"):
        assert word not in letter.subject + letter.text + letter.html


# ---------------------------------------------------------------- bound to what was seen


@pytest.mark.alone
def test_the_same_signature_twice_is_one_decision(clinic: Cast, patient: Patient):
    page = seen(clinic, patient)
    assert decide(clinic, patient, page=page) == decide(clinic, patient, page=page, now=NOW + timedelta(seconds=2))
    with acting_as(clinic.actor("nurse")):
        assert CandidacyDecision.objects.count() == 1
        assert AuditEvent.objects.filter(action="candidacy.decided").count() == 1


def test_an_old_signature_is_not_replayed_over_a_newer_decision(clinic: Cast, patient: Patient):
    page = seen(clinic, patient)
    decide(clinic, patient, page=page)
    decide(clinic, patient, DECLINE)
    with pytest.raises(Overtaken) as overtaken:
        decide(clinic, patient, page=page)
    assert overtaken.value.codes == ("decided-meanwhile",)
    assert not stands(clinic, patient).may_treat


def test_facts_that_changed_meanwhile_are_named(clinic: Cast, patient: Patient):
    page = seen(clinic, patient)
    know(clinic, patient, sbp=118.0)
    takes(clinic, patient, "Diazepam")
    with pytest.raises(Overtaken) as overtaken:
        decide(clinic, patient, page=page)
    assert overtaken.value.codes == ("changed",)
    assert "Systolic blood pressure" in str(overtaken.value.reasons[0])
    assert "Diazepam" in str(overtaken.value.reasons[0])
    decide(clinic, patient)


def test_a_page_of_another_patient_signs_nothing(clinic: Cast, patient: Patient):
    other = make_patient(clinic, "Bea")
    assert codes(lambda: decide(clinic, patient, page=seen(clinic, other))) == ("another-page",)
    assert candidacy_queries.read_seen("not ours") is None
    assert codes(lambda: decide(clinic, patient, page=seen(clinic, patient) | {"route": "ear"})) == ("unknown-way",)


# ---------------------------------------------------------------- blocks and overrides


def test_a_block_is_overridden_by_two_prescribers(clinic: Cast, patient: Patient):
    know(clinic, patient, pregnancy_test="positive", can_become_pregnant=True)
    assert codes(lambda: decide(clinic, patient)) == ("blocked",)
    row = override(clinic, patient, "CI-PREGNANCY")
    assert codes(lambda: decide(clinic, patient)) == ("blocked",)
    mine, other = clinic.actor("prescriber"), colleague(clinic)
    with acting_as(mine):
        for _again in range(2):
            assert codes(lambda: candidacy_actions.second_sign(by=mine, override_id=row.pk, now=NOW)) == (
                "same-person",
            )
    assert codes(lambda: decide(clinic, patient)) == ("blocked",)
    with acting_as(other):
        second = candidacy_actions.second_sign(by=other, override_id=row.pk, now=NOW)
        assert candidacy_actions.second_sign(by=other, override_id=row.pk, now=NOW) == second
        assert AuditEvent.objects.filter(action="candidacy.override_second_signed").count() == 1
    decision = decide(clinic, patient)
    assert [(each["rule_id"], each["second"]) for each in decision.overrides] == [("CI-PREGNANCY", "Second Eyes")]
    assert stands(clinic, patient).may_treat


def test_a_decision_rests_on_what_two_signed_for_its_drug_alone(clinic: Cast, patient: Patient):
    know(clinic, patient, pregnancy_test="positive", can_become_pregnant=True)
    assert decide(clinic, patient, DECLINE).overrides == []
    other = colleague(clinic)

    def rests_on(drug: str, *, second: bool) -> list[str]:
        row = override(clinic, patient, "CI-PREGNANCY", drug=drug)
        if second:
            with acting_as(other):
                candidacy_actions.second_sign(by=other, override_id=row.pk, now=NOW)
        decided = decide(clinic, patient, replace(DECLINE, explanation=f"{drug}, {second}"))
        return [each["rule_id"] for each in decided.overrides]

    assert rests_on("esketamine", second=True) == []  # signed by two, for the other medicine
    assert rests_on("ketamine", second=False) == []  # signed by one
    assert rests_on("ketamine", second=True) == ["CI-PREGNANCY"]


def test_the_database_itself_wants_two_people(clinic: Cast, patient: Patient):
    know(clinic, patient, pregnancy_test="positive", can_become_pregnant=True)
    row = override(clinic, patient, "CI-PREGNANCY")
    with acting_as(clinic.actor("prescriber")), pytest.raises(DatabaseError), transaction.atomic():
        OverrideSignature.objects.create(
            clinic=clinic.clinic, patient=patient, override=row, signed_at=NOW, signed_by=clinic.members["prescriber"],
            signer_name="Same",
        )  # fmt: skip


def test_an_override_holds_for_what_was_seen_only(clinic: Cast, patient: Patient):
    know(clinic, patient, pregnancy_test="positive", can_become_pregnant=True)
    row = override(clinic, patient, "CI-PREGNANCY")
    know(clinic, patient, pregnant=True)
    other = colleague(clinic)
    with acting_as(other):
        found = codes(lambda: candidacy_actions.second_sign(by=other, override_id=row.pk, now=NOW))
    assert found == ("changed",)
    assert codes(lambda: decide(clinic, patient)) == ("blocked",)


@pytest.mark.alone
def test_the_same_reason_twice_is_one_override(clinic: Cast, patient: Patient):
    know(clinic, patient, pregnancy_test="positive", can_become_pregnant=True)
    assert override(clinic, patient, "CI-PREGNANCY") == override(clinic, patient, "CI-PREGNANCY")
    assert codes(lambda: override(clinic, patient, "CI-PREGNANCY", reason=" ")) == ("reason-missing",)
    with acting_as(clinic.actor("nurse")):
        assert Override.objects.count() == 1


def test_what_is_never_overridden_is_refused(clinic: Cast, patient: Patient):
    know(clinic, patient, lacks_capacity=True)
    assert codes(lambda: override(clinic, patient, "RC-CONSENT")) == ("never-overridden",)
    assert codes(lambda: decide(clinic, patient)) == ("blocked",)
    decide(clinic, patient, DECLINE)


def test_a_rule_that_nobody_adopted_never_blocks(clinic: Cast, patient: Patient):
    know(clinic, patient, bp_rise_hazard=True)
    found = look(clinic, patient)
    assert [each.rule_id for each in found.assessment.not_adopted] == ["CI-BP-HAZARD"]
    assert found.blocking == ()
    assert codes(lambda: override(clinic, patient, "CI-BP-HAZARD")) == ("not-blocking",)
    decide(clinic, patient)
    assert stands(clinic, patient).may_treat
    adopt(clinic, "CI-BP-HAZARD")
    after = stands(clinic, patient)
    assert not after.may_treat
    assert [each.rule_id for each in after.changed] == ["CI-BP-HAZARD"]


# ---------------------------------------------------------------- what comes afterwards


def test_a_new_block_ends_what_was_accepted_and_taking_it_back_lets_it_stand(clinic: Cast, patient: Patient):
    decide(clinic, patient)
    know(clinic, patient, pregnancy_test="positive", can_become_pregnant=True)
    after = stands(clinic, patient)
    assert not after.may_treat
    assert after.reasons[0].startswith("Changed since the decision: ")
    assert [each.rule_id for each in after.changed] == ["CI-PREGNANCY"]
    row = override(clinic, patient, "CI-PREGNANCY")
    other = colleague(clinic)
    with acting_as(other):
        candidacy_actions.second_sign(by=other, override_id=row.pk, now=NOW)
    assert not stands(clinic, patient).may_treat, "an override needs a decision that rests on it"
    decide(clinic, patient)
    assert stands(clinic, patient).may_treat


def test_a_wrong_entry_taken_back_lets_the_decision_stand_again(clinic: Cast, patient: Patient):
    decide(clinic, patient)
    know(clinic, patient, lacks_capacity=True)
    assert not stands(clinic, patient).may_treat
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        wrong = entry_actions.enter_fact(
            by=nurse, patient_id=patient.pk, name="lacks_capacity", value=True, on=TODAY, now=NOW
        )
        entry_actions.retract_fact(by=nurse, fact_id=wrong.pk, reason="Another patient", now=NOW)
    assert stands(clinic, patient).may_treat


def test_a_high_pressure_ends_it_once_the_clinic_has_adopted_the_rule(clinic: Cast, patient: Patient):
    """140/90 is recalled (RC-HTN-BASE, facts/rules.json): it acts after adoption only."""
    know(clinic, patient, on=TODAY - timedelta(days=1), sbp=124.0, dbp=78.0)
    decide(clinic, patient)
    know(clinic, patient, sbp=200.0, dbp=100.0)
    assert stands(clinic, patient).may_treat
    adopt(clinic, "RC-HTN-BASE")
    assert [each.rule_id for each in stands(clinic, patient).changed] == ["RC-HTN-BASE"]
    decide(clinic, patient)
    assert stands(clinic, patient).may_treat, "the prescriber has seen it and accepted"


def test_an_urgent_finding_that_is_new_calls_for_a_prescriber(clinic: Cast, patient: Patient):
    decide(clinic, patient)
    know(clinic, patient, suicide_risk="high")
    assert [each.rule_id for each in stands(clinic, patient).changed] == ["RC-SUICIDE-HIGH"]


def test_a_standing_takes_seven_statements(clinic: Cast, patient: Patient, django_assert_max_num_queries):
    decide(clinic, patient)
    with acting_as(clinic.actor("nurse")), django_assert_max_num_queries(7):
        assert candidacy_queries.standing(PatientScope(patient.pk), TODAY).may_treat


# ---------------------------------------------------------------- who may


def test_a_patient_reads_their_own_decision_and_nobody_elses(clinic: Cast, patient: Patient):
    other = make_patient(clinic, "Bea")
    decide(clinic, patient, DECLINE)
    know(clinic, other, pregnancy_test="positive", can_become_pregnant=True)
    override(clinic, other, "CI-PREGNANCY")
    with acting_as(actor_for(clinic, patient)):
        assert candidacy_queries.latest(PatientScope(patient.pk)) is not None
    with acting_as(actor_for(clinic, other)):
        assert candidacy_queries.latest(PatientScope(patient.pk)) is None
        assert not CandidacyDecision.objects.exists()
        assert not Override.objects.exists(), "what prescribers say to each other is read with them"


def test_another_clinic_sees_nothing(clinic: Cast, other_clinic: Cast, patient: Patient):
    decide(clinic, patient)
    with acting_as(other_clinic.actor("prescriber")):
        assert not CandidacyDecision.objects.exists()
        with pytest.raises(Patient.DoesNotExist):
            candidacy_queries.assessment(PatientScope(patient.pk), "ketamine", TODAY)


def test_nothing_is_changed_afterwards(clinic: Cast, patient: Patient):
    row = decide(clinic, patient)
    with acting_as(clinic.actor("prescriber")):
        for change in (row.delete, lambda: CandidacyDecision.objects.update(kind="decline")):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()


# ---------------------------------------------------------------- laws


def finding(rule_id: str, severity: Any, action: Any, never: bool, adopted: bool, value: bool) -> Finding:
    return Finding(
        rule_id=rule_id, version=1, rule_hash="h", severity=severity, action=action, never_overridden=never, title="t",
        statement="s", advice="a", because=(Fact("porphyria", value, TODAY, "patient"),), sources=("somewhere",),
        verification="verified", adopted=adopted,
    )  # fmt: skip


FINDINGS = st.lists(
    st.builds(
        finding, st.sampled_from("ABCDE"), st.sampled_from(SEVERITIES), st.sampled_from(ACTIONS), st.booleans(),
        st.booleans(), st.booleans(),
    ),
    max_size=6,
)  # fmt: skip


@given(FINDINGS, st.data())
def test_accepting_is_possible_if_and_only_if_no_adopted_block_stands(found: list[Finding], data: st.DataObject):
    signed = data.draw(st.sets(st.sampled_from([judging.fingerprint(each) for each in found]))) if found else set()
    expected = [
        each
        for each in found
        if each.adopted
        and each.action in ("block", "block_unless_specialist")
        and not (judging.fingerprint(each) in signed and not each.never_overridden)
    ]
    assert list(judging.blocks_left(found, signed)) == expected
    assert bool(judging.blocks_left(found, signed)) <= bool(judging.blocks_left(found, set()))


@given(FINDINGS, st.data())
def test_what_was_accepted_stays_accepted_while_nothing_changes(found: list[Finding], data: st.DataObject):
    signed = data.draw(st.sets(st.sampled_from([judging.fingerprint(each) for each in found]))) if found else set()
    then = [judging.plain_finding(each) for each in found]
    assert judging.changed_since(found, then, signed) == judging.blocks_left(found, signed)


@given(FINDINGS)
def test_a_finding_is_the_same_whoever_told_it_and_when(found: list[Finding]):
    for each in found:
        told = replace(each.because[0], on=TODAY + timedelta(days=9), told_by="clinician")
        assert judging.fingerprint(replace(each, because=(told,))) == judging.fingerprint(each)
        other = replace(each.because[0], value=not each.because[0].value)
        assert judging.fingerprint(replace(each, because=(other,))) != judging.fingerprint(each)
