"""Today as a patient reads it at every stage, what the clinic says of coming, and what staff see of both."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from sojourn.care.companion.queries import Found
from sojourn.care.companion.stages import STAGES, Course, Facts, Stage, Visit, stage_of
from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.patients.models import Patient
from sojourn.care.scheduling.models import Appointment
from sojourn.clinical.protocol import State
from sojourn.foundation.accounts import place_actions
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.audit.models import AuditEvent
from sojourn.interfaces.shared.today import presenters
from tests.care.people import make_patient
from tests.care.stage import Stage as Scene
from tests.care.stage import set_stage
from tests.clock import DENVER
from tests.conftest import Cast
from tests.interfaces.spoken import at_most
from tests.interfaces.test_portal import grade, prose, signed_in

MAP = "https://maps.example/harbor"
WORDS = {
    "map_url": MAP, "finding": "Take the green door. The lift is on the left.", "costs": "A visit costs $400.",
    "changing": "Tell us two days before.", "changing_other": "Avísenos dos días antes.",
}  # fmt: skip
HOUR = timedelta(hours=1)


def write(cast: Cast, **words: str) -> None:
    by = cast.actor("clinic_admin")
    with acting_as(by):
        place_actions.write_visit_words(by=by, **(words or WORDS))


def main_of(page: str) -> str:
    return html.unescape(page.split("<main", 1)[1].split("</main>", 1)[0])


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", main_of(page)).split())


# ---------------------------------------------------------------- every stage


def visit(begins: datetime, **more: Any) -> Visit:
    return Visit(1, begins, begins + 3 * HOUR, course_id=7, **more)


def facts_of(stage: Stage, now: datetime) -> Facts:
    """Facts of somebody who is at that stage now, whatever hour it is."""
    yes: dict[str, Any] = {"is_begun": True, "is_sent": True, "answer": "accept", "agreements": 0}
    six, long_ago = Course(7, 6), now - timedelta(days=30)
    done = tuple(visit(long_ago, state=State.LEFT, dosed_at=long_ago, over_at=long_ago + HOUR) for _ in range(6))
    found: dict[Stage, dict[str, Any]] = {
        "invited": {},
        "intake": {"is_begun": True},
        "deciding": {"is_sent": True},
        "agreed": yes,
        "planned": yes | {"course": six},
        "waiting": yes | {"course": six, "visits": (visit(now + timedelta(days=12)),)},
        "week_before": yes | {"course": six, "visits": (visit(now + timedelta(days=3)),)},
        "day": yes | {"course": six, "visits": (visit(now - HOUR / 2),)},
        "arriving": yes | {"course": six, "visits": (visit(now - HOUR / 2, here_at=now - HOUR / 10),)},
        "session": yes | {"course": six, "visits": (visit(now - HOUR, state=State.CHECKED, is_running=True),)},
        "first_evening": yes | {"course": six, "visits": (visit(now - HOUR, state=State.LEFT, dosed_at=now - HOUR,
                                                               over_at=now),)},
        "window": yes | {"course": six, "visits": (visit(now - timedelta(days=3), state=State.LEFT,
                                                        dosed_at=now - timedelta(days=3)),)},
        "between": yes | {"course": six, "visits": (done[0], visit(now + timedelta(days=12)))},
        "after_series": yes | {"course": six, "visits": done},
        "staying_well": yes | {"course": Course(7, 6, date(2020, 1, 1)), "visits": done},
        "paused": yes | {"course": six, "visits": done[:1]},
        "declined": {"is_sent": True, "answer": "decline"},
        "ended": yes | {"course": Course(7, 6, date(2020, 1, 1)), "visits": done[:2]},
    }  # fmt: skip
    return Facts(zone=DENVER, **found[stage])


@pytest.fixture
def scene(clinic: Cast) -> Scene:
    write(clinic)
    return set_stage(clinic, at=timezone.now() + timedelta(days=3))


def at_stage(stage: Stage, scene: Scene, patch: pytest.MonkeyPatch) -> None:
    """From now on the patient of the scene is there."""
    facts = facts_of(stage, timezone.now())
    assert stage_of(facts, timezone.now()) == stage
    with acting_as(scene.cast.actor("nurse")):
        row = Appointment.objects.select_related("escort", "chair").get(pk=scene.appointment.pk)
    patch.setattr(presenters, "found", lambda *_asked: Found(facts, {1: row}))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_has_one_main_action_and_a_way_on(
    stage: Stage, language: str, scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    client = signed_in(scene.cast, scene.patient)
    client.cookies["django_language"] = language
    at_stage(stage, scene, monkeypatch)
    page = main_of(client.get("/today/").text)
    assert len(re.findall(r'class="btn btn-primary', page)) == 1
    assert page.count("<h1") == 1
    path = page.split("<ol>")[1].split("</ol>")[0]
    assert path.count("<li") == 6
    assert path.count('aria-current="step"') == 1
    stations = re.findall(r'<a class="text-link[^"]*" href="([^"]+)"', path)
    assert len(stations) == 6
    assert reverse("portal:coming") in page
    for address in set(stations):
        assert client.get(address).status_code == 200, address
    main = re.search(r'<a href="([^"]+)" class="btn btn-primary', page)
    if main is not None and "/visits/1/" not in main[1]:
        assert client.get(main[1]).status_code == 200
    with translation.override("en"):
        assert (str(presenters._SENTENCES[stage]).split(".")[0].rstrip(",") in page) is (language == "en")


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_reads_at_grade_eight_or_below(stage: Stage, scene: Scene, monkeypatch: pytest.MonkeyPatch):
    client = signed_in(scene.cast, scene.patient)
    at_stage(stage, scene, monkeypatch)
    text = prose(client.get("/today/").text)
    assert len(text.split()) > 40
    assert grade(text) <= 8


def test_no_stage_says_a_number_of_days(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    """The fourteen days of the window are told to nobody (decision 0043)."""
    client = signed_in(scene.cast, scene.patient)
    at_stage("window", scene, monkeypatch)
    text = text_of(client.get("/today/").text)
    assert "14" not in text
    assert not re.search(r"\bwindow\b|two weeks", text)


# ---------------------------------------------------------------- with rows


def test_in_the_week_before_the_clinics_own_words_stand_with_the_visit(scene: Scene):
    client = signed_in(scene.cast, scene.patient)
    with at_most(12):
        page = client.get("/today/").text
    for words in ("Take the green door.", "A visit costs $400.", "Tell us two days before.", f'href="{MAP}"'):
        assert words in main_of(page)


def test_who_reads_spanish_is_told_in_which_language_the_clinic_speaks(scene: Scene):
    client = signed_in(scene.cast, scene.patient)
    client.cookies["django_language"] = "es"
    for address in ("/today/", reverse("portal:coming")):
        page = main_of(client.get(address).text)
        assert re.search(r'lang="en">(<p>)?Take the green door\.', page), address
        assert "Avísenos dos días antes." in page
        assert not re.search(r'lang="es">(<p>)?Avísenos', page)  # the page's own language needs no mark


def test_a_clinic_that_says_nothing_is_asked_by_telephone(clinic: Cast):
    patient = make_patient(clinic)
    client = signed_in(clinic, patient)
    page = main_of(client.get(reverse("portal:coming")).text)
    assert page.count("Please ask the clinic.") == 3  # how to find it, costs, changing
    dialled = re.sub(r"[^0-9+]", "", Clinic.objects.get(pk=clinic.clinic.pk).phone)
    assert f'href="tel:{dialled}"' in page


def test_a_patient_says_that_they_are_here_and_takes_it_back(clinic: Cast):
    scene = set_stage(clinic, at=timezone.now() - HOUR / 2)
    client = signed_in(clinic, scene.patient)
    assert "Your session is today, at" in text_of(client.get("/today/").text)
    answer = client.post(reverse("portal:visit_here", args=[scene.appointment.pk]))
    assert (answer.status_code, answer["Location"]) == (302, "/today/")
    page = text_of(client.get("/today/").text)
    assert "The front desk can see that you are here." in page
    assert "I am not here yet" in page
    client.post(reverse("portal:visit_not_here", args=[scene.appointment.pk]))
    assert "Have you arrived?" in text_of(client.get("/today/").text)


def test_it_is_not_said_for_another_day(clinic: Cast):
    scene = set_stage(clinic, at=timezone.now() + timedelta(days=3))
    client = signed_in(clinic, scene.patient)
    answer = client.post(reverse("portal:visit_here", args=[scene.appointment.pk]))
    assert answer.status_code == 409
    assert "on the day of the appointment" in text_of(answer.text)


def test_nobody_is_here_in_the_place_of_another(clinic: Cast):
    scene = set_stage(clinic, at=timezone.now() - HOUR / 2)
    other = make_patient(clinic, "Bruno")
    address = reverse("portal:visit_here", args=[scene.appointment.pk])
    assert signed_in(clinic, other).post(address).status_code == 404
    assert clinic.client("nurse").post(address).status_code == 403


# ---------------------------------------------------------------- the front desk


def here_today(clinic: Cast) -> Scene:
    """A patient who said a moment ago that they are here; the appointment began on this day of the clinic."""
    now = timezone.now()
    begins = max(now - HOUR / 2, now.astimezone(DENVER).replace(hour=0, minute=0, second=0, microsecond=0))
    scene = set_stage(clinic, at=begins)
    signed_in(clinic, scene.patient).post(reverse("portal:visit_here", args=[scene.appointment.pk]))
    return scene


@pytest.mark.parametrize("role", ["nurse", "front_desk"])
def test_the_desk_and_the_nurse_read_who_is_here(clinic: Cast, role: str):
    scene = here_today(clinic)
    client = clinic.client(role)
    home = text_of(client.get("/clinic/").text)
    assert "Ana Reyes1 says: I am here" in home
    assert "Chair 1" in home
    assert "says: I am here" in text_of(client.get(reverse("console:day")).text)
    page = client.get(reverse("console:appointment", args=[scene.appointment.pk])).text
    assert "Undo: not here yet" in text_of(page)
    client.post(reverse("console:appointment_not_here", args=[scene.appointment.pk]))
    for address in ("/clinic/", reverse("console:day")):
        assert "I am here" not in text_of(client.get(address).text)


def test_a_restricted_record_is_not_named(clinic: Cast):
    scene = here_today(clinic)
    with acting_as(clinic.actor("prescriber")):
        Patient.objects.filter(pk=scene.patient.pk).update(restricted=True)
    home = text_of(clinic.client("front_desk").get("/clinic/").text)
    assert "Restricted record says: I am here" in home
    assert "Reyes1" not in home


# ---------------------------------------------------------------- the clinic's page


def test_the_administrator_writes_what_patients_read(clinic: Cast):
    client = clinic.client("clinic_admin")
    address = reverse("console:place_visits")
    assert client.post(address, WORDS).status_code == 302
    page = client.get(reverse("console:place")).text
    assert "Take the green door." in page
    refused = client.post(address, WORDS | {"map_url": "http://maps.example", "costs_other": "x", "costs": ""})
    assert refused.status_code == 409
    assert set(refused.context["visits"].errors) == {"map_url", "costs"}
    assert client.post(address, {"finding": "x" * 1201}).status_code == 422
    assert "Take the green door." in client.get(reverse("console:place")).text
    assert clinic.client("nurse").post(address, WORDS).status_code == 403
    assert "Take the green door." in clinic.client("nurse").get(reverse("console:place")).text


# ---------------------------------------------------------------- what staff see


def preview(clinic: Cast, patient: Patient, role: str = "nurse") -> Client:
    return clinic.client(role).get(reverse("console:patient_today", args=[patient.pk]))


def framed(page: str) -> str:
    return page.split("border-dashed", 1)[1].split("</main>", 1)[0]


@pytest.mark.parametrize("role", ["nurse", "prescriber", "therapist"])
def test_staff_see_the_same_page_and_nothing_on_it_leads_anywhere(scene: Scene, role: str):
    own = text_of(signed_in(scene.cast, scene.patient).get("/today/").text)
    answer = preview(scene.cast, scene.patient, role)
    assert answer.status_code == 200
    shown = framed(answer.text)
    assert "This is a preview" in answer.text
    assert "<a " not in shown
    assert "<form" not in shown
    assert "<button" not in shown
    for words in (
        "Hello Ana",
        "Your session is a few days away.",
        "Luis Reyes",
        "A visit costs $400.",
        "Getting ready",
    ):
        assert words in own
        assert words in html.unescape(shown)


def test_the_preview_is_in_the_patients_language(clinic: Cast):
    patient = make_patient(clinic, language="es")
    page = preview(clinic, patient).text
    assert "What Alma Reyes sees today" in page
    assert 'lang="es"' in page
    assert "Hola, Alma" in framed(page)


def test_a_preview_counts_as_a_look_into_the_record(clinic: Cast):
    patient = make_patient(clinic)
    preview(clinic, patient)
    with acting_as(clinic.actor("auditor")):
        rows = AuditEvent.objects.filter(patient_id=patient.pk, action="patient.opened")
        assert [row.detail["part"] for row in rows] == ["clinical"]
    record = text_of(signed_in(clinic, patient).get("/today/record/").text)
    assert "Opened your record" in record


def test_a_preview_shows_nothing_of_what_anybody_wrote(clinic: Cast):
    patient = make_patient(clinic)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        messaging_actions.write(by=nurse, patient_id=patient.pk, body="Your blood test is back", key=uuid4())
    shown = framed(preview(clinic, patient).text)
    assert "A message from the clinic" in shown
    assert "blood test" not in shown


@pytest.mark.parametrize("role", ["front_desk", "clinic_admin", "auditor"])
def test_who_opens_no_chart_sees_no_preview(clinic: Cast, role: str):
    assert preview(clinic, make_patient(clinic), role).status_code == 403


def test_a_restricted_record_is_opened_with_a_reason_first(clinic: Cast):
    patient = make_patient(clinic)
    with acting_as(system_actor(clinic.clinic.pk)):
        Patient.objects.filter(pk=patient.pk).update(restricted=True)
    answer = preview(clinic, patient)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (
        302, reverse("console:restricted", args=[patient.pk]),
    )  # fmt: skip
