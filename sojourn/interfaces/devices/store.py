"""The listener's store on PostgreSQL: one batch, one transaction, in a thread of its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from sojourn.care.vitals.messages import Absent, Arrival, Value, take_messages
from sojourn.clinical.vitals import measured_by

from .listener import Outcome, Received
from .results import Fault, NotMeasured, ParsedReading

_TEST_PROCESSING = frozenset({"T", "D"})


class PostgresStore:
    """Keeps messages and their readings; an outcome is given only after the commit.

    ``conninfo`` is of the role for monitoring processes. The connection is made anew after a failure.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self.default_zone: tzinfo = UTC

    async def store(self, batch: Sequence[Received]) -> Sequence[Outcome]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._store, batch)

    def zone_for(self, peer: str) -> tzinfo:
        """The zone of times that carry none: the clinic's, where only one clinic has monitors."""
        return self.default_zone

    def load_zones(self) -> None:
        """Learn the clinics' zones; with several clinics, times without a zone are read as UTC and the difference
        shows as the monitor's clock being off, corrected like any other."""
        with psycopg.connect(self._conninfo) as connection:
            names = {name for (name,) in connection.execute("SELECT DISTINCT time_zone FROM accounts_clinic")}
        if len(names) == 1:
            self.default_zone = ZoneInfo(names.pop())

    def close(self) -> None:
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def _store(self, batch: Sequence[Received]) -> list[Outcome]:
        connection = self._connect()
        try:
            with connection.transaction(), connection.cursor() as cursor:
                answers = take_messages(cursor, [_arrival(each) for each in batch], datetime.now(UTC))
        except psycopg.OperationalError:
            connection.close()
            self._connection = None
            raise
        return [Outcome(answer.ack, answer.reason, None) for answer in answers]

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=5)
        return self._connection


def _digest(received: Received) -> bytes:
    """What makes a message the same one: its bytes. Where it carries no time at all, equal bytes are two
    measurements, and the second of arrival tells them apart; a resend of those is charted twice, never lost."""
    parsed = received.parsed
    mark = b""
    if isinstance(parsed, Fault) or not parsed.tells_time:
        mark = received.received_at.isoformat(timespec="seconds").encode()
    return hashlib.sha256(received.raw + b"\x00" + mark).digest()


# Why a row without a value speaks of its sensor, and not of a value that nobody asked for, or that was taken back.
_SENSOR_OFF = frozenset({"empty", "sentinel", "cannot_obtain", "invalid"})


def _site(each: ParsedReading | NotMeasured) -> str:
    """By which method and at which probe: "impedance:1.7.1"."""
    return f"{each.method}:{each.sub_id}" if each.method or each.sub_id else ""


def _codes(each: NotMeasured, readings: Sequence[ParsedReading]) -> Sequence[str]:
    """The vital sign that has no value, unless another row of the message has it."""
    code = measured_by(each.code, each.method)
    return () if any(measured_by(one.code, one.method) == code for one in readings) else (code,)


def _text(text: str) -> str:
    """Text that PostgreSQL can keep: it refuses NUL, which a broken sender may put anywhere. The bytes stay whole."""
    return text.replace("\x00", "\ufffd")


def _arrival(received: Received) -> Arrival:
    parsed = received.parsed
    if isinstance(parsed, Fault):
        return Arrival(
            _digest(received), received.raw, received.received_at, received.peer,
            fault=_text(f"{parsed.kind}: {parsed.reason}"), fault_ack=parsed.ack_code,
        )  # fmt: skip
    return Arrival(
        _digest(received), received.raw, received.received_at, received.peer, tuple(map(_text, parsed.device_keys)),
        tuple(map(_text, parsed.patient_identifiers)), _text(parsed.receiving_facility), _text(parsed.control_id),
        parsed.sent_at,
        tuple(
            Value(
                measured_by(each.code, each.method), each.value, each.unit, each.measured_at, each.status,
                "bound" if each.comparator else "", _site(each),
            )
            for each in parsed.readings
        ),
        tuple(
            Absent(code, each.measured_at, _site(each))
            for each in parsed.not_measured if each.reason in _SENSOR_OFF
            for code in _codes(each, parsed.readings)
        ),
        test=parsed.processing_id in _TEST_PROCESSING,
    )  # fmt: skip
