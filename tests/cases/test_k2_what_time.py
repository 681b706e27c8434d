"""K2: a message's times are what they say; where they cannot be used it is seen, and may raise an alarm, never end one.

Sent to the real listener, read from the board. The clinics of these tests are in Denver.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse

from sojourn.care.vitals.models import Device, Observation
from sojourn.care.vitals.watch import sweep_deadlines
from sojourn.foundation.accounts.actor import acting_as
from sojourn.interfaces.console.board.presenters import Figure
from sojourn.interfaces.devices.message import ParsedMessage, read
from tests.care.stage import Stage, to_dosing
from tests.cases.bedside import Bedside, bedside, cuff, heart, spo2

__all__ = ["bedside"]

DENVER = ZoneInfo("America/Denver")


def offset(bedside: Bedside) -> str:
    """The zone of the clinic's wall clock now, as HL7 writes it."""
    return bedside.clock.at.astimezone(DENVER).strftime("%z")


def readings(bedside: Bedside, stage, code: str) -> list[tuple[float, str, datetime]]:
    with acting_as(bedside.cast.actor("nurse")):
        rows = Observation.objects.filter(encounter_id=stage.id, code=code, method="monitor").order_by("id")
        return [(each.value, each.doubt, each.effective_at) for each in rows]


def timeless(bedside: Bedside, *obx: str) -> str:
    """A message that carries no time at all."""
    return bedside.message(*obx, stamp="NONE").replace("NONE", "")


def test_the_zone_of_the_message_is_that_of_every_time_in_it(bedside: Bedside):
    stage, _ = bedside.seat("bed:QA9")
    assert bedside.send(spo2(96), bed="^^QA9") == "AA"
    bedside.clock.later(seconds=30)
    local = bedside.local()
    # ten hours away from the clinic's zone, and said so: its clock is right
    elsewhere = bedside.clock.at.astimezone(ZoneInfo("Asia/Tokyo"))
    stamp = elsewhere.strftime("%Y%m%d%H%M%S%z")
    assert bedside.send(spo2(79), bed="^^QA9", stamp=stamp, obr=elsewhere.strftime("%Y%m%d%H%M%S")) == "AA"
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
    assert bedside.board(stage)["signals"]["spo2"][0] == 79
    assert readings(bedside, stage, "spo2")[-1] == (79, "", bedside.clock.at)
    assert bedside.send(spo2(96), bed="^^QA9", stamp=local + offset(bedside), obr=local) == "AA"


def test_the_hour_that_comes_twice_is_the_one_whose_zone_is_said():
    text = "MSH|^~\\&|QA|LAB|||20261101013000-0700||ORU^R01|1|P|2.6\rPID|||\rPV1||I|^^B\rOBR|1||||||20261101013000\r"
    found = read((text + spo2(97)).encode(), DENVER)
    assert isinstance(found, ParsedMessage)
    assert found.readings[0].measured_at == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert not any(each.startswith("time_ambiguous") for each in found.warnings)


def test_values_far_from_their_own_message_are_a_fault_that_alarms(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.send(spo2(96))
    for hours in (-1, 1):
        bedside.clock.later(seconds=60)
        there = bedside.utc(timedelta(hours=hours))
        assert bedside.send(spo2(79, there), heart(72, there)) == "AA"
        assert bedside.alarms(stage)["monitor.times"] == ("raised", "high")
        assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
        # a good value so dated ends nothing
        assert bedside.send(spo2(98, there)) == "AA"
        assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
        # one that can be dated does, and after a while the fault is over
        bedside.clock.later(seconds=1)
        bedside.send(spo2(98))
        assert bedside.alarms(stage)["spo2.low"][0] == "recovered"
        bedside.clock.later(seconds=40)
        bedside.send(spo2(98))
        assert bedside.alarms(stage)["monitor.times"][0] == "recovered"
    assert [each[1] for each in readings(bedside, stage, "spo2") if each[0] == 79] == ["time", "time"]


def test_the_nurse_is_told_that_the_times_cannot_be_used_not_that_nothing_comes(bedside: Bedside):
    bedside.seat()
    bedside.send(spo2(96))
    for _ in range(9):
        bedside.clock.later(seconds=10)
        bedside.send(spo2(96, bedside.utc(timedelta(hours=-3))))
        with connection.cursor() as cursor, acting_as(bedside.cast.actor("nurse")):
            sweep_deadlines(cursor.cursor, bedside.clock.at)
    page = bedside.page("board")
    assert "This monitor's times cannot be used" in page
    first = page.index("This monitor's times cannot be used")
    silent = page.find("The monitor is silent")
    assert silent == -1 or first < silent


def test_a_cuff_that_carries_no_time_is_shown_as_such_and_charted_once(bedside: Bedside):
    stage, _ = bedside.seat()
    for _ in range(3):
        bedside.clock.later(seconds=5)
        assert bedside.line().send(timeless(bedside, *cuff(170, 95))) == "AA"
    assert [each[:2] for each in readings(bedside, stage, "nibp_sys")] == [(170, "time")]


def tile(bedside: Bedside, stage: Stage, key: str) -> Figure:
    """One figure of the board's page."""
    chairs = bedside.cast.client("nurse").get(reverse("console:board")).context["chairs"]
    chair = next(each for each in chairs if each.id == stage.id)
    return next(each for each in chair.figures if each.key == key)


def on_session_page(bedside: Bedside, stage: Stage) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", bedside.page("session", stage.id)).split())


def test_a_cuff_that_carries_no_time_is_shown_as_time_unknown(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.clock.later(seconds=40)
    bedside.line().send(timeless(bedside, *cuff(118, 76)))
    shown = tile(bedside, stage, "bp")
    assert (shown.value, shown.word, shown.age, shown.stale) == ("118/76", "Time unknown", "", True)
    assert re.search(r"118/76 mmHg time unknown|118/76 mmHg in doubt, time unknown", on_session_page(bedside, stage))
    # it raises an alarm as well: then the alarm has the word, and the age says that there is none
    bedside.clock.later(seconds=5)
    bedside.line().send(timeless(bedside, *cuff(230, 95)))
    assert bedside.alarms(stage)["bp.systolic.high"][0] == "raised"
    shown = tile(bedside, stage, "bp")
    assert (shown.value, shown.word, shown.age) == ("230/95", "High", "time unknown")
    # a cuff value with a time of its own is shown as ever
    bedside.clock.later(seconds=60)
    bedside.send(*cuff(121, 77))
    shown = tile(bedside, stage, "bp")
    assert (shown.value, shown.word, shown.stale) == ("121/77", "", False)
    assert "time unknown" not in on_session_page(bedside, stage)


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(hours=-3)])
def test_a_value_whose_clock_is_in_doubt_is_shown_as_time_unknown(bedside: Bedside, ahead: timedelta):
    stage, _ = bedside.seat()
    bedside.send(heart(71))
    bedside.clock.later(seconds=40)
    bedside.send(heart(72), stamp=bedside.utc(ahead))
    shown = tile(bedside, stage, "hr")
    assert (shown.value, shown.word, shown.age, shown.stale) == ("72", "Time unknown", "", True)
    assert "time unknown; in doubt, the monitor's clock is in doubt" in on_session_page(bedside, stage)
    bedside.clock.later(seconds=1)
    bedside.send(heart(73))
    assert tile(bedside, stage, "hr").word == ""


def test_a_value_far_from_its_own_message_is_shown_as_time_unknown(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.clock.later(seconds=40)
    bedside.send(spo2(97, bedside.utc(timedelta(hours=-1))))
    assert tile(bedside, stage, "spo2").word == "Time unknown"


def test_one_value_from_long_before_its_message_may_raise_and_never_clear(bedside: Bedside):
    """The others of its message are of now: it was charted an hour ago, raised nothing and was shown nowhere."""
    stage, _ = bedside.seat()
    behind = timedelta(hours=-1)
    bedside.send(spo2(97), heart(70))
    bedside.clock.later(seconds=20)
    bedside.send(spo2(79, bedside.utc(behind)), heart(70))
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
    bedside.clock.later(seconds=20)
    bedside.send(spo2(98, bedside.utc(behind)), heart(70))
    assert bedside.alarms(stage)["spo2.low"][0] == "raised"


def test_a_cuff_from_the_future_clears_nothing_where_its_message_has_no_time(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.send(*cuff(70, 40))
    bedside.clock.later(seconds=20)
    text = bedside.message(*cuff(120, 80, bedside.utc(timedelta(hours=1))), stamp="NONE").replace("NONE", "")
    assert bedside.line().send(text) == "AA"
    assert bedside.alarms(stage)["bp.systolic.low"][0] == "raised"


def test_a_cuff_that_is_older_than_what_is_shown_is_charted_once(bedside: Bedside):
    """A monitor goes on repeating its last pressure after a nurse took a newer one: each message charted it again."""
    stage, _ = bedside.seat()
    bedside.send(*cuff(120, 80))
    old = bedside.utc(timedelta(seconds=-1))
    for _ in range(4):
        bedside.clock.later(seconds=30)
        bedside.send(*cuff(130, 85, old))
    assert bedside.charted(stage, "nibp_sys") == [120, 130]


def test_an_undated_cuff_is_never_charted_for_who_came_after(bedside: Bedside):
    _first, device = bedside.seat()
    bedside.send(spo2(97))
    bedside.take_off(device)
    with acting_as(bedside.cast.actor("nurse")):
        second = to_dosing(bedside.cast, at=bedside.clock.at, number=2)
    bedside.clock.later(seconds=10)
    bedside.put_on(device, second)
    assert bedside.line().send(timeless(bedside, *cuff(210, 125))) == "AA"
    assert bedside.charted(second, "nibp_sys") == []
    assert bedside.alarms(second)["bp.systolic.high"][0] == "raised"  # it may be this patient's
    assert tile(bedside, second, "bp").value != "210/125"


def test_what_is_held_up_on_its_way_keeps_its_time_and_may_alarm(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.send(spo2(97))
    began = bedside.clock.at
    late = [
        bedside.message(spo2(value), stamp=bedside.utc(timedelta(seconds=10 * number)))
        for number, value in enumerate((97, 82, 97), start=1)
    ]
    bedside.clock.later(seconds=120)
    for each in late:
        assert bedside.line().send(each) == "AA"
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
    found = {value: at for value, _, at in readings(bedside, stage, "spo2")}
    assert found[82] == began + timedelta(seconds=20)
    bedside.clock.later(seconds=1)
    bedside.send(spo2(97))
    assert bedside.alarms(stage)["spo2.low"][0] == "recovered"
    with acting_as(bedside.cast.actor("nurse")):
        assert Device.objects.get().clock_moved_at is None


def test_the_sessions_page_the_record_and_the_answer_speak_of_a_fault_of_the_monitor(bedside: Bedside):
    """A fault belongs to no vital sign: the page on which it is answered opened for none of them."""
    stage, _ = bedside.seat()
    bedside.send(spo2(96))
    bedside.clock.later(seconds=60)
    bedside.send(spo2(97, bedside.utc(timedelta(hours=-1))))
    assert bedside.alarms(stage)["monitor.times"] == ("raised", "high")
    assert "This monitor's times cannot be used" in on_session_page(bedside, stage)
    client, address = bedside.cast.client("nurse"), reverse("console:session_acknowledge", args=[stage.id])
    assert client.get(f"{address}?rule=monitor.times&code=monitor").status_code == 200
    answered = client.post(address, {"rule": "monitor.times", "code": "monitor", "seen": "4"})
    assert answered.status_code == 302
    assert bedside.alarms(stage)["monitor.times"][0] == "acknowledged"
    assert "This monitor's times cannot be used" in bedside.page("record", stage.id)
