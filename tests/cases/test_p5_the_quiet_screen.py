"""P5: the patient's quiet screen says what is so: calling, they know, who is coming; and nothing where nobody watches.

It said "Someone is coming" before anybody had seen the call, forgot it at a reload, and "I am going" changed nothing.
Shown on the screen itself, without script by the page and with it by the stream, before the real server.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from sojourn.care.safety.queries import open_flags
from sojourn.foundation.accounts.actor import acting_as
from sojourn.interfaces.portal.pages import TO_KEEP
from tests.browser import faults
from tests.care.stage import Stage, adopt_everything
from tests.cases.chair import Clock, clock
from tests.cases.test_d5_first_screen import in_first_screen
from tests.conftest import Cast
from tests.environment import RunSettings
from tests.interfaces.test_board import web
from tests.interfaces.test_portal import make_patient, signed_in
from tests.interfaces.test_session_pages import dosing, url
from tests.interfaces.web import Chair, Web, open_clinic, seat, stream

__all__ = ["clock", "web"]

HERE: Final = "/today/here/"
PICTURES: Final = RunSettings.read().pictures


def said(client: Any, query: str = "") -> str:
    """The words of the screen."""
    page = client.get(HERE + query, headers={"accept": "text/html"}).text
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    assert found
    return " ".join(html.unescape(found[1]).split())


# ---------------------------------------------------------------- by the page


@pytest.fixture
def stage(clinic: Cast, clock: Clock) -> Stage:
    adopt_everything(clinic)
    return dosing(clinic, at=clock())


def test_it_says_calling_they_know_and_who_is_coming(stage: Stage, clock: Clock):
    patient, nurse = signed_in(stage.cast, stage.patient), stage.cast.client("nurse")
    assert said(patient) == "You are safe"
    patient.post(HERE, headers={"accept": "text/html"})
    assert said(patient, "?called=1") == "Calling"
    nurse.post(f"/clinic/board/{stage.id}/going/", {"do": "seen"})
    assert said(patient, "?called=1") == "They know"
    nurse.post(f"/clinic/board/{stage.id}/going/", {"do": "going"})
    assert said(patient, "?called=1") == f"{stage.cast.members['nurse'].name} is coming"
    clock.later(minutes=5)
    assert said(patient) == "You are safe"
    patient.post(HERE, headers={"accept": "text/html"})
    assert said(patient) == "Calling"


def test_i_am_going_on_the_sessions_page_is_told_too(stage: Stage):
    patient = signed_in(stage.cast, stage.patient)
    patient.post(HERE, headers={"accept": "text/html"})
    stage.cast.client("prescriber").post(url("session_answer", stage), {"do": "going"})
    assert said(patient) == f"{stage.cast.members['prescriber']} is coming"


def test_pressing_again_while_it_is_open_takes_nothing_back(stage: Stage):
    patient = signed_in(stage.cast, stage.patient)
    patient.post(HERE, headers={"accept": "text/html"})
    stage.cast.client("nurse").post(f"/clinic/board/{stage.id}/going/", {"do": "seen"})
    patient.post(HERE, headers={"accept": "text/html"})
    assert said(patient) == "They know"


def test_stop_promises_nobody(stage: Stage):
    patient = signed_in(stage.cast, stage.patient)
    answer = patient.post("/today/here/stop/", headers={"accept": "text/html"}, follow=True)
    words = " ".join(html.unescape(re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.S)[1]).split())  # type: ignore[index]
    assert words == "You said stop. Calling"


def test_outside_a_session_it_does_not_pretend(clinic: Cast):
    patient = signed_in(clinic, make_patient(clinic))
    page = patient.get(HERE).text
    assert said(patient) == "No session is running now. Nobody watches this screen."
    assert 'href="/today/help/"' in page
    assert re.search(r"<form[^>]*data-call[^>]* hidden", page)


@pytest.mark.alone
def test_pressed_outside_a_session_the_clinic_is_told_and_help_follows(clinic: Cast):
    """On a screen that stayed open no board hears it: one flag, however often it is pressed, in whichever way."""
    patient = signed_in(clinic, make_patient(clinic))
    by_hand = patient.post(HERE, headers={"accept": "text/html"})
    assert (by_hand.status_code, by_hand["Location"]) == (302, "/today/help/asked/?told=1")
    assert patient.post(HERE, headers={"accept": "*/*"}).json() == {"go": "/today/help/asked/?told=1"}
    with acting_as(clinic.actor("nurse")):
        (flag,) = open_flags()
    assert (flag.kind, flag.source, flag.severity) == ("asked_for_help", "button", "emergency")
    assert "Nobody has read it yet" in html.unescape(patient.get("/today/").text)
    listed = clinic.client("nurse").get("/clinic/flags/", headers={"accept-language": "es"}).text
    assert "Pulsó: Avisar a la clínica" in html.unescape(listed)


@pytest.mark.alone
def test_a_call_within_a_session_raises_no_flag_beside_it(stage: Stage):
    """It stands on the board and is passed on there (D5)."""
    signed_in(stage.cast, stage.patient).post(HERE, headers={"accept": "text/html"})
    with acting_as(stage.cast.actor("nurse")):
        assert open_flags() == []


def test_after_the_session_it_does_not_pretend(stage: Stage, clock: Clock):
    patient = signed_in(stage.cast, stage.patient)
    patient.post(HERE, headers={"accept": "text/html"})
    with acting_as(stage.cast.actor("nurse")):
        stage.step("stop_early", reason="went home", now=clock())
    assert said(patient) == "Calling"  # still here, still observed
    assert "No session" not in said(patient)


def test_what_the_device_keeps_tells_of_nobody(stage: Stage):
    """The service worker's own copy: neither a name nor that anybody called."""
    patient = signed_in(stage.cast, stage.patient)
    patient.post(HERE, headers={"accept": "text/html"})
    stage.cast.client("nurse").post(f"/clinic/board/{stage.id}/going/")
    kept = patient.get(HERE, headers={TO_KEEP: "1"}).text
    words = re.search(r"<h1[^>]*>(.*?)</h1>", kept, re.S)
    assert words
    assert words[1].strip() == "You are safe"
    assert stage.cast.members["nurse"].name not in kept


# ---------------------------------------------------------------- by the stream


@pytest.fixture
def chair(django_db_setup: None, django_db_blocker: Any) -> Iterator[Chair]:
    with django_db_blocker.unblock():
        yield seat(open_clinic("quiet"))


def cookie(chair: Chair) -> str:
    client = signed_in(chair.cast, chair.stage.patient)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def test_a_patient_hears_nothing_but_their_own_call(web: Web, chair: Chair):
    other = seat(chair.cast, 2)
    key = cookie(chair)
    for path, status in (("/live/board", 403), (f"/live/session/{chair.id}", 403)):
        with stream(web, path, key) as answer:
            assert answer.status == status
    with stream(web, "/live/here", key) as own:
        assert own.next("call").data == {"running": True, "call": None}
        other.send(spo2=70)
        chair.send(hr=140, spo2=80)
        signed_in(chair.cast, chair.stage.patient).post(HERE)
        event = own.next("call", where=lambda each: each.data["call"] is not None)
        assert set(event.data) == {"running", "call"}
        assert event.data["call"][0] == "calling"
        chair.cast.client("nurse").post(f"/clinic/board/{chair.id}/going/")
        event = own.next("call", where=lambda each: each.data["call"][0] == "coming")
        assert event.data["call"][3] == chair.cast.members["nurse"].name
    with stream(web, "/live/here", str(chair.cast.client("nurse").cookies[settings.SESSION_COOKIE_NAME].value)) as no:
        assert no.status == 403


def phone(browser: Browser, web: Web, chair: Chair, width: int, height: int, **more: Any) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", base_url=web.address, **more
    )
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie(chair), "url": web.address}])
    page = context.new_page()
    page.goto(HERE)
    return page


def words(page: Page, text: str | re.Pattern[str], timeout: float = 8000) -> None:
    expect(page.locator("[data-call-words]")).to_have_text(text, timeout=timeout)


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.mark.browser
@pytest.mark.slow
def test_the_screen_follows_and_a_reload_keeps_it(web: Web, browser: Browser, chair: Chair):
    page = phone(browser, web, chair, 375, 812)
    nurse = chair.cast.client("nurse")
    words(page, "You are safe")
    picture(page, "quiet-safe")
    page.get_by_role("button", name="I need someone").click()
    words(page, "Calling")
    picture(page, "quiet-calling")
    page.reload()
    words(page, "Calling")
    nurse.post(f"/clinic/board/{chair.id}/going/", {"do": "seen"})
    words(page, "They know")
    picture(page, "quiet-known")
    nurse.post(f"/clinic/board/{chair.id}/going/", {"do": "going"})
    coming = f"{chair.cast.members['nurse'].name} is coming"
    words(page, coming)
    picture(page, "quiet-coming")
    page.reload()
    words(page, coming)
    assert faults(page, "quiet-axe") == []
    page.context.close()


@pytest.mark.browser
@pytest.mark.slow
def test_without_a_network_it_says_what_else_to_do(web: Web, browser: Browser, chair: Chair):
    page = phone(browser, web, chair, 375, 667)
    words(page, "You are safe")
    page.context.set_offline(True)
    lost = "No connection: call out or press the bell."
    words(page, lost, 10_000)
    page.get_by_role("button", name="I need someone").click()
    words(page, lost)
    picture(page, "quiet-lost")
    page.context.set_offline(False)
    words(page, "Calling", 20_000)  # and what was pressed is sent
    page.context.close()


@pytest.mark.browser
@pytest.mark.slow
def test_a_server_that_is_gone_is_no_silence(web: Web, browser: Browser, chair: Chair):
    page = phone(browser, web, chair, 375, 667)
    words(page, "You are safe")
    web.stop()
    words(page, "No connection: call out or press the bell.", 12_000)
    web.start()
    words(page, "You are safe", 20_000)
    page.context.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("size", [(667, 375), (812, 375), (568, 320), (375, 667), (320, 568)])
def test_the_button_is_whole_on_every_side(web: Web, browser: Browser, chair: Chair, size: tuple[int, int]):
    page = phone(browser, web, chair, *size)
    words(page, "You are safe")
    button = page.get_by_role("button", name="I need someone")
    in_first_screen(page, button)
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 120, "the size of a palm"
    assert abs(box["width"] - box["height"]) <= 1
    in_first_screen(page, page.locator("[data-call-words]"))
    picture(page, f"quiet-{size[0]}x{size[1]}")
    button.click()
    words(page, "Calling")
    assert faults(page, f"quiet-{size[0]}x{size[1]}-axe") == []
    page.context.close()
