"""The patient's pages: Today, progress, record, help, the altered-state screen."""

from __future__ import annotations

import re
import struct
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from sojourn.care.measures import actions as measures_actions
from sojourn.care.patients.models import Patient
from sojourn.care.safety import actions as safety_actions
from sojourn.care.session.models import SessionEvent
from sojourn.foundation.accounts.actions import open_restricted
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic, Membership, Person
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.audit.actions import record
from tests.care.people import make_patient
from tests.care.stage import Stage, adopt_everything, set_stage, to_dosing
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.written import declared

CRISIS = {"crisis_name": "the night line", "crisis_phone": "(555) 01-23", "phone": "555 0100", "address": "1 Elm Road"}


@pytest.fixture
def helped(clinic: Cast) -> Cast:
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(**CRISIS)
    return clinic


@pytest.fixture
def patient(helped: Cast) -> Patient:
    return make_patient(helped)


def signed_in(cast: Cast, patient: Patient) -> Client:
    """A client signed in as the patient; makes the sign-in where there is none yet."""
    if patient.given_name not in cast.members:
        with acting_as(system_actor(cast.clinic.pk)):
            person = Person.objects.create_user(f"p{patient.pk}@{cast.clinic.slug}.example")
            cast.members[patient.given_name] = Membership.objects.create(
                clinic=cast.clinic, person=person, role="patient", name=patient.name, patient_id=patient.pk
            )
    client = cast.client(patient.given_name)
    client.get("/today/help/")  # the session notes that somebody is there, once a minute
    return client


def dosing(cast: Cast) -> Stage:
    """A session in which the infusion runs."""
    adopt_everything(cast)
    with acting_as(cast.actor("nurse")):
        return to_dosing(cast)


def send_phq9(cast: Cast, patient: Patient, values: list[int], at: datetime) -> None:
    by = cast.actor(patient.given_name)
    with acting_as(by):
        response = measures_actions.start_response(by=by, scale_id="phq-9", now=at)
        for link_id, value in zip((*"123456789", "difficulty"), [*values, None], strict=True):
            safety_actions.answer_measure(by=by, response_id=response.pk, link_id=link_id, value=value, now=at)
        safety_actions.complete_measure(by=by, response_id=response.pk, now=at)


# ------------------------------------------------------------------ where I am on the way


def test_today_says_where_what_is_next_and_what_is_open(helped: Cast):
    stage = set_stage(helped, at=timezone.now() + timedelta(days=2))
    client = signed_in(helped, stage.patient)
    nurse = helped.actor("nurse")
    with acting_as(nurse):
        for scale_id in ("phq-9", "gad-7"):
            measures_actions.request_measure(
                by=nurse, patient_id=stage.patient.pk, scale_id=scale_id,
                due_at=timezone.now() + timedelta(days=1),
            )  # fmt: skip
    with at_most(12):
        text = client.get("/today/").text
    assert "Hello Ana" in text
    assert "3 hours" in text
    assert "1 Elm Road" in text
    assert "Luis Reyes" in text
    assert "PHQ-9" in text
    assert "GAD-7" in text
    assert "about 2 minutes" in text
    current = re.search(r'aria-current="step".*?</li>', text, re.DOTALL)
    assert current is not None
    assert "Getting ready" in current[0]
    assert "/today/help/" in text


def test_sessions_are_counted_when_a_dose_was_given_and_they_are_over(helped: Cast):
    stage = dosing(helped)
    client = signed_in(helped, stage.patient)
    text = client.get("/today/").text
    assert "6 sessions" in text  # the first one runs, none is done
    assert "Open the quiet screen" in text
    with acting_as(helped.actor("prescriber")):
        stage.step("stop_early", reason="the vein", role="prescriber")
        stage.step("observe_after_stop")
    assert "Open the quiet screen" in client.get("/today/").text


def test_an_empty_today_still_says_what_comes(helped: Cast, patient: Patient):
    text = signed_in(helped, patient).get("/today/").text
    assert "First talk" in text
    assert "You begin by telling us about your health" in text


# ------------------------------------------------------------------ progress


@pytest.mark.parametrize(
    ("second", "words"),
    [
        # facts/instruments.json: PHQ-9 reliable change 5
        ([1, 1, 1, 1, 1, 1, 1, 1, 0], "a change for the better of 8 points"),
        ([2, 2, 2, 2, 1, 1, 1, 1, 0], "within the range of ordinary ups and downs"),
        ([3, 3, 3, 3, 3, 3, 3, 0, 0], "Things are harder now, by 5 points"),
    ],
)
def test_progress_claims_no_more_than_the_numbers(helped: Cast, patient: Patient, second, words):
    client = signed_in(helped, patient)
    assert "Your scores will appear here" in client.get("/today/progress/").text
    send_phq9(helped, patient, [2, 2, 2, 2, 2, 2, 2, 2, 0], timezone.now() - timedelta(days=30))
    assert "This is your first score: 16 of 27" in client.get("/today/progress/").text
    send_phq9(helped, patient, second, timezone.now() - timedelta(days=2))
    text = client.get("/today/progress/").text
    assert words in " ".join(text.split())
    assert "Moderately severe" in text  # the band, and the table behind the chart
    assert "Show as a table" in text


def test_progress_stays_light(helped: Cast, patient: Patient):
    for days in range(30, 0, -3):
        send_phq9(helped, patient, [1] * 8 + [0], timezone.now() - timedelta(days=days))
    client = signed_in(helped, patient)
    with at_most(12):
        client.get("/today/progress/")


# ------------------------------------------------------------------ my record


def test_the_record_says_who_looked_and_why(helped: Cast, patient: Patient):
    nurse, now = helped.actor("nurse"), timezone.now()
    with acting_as(nurse):
        with declared("patient.opened"):
            record(nurse, "patient.opened", patient, part="clinical")
            record(nurse, "patient.opened", patient, part="clinical")
        open_restricted(by=nurse, patient_id=patient.pk, reason="Found asleep in the waiting room", now=now)
    send_phq9(helped, patient, [0] * 9, now)
    client = signed_in(helped, patient)
    with at_most(12):
        text = " ".join(client.get("/today/record/").text.split())
    assert "Nurse" in text
    assert "Opened your record" in text
    assert "2 times" in text
    assert "Opened your closed record in need" in text
    assert "Found asleep in the waiting room" in text
    assert patient.record_number in text
    assert "filled in on paper" not in text  # what I did myself is not somebody's look


def test_the_record_of_another_is_nowhere(helped: Cast, patient: Patient):
    other = make_patient(helped, "Bruno", family_name="Klein")
    text = signed_in(helped, patient).get("/today/record/").text
    assert other.record_number not in text
    assert "Klein" not in text


# ------------------------------------------------------------------ help


def test_help_has_the_clinics_own_numbers_beside_the_lines_of_its_country(helped: Cast, patient: Patient):
    text = signed_in(helped, patient).get("/today/help/").text
    shown = re.sub(r"<template.*?</template>", "", text, flags=re.DOTALL)
    tapped = re.findall(r'href="((?:tel|sms):[^"]+)"', shown)
    assert tapped[:5] == ["tel:911", "tel:988", "sms:988", "tel:5550123", "tel:5550100"]
    assert "your local emergency number" not in shown


def test_help_opens_without_a_sign_in_and_remembers_the_clinic(helped: Cast, patient: Patient):
    client = signed_in(helped, patient)
    client.get("/today/")
    assert "(555) 01-23" not in Client().get("/today/help/").text
    signed_out = Client()
    signed_out.cookies["help_clinic"] = client.cookies["help_clinic"].value
    assert "(555) 01-23" in signed_out.get("/today/help/").text
    signed_out.cookies["help_clinic"] = f"{helped.clinic.pk}:forged"
    assert "(555) 01-23" not in signed_out.get("/today/help/").text


@pytest.mark.parametrize("page", ["/today/", "/today/progress/", "/today/record/"])
def test_every_page_leads_to_help_and_strangers_to_the_sign_in(helped: Cast, patient: Patient, page: str):
    assert 'href="/today/help/"' in signed_in(helped, patient).get(page).text
    answer = Client().get(page)
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]
    for role in ("nurse", "auditor"):
        assert helped.client(role).get(page).status_code == 403


# ------------------------------------------------------------------ the altered-state screen


def calls(cast: Cast, stage: Stage) -> int:
    with acting_as(cast.actor("nurse")):
        return SessionEvent.objects.filter(encounter_id=stage.id, kind="patient_calls").count()


def test_the_call_reaches_the_running_session(helped: Cast):
    stage = dosing(helped)
    client = signed_in(helped, stage.patient)
    text = client.get("/today/here/").text
    assert "You are safe" in text
    assert "I need someone" in text
    answer = client.post("/today/here/", headers={"accept": "text/html"})
    assert answer["Location"] == "/today/here/?called=1"
    assert "Calling" in client.get("/today/here/?called=1").text
    assert client.post("/today/here/", headers={"accept": "application/json"}).status_code == 204
    assert calls(helped, stage) == 2


def test_without_a_session_the_call_leads_to_help(helped: Cast, patient: Patient):
    client = signed_in(helped, patient)
    assert client.post("/today/here/", headers={"accept": "text/html"})["Location"] == "/today/help/asked/?told=1"
    answer = client.post("/today/here/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (409, {"go": "/today/help/asked/?told=1"})


def test_a_call_never_reaches_another_patients_session(helped: Cast, patient: Patient):
    stage = dosing(helped)
    signed_in(helped, patient).post("/today/here/", headers={"accept": "text/html"})
    assert calls(helped, stage) == 0


# ------------------------------------------------------------------ kept on the device


def test_only_help_and_the_quiet_screen_are_kept_on_the_device(helped: Cast, patient: Patient):
    client = signed_in(helped, patient)
    worker = client.get("/today/sw.js")
    assert worker["Content-Type"].startswith("text/javascript")
    pages = re.search(r"const PAGES = (.*?);", worker.text)
    assert pages is not None
    assert pages[1] == '["/today/help/", "/today/here/", "/today/offline/"]'
    files = re.search(r"const FILES = (.*?);", worker.text)
    assert files is not None
    assert all(name.startswith("/static/") for name in re.findall(r'"([^"]+)"', files[1]))
    kept = "".join(client.get(f"/today/{page}/").text for page in ("help", "here", "offline"))
    for word in (patient.given_name, patient.family_name, patient.record_number):
        assert word not in kept


def test_the_app_can_be_installed(helped: Cast):
    manifest = Client().get("/today/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    data = manifest.json()
    assert (data["start_url"], data["scope"], data["display"]) == ("/today/", "/today/", "standalone")
    assert Client().get("/today/sw.js").status_code == 200
    pictures = [each for each in data["icons"] if each["type"] == "image/png"]
    assert sorted((each["sizes"], each["purpose"]) for each in pictures) == [
        ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable"),
    ]  # fmt: skip
    for each in pictures:
        file = finders.find(each["src"].removeprefix("/static/"))
        assert isinstance(file, str)
        header = Path(file).read_bytes()[:24]  # PNG: the width and the height behind the first sixteen bytes
        assert header[:8] == b"\x89PNG\r\n\x1a\n"
        assert "{}x{}".format(*struct.unpack(">II", header[16:])) == each["sizes"]


# ------------------------------------------------------------------ plain words


def grade(text: str) -> float:
    """Flesch-Kincaid grade level (Kincaid 1975): 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    sentences = [s for s in re.split(r"[.!?:]+\s", text) if re.search(r"[a-zA-Z]", s)]
    words = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<!l)e\b", "", w.lower())))) for w in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def prose(html: str) -> str:
    """The paragraphs and list items of the page's main part, each ended as a sentence."""
    main = re.search(r"<main.*?</main>", html, re.DOTALL)
    assert main is not None
    parts = re.findall(r"<(?:p|li|h1|h2)\b[^>]*>(.*?)</(?:p|li|h1|h2)>", main[0], re.DOTALL)
    texts = [" ".join(re.sub(r"<[^>]+>", " ", part).split()) for part in parts]
    return " ".join(text if text[-1] in ".!?" else f"{text}." for text in texts if len(text.split()) > 3) + " "


def test_the_measure_of_words_is_right():
    """Worked by hand: 12 words, 2 sentences, 14 syllables: 0.39*6 + 11.8*14/12 - 15.59 = 0.517."""
    assert grade("The cat sat on the mat. It was a happy little thing. ") == pytest.approx(0.517, abs=0.01)


@pytest.mark.parametrize("page", ["", "help/", "progress/", "record/", "measures/{}/"])
def test_the_pages_read_at_grade_eight_or_below(helped: Cast, patient: Patient, page: str):
    nurse = helped.actor("nurse")
    with acting_as(nurse):
        request = measures_actions.request_measure(
            by=nurse, patient_id=patient.pk, scale_id="phq-9", due_at=timezone.now() + timedelta(days=1)
        )
    text = prose(signed_in(helped, patient).get(f"/today/{page.format(request.pk)}").text)
    assert len(text.split()) > 15
    assert grade(text) <= 8
