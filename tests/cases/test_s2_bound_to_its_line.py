"""S2: a monitor is bound to its line, and the clinic is that of the listener's port or the monitor, never a message's.

Sent to the real listener from two addresses of this machine, read from the board.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
from django.urls import reverse

from sojourn.care.vitals import strangers
from sojourn.care.vitals.models import Device, Stranger
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from sojourn.interfaces.devices.listener import Limits
from tests.cases.bedside import ELSEWHERE, HERE, Bedside, bedside, heart, spo2
from tests.conftest import make_clinic
from tests.interfaces.devices.net import MemoryStore, listening, monitor
from tests.interfaces.devices.samples import hr, oru

__all__ = ["bedside"]


def test_another_address_may_raise_and_never_clear_until_a_nurse_confirms_it(bedside: Bedside):
    stage, device = bedside.seat()
    bedside.send(spo2(97))
    bedside.clock.later(seconds=1)
    bedside.send(spo2(78))
    bedside.clock.later(seconds=1)
    assert bedside.send(spo2(99), host=ELSEWHERE) == "AA"
    alarms = bedside.alarms(stage)
    assert alarms["spo2.low"] == ("raised", "high")
    assert alarms["monitor.line"] == ("raised", "medium")
    page = bedside.page("session_monitor", stage.id)
    assert "Another address speaks for this monitor" in page
    assert f"It was moved: it speaks from {ELSEWHERE} now" in page
    press = bedside.cast.client("nurse").post(reverse("console:monitor_line", args=[device.pk]), {"address": ELSEWHERE})
    assert press.status_code == 302
    bedside.clock.later(seconds=1)
    bedside.send(spo2(99), host=ELSEWHERE)
    assert bedside.alarms(stage)["spo2.low"][0] == "recovered"
    with acting_as(bedside.cast.actor("nurse")):
        found = Device.objects.get(pk=device.pk)
    assert (found.address, found.other_address) == (ELSEWHERE, "")
    assert found.address_confirmed_at is not None


def test_another_address_raises_an_alarm_at_once(bedside: Bedside):
    stage, _ = bedside.seat()
    bedside.send(spo2(97))
    bedside.clock.later(seconds=1)
    bedside.send(spo2(78), heart(30), host=ELSEWHERE)
    assert bedside.alarms(stage)["spo2.low"] == ("raised", "high")
    assert bedside.charted(stage, "spo2") == [97, 78]


def test_an_address_that_nobody_heard_cannot_be_confirmed(bedside: Bedside):
    _, device = bedside.seat()
    bedside.send(spo2(97))
    address = reverse("console:monitor_line", args=[device.pk])
    assert bedside.cast.client("nurse").post(address, {"address": "10.9.9.9"}).status_code == 409
    assert bedside.cast.client("front_desk").post(address, {"address": HERE}).status_code == 403


def test_a_message_never_chooses_its_clinic(bedside: Bedside):
    """A monitor of the same name in another clinic, and the other clinic's name as the receiving facility."""
    stage, _ = bedside.seat("bed:SAME")
    other = make_clinic(f"west-{time.time_ns()}")
    with acting_as(other.actor("clinic_admin")):
        twin = Device.objects.create(clinic=other.clinic, name="Twin", key="bed:SAME", added_at=bedside.clock.at)
    text = bedside.message(spo2(97), bed="^^SAME").replace("|QA|LAB||", f"|QA|LAB||{other.clinic.slug}", 1)
    assert bedside.line().send(text) == "AA"
    assert bedside.charted(stage, "spo2") == [97]
    with acting_as(other.actor("clinic_admin")):
        assert Device.objects.get(pk=twin.pk).last_seen_at is None


def test_on_a_shared_port_the_address_tells_two_of_one_name_apart_or_nothing_does(bedside: Bedside):
    stage, _ = bedside.seat("bed:TWIN")
    other = make_clinic(f"east-{time.time_ns()}")
    with acting_as(other.actor("clinic_admin")):
        Device.objects.create(
            clinic=other.clinic, name="Twin", key="bed:TWIN", added_at=bedside.clock.at, address="10.0.0.9"
        )
    assert bedside.send(spo2(70), bed="^^TWIN", shared=True) == "AE"  # neither was ever heard from here
    assert bedside.charted(stage, "spo2") == []
    assert bedside.send(spo2(97), bed="^^TWIN") == "AA"  # by the clinic's own port; its address is known now
    assert bedside.send(spo2(96), bed="^^TWIN", shared=True) == "AA"
    assert bedside.charted(stage, "spo2") == [97, 96]


def test_a_nurse_claims_a_monitor_that_another_clinic_has_by_the_same_name(bedside: Bedside):
    """Both clinics registered it before it was ever heard: it was nobody's, and a claim was refused as known."""
    stage, device = bedside.seat("bed:TWIN77")
    other = make_clinic(f"east-{time.time_ns()}")
    with acting_as(other.actor("clinic_admin")):
        Device.objects.create(clinic=other.clinic, name="Twin", key="bed:TWIN77", added_at=bedside.clock.at)
    assert bedside.send(spo2(70), bed="^^TWIN77", shared=True) == "AE"
    with acting_as(bedside.cast.actor("nurse")):
        stranger = Stranger.objects.get(clinic_id=None, name="bed:TWIN77")
    address = reverse("console:monitor_claim", args=[stranger.pk])
    assert bedside.cast.client("nurse").post(address, {"code": "N77", "name": "Twin"}).status_code == 302
    bedside.clock.later(seconds=1)
    assert bedside.send(spo2(96), bed="^^TWIN77", shared=True) == "AA"
    assert bedside.charted(stage, "spo2") == [96]
    with acting_as(bedside.cast.actor("nurse")):
        assert Device.objects.get(key="bed:TWIN77").pk == device.pk


def test_what_belongs_to_nobody_is_kept_within_a_quota_and_for_a_week(bedside: Bedside):
    for number in range(strangers.KEPT_EACH + 5):
        bedside.send(spo2(97), bed="^^NOBODY")
        bedside.send(spo2(97), bed=f"^^N{number}", shared=True)
    with psycopg.connect(database("signals").conninfo()) as connection, connection.cursor() as cursor:
        where = "FROM vitals_stranger WHERE clinic_id = %s AND name = 'bed:NOBODY'"
        cursor.execute(f"SELECT id, count {where}", (bedside.cast.clinic.pk,))
        ((stranger_id, count),) = cursor.fetchall()
        assert count == strangers.KEPT_EACH + 5
        kept = "SELECT count(*) FROM vitals_strangermessage WHERE stranger_id = %s"
        assert cursor.execute(kept, (stranger_id,)).fetchone() == (strangers.KEPT_EACH,)
        strangers.forget(cursor, bedside.clock.at + strangers.KEPT_FOR + timedelta(seconds=1))
        assert cursor.execute(kept, (stranger_id,)).fetchone() == (0,)
        connection.rollback()


def test_names_are_cheap_to_invent_and_do_not_fill_the_table():
    counted: list[int] = []

    class Cursor:
        def execute(self, statement: str, values: object = None) -> None:
            if "INSERT INTO vitals_stranger " in statement:
                counted.append(1)

        def executemany(self, statement: str, rows: object) -> None:
            """Kept elsewhere."""

        def fetchone(self) -> tuple[int]:
            return (1,)

    at = datetime.now(UTC)
    sent = [
        strangers.Sent(
            None, HERE, f"{HERE}:1", f"bed:{n}", "", "", (f"bed:{n}",), (), {}, at, b"%d" % n, b"x", "AE", ""
        )
        for n in range(500)
    ]
    strangers.keep(Cursor(), sent)  # type: ignore[arg-type]
    assert len(counted) <= strangers.MOST_NAMES + 1


def test_a_line_that_never_sends_a_message_ends_and_one_that_does_stays():
    async def run() -> None:
        limits = Limits(backoff_s=0.001, idle_s=0.2, unproven_s=0.4)
        async with listening(MemoryStore(), limits) as (port, listener), monitor(port) as line:
            assert await line.send(oru(hr("72"))) == "AA 42"
            silent = [await asyncio.open_connection(HERE, port) for _ in range(20)]
            async with asyncio.timeout(5):
                while listener.counters.connections > 1:
                    await asyncio.sleep(0.05)
            assert await line.send(oru(hr("73"))) == "AA 42"
            for _, writer in silent:
                writer.close()

    # in a thread of its own: a browser of another test may hold this one's loop
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result(20)
