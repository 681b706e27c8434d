"""A monitor at a chair, for the cases of alarms: the real listener with the real store, bytes over its socket, and the
board as a browser gets it. The listener has a connection of its own, so what is written here is committed; each test
has a clinic of its own and leaves it."""

from __future__ import annotations

import asyncio
import html
import itertools
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.urls import reverse

from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import Device
from sojourn.care.vitals.watch import sweep_deadlines
from sojourn.config.environment import database
from sojourn.foundation.accounts.actor import acting_as
from sojourn.interfaces.console.board.presenters import ChairShown, Figure
from sojourn.interfaces.devices.framing import frame
from sojourn.interfaces.devices.listener import serve
from sojourn.interfaces.devices.store import PostgresStore
from tests.care.stage import Stage, to_dosing
from tests.conftest import Cast
from tests.interfaces.web import open_clinic

HOST = "127.0.0.1"
_NUMBERS = itertools.count(1)
MMHG = "266016^MDC_DIM_MMHG^MDC"
PER_MIN = "264864^MDC_DIM_BEAT_PER_MIN^MDC"
# What a monitor calls our vital signs (ISO/IEEE 11073-10101), with the unit that it sends.
_CALLED = {
    "hr": ("147842^MDC_ECG_HEART_RATE^MDC", PER_MIN),
    "pr": ("149530^MDC_PULS_OXIM_PULS_RATE^MDC", PER_MIN),
    "spo2": ("150456^MDC_PULS_OXIM_SAT_O2^MDC", "262688^MDC_DIM_PERCENT^MDC"),
    "rr": ("151562^MDC_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC"),
    "impedance_rr": ("151578^MDC_TTHOR_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC"),
    "co2_rr": ("151594^MDC_CO2_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC"),
    "etco2": ("151708^MDC_CONC_AWAY_CO2_ET^MDC", MMHG),
    "nibp_sys": ("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", MMHG),
    "nibp_dia": ("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", MMHG),
    "nibp_map": ("150023^MDC_PRESS_BLD_NONINV_MEAN^MDC", MMHG),
    "temp": ("150344^MDC_TEMP^MDC", "268192^MDC_DIM_DEGC^MDC"),
}


def row(code: str, value: float | str, *, status: str = "R", flags: str = "", site: str = "", at: str = "") -> str:
    """One OBX line. ``site`` is OBX-4, which tells two probes apart; ``at`` is OBX-14."""
    name, unit = _CALLED[code]
    return f"OBX|1|NM|{name}|{site or '1.1.' + name[:6]}|{value}|{unit}||{flags}|||{status}|||{at}"


@dataclass
class Monitored:
    """A patient whose dose has just begun, with a monitor on, and the line that it speaks over."""

    cast: Cast
    stage: Stage
    key: str
    line: socket.socket

    def send(
        self, *rows: str, processing: str = "P", at: datetime | None = None, stamped: datetime | None = None,
        **values: float,
    ) -> str:  # fmt: skip
        """A message of ``rows`` and ``values`` measured ``at``, by a clock that is right unless it is ``stamped``
        otherwise; the code of the answer."""
        sent = stamped or datetime.now(UTC)
        stamp, measured = (each.strftime("%Y%m%d%H%M%S.%f")[:-2] + "+0000" for each in (sent, at or sent))
        lines = [
            rf"MSH|^~\&|QA|LAB|||{stamp}||ORU^R01^ORU_R01|{next(_NUMBERS)}|{processing}|2.6", "PID|||",
            f"PV1||I|^^{self.key}", f"OBR|1||||||{measured}", *rows, *(row(*each) for each in values.items()),
        ]  # fmt: skip
        self.line.sendall(frame("\r".join([*lines, ""]).encode()))
        answer = b""
        while b"\x1c\r" not in answer:
            more = self.line.recv(65536)
            assert more, "the line was closed"
            answer += more
        return answer.split(b"\rMSA|")[1][:2].decode()

    def watch(self, at: datetime) -> None:
        """What time alone has done by ``at``."""
        with psycopg.connect(database("signals").conninfo()) as connection, connection.cursor() as cursor:
            sweep_deadlines(cursor, at)

    def page(self) -> Any:
        answer = self.cast.client("nurse").get(reverse("console:board"))
        assert answer.status_code == 200
        return answer

    def chair(self) -> ChairShown:
        """The chair as the board's page shows it."""
        found: ChairShown = next(each for each in self.page().context["chairs"] if each.id == self.stage.id)
        return found

    def figure(self, key: str) -> Figure:
        return next(each for each in self.chair().figures if each.key == key)

    def session(self) -> dict[str, Any]:
        """The session as the board's script gets it."""
        found: dict[str, Any] = next(
            each for each in self.page().context["data"]["sessions"] if each["id"] == self.stage.id
        )
        return found

    def alarms(self) -> dict[str, tuple[str, str]]:
        """The alarms of the board, by rule and vital sign: phase and priority."""
        return {
            f"{each['rule']} {each['code']}": (each["phase"], each["priority"]) for each in self.session()["alarms"]
        }

    def session_page(self) -> str:
        answer = self.cast.client("nurse").get(reverse("console:session", args=[self.stage.id]))
        return " ".join(html.unescape(answer.content.decode()).split())


@pytest.fixture(scope="module")
def port(django_db_setup: None) -> Iterator[int]:
    """The product's own listener, in a thread."""
    store = PostgresStore(database("signals").conninfo())
    opened, stopping = threading.Event(), threading.Event()
    found: list[int] = []

    async def run() -> None:
        stop = asyncio.Event()

        def ready(number: int, _listener: Any) -> None:
            found.append(number)
            opened.set()

        async def until_stopped() -> None:
            await asyncio.get_running_loop().run_in_executor(None, stopping.wait)
            stop.set()

        waiting = asyncio.create_task(until_stopped())
        await serve(store, HOST, 0, store.zone_for, stop, ready=ready)
        await waiting

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert opened.wait(10), "the listener did not open its port"
    yield found[0]
    stopping.set()
    thread.join(10)
    store.close()


@pytest.fixture
def monitored(port: int, django_db_blocker: Any) -> Iterator[Monitored]:
    """A running dose with a monitor on, all rules adopted. The readings of the checks are a minute old."""
    with django_db_blocker.unblock():
        cast = open_clinic("monitored")
        began = datetime.now(UTC) - timedelta(minutes=1)
        key = f"M{cast.clinic.pk}"
        nurse, admin = cast.actor("nurse"), cast.actor("clinic_admin")
        with acting_as(nurse):
            stage = to_dosing(cast, at=began)
        with acting_as(admin):
            device: Device = vitals_actions.add_device(by=admin, name="M", key=f"bed:{key}")
        with acting_as(nurse):
            vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=stage.id, now=began)
        with socket.create_connection((HOST, port), 5) as line:
            yield Monitored(cast, stage, key, line)
