"""The session board: what a nurse reads from two metres, and what one tap does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from sojourn.care.alarms.models import AlarmState, CurrentVital
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.encounter import announcing
from sojourn.care.patients.models import Patient
from sojourn.care.session import actions as session_actions
from sojourn.care.session import live
from sojourn.care.session.models import SessionEvent
from sojourn.care.session.snapshot import load
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import Device
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.board.presenters import figure_of
from sojourn.interfaces.console.board.words import board_words
from sojourn.interfaces.console.sessions.presenters import figures
from tests.browser import faults
from tests.care.stage import Stage, adopt_everything, set_stage, to_dosing
from tests.conftest import Cast
from tests.interfaces.web import Chair, Web, beat_of_the_watch, cookie_of, open_clinic, seat

URL = "/clinic/board/"


@pytest.fixture
def stage(clinic: Cast) -> Stage:
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        return to_dosing(clinic)


def watched(monkeypatch: pytest.MonkeyPatch, age: timedelta | None) -> None:
    monkeypatch.setattr("sojourn.interfaces.console.board.views.heartbeat_age", lambda name, now: age)


def page(clinic: Cast, role: str = "nurse", query: str = "") -> str:
    response = clinic.client(role).get(URL + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def data_of(html: str) -> dict[str, Any]:
    _, _, rest = html.partition('<script id="board-data" type="application/json">')
    found: dict[str, Any] = json.loads(rest.partition("</script>")[0])
    return found


def body_of(html: str) -> str:
    return html.partition('<script id="board-data"')[0]


def readings(stage: Stage, role: str = "nurse", **values: float) -> None:
    by = stage.cast.actor(role)
    with acting_as(by):
        vitals_actions.take_readings(by=by, encounter_id=stage.id, values=values)


@pytest.mark.alone
def test_it_shows_each_running_session_whole(clinic: Cast, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, timedelta(seconds=1))
    html = page(clinic)
    body = body_of(html)
    assert "Chair 1 · Ana R." in body
    assert "Reyes1" not in html  # a wall shows no family name
    assert "SJ-00001" in body  # in the fold that a tap opens
    for text in ("Dose running", "0 min since the dose", "124/78", ">98<", ">71<", ">14<"):
        assert text in body, text
    assert "Watch awake" in body
    data = data_of(html)
    assert [each["id"] for each in data["sessions"]] == [stage.id]
    assert data["cursor"].startswith(f"{stage.id}.")
    assert len(data["sessions"][0]["trend"]) == 5


def test_a_paused_dose_has_its_word(clinic: Cast, stage: Stage) -> None:
    with acting_as(clinic.actor("nurse")):
        stage.step("pause")
    html = page(clinic)
    assert "Dose paused" in body_of(html)
    data = data_of(html)
    assert data["sessions"][0]["state"] == "paused"
    # The script paints the chair anew with the same word, and takes a paused session for one that runs.
    assert data["words"]["states"]["paused"] == "Dose paused"


@pytest.mark.alone
def test_an_empty_board_says_what_will_appear(clinic: Cast) -> None:
    assert "A chair appears here by itself" in page(clinic)


@pytest.mark.parametrize("role", ["nurse", "prescriber", "therapist"])
def test_who_may_watch(clinic: Cast, role: str) -> None:
    assert clinic.client(role).get(URL).status_code == 200


@pytest.mark.parametrize("role", ["front_desk", "clinic_admin", "auditor"])
def test_who_may_not(clinic: Cast, role: str) -> None:
    assert clinic.client(role).get(URL).status_code == 403


def test_strangers_sign_in_first(client: Any, clinic: Cast) -> None:
    assert client.get(URL).status_code == 302


@pytest.mark.alone
def test_an_alarm_is_said_by_colour_shape_and_word_and_seen_by_one_tap(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88)  # below 90: high (facts/vitals_thresholds.json)
    body = body_of(page(clinic))
    assert 'class="chair is-high"' in body
    assert "Oxygen saturation is low" in body
    assert "shape-high" in body
    assert 'name="alarm" value="spo2.low|spo2"' in body
    url = reverse("console:board_seen", args=[stage.id])
    client = clinic.client("nurse")
    answer = client.post(url, {"alarm": "spo2.low|spo2"}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    with acting_as(clinic.actor("nurse")):
        assert AlarmState.objects.get(rule_id="spo2.low").acknowledged_by_name == clinic.members["nurse"].name
    body = body_of(page(clinic))
    assert f"seen by {clinic.members['nurse'].name}" in body
    assert 'name="alarm"' not in body
    # The second nurse is told who was quicker.
    answer = clinic.client("prescriber").post(url, {"alarm": "spo2.low|spo2"}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert clinic.members["nurse"].name in answer.json()["said"]
    # Without a script the page says the same.
    answer = clinic.client("prescriber").post(url, {"alarm": "spo2.low|spo2"})
    assert answer.status_code == 409
    assert clinic.members["nurse"].name in answer.content.decode()


def test_seen_takes_only_what_was_shown(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88, rr=7)
    clinic.client("nurse").post(reverse("console:board_seen", args=[stage.id]), {"alarm": "spo2.low|spo2"})
    with acting_as(clinic.actor("nurse")):
        assert AlarmState.objects.get(rule_id="spo2.low").phase == "acknowledged"
        assert AlarmState.objects.get(rule_id="rr.low").phase == "raised"


@pytest.mark.alone
def test_an_alarm_that_ended_unseen_is_still_said(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88)
    with acting_as(clinic.actor("nurse")):
        stage.vitals(timezone.now() + timedelta(seconds=1), spo2=97)
    body = body_of(page(clinic))
    assert "It is over, and nobody has seen it" in body
    assert 'class="chair is-high"' not in body
    clinic.client("nurse").post(reverse("console:board_seen", args=[stage.id]), {"alarm": "spo2.low|spo2"})
    assert "It is over" not in body_of(page(clinic))


@pytest.mark.alone
def test_a_call_is_answered_by_one_tap_and_only_once(clinic: Cast, stage: Stage) -> None:
    with acting_as(clinic.actor("nurse")):
        for _ in range(3):  # pressed three times
            session_actions.note_event(by=clinic.actor("nurse"), encounter_id=stage.id, kind="patient_calls")
    assert "Ana needs someone" in body_of(page(clinic))
    url = reverse("console:board_going", args=[stage.id])
    assert clinic.client("therapist").post(url).status_code == 302
    assert clinic.client("nurse").post(url).status_code == 302  # a second tap finds it done
    assert "Ana needs someone" not in body_of(page(clinic))
    with acting_as(clinic.actor("nurse")):
        (answer,) = SessionEvent.objects.filter(kind="call_answered")
        assert answer.by_id == clinic.members["therapist"].pk


def test_a_therapist_sees_alarms_and_is_offered_no_answer(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88)
    assert "Oxygen saturation is low" in body_of(page(clinic, "therapist"))
    assert "data-chair-seen" not in page(clinic, "therapist")
    url = reverse("console:board_seen", args=[stage.id])
    assert clinic.client("therapist").post(url, {"alarm": "spo2.low|spo2"}).status_code == 403


def test_another_clinics_session_does_not_exist(clinic: Cast, other_clinic: Cast, stage: Stage) -> None:
    for name in ("board_seen", "board_going"):
        url = reverse(f"console:{name}", args=[stage.id])
        assert other_clinic.client("nurse").post(url, {"alarm": "spo2.low|spo2"}).status_code == 404
    assert "Chair 1" not in body_of(page(other_clinic))
    assert data_of(page(other_clinic))["sessions"] == []


@pytest.mark.alone
def test_old_readings_are_crossed_and_say_so(clinic: Cast, stage: Stage) -> None:
    # With a monitor on: 60 seconds for what should come all the time, 15 minutes for the cuff (rules silence.*).
    with acting_as(clinic.actor("nurse")):
        device = Device.objects.create(clinic=clinic.clinic, name="M", key="k", added_at=timezone.now())
        vitals_actions.put_on(by=clinic.actor("nurse"), device_id=device.pk, encounter_id=stage.id)
        CurrentVital.objects.update(effective_at=timezone.now() - timedelta(seconds=100))
    body = body_of(page(clinic))
    assert body.count("is-stale") == 3
    assert "Old: 1 min ago" in body
    assert ">124/78<" in body.partition('data-vital="bp"')[2][:400]
    with acting_as(clinic.actor("nurse")):
        CurrentVital.objects.update(effective_at=timezone.now() - timedelta(minutes=16))
    assert body_of(page(clinic)).count("is-stale") == 4


@pytest.mark.alone
def test_values_typed_by_hand_count_as_long_as_the_protocol_says(clinic: Cast, stage: Stage) -> None:
    with acting_as(clinic.actor("nurse")):
        CurrentVital.objects.update(effective_at=timezone.now() - timedelta(minutes=14))
    assert "is-stale" not in body_of(page(clinic))
    assert "No monitor on" in body_of(page(clinic))
    with acting_as(clinic.actor("nurse")):
        CurrentVital.objects.update(effective_at=timezone.now() - timedelta(minutes=16))
    assert body_of(page(clinic)).count("is-stale") == 4


def test_an_implausible_value_is_crossed(clinic: Cast, stage: Stage) -> None:
    readings(stage, hr=999, spo2=101)
    body = body_of(page(clinic))
    assert "Not believable" in body
    assert 'class="vital is-low is-stale" data-vital="spo2"' in body
    assert 'class="vital is-high is-stale" data-vital="hr"' in body  # doubt is not silence


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [
        ({}, {"hr": 999, "pr": 72}, {"hr": ("Heart", "999")}),  # the alarm speaks of it
        ({"hr": 60}, {"pr": 118}, {"hr": ("Pulse", "118")}),
        ({}, {"hr": 61, "pr": 118}, {"hr": ("Heart", "61")}),
        ({"nibp_sys": 124, "nibp_dia": 78}, {"art_sys": 171, "art_dia": 101}, {"bp": ("Pressure", "171/101")}),
        ({"nibp_sys": 124, "nibp_dia": 78}, {"nibp_sys": 158}, {"bp": ("Pressure", "158/–")}),
        ({}, {"spo2": 93.9}, {"spo2": ("Saturation", "94")}),
    ],
)
def test_the_board_and_the_sessions_page_show_the_same(
    clinic: Cast, stage: Stage, before: dict[str, float], now: dict[str, float], shown: dict[str, tuple[str, str]]
) -> None:
    moment = timezone.now() + timedelta(minutes=5)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        if before:
            stage.vitals(moment - timedelta(minutes=2), **before)
        stage.vitals(moment, **now)
        with connection.cursor() as cursor:
            session = live.read(cursor.cursor, [stage.id], moment)[0]
        picture = load(SessionScope(stage.id), moment)
    page_names = {"Heart": "Heart rate", "Pressure": "Arterial pressure" if "art_sys" in now else "Blood pressure"}
    words = board_words()
    for key, (label, value) in shown.items():
        figure = figure_of(words, key, session, lambda *_: 900, "", moment)
        assert (figure.label, figure.value) == (label, value)
        place = ("hr", "bp", "spo2", "rr").index(key)
        with acting_as(nurse):  # the page asks for the clinic's rules
            on_page = figures(picture)[place]
        assert (str(on_page.label), on_page.value) == (page_names.get(label, label), value)


@pytest.mark.parametrize("age", [None, timedelta(seconds=42)])
def test_a_sleeping_watch_is_said_loudly(clinic: Cast, age: timedelta | None, monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, age)
    body = body_of(page(clinic))
    assert "Alarms of silence are not being watched" in body
    assert "Watch silent" in body
    watched(monkeypatch, timedelta(seconds=2))
    assert "Alarms of silence" not in body_of(page(clinic))


def test_a_monitors_wrong_clock_is_said(clinic: Cast, stage: Stage) -> None:
    with acting_as(clinic.actor("nurse")):
        device = Device.objects.create(
            clinic=clinic.clinic, name="M", key="k", added_at=timezone.now(), clock_skew_s=431.0
        )
        vitals_actions.put_on(by=clinic.actor("nurse"), device_id=device.pk, encounter_id=stage.id)
    assert "The monitor&#x27;s clock is 7 min ahead" in body_of(page(clinic))


@pytest.mark.alone
def test_a_restricted_record_shows_figures_and_no_name(clinic: Cast, stage: Stage) -> None:
    with acting_as(clinic.actor("nurse")):
        Patient.objects.filter(pk=stage.patient.pk).update(restricted=True)
    html = page(clinic)
    assert "Restricted record" in html
    assert "Ana" not in html
    assert "SJ-00001" not in html
    assert "124/78" in html
    assert "Ana R." in page(clinic, "prescriber")


def test_the_next_check_is_in_minutes(clinic: Cast) -> None:
    # Schedule 0, 10, 20 ... (fact base, monitoring_schedule).
    adopt_everything(clinic)
    at = timezone.now() - timedelta(minutes=3)
    with acting_as(clinic.actor("nurse")):
        to_dosing(clinic, at=at)
    assert "Next check in 6 min" in body_of(page(clinic))
    assert "3 min since the dose" in body_of(page(clinic))
    late = timezone.now() - timedelta(minutes=13)
    with acting_as(clinic.actor("nurse")):
        to_dosing(clinic, at=late, number=2)
    assert "Check overdue by 3 min" in body_of(page(clinic))


@pytest.mark.alone
def test_nine_chairs_come_on_two_pages_and_chair_10_after_chair_9(clinic: Cast) -> None:
    adopt_everything(clinic)
    now = timezone.now()
    with acting_as(clinic.actor("nurse")):
        for number in range(1, 11):
            stage = set_stage(clinic, at=now, number=number)
            encounter_actions.open_session(by=clinic.actor("nurse"), appointment_id=stage.appointment.pk)
    first, second = page(clinic), page(clinic, query="?page=2")
    assert [n for n in range(1, 11) if f"Chair {n} ·" in body_of(first)] == list(range(1, 9))
    assert [n for n in range(1, 11) if f"Chair {n} ·" in body_of(second)] == [9, 10]
    assert len(data_of(first)["others"]) == 2
    assert page(clinic, query="?page=99")
    assert page(clinic, query="?page=x")


def test_it_costs_at_most_twelve_queries(clinic: Cast, stage: Stage) -> None:
    readings(stage, spo2=88)
    client = clinic.client("nurse")
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        client.get(URL)
    said = [each["sql"] for each in queries if not each["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(said) <= 12, "\n".join(each[:120] for each in said)


# --- in a browser, before the real server ---


@pytest.fixture
def web(web_process: Web, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    # Playwright's loop runs in this thread; what these tests write, another process reads: it is committed.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with django_db_blocker.unblock():
        yield web_process.running()


def board_page(
    browser: Browser, web: Web, cast: Cast, width: int = 1280, height: int = 800, url: str = URL, **more: Any
) -> Page:
    context = browser.new_context(viewport={"width": width, "height": height}, **more)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie_of(cast, "nurse"), "url": web.address}])
    shown = context.new_page()
    shown.set_default_timeout(20_000)
    assert (answer := shown.goto(web.address + url)) is not None
    assert answer.status == 200
    return shown


def figure(shown: Page, chair: Chair, key: str) -> Locator:
    return shown.locator(f'[data-chair="{chair.id}"] [data-vital="{key}"]')


@pytest.mark.browser
@pytest.mark.slow
def test_the_board_stays_true_by_itself(web: Web, browser: Browser) -> None:
    cast = open_clinic("board")
    chair = seat(cast)
    beat_of_the_watch()
    shown = board_page(browser, web, cast)
    errors: list[str] = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.evaluate("window.stillHere = true")

    chair.send(hr=83, spo2=97)
    expect(figure(shown, chair, "hr").locator("[data-vital-figure]")).to_have_text("83")

    # An alarm: colour, shape and word; taken by one tap, without leaving the page.
    chair.send(spo2=88)
    expect(figure(shown, chair, "spo2")).to_have_class(re.compile("is-high"))
    expect(figure(shown, chair, "spo2").locator("[data-vital-says]")).to_have_text("Low")
    expect(figure(shown, chair, "spo2").locator(".shape-high")).to_be_visible()
    expect(shown.locator("[data-chair-alarm]")).to_have_text("High")
    expect(shown.locator("[data-board-says]")).to_contain_text("Oxygen saturation is low")
    assert faults(shown, "board") == []
    shown.get_by_role("button", name="Seen").click()
    expect(shown.locator("[data-chair-answered]")).to_contain_text(f"seen by {cast.members['nurse'].name}")
    expect(shown.locator("[data-chair-answered]")).to_be_visible()
    expect(shown.get_by_role("button", name="Seen")).to_be_hidden()

    # A call, answered by one tap.
    nurse = cast.actor("nurse")
    with acting_as(nurse):
        session_actions.note_event(by=nurse, encounter_id=chair.id, kind="patient_calls")
        announcing.announce(chair.stage.encounter)
    shown.get_by_role("button", name="Ana needs someone").click()
    expect(shown.locator("[data-chair-call]")).to_be_hidden()

    # A patient arrives in the next chair; the name is in its fold.
    second = seat(cast, 2, dosing=False)
    expect(shown.get_by_role("heading", name="Chair 2 · Ana R.")).to_be_visible()
    expect(shown.locator("main")).to_have_attribute("data-chairs", "2")
    second.send(hr=64)
    expect(figure(shown, second, "hr").locator("[data-vital-figure]")).to_have_text("64")
    expect(shown.get_by_text("SJ-00002")).to_be_hidden()
    shown.get_by_role("heading", name="Chair 2 · Ana R.").click()
    expect(shown.get_by_text("SJ-00002")).to_be_visible()

    # The sound is off until somebody taps, and the switch says so.
    switch = shown.get_by_role("button", name="Sound is off")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(shown.get_by_role("button", name="Sound is on")).to_have_attribute("aria-pressed", "true")

    # The watch falls asleep: said loudly, and taken back when it wakes.
    beat_of_the_watch(datetime.now(UTC) - timedelta(seconds=30))
    expect(shown.get_by_text("Alarms of silence are not being watched")).to_be_visible()
    beat_of_the_watch()
    expect(shown.get_by_text("Alarms of silence are not being watched")).to_be_hidden()
    assert shown.evaluate("window.stillHere") is True
    assert errors == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_stream_that_stops_is_said_and_comes_back_without_a_gap(web: Web, browser: Browser) -> None:
    cast = open_clinic("board")
    chair = seat(cast)
    beat_of_the_watch()
    shown = board_page(browser, web, cast)
    chair.send(hr=70)
    expect(figure(shown, chair, "hr").locator("[data-vital-figure]")).to_have_text("70")
    web.stop()
    banner = shown.locator("[data-board-lost]")
    expect(banner).to_contain_text("The board lost its connection at")
    expect(shown.locator("#board")).to_have_class(re.compile("is-stale"))
    expect(shown.locator(".vital.is-stale")).to_have_count(4)  # every figure is crossed
    for value in (71, 72, 73):
        chair.send(hr=value)
    expect(figure(shown, chair, "hr").locator("[data-vital-figure]")).to_have_text("70")
    web.start()
    expect(figure(shown, chair, "hr").locator("[data-vital-figure]")).to_have_text("73", timeout=15_000)
    expect(banner).to_be_hidden()
    expect(figure(shown, chair, "hr")).not_to_have_class(re.compile("is-stale"))
    values = shown.evaluate(
        "id => [...JSON.parse(document.querySelector(`[data-chair='${id}'] [data-chair-trend]`).dataset.hr)]", chair.id
    )
    assert values == [71, 70, 71, 72, 73]  # the check before the dose, and each reading once

    # Signed out: it does not pretend to be trying.
    Session.objects.filter(pk=shown.context.cookies()[0]["value"]).delete()
    web.stop()
    web.start()
    expect(banner).to_contain_text("You were signed out", timeout=20_000)


@pytest.mark.browser
@pytest.mark.slow
def test_a_sessions_own_page_follows_its_stream(web: Web, browser: Browser) -> None:
    chair = seat(open_clinic("one"))
    chair.send(spo2=97)
    shown = board_page(browser, web, chair.cast, url=f"/clinic/sessions/{chair.id}/")
    # The poll of every four seconds stands still, so that what follows can only come by the stream.
    shown.clock.install()
    shown.reload()
    expect(shown.locator("#live")).to_contain_text("97")
    shown.clock.run_for(1500)
    chair.send(spo2=95)
    shown.wait_for_timeout(800)
    shown.clock.run_for(1500)
    expect(shown.locator("#live")).to_contain_text("95")


@pytest.mark.browser
@pytest.mark.slow
def test_eight_chairs_fit_and_hinder_nobody(web: Web, browser: Browser) -> None:
    cast = open_clinic("eight")
    chairs = [seat(cast, number, dosing=number > 1) for number in range(1, 9)]
    nurse = cast.actor("nurse")
    with acting_as(nurse):
        session_actions.note_event(by=nurse, encounter_id=chairs[4].id, kind="patient_calls")
    tablets = []
    for width, height in ((375, 812), (768, 1024), (1280, 800), (1920, 1080)):
        beat_of_the_watch()
        for number, chair in enumerate(chairs):
            spo2 = {1: 93, 2: 88, 3: 0}.get(number, 97)  # 0: the oximeter has lost the finger
            chair.send(hr=112, spo2=spo2, rr=7 if number == 2 else 14, nibp_sys=124, nibp_dia=81)
        shown = board_page(browser, web, cast, width, height)
        tablet = width >= 1280
        for mood in ("dark", "light"):
            shown.emulate_media(color_scheme=mood)
            expect(shown.locator("[data-chair]")).to_have_count(8)
            assert sizes_of(shown, ".vital-figure", "parseFloat(getComputedStyle(e).fontSize)") >= 48
            assert sizes_of(shown, "#board button, #board summary", "e.getBoundingClientRect().height") >= 55.5
            assert shown.evaluate(CUT_OFF, tablet) == []
            assert faults(shown, "board") == []
        if tablet:
            tablets.append(shown)
        else:
            shown.context.close()
    web.stop()
    for shown in tablets:
        expect(shown.locator("[data-board-lost]")).to_be_visible()
        shown.wait_for_timeout(1500)  # the trends give their room
        assert shown.evaluate(CUT_OFF, True) == []
        shown.context.close()
    web.start()


def sizes_of(shown: Page, selector: str, size: str) -> float:
    """The smallest of the visible elements."""
    script = f"s => [...document.querySelectorAll(s)].filter(e => e.offsetParent).map(e => {size})"
    return min(shown.evaluate(script, selector))


# What does not fit: the page sideways, a figure in its box; and on a tablet anything below its chair or the screen.
CUT_OFF = """
tablet => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push("the page is too wide");
  if (tablet && root.scrollHeight > innerHeight) found.push("the page is too high");
  for (const e of document.querySelectorAll(".vital-figure")) {
    if (e.scrollWidth > e.parentElement.clientWidth + 1) found.push("too wide: " + e.textContent);
  }
  for (const chair of tablet ? document.querySelectorAll(".chair") : []) {
    const end = chair.getBoundingClientRect().bottom + 1;
    for (const e of chair.querySelectorAll(".vital, .vital-age, .chair-figures, button")) {
      if (e.getBoundingClientRect().bottom > end) found.push(chair.querySelector("h2").textContent + e.textContent);
    }
  }
  return found;
}
"""
