"""P11: a patient who asks for help is heard: a call in a session to which nobody goes, and a button beside the lines.

A call may wait 60 seconds by the rule call.escalation (rulebook/rules/calls.toml, a convention). The watch runs here in
its own role of the database.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.safety.asking_actions import ask_for_help
from sojourn.care.safety.models import Flag, FlagReport
from sojourn.care.safety.watch import sweep_flags
from sojourn.care.session import actions as session_actions
from sojourn.care.session.call_actions import go_to_patient
from sojourn.care.session.call_watch import sweep_calls
from sojourn.care.session.models import SessionEvent
from sojourn.clinical.calls import ESCALATION
from sojourn.config.environment import database
from sojourn.config.processes.programs import _sweeper
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.models import AuditEvent
from tests.browser import faults
from tests.care.flagged import Flagged, flagged, work_off
from tests.care.people import actor_for
from tests.care.stage import Stage, adopt_everything, to_dosing
from tests.cases.test_p5_the_quiet_screen import picture
from tests.cases.test_p11_a_flag_is_heard import words
from tests.conftest import make_clinic
from tests.interfaces.test_board import web
from tests.interfaces.test_portal import signed_in
from tests.interfaces.web import Web

__all__ = ["flagged", "web"]
HERE, HELP, ASKED, TODAY, FLAGS = "/today/here/", "/today/help/", "/today/help/asked/", "/today/", "/clinic/flags/"
BUTTON = "Tell the clinic that I need help"


def watch(at: datetime) -> None:
    """One round of the watch."""
    with psycopg.connect(database("signals").conninfo()) as watching, watching.cursor() as cursor:
        sweep_calls(cursor, at)
        sweep_flags(cursor, at)


def flags(stage: Stage) -> list[Flag]:
    with acting_as(stage.cast.actor("nurse")):
        return list(Flag.objects.filter(patient=stage.patient).order_by("id"))


def seated(adopted: bool) -> Stage:
    cast = make_clinic(f"called-{time.time_ns()}")
    adopt_everything(cast, but=() if adopted else {ESCALATION})
    with acting_as(cast.actor("nurse")):
        return to_dosing(cast, at=datetime.now(UTC))


@pytest.fixture
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """A dose runs, and the clinic has adopted its rules."""
    with django_db_blocker.unblock():
        yield seated(adopted=True)
        connections.close_all()


def call(stage: Stage) -> SessionEvent:
    """The patient presses "I need someone" on the quiet screen."""
    signed_in(stage.cast, stage.patient).post(HERE, headers={"accept": "text/html"})
    with acting_as(stage.cast.actor("nurse")):
        return SessionEvent.objects.filter(encounter_id=stage.id, kind="patient_calls").latest("id")


# --- a call in a session ---


def test_a_call_to_which_nobody_goes_is_one_flag_for_everybody(stage: Stage):
    event = call(stage)
    watch(event.at + timedelta(seconds=59))
    assert flags(stage) == []
    for seconds in (60, 62, 90, 600):
        watch(event.at + timedelta(seconds=seconds))
    (flag,) = flags(stage)
    assert (flag.kind, flag.severity, flag.source, flag.about) == (
        "asked_for_help", "emergency", "button", f"call:{event.pk}",
    )  # fmt: skip
    work_off()
    everyone = frozenset(stage.cast.members[role].name for role in ("nurse", "prescriber", "therapist"))
    assert Flagged(stage.cast, stage.patient).told(flag) == [("all", everyone)]
    with acting_as(stage.cast.actor("nurse")):
        assert AuditEvent.objects.filter(action="flag.raised", entity_id=flag.pk).count() == 1
    listed = words(stage.cast.client("therapist"), FLAGS)
    assert "The patient asked for help" in listed
    assert "answer now" in listed
    assert "Called for someone during the session, and nobody went in time." in listed


@pytest.mark.parametrize("gone_after", [10, 59])
def test_a_call_to_which_somebody_goes_is_no_flag(stage: Stage, gone_after: int):
    event = call(stage)
    with acting_as(stage.cast.actor("nurse")):
        go_to_patient(by=stage.cast.actor("nurse"), encounter_id=stage.id, now=event.at + timedelta(seconds=gone_after))
    watch(event.at + timedelta(seconds=600))
    assert flags(stage) == []


def test_to_have_seen_it_is_not_to_go(stage: Stage):
    event = call(stage)
    stage.cast.client("nurse").post(f"/clinic/board/{stage.id}/going/", {"do": "seen"})
    watch(event.at + timedelta(seconds=60))
    assert len(flags(stage)) == 1


def test_pressing_again_while_nobody_goes_buys_no_time_and_is_no_second_flag(stage: Stage):
    event = call(stage)
    by = actor_for(stage.cast, stage.patient)
    with acting_as(by):
        session_actions.patient_calls(by=by, encounter_id=stage.id, now=event.at + timedelta(seconds=50))
    watch(event.at + timedelta(seconds=60))
    watch(event.at + timedelta(seconds=120))
    assert [each.about for each in flags(stage)] == [f"call:{event.pk}"]


def test_a_call_after_somebody_went_is_a_call_of_its_own(stage: Stage):
    first = call(stage)
    watch(first.at + timedelta(seconds=60))
    stage.cast.client("nurse").post(f"/clinic/board/{stage.id}/going/", {"do": "going"})
    again = call(stage)
    watch(again.at + timedelta(seconds=60))
    assert [each.about for each in flags(stage)] == [f"call:{first.pk}", f"call:{again.pk}"]


def test_without_a_decision_about_the_time_a_call_is_told_at_once(django_db_setup: None, django_db_blocker: Any):
    with django_db_blocker.unblock():
        stage = seated(adopted=False)
        event = call(stage)
        watch(event.at)
        (flag,) = flags(stage)
        assert [reach for reach, _who in Flagged(stage.cast, stage.patient).told(flag)] == ["all"]
        connections.close_all()


def test_two_watches_raise_one_and_one_that_is_killed_loses_none(stage: Stage):
    event = call(stage)
    at = event.at + timedelta(seconds=61)
    conninfo = database("signals").conninfo()
    with closing(psycopg.connect(conninfo)) as killed:  # gone before its commit
        assert sweep_calls(killed.cursor(), at) >= 1  # calls of other tests may stand as well
    assert flags(stage) == []
    with psycopg.connect(conninfo) as one, psycopg.connect(conninfo) as two:
        assert sweep_calls(one.cursor(), at) >= 1
        one.commit()
        assert sweep_calls(two.cursor(), at) == 0
    watch(at)
    assert len(flags(stage)) == 1


def test_the_watch_hears_calls_and_nothing_else_of_a_session(stage: Stage):
    call(stage)
    with acting_as(stage.cast.actor("nurse")):
        session_actions.note_event(by=stage.cast.actor("nurse"), encounter_id=stage.id, kind="nausea")
    with psycopg.connect(database("signals").conninfo()) as watching:
        seen = watching.execute("SELECT DISTINCT kind FROM session_sessionevent").fetchall()
        assert {kind for (kind,) in seen} <= {"patient_calls", "call_answered"}
    insert = (
        "INSERT INTO safety_flag (clinic_id, patient_id, kind, severity, source, about, raised_at, detail)"
        " VALUES (%s, %s, %s, 'emergency', 'button', %s, now(), '')"
    )
    owner = (stage.cast.clinic.pk, stage.patient.pk)
    for statement, given in (
        ("SELECT note FROM session_sessionevent", ()),
        ("SELECT by_name FROM session_sessionevent", ()),
        (insert, (*owner, "self_harm", "call:1")),
        (insert, (*owner, "asked_for_help", "message:1")),
    ):
        with psycopg.connect(database("signals").conninfo()) as watching, pytest.raises(
            psycopg.errors.InsufficientPrivilege
        ):  # fmt: skip
            watching.execute(statement, given)


def test_the_watch_process_raises_and_tells_in_one_round(stage: Stage):
    event = call(stage)
    with psycopg.connect(database("signals").conninfo(), autocommit=True) as watching:
        _sweeper()(watching, event.at + timedelta(seconds=61))
    (flag,) = flags(stage)
    assert [reach for reach, _who in Flagged(stage.cast, stage.patient).told(flag)] == ["all"]


# --- the button, where no session runs ---


def patient_of(found: Flagged) -> Client:
    return found.cast.client("Alma")


def key_on(client: Client, url: str) -> str:
    page = client.get(url, headers={"accept": "text/html"}).text
    form = re.search(rf'<form[^>]*action="{ASKED}".*?</form>', page, re.S)
    assert form, url
    assert BUTTON in html.unescape(form[0])
    key = re.search(r'name="key" value="([^"]+)"', form[0])
    assert key
    return key[1]


def asked(found: Flagged) -> list[Flag]:
    with acting_as(found.cast.actor("nurse")):
        return list(Flag.objects.filter(patient=found.patient).order_by("id"))


@pytest.mark.parametrize("url", [HELP, HERE])
def test_the_button_raises_the_flag_and_the_patient_reads_what_is_so(flagged: Flagged, url: str):
    flagged.decide()
    patient = patient_of(flagged)
    key = key_on(patient, url)
    answer = patient.post(ASKED, {"key": key}, follow=True)
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
    (flag,) = asked(flagged)
    assert (flag.kind, flag.severity, flag.source, flag.about) == (
        "asked_for_help", "emergency", "button", f"asked:{key}",
    )  # fmt: skip
    assert "The clinic has been told on" in page
    assert "Nobody has read it yet" in page
    assert page.index("call now") < page.index("Nobody has read it yet"), "the lines stand first"
    work_off()
    assert flagged.told(flag) == [("owner", flagged.named("nurse"))]
    nurse = flagged.cast.client("nurse")
    assert "Pressed: Tell the clinic that I need help." in words(nurse, f"{FLAGS}{flag.pk}/")
    assert f"{flagged.cast.members['nurse']} read it on" in words(patient, TODAY)


def test_the_lines_stand_before_the_button(flagged: Flagged):
    page = patient_of(flagged).get(HELP).text
    assert page.index('href="tel:') < page.index(f'action="{ASKED}"')


def test_a_form_sent_twice_is_one_press(flagged: Flagged):
    patient, key = patient_of(flagged), str(uuid4())
    for _ in range(3):
        assert patient.post(ASKED, {"key": key}).status_code == 302
    assert len(asked(flagged)) == 1
    with acting_as(flagged.cast.actor("nurse")):
        assert FlagReport.objects.filter(patient=flagged.patient).count() == 0


def test_presses_within_the_hour_join_the_open_flag_and_the_clinic_reads_each(flagged: Flagged):
    patient, again = patient_of(flagged), str(uuid4())
    for key in (str(uuid4()), again, again, str(uuid4())):
        patient.post(ASKED, {"key": key})
    (flag,) = asked(flagged)
    page = words(flagged.cast.client("nurse"), f"{FLAGS}{flag.pk}/")
    assert page.count("Pressed: Tell the clinic that I need help.") == 3


def test_an_hour_after_the_last_press_it_is_a_flag_of_its_own(flagged: Flagged):
    by, now = actor_for(flagged.cast, flagged.patient), datetime.now(UTC)
    for minutes in (0, 59, 100, 100 + 61):
        with acting_as(by):
            ask_for_help(by=by, patient_id=flagged.patient.pk, form=uuid4(), now=now + timedelta(minutes=minutes))
    assert len(asked(flagged)) == 2


def test_a_page_that_stayed_open_is_heard_on_another_day(flagged: Flagged):
    """The key of its form is old; whoever pressed it last week may press it today."""
    by, key, now = actor_for(flagged.cast, flagged.patient), uuid4(), datetime.now(UTC)
    for days in (0, 7):
        with acting_as(by):
            ask_for_help(by=by, patient_id=flagged.patient.pk, form=key, now=now + timedelta(days=days))
    assert len(asked(flagged)) == 2


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_i_need_someone_on_a_screen_that_stayed_open_is_heard(flagged: Flagged, accept: str):
    """No session runs any more, so no board shows it."""
    patient = patient_of(flagged)
    for _ in range(2):
        answer = patient.post(HERE, {"key": "5b0c2f2e-8f53-4c8e-9d8a-2d1f6a7f1c11"}, headers={"accept": accept})
    assert (answer["location"] if accept == "text/html" else answer.json()["go"]) == f"{ASKED}?told=1"
    (flag,) = asked(flagged)
    assert (flag.kind, flag.severity, flag.source) == ("asked_for_help", "emergency", "button")
    assert "Nobody has read it yet" in words(patient, f"{ASKED}?told=1")


def test_asked_again_after_somebody_reached_them_it_is_to_be_taken_anew(flagged: Flagged):
    flagged.decide()
    patient, nurse = patient_of(flagged), flagged.cast.client("nurse")
    patient.post(ASKED, {"key": str(uuid4())})
    (flag,) = asked(flagged)
    for kind in ("seen", "contacted"):
        after = flagged.standing(flag).newest_id or ""
        assert nurse.post(f"{FLAGS}{flag.pk}/", {"kind": kind, "after": after}).status_code == 302
    assert not flagged.standing(flag).waiting
    patient.post(ASKED, {"key": str(uuid4())})
    work_off()
    assert len(asked(flagged)) == 1
    assert flagged.standing(flag).waiting
    assert [reach for reach, _who in flagged.told(flag)] == ["owner", "owner"]
    assert "Nobody has read it yet" in words(patient, TODAY)


def test_without_a_good_key_it_is_heard_all_the_same(flagged: Flagged):
    assert patient_of(flagged).post(ASKED, {"key": "nonsense"}).status_code == 302
    assert len(asked(flagged)) == 1


def test_nobody_else_finds_the_button(flagged: Flagged):
    for client in (Client(), flagged.cast.client("nurse")):
        assert ASKED not in client.get(HELP).text
    assert flagged.cast.client("nurse").post(ASKED, {"key": str(uuid4())}).status_code == 403
    assert asked(flagged) == []


def test_in_a_session_the_same_button_calls_whoever_is_near(stage: Stage):
    patient = signed_in(stage.cast, stage.patient)
    answer = patient.post(ASKED, {"key": str(uuid4())})
    assert answer["location"] == f"{HERE}?called=1"
    with acting_as(stage.cast.actor("nurse")):
        event = SessionEvent.objects.get(encounter_id=stage.id, kind="patient_calls")
    watch(event.at + timedelta(seconds=60))
    assert [each.about for each in flags(stage)] == [f"call:{event.pk}"]


# --- whoever answers it finds whom to call, and how ---


def test_the_flag_names_the_emergency_contact_and_what_the_patient_needs(flagged: Flagged):
    by = actor_for(flagged.cast, flagged.patient)
    with acting_as(by):
        told = StatedAnswer("told", {"yes": ["interpreter"], "no": []})
        intake_actions.answer(by=by, patient_id=flagged.patient.pk, question_id="access_needs", told=told, seen=None)
        words_told = StatedAnswer("told", "Mixtec, please")
        intake_actions.answer(
            by=by, patient_id=flagged.patient.pk, question_id="access_words", told=words_told, seen=None
        )
    with acting_as(flagged.cast.actor("nurse")):
        for name, phone, more in (
            ("Luis", "555 0100", {"emergency_contact": True}),
            ("Berta", "555 0101", {}),
            ("Carlos", "555 0102", {"emergency_contact": True, "ended_at": datetime.now(UTC)}),
        ):
            RelatedPerson.objects.create(
                clinic=flagged.cast.clinic, patient=flagged.patient, name=name, phone=phone,
                created_at=datetime.now(UTC), **more,
            )  # fmt: skip
    patient_of(flagged).post(ASKED, {"key": str(uuid4())})
    (flag,) = asked(flagged)
    nurse = flagged.cast.client("nurse")
    page = words(nurse, f"{FLAGS}{flag.pk}/")
    assert 'href="tel:5550100"' in nurse.get(f"{FLAGS}{flag.pk}/").text
    for shown in ("Luis", "555 0100", "An interpreter", "Mixtec, please"):
        assert shown in page
    for not_shown in ("555 0101", "555 0102"):
        assert not_shown not in page


def test_a_flag_says_that_nobody_is_named(flagged: Flagged):
    patient_of(flagged).post(ASKED, {"key": str(uuid4())})
    (flag,) = asked(flagged)
    assert "In an emergency, call nobody is named" in words(flagged.cast.client("nurse"), f"{FLAGS}{flag.pk}/")


# --- on a phone ---


def phone(browser: Browser, web: Web, found: Flagged, width: int, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", base_url=web.address
    )
    key = str(patient_of(found).cookies[settings.SESSION_COOKIE_NAME].value)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": web.address}])
    return context.new_page()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "size"), [(HELP, (375, 812)), (HERE, (375, 667)), (HERE, (667, 375)), (HERE, (360, 640))]
)
def test_one_press_on_a_phone(web: Web, browser: Browser, flagged: Flagged, url: str, size: tuple[int, int]):
    page = phone(browser, web, flagged, *size)
    page.goto(url)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.goto(url)  # now through the worker that keeps the page
    button = page.get_by_role("button", name=BUTTON)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    name = f"ask{url.replace('/', '-')}{size[0]}x{size[1]}"
    picture(page, name)
    assert faults(page, f"{name}-axe") == []
    button.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The clinic has been told")
    expect(page.get_by_text("Nobody has read it yet")).to_be_visible()
    picture(page, f"{name}-told")
    assert faults(page, f"{name}-told-axe") == []
    assert len(asked(flagged)) == 1
    page.context.close()


@pytest.mark.browser
@pytest.mark.slow
def test_pressed_without_a_network_the_device_says_whom_to_call(web: Web, browser: Browser, flagged: Flagged):
    page = phone(browser, web, flagged, 375, 812)
    page.goto(HELP)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.goto(HELP)
    web.stop()
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator('a[href^="tel:"]').first).to_be_visible()
    expect(page.get_by_text("The clinic has been told")).to_have_count(0)
    picture(page, "ask-offline")
    web.start()
    assert asked(flagged) == []
    page.context.close()
