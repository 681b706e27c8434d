"""The real web process (granian on config/asgi.py) before the test's database, and readers of its streams.

What these tests write they commit, since another process reads it: each makes clinics of its own and leaves them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.arriving import Arrival, Value
from sojourn.care.vitals.messages import take_messages
from sojourn.config.environment import database, environment
from sojourn.foundation.accounts.actor import acting_as
from tests.care.stage import Stage, adopt_everything, arrive, set_stage, to_dosing
from tests.conftest import Cast, make_clinic


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Web:
    """One web process. ``stop`` and ``start`` may be called in turns."""

    def __init__(self, home: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ, "PORT": str(self.port), "SOJOURN_URL": self.address, "SOJOURN_HOME": home,
            "DJANGO_SETTINGS_MODULE": "sojourn.config.settings", "PYTHONWARNINGS": "default",
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def collect(self) -> None:
        command = [sys.executable, "-m", "django", "collectstatic", "--no-input", "--verbosity", "0"]
        subprocess.run(command, check=True, env=self._environment)

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(self.port),
                "--workers", "1", "--backlog", "4096", "--workers-kill-timeout", "1", "--no-ws",
                "--log-level", "warning", "sojourn.config.asgi:application",
            ],
            env=self._environment,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the web process did not start")

    def running(self) -> Web:
        """Itself, started again where a test that failed has left it stopped."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None


@dataclass
class Event:
    kind: str
    id: str
    data: Any
    at: float


@dataclass
class Stream:
    """A plain reader of server-sent events."""

    connection: socket.socket
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    last_id: str = ""
    _buffer: bytes = b""
    _text: str = ""
    _ended: bool = False

    def _more(self, timeout: float) -> bool:
        self.connection.settimeout(max(timeout, 0.001))
        try:
            data = self.connection.recv(1 << 16)
        except TimeoutError:
            return False
        self._buffer += data
        return bool(data)

    def begin(self) -> None:
        deadline = time.monotonic() + 10
        while b"\r\n\r\n" not in self._buffer:
            assert self._more(deadline - time.monotonic()), "no answer"
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}

    def _unchunk(self) -> None:
        while b"\r\n" in self._buffer:
            size, _, rest = self._buffer.partition(b"\r\n")
            length = int(size, 16)
            if len(rest) < length + 2:
                return
            self._ended = length == 0  # the last chunk of an answer is empty
            self._text += rest[:length].decode()
            self._buffer = rest[length + 2 :]

    def next(self, kind: str = "", timeout: float = 5.0, where: Callable[[Event], bool] = lambda _: True) -> Event:
        """The next event (of a kind, that fits); AssertionError when none comes in time."""
        deadline = time.monotonic() + timeout
        while True:
            self._unchunk()
            while "\n\n" in self._text:
                block, _, self._text = self._text.partition("\n\n")
                event = self._event(block)
                if event is not None and (not kind or event.kind == kind) and where(event):
                    return event
            if self._ended:
                raise ConnectionError("the stream ended")
            assert time.monotonic() < deadline, f"no {kind or 'event'} in {timeout} s"
            if not self._more(deadline - time.monotonic()) and time.monotonic() < deadline:
                raise ConnectionError("the stream ended")

    def _event(self, block: str) -> Event | None:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "id" in fields:
            self.last_id = fields["id"]
        if "data" not in fields:
            return None
        return Event(fields.get("event", ""), self.last_id, json.loads(fields["data"]), time.monotonic())

    def close(self) -> None:
        self.connection.close()


def cookie_of(cast: Cast, role: str) -> str:
    return cast.client(role).cookies[settings.SESSION_COOKIE_NAME].value


@contextmanager
def stream(web: Web, path: str, cookie: str = "", last_id: str = "") -> Iterator[Stream]:
    connection = socket.create_connection(("127.0.0.1", web.port), 5)
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nAccept: text/event-stream\r\n"
    if cookie:
        head += f"Cookie: {settings.SESSION_COOKIE_NAME}={cookie}\r\n"
    if last_id:
        head += f"Last-Event-ID: {last_id}\r\n"
    connection.sendall(f"{head}\r\n".encode())
    reader = Stream(connection)
    reader.begin()
    try:
        yield reader
    finally:
        connection.close()


def new_clinic(name: str) -> Cast:
    return make_clinic(f"{name}-{uuid.uuid4().hex[:10]}")


@dataclass
class Chair:
    """A running session with a monitor on it."""

    cast: Cast
    stage: Stage
    device_id: int
    key: str

    @property
    def id(self) -> int:
        return self.stage.id

    def send(self, at: datetime | None = None, **values: float) -> None:
        """A message of the monitor, stored and committed as the listener does it."""
        self.send_all([(at, values)])

    def send_all(self, messages: Sequence[tuple[datetime | None, Mapping[str, float]]]) -> None:
        """Messages that arrive together; each has its values' own time, or None for now."""
        now = datetime.now(UTC)
        units = {"spo2": "%", "nibp_sys": "mm[Hg]", "nibp_dia": "mm[Hg]", "nibp_map": "mm[Hg]"}
        arrivals = []
        for at, values in messages:
            raw = uuid.uuid4().bytes
            found = tuple(Value(code, value, units.get(code, "/min"), at or now) for code, value in values.items())
            arrivals.append(
                Arrival(
                    digest=raw,
                    raw=raw,
                    received_at=now,
                    peer="127.0.0.1:1",
                    keys=(self.key,),
                    sent_at=now,
                    values=found,
                )
            )
        with (
            psycopg.connect(database("signals").conninfo()) as connection,
            connection.transaction(),
            connection.cursor() as cursor,
        ):
            answers = take_messages(cursor, arrivals, now)
        assert {answer.ack for answer in answers} == {"AA"}, answers


def seat(cast: Cast, number: int = 1, *, at: datetime | None = None, dosing: bool = True) -> Chair:
    """A patient in a chair with a monitor on."""
    nurse = cast.actor("nurse")
    key = f"serial:{uuid.uuid4().hex}"
    at = at or datetime.now(UTC)
    if dosing:
        with acting_as(nurse):
            stage = to_dosing(cast, at=at, number=number)
    else:
        stage = set_stage(cast, at=at, number=number)
        with acting_as(nurse):
            arrive(stage, at)
    with acting_as(cast.actor("clinic_admin")):
        device = vitals_actions.add_device(by=cast.actor("clinic_admin"), name=f"Monitor {number}", key=key)
    with acting_as(nurse):
        vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=stage.id)
    return Chair(cast, stage, device.pk, key)


def open_clinic(name: str) -> Cast:
    """A clinic that has adopted every rule."""
    cast = new_clinic(name)
    adopt_everything(cast)
    return cast


def beat_of_the_watch(at: datetime | None = None) -> None:
    from sojourn.foundation.heartbeat.actions import stamp_heartbeat

    with psycopg.connect(database("signals").conninfo()) as connection, connection.cursor() as cursor:
        for name in ("watch", "jobs", *environment().listeners):
            stamp_heartbeat(cursor, name, at or datetime.now(UTC))


HOME = Path(os.environ.get("SOJOURN_HOME", "."))
