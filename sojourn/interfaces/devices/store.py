"""The listener's store on PostgreSQL: one batch, one transaction, in a thread of its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from sojourn.care.vitals import asking, unused, whose
from sojourn.care.vitals.arriving import Absent, Arrival, Value
from sojourn.care.vitals.messages import take_messages
from sojourn.care.vitals.unused import Counts, Item
from sojourn.care.vitals.withdrawing import TakenBack
from sojourn.clinical.vitals import LIMITS, measured_by

from .listener import MessageOutcome, Received
from .query import matching
from .results import Answered, Fault, NotMeasured, ParsedMessage, ParsedReading, Query, Unmapped, Withdrawal


class PostgresStore:
    """Keeps messages and their readings; an outcome is given only after the commit.

    ``conninfo`` is of the role for monitoring processes. The connection is made anew after a failure.
    """

    def __init__(self, conninfo: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._conninfo = conninfo
        self._now = now
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self.default_zone: tzinfo = UTC
        self.zones: dict[int | None, tzinfo] = {}
        self._counts = Counts()

    async def store(self, batch: Sequence[Received]) -> Sequence[MessageOutcome]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._store, batch)

    def zone_for(self, clinic_id: int | None) -> tzinfo:
        """The zone of times that carry none: that of the clinic of the listener's port."""
        return self.zones.get(clinic_id, self.default_zone)

    def load_ports(self, port: int) -> list[tuple[int, int | None]]:
        """The ports to listen on, ``port`` among them, each with the clinic that it belongs to. A port that several
        clinics share belongs to none: there a monitor is known by its name alone, or claimed.

        Learns the clinics' zones too; where no clinic is known, times without a zone are read as UTC, and the
        difference shows as the monitor's clock being off.
        """
        with psycopg.connect(self._conninfo) as connection:
            clinics = connection.execute("SELECT id, time_zone FROM accounts_clinic ORDER BY id").fetchall()
            table = connection.execute("SELECT port, clinic_id FROM vitals_listenerport ORDER BY port").fetchall()
        self.zones = {clinic_id: ZoneInfo(name) for clinic_id, name in clinics}
        if len({name for _, name in clinics}) == 1:
            self.default_zone = ZoneInfo(clinics[0][1])
        only = clinics[0][0] if len(clinics) == 1 else None
        return list({port: only, **dict(table)}.items())

    def close(self) -> None:
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def _store(self, batch: Sequence[Received]) -> list[MessageOutcome]:
        connection = self._connect()
        try:
            with connection.transaction(), connection.cursor() as cursor:
                now = self._now()
                answers = take_messages(cursor, [_arrival(each) for each in batch], now, self._counts)
                told = [_told(cursor, each, now) for each in batch]
        except psycopg.OperationalError:
            connection.close()
            self._connection = None
            raise
        return [
            MessageOutcome("AA" if patients is not None else answer.ack, answer.reason, None, patients)
            for answer, patients in zip(answers, told, strict=True)
        ]

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=5)
        return self._connection


def _told(cursor: psycopg.Cursor[tuple[Any, ...]], received: Received, now: datetime) -> tuple[Answered, ...] | None:
    """Whom a monitor that asks may be told of; None to a message that asks nothing, and to a line that may not ask."""
    query = received.parsed
    if not isinstance(query, Query):
        return None
    host = whose.host_of(received.peer)
    line = asking.bound(cursor, host, received.clinic_id)
    if line is None:
        return None
    here = {each.record_number: each for each in asking.todays(cursor, line.clinic_id, now)}
    found = matching(query, [Answered(each.record_number, bed=each.bed) for each in here.values()])
    asking.audit(cursor, line, host, [here[each.record_number] for each in found])
    return tuple(found)


def _digest(received: Received) -> bytes:
    """What makes a message the same one: its bytes, in one clinic. Where it carries no time at all, equal bytes are two
    measurements, and the second of arrival tells them apart; a resend of those is charted twice, never lost. Where it
    names neither a bed nor a device, equal bytes from two addresses are of two monitors."""
    parsed = received.parsed
    mark = b"" if received.clinic_id is None else b"clinic %d " % received.clinic_id
    if isinstance(parsed, Fault) or not parsed.tells_time:
        mark += received.received_at.isoformat(timespec="seconds").encode()
    if not isinstance(parsed, Fault) and all(key.startswith("app:") for key in parsed.device_keys):
        mark += whose.host_of(received.peer).encode()
    return hashlib.sha256(received.raw + b"\x00" + mark).digest()


def _site(each: ParsedReading | NotMeasured | Withdrawal) -> str:
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
            fault=_text(f"{parsed.kind}: {parsed.reason}"), fault_ack=parsed.ack_code, clinic_id=received.clinic_id,
        )  # fmt: skip
    return Arrival(
        _digest(received), received.raw, received.received_at, received.peer, tuple(map(_text, parsed.device_keys)),
        tuple(map(_text, parsed.patient_identifiers)), _text(parsed.control_id), parsed.sent_at,
        tuple(
            Value(
                measured_by(each.code, each.method), each.value, each.unit, each.measured_at, each.status,
                LIMITS.get(each.comparator) or each.doubt, _site(each),
            )
            for each in parsed.readings
        ),
        tuple(
            Absent(code, each.measured_at, _site(each))
            for each in parsed.not_measured if each.sensor_silent
            for code in _codes(each, parsed.readings)
        ),
        test=parsed.training,
        gateway_keys=tuple(map(_text, parsed.gateway_keys)),
        clinic_id=received.clinic_id,
        not_used=_not_used(parsed),
        withdrawn=tuple(
            TakenBack(
                measured_by(each.code, each.method), each.measured_at, each.value, each.reason == "wrong", each.unit,
                _site(each),
            )
            for each in parsed.withdrawn
            if each.measured_at is not None
        ),
        codes=tuple(each.code for each in parsed.readings),
    )  # fmt: skip


_ASSUMED = {"unit_assumed", "mapped_by_label", "system_assumed"}
# Reasons that say nothing of a sensor; where a number stands beside one all the same, it was not used.
_NO_VALUE_AT_ALL = frozenset({"empty", "not_asked", "pending", "test"})


def _not_used(parsed: ParsedMessage) -> tuple[Item, ...]:
    """What a message holds that was not used, or only by assuming something. Most hold nothing of the kind."""
    if not (parsed.unmapped or parsed.not_measured or parsed.warnings or parsed.withdrawn):
        return ()
    found = list(map(_unmapped, parsed.unmapped))
    found += filter(None, map(_no_value, parsed.not_measured))
    for each in parsed.withdrawn:
        if each.measured_at is None:
            found.append(Item(unused.REFUSED, f"{each.code} withdrawal_undated"))
    for warning in parsed.warnings:
        kind, _, detail = warning.partition(":")
        if kind in _ASSUMED:
            found.append(Item(unused.ASSUMED, _text(detail), kind))
    return tuple(found)


def _no_value(each: NotMeasured) -> Item | None:
    """A row without a value that can be used; None where a monitor says in the ordinary way that it has none."""
    if each.reason not in _NO_VALUE_AT_ALL:
        return Item(unused.NO_VALUE, each.code, each.reason)
    if any(char.isdigit() for char in each.value):
        return Item(unused.REFUSED, f"{each.code} {each.reason}")
    return None


def _unmapped(each: Unmapped) -> Item:
    if each.reason == "unknown_code":
        return Item(unused.UNMAPPED, _text(each.code), _text(each.name), each.count)
    return Item(unused.REFUSED, _text(f"{each.code} {each.reason}"), _text(each.name), each.count)
