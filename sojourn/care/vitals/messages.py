"""Messages of monitors: kept to the byte, matched to a device and its session, and handed to the ledger.

Everything that arrived together is stored in one transaction; only after its commit may anything be acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg import Cursor

from sojourn.care.alarms import columns, judging
from sojourn.care.alarms import store as alarm_store
from sojourn.care.vitals import ingest
from sojourn.clinical.units import UnitError, convert
from sojourn.clinical.vitals import VITALS, doubt_of
from sojourn.foundation.rulebook.load import book

Row = tuple[Any, ...]
Ack = Literal["AA", "AE", "AR"]

# A monitor's clock that is further from ours than this is said wherever the monitor is shown.
BELIEVED = timedelta(seconds=120)
# What the seconds of a monitor's stamps and the way of its messages make of two clocks that agree.
_NOISE = timedelta(seconds=5)
# For so long every message must come equally late before it is the clock that was set back, not the way that is slow.
_SET_BACK = timedelta(seconds=30)
_SEEN_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Value:
    """One value as the monitor sent it; ``unit`` is UCUM."""

    code: str
    value: float
    unit: str
    measured_at: datetime | None
    status: str = ""
    doubt: str = ""
    site: str = ""  # by which method and at which probe it was measured


@dataclass(frozen=True, slots=True)
class Absent:
    """A sensor that says it has no value: the probe is off, or nothing can be measured."""

    code: str
    measured_at: datetime | None
    site: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came. ``keys`` name its device, most specific first; a fault has no readings."""

    digest: bytes
    raw: bytes
    received_at: datetime
    peer: str
    keys: tuple[str, ...] = ()
    patient_identifiers: tuple[str, ...] = ()
    receiver: str = ""
    control_id: str = ""
    sent_at: datetime | None = None
    values: tuple[Value, ...] = ()
    absent: tuple[Absent, ...] = ()
    test: bool = False
    fault: str = ""
    fault_ack: Ack = "AE"


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell the sender, once the transaction is committed."""

    ack: Ack
    reason: str = ""


@dataclass(slots=True)
class _Known:
    """A device as the database knows it, and the session it is on, if any, ``since`` when."""

    device_id: int
    clinic_id: int
    clinic_slug: str
    last_seen_at: datetime | None
    offset_s: float | None
    session: alarm_store.Session | None
    since: datetime | None
    record_number: str | None
    clock_moved: bool = False


def take_messages(cursor: Cursor[Row], arrivals: Sequence[Arrival], now: datetime) -> list[Answer]:
    """Store ``arrivals`` and judge what they carry; the answers in the same order. The caller commits."""
    known = _devices(cursor, {key for arrival in arrivals for key in arrival.keys})
    strangers = _strangers_clinics(cursor, [a for a in arrivals if _sender(a, known) is None])
    answers: list[Answer] = []
    rows: list[Row] = []
    first: dict[bytes, int] = {}
    found: list[_Known | None] = []
    for number, arrival in enumerate(arrivals):
        device = _sender(arrival, known)
        answer = _answer(arrival, device)
        answers.append(answer)
        found.append(device)
        if arrival.digest in first:
            answers[number] = answers[first[arrival.digest]]
            continue
        first[arrival.digest] = number
        session = device.session if device else None
        rows.append((
            device.clinic_id if device else strangers.get(arrival.receiver), device.device_id if device else None,
            session.encounter_id if session else None, arrival.received_at, arrival.peer[:64], arrival.digest,
            arrival.raw, answer.ack, answer.reason[:300] if answer.ack != "AA" else "", arrival.control_id[:80],
        ))  # fmt: skip
    rows.sort(key=_digest)  # two listeners that keep the same messages never wait for each other in a ring
    fresh = _insert_messages(cursor, rows)
    readings: list[judging.NewReading] = []
    early: list[tuple[judging.NewReading, datetime]] = []
    absent: list[judging.NoValue] = []
    for digest, number in first.items():
        message_id = fresh.get(digest)
        device = found[number]
        if message_id is None:
            answers[number] = _earlier(cursor, digest)
        elif device is not None and answers[number].ack == "AA":
            _measure_clock(device, arrivals[number])
            if device.session is not None:
                readings += _readings(device, device.session, arrivals[number], message_id, early)
                absent += _absent(device, device.session, arrivals[number])
    for number, arrival in enumerate(arrivals):
        answers[number] = answers[first[arrival.digest]]
    readings += _own(cursor, early)
    _supersede(cursor, readings)
    ingest.record_batch(cursor, readings, now, absent)
    _seen(cursor, {d.device_id: d for d in found if d is not None}, now)
    return answers


def _answer(arrival: Arrival, device: _Known | None) -> Answer:
    if arrival.fault:
        return Answer(arrival.fault_ack, arrival.fault)
    if not arrival.keys:
        return Answer("AE", "the message does not say which monitor sent it; kept, not charted")
    if device is None:
        return Answer("AE", f"unknown monitor {arrival.keys[0]}; kept, not charted: add it in Sojourn")
    if device.session is None:
        return Answer("AA", "kept; this monitor is on no session")
    if device.record_number and arrival.patient_identifiers and not _same_patient(arrival, device.record_number):
        return Answer("AE", "the monitor names another patient than the session it is on; kept, not charted")
    return Answer("AA")


def _same_patient(arrival: Arrival, record_number: str) -> bool:
    """A monitor that names nobody, or a number of its own, is believed to be where the nurse put it; only a record
    number of our own form that is another's contradicts her."""
    form = record_number[:2]
    ours = [name for name in arrival.patient_identifiers if name[:2] == form and len(name) == len(record_number)]
    return not ours or record_number in ours


_DEVICES = """
SELECT d.key, d.id, d.clinic_id, c.slug, d.last_seen_at, d.clock_skew_s, a.encounter_id, a.patient_id, e.protocol_id,
       a.from_at, p.record_number
FROM vitals_device d
JOIN accounts_clinic c ON c.id = d.clinic_id
LEFT JOIN vitals_deviceassociation a ON a.device_id = d.id AND a.until_at IS NULL
LEFT JOIN encounter_encounter e ON e.id = a.encounter_id
LEFT JOIN patients_patient p ON p.id = a.patient_id
WHERE d.key = ANY(%s) AND d.retired_at IS NULL
"""


def _sender(arrival: Arrival, known: Mapping[str, Sequence[_Known]]) -> _Known | None:
    """The device that a message names. Two clinics may both have a "BED-1": then the receiver's name decides."""
    for key in arrival.keys:
        candidates = known.get(key, ())
        if len(candidates) == 1:
            return candidates[0]
        for candidate in candidates:
            if candidate.clinic_slug == arrival.receiver.lower():
                return candidate
    return None


def _devices(cursor: Cursor[Row], keys: set[str]) -> dict[str, list[_Known]]:
    cursor.execute(_DEVICES, (list(keys),))
    known: dict[str, list[_Known]] = {}
    for row in cursor.fetchall():
        key, device_id, clinic_id, slug, seen_at, offset, encounter_id, patient_id, protocol_id, since, number = row
        session = alarm_store.Session(clinic_id, encounter_id, patient_id, protocol_id) if encounter_id else None
        known.setdefault(key, []).append(_Known(device_id, clinic_id, slug, seen_at, offset, session, since, number))
    return known


def _strangers_clinics(cursor: Cursor[Row], arrivals: Sequence[Arrival]) -> dict[str, int]:
    """Whose fault list an unknown monitor belongs on: the clinic it names as receiver, or the only one there is."""
    if not arrivals:
        return {}
    cursor.execute("SELECT slug, id FROM accounts_clinic")
    clinics = {str(slug): int(clinic_id) for slug, clinic_id in cursor.fetchall()}
    if len(clinics) == 1:
        only = next(iter(clinics.values()))
        return {arrival.receiver: only for arrival in arrivals}
    return {a.receiver: clinics[a.receiver.lower()] for a in arrivals if a.receiver.lower() in clinics}


_INSERT = """
INSERT INTO vitals_inboundmessage
  (clinic_id, device_id, encounter_id, received_at, peer, digest, raw, ack, fault, control_id)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::bytea[], %s::bytea[],
  %s::text[], %s::text[], %s::text[])
ON CONFLICT (digest) DO NOTHING RETURNING digest, id
"""


def _digest(row: Row) -> bytes:
    digest: bytes = row[5]
    return digest


def _insert_messages(cursor: Cursor[Row], rows: Sequence[Row]) -> dict[bytes, int]:
    if not rows:
        return {}
    cursor.execute(_INSERT, columns.columns(rows))
    return {bytes(digest): message_id for digest, message_id in cursor.fetchall()}


def _earlier(cursor: Cursor[Row], digest: bytes) -> Answer:
    """A resend is answered as the first one was."""
    cursor.execute("SELECT ack, fault FROM vitals_inboundmessage WHERE digest = %s", (digest,))
    row = cursor.fetchone()
    assert row is not None
    return Answer(row[0], row[1])


@dataclass(slots=True)
class _Late:
    """A device whose messages come later than its clock has been known to say: since when, and by how much."""

    since: datetime
    delay: float


_late: dict[int, _Late] = {}


def _measure_clock(device: _Known, arrival: Arrival) -> None:
    """The smallest delay seen is the difference of the clocks: a message held up on its way is late, not early.

    Messages that are all late by the same for a while were not held up: somebody has set the clock back, and without
    a new measure every reading would look old from then on, and raise nothing.
    """
    said = arrival.sent_at or max((v.measured_at for v in arrival.values if v.measured_at), default=None)
    if said is None:
        return
    delay = (arrival.received_at - said).total_seconds()
    known = device.offset_s
    if known is None or delay < -known:
        device.offset_s = -delay
    elif delay + known > 2 * _NOISE.total_seconds():
        run = _late.get(device.device_id)
        if run is None or abs(delay - run.delay) > _NOISE.total_seconds():
            _late[device.device_id] = _Late(arrival.received_at, delay)
            return
        if arrival.received_at - run.since < _SET_BACK:
            return
        device.offset_s = -min(delay, run.delay)
    _late.pop(device.device_id, None)
    device.clock_moved |= known is None or abs((device.offset_s or 0) - known) > _NOISE.total_seconds()


def _readings(
    device: _Known, session: alarm_store.Session, arrival: Arrival, message_id: int,
    early: list[tuple[judging.NewReading, datetime]],
) -> list[judging.NewReading]:  # fmt: skip
    """The values of a message. Those measured before the monitor came to this session go to ``early``, with when."""
    offset = timedelta(seconds=device.offset_s or 0)
    shift = offset if abs(offset) > _NOISE else timedelta(0)
    out = []
    for one in arrival.values:
        value, doubt = in_own_unit(one.code, one.value, one.unit)
        effective = arrival.received_at
        if one.measured_at is not None:
            effective = min(one.measured_at - shift, arrival.received_at)
        reading = judging.NewReading(
            session, one.code, value, VITALS[one.code].unit.code if doubt != "unit" else one.unit, effective,
            arrival.received_at, one.measured_at, judging.MONITOR, device.device_id, message_id, None,
            "corrected" if one.status == "C" else "final",
            one.doubt or doubt or ("test" if arrival.test else ""),
            source=judging.source_of(device.device_id, one.site),
        )  # fmt: skip
        measured = None if one.measured_at is None else one.measured_at - offset
        if measured is None or device.since is None or measured >= device.since:
            out.append(reading)
        else:
            early.append((reading, measured))
    return out


def _absent(device: _Known, session: alarm_store.Session, arrival: Arrival) -> list[judging.NoValue]:
    """The sensors of a message that have no value, unless it says so of a time before the monitor came."""
    offset = timedelta(seconds=device.offset_s or 0)
    out = []
    for one in arrival.absent:
        at = arrival.received_at if one.measured_at is None else min(one.measured_at - offset, arrival.received_at)
        if device.since is None or at >= device.since:
            unit = VITALS[one.code].unit.code
            source = judging.source_of(device.device_id, one.site)
            out.append(judging.NoValue(session, one.code, at, arrival.received_at, unit, source))
    return out


def _own(cursor: Cursor[Row], early: Sequence[tuple[judging.NewReading, datetime]]) -> list[judging.NewReading]:
    """Of readings from before their monitor came to its session, those that cannot be another patient's.

    A monitor goes on repeating its last cuff measurement, and sends what it could not send before: what was measured
    while it was on somebody else is never charted here. Its message is kept.
    """
    if not early:
        return []
    cursor.execute(
        "SELECT w.device_id, max(w.until_at) FROM vitals_deviceassociation w"
        " JOIN vitals_deviceassociation here ON here.device_id = w.device_id AND here.until_at IS NULL"
        " WHERE w.device_id = ANY(%s) AND w.until_at IS NOT NULL AND w.encounter_id <> here.encounter_id"
        " GROUP BY w.device_id",
        (list({reading.device_id for reading, _ in early}),),
    )
    left: dict[int | None, datetime] = dict(cursor.fetchall())
    return [
        reading for reading, measured in early if reading.device_id not in left or measured > left[reading.device_id]
    ]


def in_own_unit(code: str, value: float, unit: str) -> tuple[float, str]:
    """The value in the vital sign's unit, and why it is doubted ("" when it is not)."""
    own = VITALS[code].unit.code
    if unit and unit != own:
        try:
            value = float(convert(value, unit, own))
        except UnitError:
            return value, "unit"
    return value, doubt_of(book().plausibility(code), code, value)


def _supersede(cursor: Cursor[Row], readings: Sequence[judging.NewReading]) -> None:
    """A corrected value names the row it corrects; both remain."""
    for reading in readings:
        if reading.status == "corrected" and reading.measured_at is not None:
            cursor.execute(
                "SELECT id FROM vitals_observation WHERE encounter_id = %s AND code = %s AND measured_at = %s"
                " AND device_id = %s ORDER BY id DESC LIMIT 1",
                (reading.session.encounter_id, reading.code, reading.measured_at, reading.device_id),
            )
            row = cursor.fetchone()
            reading.supersedes_id = row[0] if row else None


def _seen(cursor: Cursor[Row], devices: Mapping[int, _Known], now: datetime) -> None:
    late = [
        device
        for _, device in sorted(devices.items())  # in one order, so that two listeners do not wait in a ring
        if device.clock_moved or device.last_seen_at is None or now - device.last_seen_at > _SEEN_EVERY
    ]
    if late:
        cursor.execute(
            "UPDATE vitals_device d SET last_seen_at = %s, clock_skew_s = s.skew"
            " FROM unnest(%s::bigint[], %s::float8[]) AS s(id, skew) WHERE d.id = s.id",
            (now, [d.device_id for d in late], [d.offset_s for d in late]),
        )
