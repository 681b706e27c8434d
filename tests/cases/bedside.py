"""What the cases of monitors share: the real listener with the real store, monitors that write bytes to it, and the
board as a browser gets it. What is written here is committed, since the listener has a connection of its own: each test
makes clinics of its own and leaves them."""

from __future__ import annotations

import asyncio
import contextlib
import html
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from sojourn.care.alarms.models import AlarmEvent, AlarmState
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import Device, Observation
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from sojourn.interfaces.devices.framing import frame
from sojourn.interfaces.devices.listener import serve
from sojourn.interfaces.devices.store import PostgresStore
from tests.care.stage import Stage, to_dosing
from tests.cases.chair import Clock
from tests.conftest import Cast
from tests.interfaces.web import open_clinic

ZONE = ZoneInfo("America/Denver")  # of the clinics of the tests' cast
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"


@dataclass
class Line:
    """One line of a monitor."""

    port: int
    host: str = HERE
    _socket: socket.socket | None = None

    def send(self, text: str) -> str:
        """Send a message, its lines as they stand; the code of the answer."""
        if self._socket is None:
            self._socket = socket.create_connection((HERE, self.port), 5, source_address=(self.host, 0))
        self._socket.sendall(frame(text.strip().replace("\n", "\r").encode() + b"\r"))
        answer = b""
        while b"\x1c\r" not in answer:
            more = self._socket.recv(65536)
            assert more, "the line was closed"
            answer += more
        return answer.split(b"\rMSA|")[1][:2].decode()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


@dataclass
class Bedside:
    """A clinic with a listener of its own; ``clock`` is everybody's time but the monitors'."""

    cast: Cast
    clock: Clock
    port: int = 0
    shared_port: int = 0
    lines: dict[str, Line] = field(default_factory=dict)
    sent: int = 0

    def line(self, host: str = HERE, *, shared: bool = False) -> Line:
        name = f"{host} {shared}"
        if name not in self.lines:
            self.lines[name] = Line(self.shared_port if shared else self.port, host)
        return self.lines[name]

    def line_of(self, port: int) -> Line:
        """A line to another listener."""
        return self.lines.setdefault(f"port {port}", Line(port))

    def message(self, *obx: str, bed: str = "^^QA1", pid: str = "", stamp: str = "", obr: str = "") -> str:
        """A message of ``obx`` lines; its time is now, by a clock that is right, unless it says otherwise."""
        self.sent += 1
        stamp = stamp or self.utc()
        lines = [
            rf"MSH|^~\&|QA|LAB|||{stamp}||ORU^R01^ORU_R01|{self.sent}|P|2.6", f"PID|||{pid}", f"PV1||I|{bed}",
            f"OBR|1||||||{obr or stamp}", *obx,
        ]  # fmt: skip
        return "\n".join(lines)

    def utc(self, ahead: timedelta = timedelta(0)) -> str:
        return (self.clock.at + ahead).strftime("%Y%m%d%H%M%S+0000")

    def local(self, ahead: timedelta = timedelta(0)) -> str:
        return (self.clock.at + ahead).astimezone(ZONE).strftime("%Y%m%d%H%M%S")

    def send(self, *obx: str, host: str = HERE, shared: bool = False, **more: str) -> str:
        return self.line(host, shared=shared).send(self.message(*obx, **more))

    # ------------------------------------------------ people

    def seat(self, key: str = "bed:QA1", *, number: int = 1) -> tuple[Stage, Device]:
        """A patient whose dose has just begun, with a monitor on."""
        admin, nurse = self.cast.actor("clinic_admin"), self.cast.actor("nurse")
        with acting_as(nurse):
            stage = to_dosing(self.cast, at=self.clock.at, number=number)
        with acting_as(admin):
            device = vitals_actions.add_device(by=admin, name=f"M{number}", key=key, now=self.clock.at)
        self.put_on(device, stage)
        return stage, device

    def put_on(self, device: Device, stage: Stage) -> None:
        nurse = self.cast.actor("nurse")
        with acting_as(nurse):
            vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=stage.id, now=self.clock.at)

    def take_off(self, device: Device) -> None:
        nurse = self.cast.actor("nurse")
        with acting_as(nurse):
            vitals_actions.take_off(by=nurse, device_id=device.pk, now=self.clock.at)

    # ------------------------------------------------ what people see

    def board(self, stage: Stage) -> dict[str, Any]:
        """The session as the board's script gets it."""
        answer = self.cast.client("nurse").get(reverse("console:board"))
        return next(each for each in answer.context["data"]["sessions"] if each["id"] == stage.id)

    def alarms(self, stage: Stage) -> dict[str, tuple[str, str]]:
        """The alarms that the board shows: rule -> (phase, priority)."""
        return {each["rule"]: (each["phase"], each["priority"]) for each in self.board(stage)["alarms"]}

    def charted(self, stage: Stage, code: str) -> list[float]:
        """What a monitor has charted of a vital sign, in the order of the chart."""
        with acting_as(self.cast.actor("nurse")):
            rows = Observation.objects.filter(encounter_id=stage.id, code=code, method="monitor").order_by("id")
            return [each.value for each in rows]

    def page(self, name: str, *args: Any, role: str = "nurse") -> str:
        return html.unescape(self.cast.client(role).get(reverse(f"console:{name}", args=args)).content.decode())

    def phase(self, stage: Stage, rule_id: str, code: str) -> str:
        with acting_as(self.cast.actor("nurse")):
            row = AlarmState.objects.filter(encounter_id=stage.id, rule_id=rule_id, code=code).first()
            return row.phase if row else ""

    def events(self, stage: Stage, rule_id: str) -> list[tuple[str, datetime]]:
        with acting_as(self.cast.actor("nurse")):
            rows = AlarmEvent.objects.filter(encounter_id=stage.id, rule_id=rule_id).order_by("id")
            return [(each.kind, each.at) for each in rows]


def spo2(value: float, at: str = "", status: str = "R") -> str:
    return f"OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1|{value:g}|262688^MDC_DIM_PERCENT^MDC|||||{status}|||{at}"


def heart(value: float, at: str = "", status: str = "R") -> str:
    return f"OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.2|{value:g}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||{status}|||{at}"


def cuff(systolic: float, diastolic: float, at: str = "") -> tuple[str, str]:
    unit = "266016^MDC_DIM_MMHG^MDC"
    return (
        f"OBX|3|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.3|{systolic:g}|{unit}|||||R|||{at}",
        f"OBX|4|NM|150022^MDC_PRESS_BLD_NONINV_DIA^MDC|1.3|{diastolic:g}|{unit}|||||R|||{at}",
    )


@contextlib.contextmanager
def _listening(clock: Clock, ports: list[tuple[int, int | None]]) -> Iterator[list[int]]:
    """The listener of the product in a thread; the ports that it opened, in the order of ``ports``."""
    store = PostgresStore(database("signals").conninfo(), now=clock)
    store.load_ports(1)
    opened, stopping = threading.Event(), threading.Event()
    found: list[int] = []

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def ready(_: int, listener: Any) -> None:
            found.extend(listener.ports)
            opened.set()

        async def until_stopped() -> None:
            await loop.run_in_executor(None, stopping.wait)
            stop.set()

        waiting = asyncio.create_task(until_stopped())
        await serve(store, HERE, ports, store.zone_for, stop, ready=ready, now=clock)
        await waiting

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert opened.wait(10), "the listener did not open its ports"
    try:
        yield found
    finally:
        stopping.set()
        thread.join(10)
        store.close()


@pytest.fixture
def bedside(django_db_setup: None, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bedside]:
    """A clinic, a port of its own and one that belongs to no clinic."""
    clock = Clock(timezone.now().replace(microsecond=0))
    monkeypatch.setattr("django.utils.timezone.now", clock)
    with django_db_blocker.unblock():
        found = Bedside(open_clinic("bedside"), clock)
        with _listening(clock, [(0, found.cast.clinic.pk), (0, None)]) as (port, shared):
            found.port, found.shared_port = port, shared
            try:
                yield found
            finally:
                for line in found.lines.values():
                    line.close()


@contextlib.contextmanager
def listening_too(bedside: Bedside) -> Iterator[int]:
    """A second listener of the same clinic; its port."""
    with _listening(bedside.clock, [(0, bedside.cast.clinic.pk)]) as (port,):
        yield port
