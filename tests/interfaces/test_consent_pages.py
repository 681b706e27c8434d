"""The pages of agreements: the patient's phone and the clinic's desk."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, ConsentCountersignature, ConsentQuestion, ConsentWithdrawal
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import PatientScope
from tests.care import consents as stage
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.interfaces.spoken import at_most


@pytest.fixture
def ana(clinic: Cast) -> Patient:
    return make_patient(clinic, "Ana")


def phone(cast: Cast, patient: Patient, language: str = "") -> Client:
    client = cast.client(patient.given_name)
    if language:
        client.cookies["django_language"] = language
    client.get("/today/help/")
    return client


@pytest.fixture
def asked(clinic: Cast, ana: Patient) -> Patient:
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    return ana


def field(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, f"no {name}"
    return found[1]


def body(page: Any) -> str:
    return str(page.content.decode())


SIGN = "/today/agreements/read/driving/sign/"


def signing(client: Client, **changes: Any) -> dict[str, Any]:
    page = client.get(SIGN)
    return {
        "token": field(page, "token"), "how": "type", "signed_name": "Ana Reyes",
        "statement": ["no_driving", "escort"], **changes,
    }  # fmt: skip


# ---------------------------------------------------------------- on the phone


def test_nothing_is_asked(clinic: Cast, ana: Patient):
    client = phone(clinic, ana)
    with at_most(12):
        assert "Your agreements will appear here" in body(client.get("/today/agreements/"))
    for address in ("/today/agreements/read/driving/1/", SIGN):
        assert "There is nothing to sign here yet" in body(client.get(address))
    assert client.get("/today/agreements/read/nothing/1/").status_code == 404
    assert client.get("/today/agreements/read/pack:US/1/").status_code == 404
    assert "Something to read and sign" not in body(client.get("/today/"))


@pytest.mark.alone
def test_from_today_to_a_signature_and_its_copy(clinic: Cast, asked: Patient):
    client = phone(clinic, asked)
    with at_most(12):
        today = body(client.get("/today/"))
    assert "4 agreements to read and sign" in today
    with at_most(12):
        page = body(client.get("/today/agreements/"))
    assert page.count("Read and sign") == 4
    assert "Read and choose" in page
    with at_most(12):
        section = client.get("/today/agreements/read/driving/1/")
    assert 'data-read-aloud="section"' in body(section)
    assert '<article class="flow" lang="en"' in body(section)
    assert "after a good night of sleep" in body(section)
    assert client.get("/today/agreements/read/driving/99/").status_code == 404
    with at_most(12):
        form = body(client.get(SIGN))
    assert " checked" not in form.split("Your signature")[0]
    sent = client.post(SIGN, signing(client))
    with acting_as(clinic.actor("nurse")):
        row = Consent.objects.get()
    assert sent.status_code == 302
    assert sent.headers["Location"] == f"/today/agreements/{row.pk}/"
    with at_most(12):
        copy = body(client.get(sent.headers["Location"]))
    assert "Next, your prescriber signs too" in copy
    assert row.content_hash in copy
    pdf = client.get(f"/today/agreements/{row.pk}/copy.pdf")
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert "You have signed this already" in body(client.get(SIGN))


def test_what_is_missing_is_said_and_what_was_typed_stays(clinic: Cast, asked: Patient):
    client = phone(clinic, asked)
    page = client.post(SIGN, signing(client, statement=["escort"], signed_name="A"))
    assert page.status_code == 409
    assert 'href="#statement-no_driving"' in body(page)
    assert 'href="#signed_name"' in body(page)
    assert 'value="A"' in body(page)
    assert 'id="statement-escort" value="escort" checked' in body(page)
    assert client.post(SIGN, signing(client)).status_code == 302


@pytest.mark.alone
def test_a_form_sent_twice_says_so(clinic: Cast, asked: Patient):
    client = phone(clinic, asked)
    typed = signing(client)
    assert client.post(SIGN, typed).status_code == 302
    again = client.post(SIGN, typed)
    assert again.status_code == 409
    assert "It counts once" in body(again)
    with acting_as(clinic.actor("nurse")):
        assert Consent.objects.count() == 1


@pytest.mark.alone
def test_another_patients_form_is_refused(clinic: Cast, asked: Patient):
    ben = make_patient(clinic, "Ben")
    stage.ask(clinic, ben)
    typed = signing(phone(clinic, asked))
    page = phone(clinic, ben).post(SIGN, typed)
    assert page.status_code == 409
    assert "made for somebody else" in body(page)
    with acting_as(clinic.actor("nurse")):
        assert not Consent.objects.exists()


def test_a_drawing_is_taken_and_shown(clinic: Cast, asked: Patient):
    client = phone(clinic, asked)
    bad = client.post(SIGN, signing(client, how="draw", drawn='M1 1L9 9"/><script>alert(1)</script>'))
    assert bad.status_code == 409
    assert "<script>alert" not in body(bad)
    path = "M20 100L150 20L280 160L420 30L560 150"
    sent = client.post(SIGN, signing(client, how="draw", drawn=path, signed_name="ignored"))
    assert f'd="{path}"' in body(client.get(sent.headers["Location"]))


@pytest.mark.alone
def test_in_spanish_the_text_is_spanish_and_so_is_what_is_kept(clinic: Cast, asked: Patient):
    client = phone(clinic, asked, "es")
    page = body(client.get("/today/agreements/read/driving/1/"))
    assert 'lang="es" id="section"' in page
    assert "No conduzca un automóvil" in page
    client.post(SIGN, signing(client))
    with acting_as(clinic.actor("nurse")):
        assert Consent.objects.get().language == "es"


@pytest.mark.alone
def test_a_question_and_its_answer(clinic: Cast, asked: Patient):
    client, nurse = phone(clinic, asked), clinic.client("nurse")
    address = "/today/agreements/read/driving/2/"
    assert client.post(address, {"question": "  "}).status_code == 409
    for _twice in range(2):
        assert client.post(address, {"question": "May my <son> come?"}).status_code == 302
    page = body(client.get(address))
    assert page.count("May my &lt;son&gt; come?") == 1
    assert "Waits for an answer" in page
    with acting_as(clinic.actor("nurse")):
        question = ConsentQuestion.objects.get()
    desk = f"/clinic/patients/{asked.pk}/consents/"
    assert "May my &lt;son&gt; come?" in body(nurse.get(desk))
    assert "1 question before signing" in body(nurse.get("/clinic/"))
    reply = f"/clinic/consents/questions/{question.pk}/"
    assert nurse.post(reply, {"text": "no need", "outcome": "waive"}).status_code == 409
    assert nurse.post(reply, {"text": "", "outcome": "answer"}).status_code == 409
    assert nurse.post(reply, {"text": "Yes, if he is an adult.", "outcome": "answer"}).status_code == 302
    assert "Yes, if he is an adult." in body(client.get(address))


def test_research_is_never_ticked_and_no_is_an_answer(clinic: Cast, asked: Patient):
    client = phone(clinic, asked)
    address = "/today/agreements/read/research/sign/"
    page = client.get(address)
    assert "Your treatment stays the same" in body(page)
    assert 'value="permit" checked' not in body(page)
    assert "checked" not in body(page).split("Your signature")[0]
    assert client.post(address, {"token": field(page, "token")}).status_code == 409
    sent = client.post(address, {"token": field(page, "token"), "decision": "deny"})
    assert sent.status_code == 302
    assert "You said no" in body(client.get(sent.headers["Location"]))
    assert "Change my answer" in body(client.get("/today/agreements/"))


@pytest.mark.alone
def test_withdrawal_says_what_it_means_and_the_clinic_sees_it(clinic: Cast, ana: Patient):
    signed = stage.agree(clinic, ana)
    client = phone(clinic, ana)
    address = f"/today/agreements/{signed['treatment'].pk}/withdraw/"
    page = body(client.get(address))
    assert "We stop this treatment" in page
    assert "stays in your record" in page
    for _twice in range(2):
        assert client.post(address, {"reason": "Too much"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert ConsentWithdrawal.objects.count() == 1
        assert not consent_queries.standing(PatientScope(ana.pk), route="iv").valid
    assert "1 agreement was withdrawn" in body(clinic.client("nurse").get("/clinic/"))
    assert "1 agreement to read and sign" in body(client.get("/today/"))


# ---------------------------------------------------------------- at the desk


@pytest.mark.alone
def test_a_prescriber_adopts_what_they_have_read(clinic: Cast):
    doctor, nurse = clinic.client("prescriber"), clinic.client("nurse")
    with at_most(12):
        page = body(doctor.get("/clinic/consents/"))
    assert "reviewed by your counsel" in page
    assert "7 texts to adopt" not in page
    assert "6 texts to adopt" in body(doctor.get("/clinic/"))
    source = texts.newest()["driving"]
    assert nurse.post("/clinic/consents/adopt/", {"text": "driving"}).status_code == 403
    assert doctor.post("/clinic/consents/adopt/", {"text": "driving"}).status_code == 409
    assert doctor.post("/clinic/consents/adopt/").status_code == 409
    assert doctor.post("/clinic/consents/adopt/", {"text": "driving", "hash:driving": source.hash}).status_code == 302
    with at_most(12):
        shown = body(doctor.get("/clinic/consents/texts/driving/"))
    assert "rules.json RC-ESCORT" in shown
    assert "Not verified:" in shown  # a convention among its clauses
    assert "No conduzca" in body(doctor.get("/clinic/consents/texts/driving/?language=es"))
    assert "jurisdictions.csv US" in body(doctor.get(reverse("console:consent_text", args=["pack:US"])))


@pytest.mark.alone
def test_asking_and_counter_signing(clinic: Cast, ana: Patient):
    doctor, nurse = clinic.client("prescriber"), clinic.client("nurse")
    desk = f"/clinic/patients/{ana.pk}/consents/"
    refused = nurse.post(f"{desk}ask/", {"way": "iv", "note": "Take your time"})
    assert refused.status_code == 409
    assert "Take your time" in body(refused)
    stage.adopt_texts(clinic)
    for _twice in range(2):
        assert nurse.post(f"{desk}ask/", {"way": "iv", "note": "Take your time"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert consent_queries.asked(PatientScope(ana.pk)) is not None
    consent = stage.sign(clinic, ana, "driving")
    address = f"/clinic/consents/{consent.pk}/"
    doctor.get(address)  # the session notes that somebody is there, once a minute
    with at_most(12):
        assert "Countersign" in body(doctor.get(address))
    with at_most(12):
        assert "The agreements are not complete yet" in body(doctor.get(desk))
    assert "Countersign" not in body(nurse.get(address))
    seen = field(doctor.get(address), "seen")
    without = doctor.post(f"{address}countersign/", {"seen": seen, "note": "Clear"})
    assert without.status_code == 409
    assert "able to decide" in body(without)
    assert "Clear" in body(without)
    for _twice in range(2):
        assert doctor.post(f"{address}countersign/", {"seen": seen, "capacity": "yes"}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert ConsentCountersignature.objects.count() == 1
    assert clinic.client("nurse").get(f"{address}copy.pdf").content.startswith(b"%PDF")


def test_the_whole_agreement_stands_on_the_desk(clinic: Cast, ana: Patient):
    stage.agree(clinic, ana)
    page = body(clinic.client("nurse").get(f"/clinic/patients/{ana.pk}/consents/"))
    assert "All agreements are valid" in page
    assert "Agreements" in body(clinic.client("nurse").get(f"/clinic/patients/{ana.pk}/"))


def test_a_stale_pack_is_said_to_staff_and_its_review_date_to_the_patient(
    clinic: Cast, asked: Patient, monkeypatch: pytest.MonkeyPatch
):
    phone_page = body(phone(clinic, asked).get("/today/agreements/read/off_label/3/"))
    assert "Schedule III" in phone_page
    assert "31 December 2026" in phone_page
    assert "past their review date" not in body(clinic.client("nurse").get("/clinic/consents/"))
    monkeypatch.setattr(timezone, "now", lambda: datetime(2027, 2, 1, 18, tzinfo=UTC))  # 11:00 in Denver
    for page in ("/clinic/consents/", f"/clinic/patients/{asked.pk}/consents/", "/clinic/"):
        assert "past their review date" in body(clinic.client("nurse").get(page)), page
    assert "This rule ends on December 31, 2026" in body(clinic.client("nurse").get("/clinic/consents/"))


def test_the_administrator_says_where_the_clinic_is(clinic: Cast):
    admin = clinic.client("clinic_admin")
    assert "Save the place" in body(admin.get("/clinic/consents/"))
    assert clinic.client("prescriber").post("/clinic/consents/place/", {"place": "GB"}).status_code == 403
    wrong = admin.post("/clinic/consents/place/", {"place": "Great Britain"})
    assert wrong.status_code == 409
    assert "Great Britain" in body(wrong)
    assert admin.post("/clinic/consents/place/", {"place": "gb"}).status_code == 302
    assert "United Kingdom" in body(admin.get("/clinic/consents/"))
    admin.post("/clinic/consents/place/", {"place": "FR"})
    assert "No clauses ship for FR" in body(admin.get("/clinic/consents/"))


def test_a_restricted_record_is_nameless_on_the_clinics_page(clinic: Cast):
    secret = make_patient(clinic, "Hidden", restricted=True)
    stage.adopt_texts(clinic)
    by = clinic.actor("prescriber")
    with acting_as(by):
        consent_actions.ask(by=by, patient_id=secret.pk, route="iv")
    stage.sign(clinic, secret, "driving")
    assert "Hidden" not in body(clinic.client("nurse").get("/clinic/consents/"))
    assert "Restricted record</a>" in body(clinic.client("nurse").get("/clinic/consents/"))  # nor what was signed
    assert "Hidden" in body(clinic.client("prescriber").get("/clinic/consents/"))
    assert clinic.client("nurse").get(f"/clinic/patients/{secret.pk}/consents/").status_code == 302
