"""D1: at every minute the patient may say no or take an agreement back; the dose stops, and does not go on."""

from __future__ import annotations

import html
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.consent.models import Consent, ConsentWithdrawal
from sojourn.care.encounter.queries import current_state
from sojourn.care.session import actions as session_actions
from sojourn.care.session import withdrawal_actions
from sojourn.care.session.models import DoseEvent, SessionEvent
from sojourn.care.session.road import stands_against
from sojourn.care.session.snapshot import load
from sojourn.foundation.accounts.actor import NotAllowed, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import SessionScope
from tests.care.stage import Stage, adopt_everything, arrive, set_stage, to_dosing
from tests.conftest import Cast


@pytest.fixture
def ready(clinic: Cast) -> Cast:
    adopt_everything(clinic)
    return clinic


def running(cast: Cast, *, minutes: int = 10) -> Stage:
    """35 mg in 50 mL at 75 mL/h, begun so many minutes ago; its patient has a sign-in."""
    with acting_as(cast.actor("nurse")):
        stage = to_dosing(cast, at=timezone.now() - timedelta(minutes=minutes))
    sign_in(cast, stage)
    return stage


def sign_in(cast: Cast, stage: Stage) -> None:
    patient = stage.patient
    with acting_as(system_actor(cast.clinic.pk)):
        person = Person.objects.create_user(f"p{patient.pk}@{cast.clinic.slug}.example")
        cast.members["patient"] = Membership.objects.create(
            clinic=cast.clinic, person=person, role="patient", name=patient.name, patient_id=patient.pk
        )


def signed_in(cast: Cast) -> Client:
    client = cast.client("patient")
    client.get("/today/help/")  # the session notes that somebody is there, once a minute
    return client


def treatment(cast: Cast, stage: Stage) -> Consent:
    with acting_as(cast.actor("nurse")):
        return Consent.objects.get(patient=stage.patient, document_id="treatment")


def snapshot(cast: Cast, stage: Stage, role: str = "nurse"):
    with acting_as(cast.actor(role)):
        return load(SessionScope(stage.id), timezone.now())


def page(answer) -> str:
    return html.unescape(answer.content.decode())


# ---------------------------------------------------------------- by the patient's own hand


def test_a_patient_sees_their_own_session_whole_and_no_name_of_the_clinic(ready: Cast):
    stage = running(ready)
    mine, theirs = snapshot(ready, stage, "patient"), snapshot(ready, stage)
    assert mine.dose is not None
    assert theirs.dose is not None
    assert (mine.dose.id, len(mine.steps), len(mine.prepared)) == (theirs.dose.id, len(theirs.steps), 2)
    names = {each.by for each in (*mine.states, *mine.checks.values(), *mine.steps, *mine.prepared, mine.dose)}
    assert names == {""}
    assert {each.by for each in theirs.steps} == {ready.members["nurse"].name}


def test_withdrawn_in_the_portal_during_the_dose_it_stops_and_the_record_knows_what_went_in(ready: Cast):
    stage = running(ready)
    consent = treatment(ready, stage)
    answer = signed_in(ready).post(reverse("portal:agreement_withdraw", args=[consent.pk]), {"reason": "Enough."})
    assert answer.status_code == 302
    with acting_as(ready.actor("nurse")):
        newest = current_state(SessionScope(stage.id))
        assert (newest.state, newest.by_id) == ("stopped_early", ready.members["patient"].pk)
        assert newest.reason.startswith("The patient took an agreement back: ")
        stop = DoseEvent.objects.get(encounter_id=stage.id, kind="stop")
        withdrawn = ConsentWithdrawal.objects.get(consent=consent)
        assert stop.at == withdrawn.withdrawn_at == newest.at  # one transaction, one moment
    found = snapshot(ready, stage)
    # 75 mL/h of 0.7 mg/mL: 52.5 mg in an hour, by the time between the start and the stop.
    ran = Fraction((stop.at - found.dose.started_at) // timedelta(microseconds=1), 3_600_000_000)
    assert abs(found.delivered.given_mg - Fraction("52.5") * ran) < Fraction(1, 100)
    assert Fraction("8.5") < found.delivered.given_mg < Fraction("9.5")  # about ten minutes of forty
    assert found.call is not None  # nothing but a hand stops the pump: somebody is called


def test_the_patient_presses_stop(ready: Cast):
    stage = running(ready)
    client = signed_in(ready)
    shown = page(client.get("/today/here/"))
    assert "Stop the medicine now?" in shown
    answer = client.post("/today/here/stop/", headers={"accept": "text/html"})
    assert answer["Location"] == "/today/here/?said=stop"
    said = page(client.get(answer["Location"]))
    assert "You said stop" in said
    staff = page(ready.client("nurse").get(reverse("console:session", args=[stage.id])))
    assert "Make sure that the pump is off." in staff
    assert "The patient asks for someone" in staff
    for member in (each for role, each in ready.members.items() if role != "patient"):
        assert member.name not in shown + said
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "stopped_early"
        assert current_state(SessionScope(stage.id)).reason == "The patient said no."
        assert DoseEvent.objects.filter(encounter_id=stage.id, kind="stop").count() == 1
    assert snapshot(ready, stage).call is not None


def test_stop_pressed_twice_is_one_stop(ready: Cast):
    stage = running(ready)
    client = signed_in(ready)
    for accept in ("text/html", "application/json"):
        client.post("/today/here/stop/", headers={"accept": accept})
    with acting_as(ready.actor("nurse")):
        assert DoseEvent.objects.filter(encounter_id=stage.id, kind="stop").count() == 1


def test_stop_when_the_dose_is_over_calls_somebody_and_says_so(ready: Cast):
    stage = running(ready, minutes=45)
    with acting_as(ready.actor("nurse")):
        stage.step("end_dose")
    client = signed_in(ready)
    answer = client.post("/today/here/stop/", headers={"accept": "text/html"})
    assert answer["Location"] == "/today/here/?said=over"
    assert "no longer running" in page(client.get(answer["Location"]))
    answer = client.post("/today/here/stop/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {"said": "over"})
    assert snapshot(ready, stage).state == "observing"
    assert snapshot(ready, stage).call is not None


def test_stop_without_a_session_leads_to_help(ready: Cast):
    stage = set_stage(ready)
    sign_in(ready, stage)
    client = signed_in(ready)
    assert client.post("/today/here/stop/", headers={"accept": "text/html"})["Location"] == "/today/help/"
    answer = client.post("/today/here/stop/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (409, {"go": "/today/help/"})


def test_nobody_stops_anothers_session(ready: Cast):
    stage = running(ready)
    with acting_as(ready.actor("nurse")):
        other = set_stage(ready, number=2)
    sign_in(ready, other)
    signed_in(ready).post("/today/here/stop/", headers={"accept": "text/html"})
    with acting_as(ready.actor("patient")), pytest.raises(ActionRefused):
        withdrawal_actions.say_no(by=ready.actor("patient"), patient_id=stage.patient.pk)
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "dosing"


def test_the_record_speaks_the_clinics_language(ready: Cast, other_clinic: Cast):
    """Whatever the screen speaks, and wherever else that person is known."""
    stage = running(ready)
    client = signed_in(ready)
    with acting_as(other_clinic.actor("clinic_admin")):
        Membership.objects.create(
            clinic=other_clinic.clinic, person=ready.members["patient"].person, role="front_desk", name="Ana"
        )
    client.post("/today/here/stop/", headers={"accept": "text/html", "accept-language": "es"})
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).reason == "The patient said no."


# ---------------------------------------------------------------- and then it does not go on


def test_after_a_withdrawal_no_step_lets_more_in(ready: Cast):
    stage = running(ready)
    with acting_as(ready.actor("nurse")):
        stage.step("pause")
    # While it is paused, an agreement for another way than this one is taken back: nothing stops, and so it goes.
    with acting_as(ready.actor("patient")):
        withdrawal_actions.withdraw_consent(by=ready.actor("patient"), consent_id=treatment(ready, stage).pk)
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "stopped_early"
        session = load(SessionScope(stage.id), timezone.now())
        found = {each.code.partition(":")[0] for each in stands_against(session, "resume").road}
        assert "consent-withdrawn" in found
        with pytest.raises(ActionRefused):
            stage.step("resume")


def test_a_resume_after_a_withdrawal_is_refused_with_consent_withdrawn(ready: Cast):
    """However the agreement was lost, the guards of a resume find it: here its row came by another door."""
    stage = running(ready)
    consent = treatment(ready, stage)
    with acting_as(ready.actor("nurse")):
        stage.step("pause")
        ConsentWithdrawal.objects.create(
            clinic=ready.clinic, patient=stage.patient, consent=consent, withdrawn_at=timezone.now()
        )
        with pytest.raises(ActionRefused) as refused:
            stage.step("resume")
        assert any(code.startswith("consent-withdrawn") for code in refused.value.codes)
        override = [code for code in refused.value.codes if code.startswith("consent-withdrawn")]
    with acting_as(ready.actor("prescriber")), pytest.raises(ActionRefused) as refused:
        stage.step("resume", "prescriber", overrides=override, reason="The patient changed their mind.")
    assert any(code.startswith("consent-withdrawn") for code in refused.value.codes)


def test_the_consent_cannot_be_ticked_where_the_agreements_do_not_stand(ready: Cast):
    with acting_as(ready.actor("nurse")):
        stage = set_stage(ready)
        arrive(stage, timezone.now())
    sign_in(ready, stage)
    with acting_as(ready.actor("patient")):
        withdrawal_actions.withdraw_consent(by=ready.actor("patient"), consent_id=treatment(ready, stage).pk)
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "stopped_early"
    other = arrived_without_agreement(ready)
    with acting_as(ready.actor("nurse")):
        with pytest.raises(ActionRefused) as refused:
            session_actions.check(by=ready.actor("nurse"), encounter_id=other.id, item_id="consent", passed=True)
        assert "agreement" in refused.value.codes
        session_actions.check(by=ready.actor("nurse"), encounter_id=other.id, item_id="consent", passed=False)


def arrived_without_agreement(cast: Cast) -> Stage:
    """An agreement was taken back before the patient came."""
    with acting_as(cast.actor("nurse")):
        stage = set_stage(cast, number=7)
    consent = treatment(cast, stage)
    with acting_as(cast.actor("prescriber")):
        withdrawal_actions.withdraw_consent(by=cast.actor("prescriber"), consent_id=consent.pk, reason="By phone.")
        arrive(stage, timezone.now())
    return stage


# ---------------------------------------------------------------- written down by whoever heard it


@pytest.mark.parametrize("role", ["nurse", "therapist", "prescriber"])
def test_whoever_of_the_clinic_heard_it_writes_it_down(ready: Cast, role: str):
    stage = running(ready)
    client = ready.client(role)
    address = reverse("console:session_says_no", args=[stage.id])
    assert "The patient says no" in page(client.get(address))
    answer = client.post(address, {"reason": "Too strong."})
    assert answer.status_code == 302
    with acting_as(ready.actor("nurse")):
        newest = current_state(SessionScope(stage.id))
        assert (newest.state, newest.reason) == ("stopped_early", "The patient said no. Too strong.")
        assert newest.by_id == ready.members[role].pk
        assert not SessionEvent.objects.filter(encounter_id=stage.id, kind="patient_calls").exists()


@pytest.mark.parametrize("role", ["nurse", "therapist", "prescriber"])
def test_a_withdrawal_that_was_heard_in_the_session_stops_it(ready: Cast, role: str):
    stage = running(ready)
    consent = treatment(ready, stage)
    client = ready.client(role)
    address = reverse("console:session_withdraw", args=[stage.id])
    assert client.post(address, {"reason": "Said so."}).status_code == 409  # which one
    answer = client.post(address, {"consent": consent.pk, "reason": ""})
    assert answer.status_code == 409  # when and how it was said
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "dosing"
    answer = client.post(address, {"consent": consent.pk, "reason": "Said so at 14:05."})
    assert answer.status_code == 302
    with acting_as(ready.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "stopped_early"
        row = ConsentWithdrawal.objects.get(consent=consent)
        assert row.noted_by_name == ready.members[role].name


def test_a_session_takes_back_only_its_own_patients_agreements(ready: Cast):
    stage = running(ready)
    with acting_as(ready.actor("nurse")):
        other = set_stage(ready, number=2)
    address = reverse("console:session_withdraw", args=[stage.id])
    answer = ready.client("nurse").post(address, {"consent": treatment(ready, other).pk, "reason": "Said so."})
    assert answer.status_code == 404


@pytest.mark.parametrize("transition", ["pause", "stop_early", "say_no"])
def test_a_therapist_may_always_let_less_in_and_the_front_desk_may_not(ready: Cast, transition: str):
    stage = running(ready)
    with acting_as(ready.actor("front_desk")), pytest.raises(NotAllowed):
        stage.step(transition, "front_desk", reason="It is too much.")
    with acting_as(ready.actor("therapist")):
        stage.step(transition, "therapist", reason="It is too much.")
        assert current_state(SessionScope(stage.id)).state == ("paused" if transition == "pause" else "stopped_early")


def test_a_therapist_answers_a_call_and_the_front_desk_does_not(ready: Cast):
    stage = running(ready)
    signed_in(ready).post("/today/here/", headers={"accept": "text/html"})
    address = reverse("console:session_answer", args=[stage.id])
    assert ready.client("front_desk").post(address, {"seen": "4"}).status_code == 403
    assert snapshot(ready, stage).call is not None
    assert ready.client("therapist").post(address, {"seen": "4"}).status_code == 302
    assert snapshot(ready, stage).call is None


@pytest.mark.parametrize("name", ["session_says_no", "session_withdraw", "session_medicines", "session_note"])
def test_the_front_desk_stands_outside(ready: Cast, name: str):
    stage = running(ready)
    assert ready.client("front_desk").get(reverse(f"console:{name}", args=[stage.id])).status_code in (403, 405)


def test_what_the_session_rested_on_and_what_went_in_stand_together(ready: Cast):
    """Ten of forty minutes at a quarter of the dose: what is left is not accounted for until it is wasted."""
    stage = running(ready)
    ready.client("nurse").post(reverse("console:session_says_no", args=[stage.id]), {"reason": ""})
    line = snapshot(ready, stage).line
    assert line is not None
    assert Decimal(35) - Decimal(float(line.given_mg)) > 25
    assert not line.complete
