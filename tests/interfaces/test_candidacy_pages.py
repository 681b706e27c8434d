"""The pages of candidacy: the prescriber's desk, the nurse's entries, the patient's reading."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy import wording
from sojourn.care.candidacy.models import CandidacyDecision, Override
from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import entry_actions
from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.measures import actions as measures_actions
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import actor_of, system_actor
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.scope import PatientScope
from tests.care import consents
from tests.care.adopting import as_typed
from tests.care.open_eyes import asked_at, cleared_at
from tests.care.people import actor_for, make_patient
from tests.clock import now_here
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.interfaces.test_portal import grade, prose


@pytest.fixture
def ana(clinic: Cast) -> Patient:
    return make_patient(clinic, "Ana", sex="female")


def page_of(patient: Patient, rest: str = "") -> str:
    return f"/clinic/patients/{patient.pk}/candidacy/{rest}"


def body(page: Any) -> str:
    return unescape(str(page.content.decode()))


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, f"no {name}"
    return unescape(found[1])


def know(clinic: Cast, patient: Patient, **facts: Any) -> None:
    by = clinic.actor("nurse")
    with acting_as(by):
        for name, value in facts.items():
            entry_actions.enter_fact(by=by, patient_id=patient.pk, name=name, value=value, on=now_here().date())


def pregnant(clinic: Cast, patient: Patient) -> None:
    know(clinic, patient, can_become_pregnant=True, pregnancy_test="positive")


def takes(clinic: Cast, patient: Patient, name: str) -> None:
    by = clinic.actor("nurse")
    with acting_as(by):
        intake_actions.say_line(by=by, patient_id=patient.pk, of="medicines", name=name, current=True, stopped_on=None)


def second_prescriber(clinic: Cast) -> Actor:
    with acting_as(system_actor(clinic.clinic.pk)):
        person = Person.objects.create_user(f"second@{clinic.clinic.slug}.example")
        member = Membership.objects.create(clinic=clinic.clinic, person=person, role="prescriber", name="Second Eyes")
        clinic.members["second"] = member
        return actor_of(member)


def answer(client: Client, patient: Patient, step: str = "sign", **typed: Any) -> Any:
    page = client.get(page_of(patient))
    given = {"way": hidden(page, "way"), "seen": hidden(page, "seen"), "step": step} | typed
    if step == "sign" and str(typed.get("kind", "")).startswith("accept"):
        preview = client.post(page_of(patient, "decide/"), given | {"step": "preview"})
        given |= asked_at(preview) | cleared_at(preview, now_here().date())
    return client.post(page_of(patient, "decide/"), given)


def signed(clinic: Cast, patient: Patient, **typed: Any) -> None:
    assert answer(clinic.client("prescriber"), patient, **typed).status_code == 302


DECLINE = {"kind": "decline", "explanation": "Your heart is not steady now.", "alternatives": "Talk therapy with us."}


# ---------------------------------------------------------------- the desk


def test_an_empty_record_says_what_is_missing(clinic: Cast, ana: Patient):
    prescriber = clinic.client("prescriber")
    prescriber.get("/clinic/")
    with at_most(13):
        page = prescriber.get(page_of(ana))
    text = body(page)
    for words in ("Nobody has decided yet", "Blood pressure", "Liver panel", "ECG", "things to ask the patient"):
        assert words in text
    assert "prevents it" not in text.split("Your decision")[0].replace("No active rule prevents it", "")
    with acting_as(clinic.actor("auditor")):
        assert AuditEvent.objects.filter(action="patient.opened").exists()


def test_a_full_record_keeps_to_thirteen_statements_and_shows_reasons(clinic: Cast, ana: Patient):
    pregnant(clinic, ana)
    know(clinic, ana, bp_rise_hazard=True, sbp=124.0, dbp=78.0)
    for name in ("Diazepam", "Grandmother’s tea", "Paracetamol"):
        takes(clinic, ana, name)
    by = actor_for(clinic, ana)
    with acting_as(by):
        intake_actions.answer(
            by=by, patient_id=ana.pk, question_id="bipolar", told=StatedAnswer("told", True), seen=None
        )
        intake_actions.send(by=by, patient_id=ana.pk)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        measures_actions.enter_score(by=nurse, patient_id=ana.pk, scale_id="isi", total=15, taken_at=timezone.now())
    signed(clinic, ana, **DECLINE)
    prescriber = clinic.client("prescriber")
    prescriber.get("/clinic/")
    with at_most(13):
        page = prescriber.get(page_of(ana))
    text = body(page)
    for words in (
        "Declined", "Pregnancy test: positive", "entered by the clinic", "Absolute", "Override with a reason",
        "1 finding prevents it", "2 findings of rules that nobody has adopted", "Diazepam", "Major",
        "Grandmother’s tea", "Not checked", "Acetaminophen", "What happened", "The intake was sent", "Insomnia",
    ):  # fmt: skip
        assert words in text, words
    assert len(page.content) < 200_000


@pytest.mark.alone
def test_a_blood_pressure_is_entered_where_it_is_missed(clinic: Cast, ana: Patient):
    nurse, today = clinic.client("nurse"), now_here().date().isoformat()
    assert "Your decision" not in body(nurse.get(page_of(ana)))
    given = {"panel": "pressure", "sbp": "700", "dbp": "80", "observed_on": today, "source_note": "left arm"}
    wrong = nurse.post(page_of(ana, "facts/"), given)
    assert wrong.status_code == 409
    assert 'value="700"' in body(wrong)
    assert 'value="80"' in body(wrong)
    assert 'value="left arm"' in body(wrong)
    assert 'href="#panel-pressure"' in body(wrong)
    with acting_as(clinic.actor("nurse")):
        assert not ClinicalFact.objects.exists(), "all of a panel or none"
    for _press in range(2):
        assert nurse.post(page_of(ana, "facts/"), given | {"sbp": "118,5"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert sorted(ClinicalFact.objects.values_list("name", "value")) == [("dbp", 80.0), ("sbp", 118.5)]
    text = body(nurse.get(page_of(ana)))
    assert "So far 118.5 mmHg" in text
    for bad in ({"sbp": "", "dbp": ""}, {"sbp": "much"}, {"observed_on": "soon"}):
        assert nurse.post(page_of(ana, "facts/"), given | bad).status_code == 409
    for text, words in {
        "1,200": "can be read two ways", "1.200": "can be read two ways", "12,345,678": "without marks or spaces",
    }.items():  # fmt: skip
        answer = nurse.post(page_of(ana, "facts/"), {"panel": "liver", "alt": text, "observed_on": today})
        assert words in body(answer)  # never 1.2 U/L
    assert nurse.post(page_of(ana, "facts/"), {"panel": "liver", "alt": "0,250", "observed_on": today}).url


def test_what_is_too_old_is_said_with_its_day_and_can_be_entered_again(clinic: Cast, ana: Patient):
    """C2: evidence expires: the page says what it was, from when, and how long it counts here."""
    nurse, prescriber, today = clinic.client("nurse"), clinic.actor("prescriber"), now_here().date()
    know(clinic, ana, can_become_pregnant=True)
    with acting_as(clinic.actor("nurse")) as by:
        for name, value in (("pregnancy_test", "negative"), ("mania_current", False)):
            entry_actions.enter_fact(
                by=by, patient_id=ana.pk, name=name, value=value, on=today - timedelta(days=730)
            )  # fmt: skip
    assert "Too old to count" not in body(nurse.get(page_of(ana)))
    with acting_as(prescriber):
        rulebook_actions.adopt(
            by=prescriber, rule_id="evidence.pregnancy_test", parameters=as_typed("evidence.pregnancy_test")
        )
        rulebook_actions.adopt(
            by=prescriber, rule_id="evidence.state_of_health", parameters=as_typed("evidence.state_of_health")
        )
    text = body(nurse.get(page_of(ana)))
    assert "Too old to count: ask or measure again" in text
    assert re.search(r"Pregnancy test: negative, .*?counts for 28 days", text)
    assert "answered too long ago:" in text
    answers = {"panel": "pregnancy", "pregnancy_test": "negative", "observed_on": today.isoformat()}
    assert nurse.post(page_of(ana, "facts/"), answers).status_code == 302
    assert not re.search(r"Pregnancy test: negative, .*?counts for 28 days", body(nurse.get(page_of(ana))))


def test_who_could_become_pregnant_is_entered_whatever_the_sex_in_the_record(clinic: Cast):
    """C2: "could become pregnant: yes" outranks a sex marker, and a clinician can write it down."""
    ben, nurse = make_patient(clinic, "Ben", sex="male"), clinic.client("nurse")
    asked = "Asked by: Pregnancy, or planning one"
    assert asked not in body(nurse.get(page_of(ben)))
    given = {"panel": "pregnancy", "can_become_pregnant": "yes", "observed_on": now_here().date().isoformat()}
    assert nurse.post(page_of(ben, "facts/"), given).status_code == 302
    assert asked in body(nurse.get(page_of(ben)))


@pytest.mark.alone
def test_a_laboratory_report_is_taken_whole_or_comes_back(clinic: Cast, ana: Patient):
    nurse, url, today = clinic.client("nurse"), page_of(ana, "report/"), now_here().date().isoformat()
    good = f"name,value,unit,date\nalt,23,U/L,{today}\negfr,88,mL/min/{{1.73_m2}},{today}\n"
    bad = good + f"ast,many,U/L,{today}\nferritin,20,ug/L,{today}\n"
    for sent in ({"report": bad}, {"file": SimpleUploadedFile("lab.csv", bad.encode())}):
        wrong = nurse.post(url, {"source_note": "Lab North", **sent})
        text = body(wrong)
        assert wrong.status_code == 409
        for words in (
            "Line 4: AST: “many” is not a number.",
            "Line 5: “ferritin”",
            f"ast,many,U/L,{today}",
            "Lab North",
        ):
            assert words in text, words
        assert 'href="#report"' in text
    for sent in (
        {"report": ""},
        {"report": good, "file": SimpleUploadedFile("lab.csv", good.encode())},
        {"file": SimpleUploadedFile("lab.csv", b"\xff\xfe\x00")},
        {"file": SimpleUploadedFile("lab.csv", b"x" * 1_000_001)},
    ):
        assert nurse.post(url, sent).status_code == 409
    with acting_as(clinic.actor("nurse")):
        assert not ClinicalFact.objects.exists()
    assert nurse.post(url, {"report": good, "source_note": "Lab North"}).status_code == 302
    done = nurse.post(url, {"file": SimpleUploadedFile("lab.csv", b"\xef\xbb\xbf" + good.encode())}, follow=True)
    assert "0 results were taken from the report. 2 were known already." in body(done)
    with acting_as(clinic.actor("nurse")):
        rows = sorted(ClinicalFact.objects.values_list("name", "value", "told_by"))
    assert rows == [("alt", 23.0, "imported"), ("egfr", 88.0, "imported")]
    assert clinic.client("front_desk").post(url, {"report": good}).status_code == 403


@pytest.mark.parametrize("role", ["nurse", "therapist", "front_desk", "clinic_admin", "auditor"])
@pytest.mark.parametrize("step", ["preview", "change", "sign"])
def test_only_a_prescriber_sees_what_would_be_signed(clinic: Cast, ana: Patient, role: str, step: str):
    assert clinic.client(role).post(page_of(ana, "decide/"), {"step": step, **DECLINE}).status_code == 403


@pytest.mark.alone
def test_the_preview_shows_the_patients_words_and_signs_nothing(clinic: Cast, ana: Patient):
    prescriber = clinic.client("prescriber")
    page = answer(prescriber, ana, "preview", **DECLINE)
    assert page.status_code == 200
    for words in ("This is what the patient will read", "Your heart is not steady now.", "Talk therapy with us."):
        assert words in body(page)
    with acting_as(clinic.actor("nurse")):
        assert not CandidacyDecision.objects.exists()
    back = prescriber.post(
        page_of(ana, "decide/"), DECLINE | {"step": "change", "way": "ketamine-iv", "seen": hidden(page, "seen")}
    )
    assert "Your heart is not steady now." in body(back)
    done = prescriber.post(
        page_of(ana, "decide/"), DECLINE | {"step": "sign", "way": "ketamine-iv", "seen": hidden(page, "seen")}
    )
    assert done.status_code == 302
    again = prescriber.post(
        page_of(ana, "decide/"), DECLINE | {"step": "sign", "way": "ketamine-iv", "seen": hidden(page, "seen")}
    )
    assert again.status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert CandidacyDecision.objects.count() == 1


def test_what_is_not_whole_comes_back_with_what_was_typed(clinic: Cast, ana: Patient):
    prescriber = clinic.client("prescriber")
    typed = {"kind": "defer", "explanation": "A test first.", "until_on": "soon", "awaited": ["ecg"]}
    page = answer(prescriber, ana, "preview", **typed)
    assert page.status_code == 409
    assert "A test first." in body(page)
    assert 'value="soon"' in body(page)
    assert re.search(r'value="defer"[^>]* checked', body(page))
    assert not re.search(r'value="accept"[^>]* checked', body(page))
    assert re.search(r'name="awaited" value="ecg" checked', body(page))
    assert 'href="#until"' in body(page)
    page = answer(prescriber, ana, "preview", kind="decline")
    assert 'href="#explanation"' in body(page)
    assert 'href="#alternatives"' in body(page)
    stale = prescriber.post(page_of(ana, "decide/"), DECLINE | {"step": "sign", "seen": "forged"})
    assert stale.status_code == 409
    assert "open for too long" in body(stale)


def test_a_page_that_was_overtaken_names_what_changed(clinic: Cast, ana: Patient):
    prescriber = clinic.client("prescriber")
    page = prescriber.get(page_of(ana))
    pregnant(clinic, ana)
    sent = {"way": "ketamine-iv", "seen": hidden(page, "seen"), "step": "sign", "kind": "accept", "explanation": "So."}
    overtaken = prescriber.post(page_of(ana, "decide/"), sent)
    assert overtaken.status_code == 409
    assert "Pregnancy test" in body(overtaken)
    assert "So." in body(overtaken)
    blocked = prescriber.post(page_of(ana, "decide/"), sent | {"seen": hidden(overtaken, "seen")})
    assert blocked.status_code == 409
    assert "this prevents it" in body(blocked)


@pytest.mark.alone
def test_two_prescribers_override_on_the_page(clinic: Cast, ana: Patient):
    pregnant(clinic, ana)
    first, second = clinic.client("prescriber"), None
    second_prescriber(clinic)
    second = clinic.client("second")
    page = first.get(page_of(ana))
    given = {"way": "ketamine-iv", "finding": hidden(page, "finding"), "reason": ""}
    empty = first.post(page_of(ana, "override/"), given)
    assert empty.status_code == 409
    assert first.post(page_of(ana, "override/"), given | {"reason": "Seen by obstetrics"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        row = Override.objects.get()
    mine = body(first.get(page_of(ana)))
    assert "Waits for another prescriber" in mine
    assert "Sign second" not in mine
    refused = first.post(f"/clinic/candidacy/overrides/{row.pk}/", {"way": "ketamine-iv"})
    assert refused.status_code == 409
    assert "1 override to sign second" in body(second.get("/clinic/candidacy/waiting/"))
    assert "1 override to sign second" not in body(first.get("/clinic/candidacy/waiting/"))
    assert "Sign second" in body(second.get(page_of(ana)))
    assert second.post(f"/clinic/candidacy/overrides/{row.pk}/", {"way": "ketamine-iv"}).status_code == 302
    signed(clinic, ana, kind="accept")
    text = body(first.get(page_of(ana)))
    assert "Accepted" in text
    assert "overridden" in text


def test_a_new_fact_shows_that_the_decision_does_not_stand(clinic: Cast, ana: Patient):
    signed(clinic, ana, kind="accept")
    prescriber = clinic.client("prescriber")
    assert "Changed since the decision" not in body(prescriber.get(page_of(ana)))
    pregnant(clinic, ana)
    assert "Changed since the decision" in body(prescriber.get(page_of(ana)))


def test_what_was_awaited_has_come(clinic: Cast, ana: Patient):
    until = (now_here().date() + timedelta(days=9)).isoformat()
    signed(clinic, ana, kind="defer", explanation="A test first.", until_on=until, awaited=["ecg", "alt"])
    know(clinic, ana, ecg="normal")
    text = body(clinic.client("nurse").get(page_of(ana)))
    assert "The missing information has arrived" in text
    assert "ECG: normal" in text


@pytest.mark.alone
def test_what_waits_leads_from_home_to_the_patient(clinic: Cast, ana: Patient):
    by = actor_for(clinic, ana)
    with acting_as(by):
        intake_actions.answer(
            by=by, patient_id=ana.pk, question_id="bipolar", told=StatedAnswer("told", False), seen=None
        )
        intake_actions.send(by=by, patient_id=ana.pk)
    prescriber = clinic.client("prescriber")
    prescriber.get("/clinic/")
    with at_most(25):  # nothing polls the home
        assert "/clinic/candidacy/waiting/" in body(prescriber.get("/clinic/"))
    with at_most(13):
        assert "1 intake sent, not decided" in body(prescriber.get("/clinic/candidacy/waiting/"))
    with at_most(13):
        listed = body(prescriber.get("/clinic/candidacy/"))
    assert ana.name in listed
    assert page_of(ana) in listed
    signed(clinic, ana, **DECLINE)
    assert "Nobody waits for a decision" in body(prescriber.get("/clinic/candidacy/"))


def test_a_restricted_record_stays_closed(clinic: Cast, ana: Patient):
    with acting_as(clinic.actor("prescriber")):
        Patient.objects.filter(pk=ana.pk).update(restricted=True)
    assert clinic.client("nurse").get(page_of(ana)).status_code == 302
    assert clinic.client("prescriber").get(page_of(ana)).status_code == 200
    assert clinic.client("front_desk").get(page_of(ana)).status_code == 403


def test_another_clinic_finds_no_such_page(clinic: Cast, other_clinic: Cast, ana: Patient):
    assert other_clinic.client("prescriber").get(page_of(ana)).status_code == 404


# ---------------------------------------------------------------- the phone


def phone(clinic: Cast, patient: Patient) -> Client:
    client = clinic.client(patient.given_name)
    client.get("/today/help/")
    return client


def test_before_there_is_an_answer_the_page_says_what_happens(clinic: Cast, ana: Patient):
    client = phone(clinic, ana)
    with at_most(13):
        assert "Our answer will appear here" in body(client.get("/today/decision/"))
    assert "/today/decision/" not in body(client.get("/today/"))


def test_a_decline_leads_somewhere(clinic: Cast, ana: Patient):
    signed(clinic, ana, would_change="A steady heart for three months.", **DECLINE)
    client = phone(clinic, ana)
    with at_most(13):
        text = body(client.get("/today/decision/"))
    for words in (
        "We do not think this treatment is right for you now", "Your heart is not steady now.",
        "Talk therapy with us.", "A steady heart for three months.", "/today/messages/", "What comes next",
    ):  # fmt: skip
        assert words in text
    consents.adopt_texts(clinic)
    consents.ask(clinic, ana)
    with at_most(13):
        assert "/today/decision/" in body(client.get("/today/"))


def test_a_deferral_says_what_is_awaited_in_plain_words(clinic: Cast, ana: Patient):
    awaited = {"awaited": ["alt", "ast", "sbp"], "awaited_words": "A letter"}
    signed(clinic, ana, kind="defer", explanation="A test first.", **awaited)
    text = body(phone(clinic, ana).get("/today/decision/"))
    assert "Not yet" in text
    assert text.count("A blood test of your liver") == 1
    assert "Your blood pressure" in text
    assert "A letter" in text


def test_the_preview_is_what_the_patient_reads(clinic: Cast, ana: Patient):
    said = {"kind": "accept_with_conditions", "conditions": "An ECG first\nNo driving", "explanation": "Your heart."}
    preview = body(answer(clinic.client("prescriber"), ana, "preview", **said))
    signed(clinic, ana, **said)
    with acting_as(clinic.actor("nurse")):
        row = candidacy_queries.latest(PatientScope(ana.pk))
        assert row is not None
        reading = wording.reading(row)
    theirs = body(phone(clinic, ana).get("/today/decision/"))
    lines = [line for part in reading.parts for line in (part.title, *part.lines)]
    for words in (reading.title, reading.lead, reading.next, *lines):
        assert words in preview
        assert words in theirs


def test_nobody_reads_the_answer_of_another(clinic: Cast, ana: Patient):
    other = make_patient(clinic, "Bea")
    signed(clinic, ana, **DECLINE)
    assert "Your heart" not in body(phone(clinic, other).get("/today/decision/"))


@pytest.mark.parametrize("kind", ["accept", "accept_with_conditions", "defer", "decline"])
def test_the_answer_reads_at_grade_eight_or_below(clinic: Cast, ana: Patient, kind: str):
    typed: dict[str, Any] = {"kind": kind, "explanation": "We want you to be safe."}
    if kind == "accept_with_conditions":
        typed["conditions"] = "We test your heart first."
    if kind == "defer":
        typed["awaited"] = ["ecg", "alt"]
    if kind == "decline":
        typed["alternatives"] = "We can start talk therapy with you."
    signed(clinic, ana, **typed)
    text = prose(body(phone(clinic, ana).get("/today/decision/")))
    assert len(text.split()) > 15
    assert grade(text) <= 8


def test_actions_are_told_apart_in_the_audit(clinic: Cast, ana: Patient):
    signed(clinic, ana, **DECLINE)
    text = body(clinic.client("auditor").get("/clinic/audit/"))
    assert "decided whether the treatment fits" in text
