"""The bad day that test_kill.py runs: a supervised house, 200 monitors that resend what was not acknowledged, kills."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

import psycopg

from benchmarks.house import MLLP_PORT, PORT, House, Ward, house, wards
from benchmarks.monitors.sender import Monitor, Tally
from tests.environment import RunSettings

MONITORS = RunSettings.read().bad_day_monitors
SECONDS = 24
VICTIMS = {5: "devices", 7: "devices-2", 9: "postgres", 14: "watch", 16: "web", 18: "postgres"}


class Resending:
    """One monitor: a message a second; what got no AA is sent again, to the byte, until it gets one."""

    def __init__(self, number: int) -> None:
        self.template = Monitor(number, Tally(), 1).template
        self.number = number
        self.accepted: list[bytes] = []
        self.resent = 0
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def live(self, until: float) -> None:
        count = 0
        while time.monotonic() < until:
            began = time.monotonic()
            count += 1
            stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime()).encode()
            await self.deliver(
                self.template % (stamp, self.number, count, stamp, 97, 70 + count % 9, 70 + count % 9, 14)
            )
            await asyncio.sleep(max(0, 1 - (time.monotonic() - began)))
        if self.writer is not None:
            self.writer.close()

    async def deliver(self, message: bytes) -> None:
        for attempt in range(200):
            try:
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", MLLP_PORT)
                self.writer.write(message)
                await self.writer.drain()
                assert self.reader is not None
                answer = await asyncio.wait_for(self.reader.readuntil(b"\x1c\r"), 8)
                if b"MSA|AA|" in answer or b"MSA|CA|" in answer:
                    self.accepted.append(message)
                    return
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                if self.writer is not None:
                    self.writer.close()
                self.reader = self.writer = None
            self.resent += attempt > 0
            await asyncio.sleep(0.3)
        raise RuntimeError(f"monitor {self.number} was never answered")


async def kill(home: Path, name: str) -> None:
    """Kill a process of the house; one that was killed before and is not up again yet, as soon as it is."""
    for _attempt in range(200):
        try:
            os.kill(int((home / "run" / f"{name}.pid").read_text()), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            await asyncio.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{name} did not come back")


async def the_day(found: House) -> list[Resending]:
    monitors = [Resending(number) for number in range(MONITORS)]
    until = time.monotonic() + SECONDS
    living = [asyncio.create_task(each.live(until)) for each in monitors]
    began = time.monotonic()
    for at, name in VICTIMS.items():
        await asyncio.sleep(max(0, began + at - time.monotonic()))
        print(f"{at} s: kill -9 {name}", flush=True)
        await kill(found.home, name)
    await asyncio.gather(*living)
    return monitors


def an_acknowledged_alarm(ward: Ward) -> int:
    """Before the day: one session has a high alarm that its nurse has acknowledged."""
    from sojourn.care.alarms import actions as alarms_actions
    from sojourn.care.alarms.queries import open_alarms
    from sojourn.care.vitals import actions as vitals_actions
    from sojourn.foundation.accounts.actor import Actor, acting_as
    from sojourn.foundation.accounts.models import Membership
    from sojourn.foundation.accounts.queries import actor_of

    with acting_as(Actor(clinic_id=ward.clinic_id, role="house", name="test")):
        nurse = actor_of(Membership.objects.get(role="nurse"))
    encounter_id = next(iter(ward.encounters.values()))
    with acting_as(nurse):
        vitals_actions.take_readings(by=nurse, encounter_id=encounter_id, values={"nibp_sys": 196, "nibp_dia": 104})
        for alarm in open_alarms([encounter_id]):
            alarms_actions.acknowledge(by=nurse, encounter_id=encounter_id, rule_id=alarm.rule_id, code=alarm.code)
        assert open_alarms([encounter_id])
    return encounter_id


def what_stands(encounter_id: int, monitors: list[Resending]) -> None:
    from sojourn.config.environment import database

    accepted = sum(len(each.accepted) for each in monitors)
    with psycopg.connect(database("signals").conninfo()) as connection:
        raw = {bytes(each) for (each,) in connection.execute("SELECT raw FROM vitals_inboundmessage WHERE ack = 'AA'")}
        missing = sum(message[1:-2] not in raw for each in monitors for message in each.accepted)
        rows = connection.execute(
            "SELECT count(*), count(DISTINCT (message_id, code)) FROM vitals_observation WHERE method = 'monitor'"
        ).fetchone()
        phases = connection.execute(
            "SELECT phase, acknowledged_by_name FROM alarms_alarmstate WHERE encounter_id = %s AND phase <> 'quiet'"
            " AND code LIKE 'nibp%%'",
            (encounter_id,),
        ).fetchall()
    assert rows is not None
    resent = sum(each.resent for each in monitors)
    print(f"{accepted} messages acknowledged, {resent} sent again, {missing} missing, {rows[0]} readings stored")
    assert missing == 0
    assert len(raw) == accepted, (len(raw), accepted)
    assert rows == (accepted * 4, accepted * 4), rows
    assert phases
    assert all(phase == "acknowledged" and name for phase, name in phases), phases
    print("every acknowledged reading is there exactly once; the alarm and its acknowledgement stand")


async def the_board_answers(ward: Ward) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(f"GET /live/board HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nCookie: {ward.cookie}\r\n\r\n".encode())
    text = await asyncio.wait_for(reader.readuntil(b"event: snapshot"), 10)
    assert b" 200 " in text.split(b"\r\n")[0] + b" ", text
    await asyncio.wait_for(reader.readuntil(b"event: beat"), 10)
    writer.close()
    print("the board's stream answers again")


def main() -> None:
    with house() as found:
        os.environ["SOJOURN_DEMO"] = "0"
        all_wards = wards(MONITORS, 8)
        encounter_id = an_acknowledged_alarm(all_wards[0])
        from django.db import connections

        from sojourn.config.environment import environment
        from sojourn.config.processes import postgres

        connections.close_all()
        postgres.stop_running()
        environment.cache_clear()
        with (found.home / "up.log").open("wb") as log:
            up = subprocess.Popen([sys.executable, "-m", "sojourn.config.cli", "up"], stdout=log, stderr=log)
        try:
            found.until_well(60)
            monitors = asyncio.run(the_day(found))
            found.until_well(60)
            what_stands(encounter_id, monitors)
            asyncio.run(the_board_answers(all_wards[0]))
        except BaseException:
            print((found.home / "up.log").read_text())
            raise
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(40)
        print("stopped cleanly" if up.returncode == 0 else f"stopped with {up.returncode}")
        assert up.returncode == 0


if __name__ == "__main__":
    main()
