"""D5: in the worst minute the values, the alarms and the way to stop are in sight, and nothing on the page is calm.

Three alarm cards pushed every value off the first screen, the bar said "Nothing prevents it" during a high alarm,
and an alarm lost its value when it was passed on. Shown on the session's pages, the board and the homes.
"""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test import Client

from sojourn.care.alarms.models import AlarmEvent, AlarmState
from sojourn.care.vitals.watch import sweep_deadlines
from sojourn.foundation.accounts.actor import acting_as
from tests.care.stage import Stage, adopt_everything
from tests.care.test_chart import lived_through
from tests.cases.chair import Clock, clock, show
from tests.conftest import Cast
from tests.interfaces.test_portal import signed_in
from tests.interfaces.test_session_pages import body, dosing, observing, url

__all__ = ["clock"]

# Beyond the graver limits of the rules: spo2.low stops below 90 %, hr.high pauses above 130, rr.low stops below 8.
WORST = {"spo2": 86, "hr": 135, "rr": 6}
PAGES = (
    "session_note", "session_values", "session_medicines", "session_entries", "session_monitor", "session_stop",
    "session_escort", "session_says_no", "session_concentration", "record",
)  # fmt: skip


@pytest.fixture
def running(clinic: Cast, clock: Clock) -> Stage:
    """A running dose with three high alarms open."""
    adopt_everything(clinic)
    stage = dosing(clinic, at=clock())
    clock.later(minutes=4)
    with acting_as(clinic.actor("nurse")):
        stage.vitals(clock(), nibp_sys=128, nibp_dia=82, **WORST)
    return stage


def strip_of(page: str) -> str:
    """The strip as words, without its markup."""
    found = page[page.index('id="minute-inside"') : page.index("</section>", page.index('id="minute-inside"'))]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found)).split())


def watch(stage: Stage, clock: Clock) -> None:
    """What the watch does once a second."""
    with acting_as(stage.cast.actor("nurse")), connection.cursor() as cursor:
        sweep_deadlines(cursor.cursor, clock())


def test_every_alarm_has_value_limit_since_instruction_and_who_answered(running: Stage, clock: Clock):
    client = running.cast.client("nurse")
    strip = strip_of(show(client, running))
    since = clock().astimezone(running.cast.clinic.zone).strftime("%H:%M")
    assert "Oxygen saturation is low Oxygen saturation 86 % · Stop below 90 %" in strip
    assert "Heart rate is high Heart rate 135 /min · Pause above 130 /min" in strip
    assert "stop the dose and treat below 90 %" in strip  # the rule's own sentence
    assert strip.count(f"since {since}") == len(WORST)
    tap = {"rule": "spo2.low", "code": "spo2"}
    answered = body(client.post(url("session_acknowledge", running), tap, headers={"HX-Request": "true"}))
    assert "answered by Nurse" in strip_of(answered + "</section>")


@pytest.mark.alone
@pytest.mark.parametrize("answered", [False, True])
def test_it_keeps_its_value_after_it_was_passed_on_and_after_the_answer(running: Stage, clock: Clock, answered: bool):
    client = running.cast.client("nurse")
    clock.later(seconds=61)  # rule escalation: a high alarm waits 60 s
    watch(running, clock)
    with acting_as(running.cast.actor("nurse")):
        assert AlarmState.objects.get(code="spo2").phase == "escalated"
    if answered:
        client.post(url("session_acknowledge", running), {"rule": "spo2.low", "code": "spo2"})
    page = show(client, running)
    assert "Oxygen saturation 86 % · Stop below 90 %" in strip_of(page)
    assert ("answered by Nurse" if answered else "nobody has answered") in strip_of(page)
    (session,) = client.get("/clinic/board/").context["data"]["sessions"]
    alarm = next(each for each in session["alarms"] if each["code"] == "spo2")
    assert (alarm["value"], alarm["limit"], alarm["why"]) == (86, 90, "beyond-limit")


def test_page_and_record_agree_since_when(clinic: Cast, clock: Clock):
    """Also where an alarm must last before it is raised: 20 % above the patient's own for 5 minutes."""
    adopt_everything(clinic)
    stage = dosing(clinic, at=clock())
    with acting_as(clinic.actor("nurse")):
        for _ in range(2):
            stage.vitals(clock.later(minutes=5), nibp_sys=160, nibp_dia=84)
        state = AlarmState.objects.get(rule_id="bp.systolic.rise", code="nibp_sys")
        raised = AlarmEvent.objects.get(rule_id="bp.systolic.rise", code="nibp_sys", kind="raised")
    assert state.since_at == raised.at == clock()
    at = clock().astimezone(clinic.clinic.zone).strftime("%H:%M")
    client = clinic.client("prescriber")
    assert f"since {at}" in strip_of(show(client, stage))
    record = html.unescape(body(client.get(f"/clinic/sessions/{stage.id}/record/")))
    title = "Systolic pressure stays well above"
    assert re.search(rf"{at}(?:(?!</tr>).)*{title}|{title}(?:(?!</tr>).)*{at}", record, re.S)


def test_the_bar_is_never_calm_during_a_high_alarm(clinic: Cast, clock: Clock):
    adopt_everything(clinic)
    stage = observing(clinic)
    client = clinic.client("nurse")
    with acting_as(clinic.actor("nurse")):
        stage.vitals(clock(), spo2=86)
    for page in (show(client, stage), body(client.get(url("session_live", stage), {"seen": "4"}))):
        assert "Nothing prevents it" not in page
        assert "A high alarm is open: look at the patient." in page


@pytest.mark.parametrize("name", PAGES)
def test_the_strip_stands_on_every_page_of_the_session(running: Stage, name: str):
    page = body(running.cast.client("nurse").get(url(name, running)))
    strip = strip_of(page)
    for words in ("Heart rate /min 135", "128/82", "86", "Breathing /min 6", "Oxygen saturation is low"):
        assert words in strip, words
    assert "Pause" in strip
    assert "Stop" in strip
    assert f'data-live-session="{running.id}"' in page
    assert "session-live.js" in page


def test_a_record_that_is_over_has_no_strip(clinic: Cast, clock: Clock):
    stage = lived_through(clinic)
    for name in ("record", "session_concentration"):
        assert 'id="minute-inside"' not in body(clinic.client("nurse").get(url(name, stage)))


def test_stop_in_the_strip_stops_from_any_page(running: Stage):
    client = running.cast.client("nurse")
    page = body(client.get(url("session_note", running)))
    found = re.search(r'formaction="([^"]+/stop-early/)"', page)
    assert found
    client.post(found[1], {"seen": re.search(r'name="seen" value="(\d+)"', page)[1]})  # type: ignore[index]
    assert "The session was stopped" in show(client, running)


@pytest.mark.alone
def test_board_and_page_agree_and_card_and_tile_do(running: Stage, clock: Clock):
    """An answered high alarm beside an open medium one: tile and card are both high, as on the page."""
    client = running.cast.client("nurse")
    with acting_as(running.cast.actor("nurse")):
        stage = running
        stage.vitals(clock.later(seconds=30), rr=14, hr=125)  # breathing is well; the heart rate falls to medium
    client.post(url("session_acknowledge", running), {"rule": "spo2.low", "code": "spo2"})
    (chair,) = client.get("/clinic/board/").context["chairs"]
    tiles = {each.key: each.alarm for each in chair.figures}
    pinned = {each.key: each.alarm for each in client.get(url("session", running)).context["pinned"]}
    assert tiles["spo2"] == chair.alarm == pinned["spo2"] == "high"
    assert {key: tiles[key] for key in pinned} == pinned


# ---------------------------------------------------------------- "I need someone"


@pytest.fixture
def called(clinic: Cast, clock: Clock) -> Stage:
    adopt_everything(clinic)
    stage = dosing(clinic, at=clock())
    patient: Client = signed_in(clinic, stage.patient)
    assert patient.post("/today/here/", headers={"accept": "application/json"}).status_code == 204
    return stage


def texts(stage: Stage, role: str = "nurse") -> dict[str, str]:
    """Home, board and the session's page as words."""
    client = stage.cast.client(role)
    found = {"home": client.get("/"), "board": client.get("/clinic/board/"), "page": client.get(url("session", stage))}
    if found["home"].status_code == 302:
        found["home"] = client.get(found["home"]["Location"])
    return {
        name: " ".join(html.unescape(re.sub(r"<script.*?</script>|<[^>]+>", " ", body(each), flags=re.S)).split())
        for name, each in found.items()
    }


def test_a_call_shows_its_age_and_waits_for_everybody(called: Stage, clock: Clock):
    clock.later(seconds=42)
    said = texts(called)
    assert "A patient asks for someone Ana Reyes1 in Chair 1, for 42 seconds" in said["home"]
    assert "Ana needs someone, 42 s ago" in said["board"]
    assert "The patient asks for someone · since" in said["page"]
    assert "A patient asks for someone" in texts(called, "prescriber")["home"]


@pytest.mark.alone
def test_a_call_that_nobody_goes_to_is_passed_on(called: Stage, clock: Clock):
    """Rule call.escalation: it may wait 59 seconds, and 60 no longer."""
    clock.later(seconds=59)
    assert not any("nobody has gone" in each for each in texts(called).values())
    clock.later(seconds=1)
    assert all("nobody has gone" in each for each in texts(called).values())


def test_a_clinic_that_has_not_adopted_the_rule_passes_nothing_on(clinic: Cast, clock: Clock):
    adopt_everything(clinic, but=["call.escalation"])
    stage = dosing(clinic, at=clock())
    signed_in(clinic, stage.patient).post("/today/here/", headers={"accept": "application/json"})
    clock.later(minutes=10)
    said = texts(stage)
    assert not any("nobody has gone" in each for each in said.values())
    assert "Ana needs someone, 10 min ago" in said["board"]


@pytest.mark.alone
def test_who_has_seen_it_is_said_and_who_goes_ends_it(called: Stage, clock: Clock):
    nurse = called.cast.client("nurse")
    nurse.post(f"/clinic/board/{called.id}/going/", {"do": "seen"})
    clock.later(minutes=2)
    said = texts(called)
    assert all(re.search("seen by Nurse", each) for each in said.values())
    assert all("nobody has gone" in each for each in said.values())  # to have seen it is not to go
    nurse.post(url("session_answer", called))
    assert not any("asks for someone" in each or "needs someone" in each for each in texts(called).values())


def test_a_flag_about_the_patient_stands_in_the_strip(running: Stage):
    """What the patient writes meanwhile is not left to somebody who opens another page."""
    assert "A flag about this patient" not in texts(running)["page"]
    patient = signed_in(running.cast, running.patient)
    patient.post("/today/messages/", {"key": "", "body": "I want to die"})
    assert "A flag about this patient is open" in texts(running)["page"]
    strip = running.cast.client("nurse").get(url("session_strip", running), headers={"accept-language": "es"})
    assert "Hay un aviso abierto sobre este paciente" in html.unescape(strip.text)
    assert "want to die" not in strip.text


def test_a_silent_board_says_so(running: Stage):
    page = texts(running)["board"]
    assert "Sound is off : switch it on" in page
