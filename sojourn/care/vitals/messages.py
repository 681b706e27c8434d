"""Messages of monitors: kept to the byte, matched to a device and its session, and handed to the ledger.

Everything that arrived together is stored in one transaction; only after its commit may anything be acknowledged.

What is doubted (its time, its line, its patient) may raise an alarm and never ends one. Whose it was is decided by the
message's own time, also when it is sent again after what was wrong has been mended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg import Cursor

from sojourn.care.alarms import columns, judging
from sojourn.care.alarms.store import Session
from sojourn.care.vitals import clock, faults, ingest, known, strangers, unused, whose
from sojourn.care.vitals.known import Known, Was
from sojourn.care.vitals.unused import Counts, Item
from sojourn.care.vitals.withdrawing import TakenBack, take_back
from sojourn.clinical.units import UnitError, convert
from sojourn.clinical.vitals import VITALS, VOID, doubt_of
from sojourn.foundation.rulebook.load import book

Row = tuple[Any, ...]
Ack = Literal["AA", "AE", "AR"]

# Why a value is not believed. The first three are judged by their arrival.
DOUBT_TIME, DOUBT_CLOCK, DOUBT_LINE = "time", "clock", "line"

# What is measured now and then, and repeated until it is measured again: an older time is no fault of its message.
NOW_AND_THEN = judging.CUFF | {"temp"}
CORRECTS = ("C", "A")  # OBX-11: corrected, amended

OTHER_PATIENT = "the monitor names another patient than the session it is on; kept, not charted"
NO_SESSION = "kept; this monitor is on no session"
NAMELESS = "the message does not say which monitor sent it; kept, not charted"


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
    """One message as it came. ``keys`` name its device, most specific first, ``gateway_keys`` what forwarded it;
    ``clinic_id`` is that of the listener's port. A fault has no readings."""

    digest: bytes
    raw: bytes
    received_at: datetime
    peer: str
    keys: tuple[str, ...] = ()
    patient_identifiers: tuple[str, ...] = ()
    control_id: str = ""
    sent_at: datetime | None = None
    values: tuple[Value, ...] = ()
    absent: tuple[Absent, ...] = ()
    test: bool = False
    fault: str = ""
    fault_ack: Ack = "AE"
    gateway_keys: tuple[str, ...] = ()
    clinic_id: int | None = None
    not_used: tuple[Item, ...] = ()
    withdrawn: tuple[TakenBack, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Where it came from, without the port."""
        return whose.host_of(self.peer)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell the sender, once the transaction is committed."""

    ack: Ack
    reason: str = ""


@dataclass(slots=True)
class _Taken:
    """A message on its way: of which device, in which session, and what to answer."""

    arrival: Arrival
    device: Known | None
    session: Session | None = None
    answer: Answer = field(default_factory=lambda: Answer("AA"))
    past: bool = False  # of a session that its monitor has left since
    again: bool = False  # sent before, and not used then
    contradicts: tuple[str, ...] = ()
    message_id: int | None = None
    doubt: str = ""  # why all its values are doubted


def take_messages(
    cursor: Cursor[Row], arrivals: Sequence[Arrival], now: datetime, counts: Counts | None = None
) -> list[Answer]:
    """Store ``arrivals`` and judge what they carry; the answers in the same order. The caller commits.

    ``counts``: where the caller counts what was not used; without it, it is written at once.
    """
    counts = Counts() if counts is None else counts
    taken = _matched(cursor, _each_once(arrivals))
    ours, of_strangers = _parted(taken)
    if of_strangers:
        strangers.keep(cursor, [_stranger(each) for each in of_strangers])
    fresh = _to_be_read(cursor, ours)
    readings, held, judged_again = _read(cursor, fresh)
    absent = [each for one in fresh for each in _absent(one)]
    _note(counts, fresh)
    _note_doubted(counts, readings)
    known.learn(cursor, _devices(ours), now)
    _supersede(cursor, readings)
    ingest.record_batch(cursor, readings, now, absent, faulty=judged_again)
    _hold(cursor, held)
    fitting = take_back(cursor, [row for each in fresh for row in _taken_back(each)], now)
    _note_left(counts, fresh, fitting)
    counts.write(cursor, now)
    answers = {each.arrival.digest: each.answer for each in taken}
    return [answers[arrival.digest] for arrival in arrivals]


def _each_once(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The first of those that are the same message, in the order in which they came."""
    first: dict[bytes, Arrival] = {}
    for each in arrivals:
        first.setdefault(each.digest, each)
    return list(first.values())


def _parted(taken: Sequence[_Taken]) -> tuple[list[_Taken], list[_Taken]]:
    """Messages of monitors that somebody put into a clinic, and those of strangers."""
    return [each for each in taken if each.device is not None], [each for each in taken if each.device is None]


def _to_be_read(cursor: Cursor[Row], ours: Sequence[_Taken]) -> list[_Taken]:
    """Those that are new, and those that were sent before and can be used only now."""
    fresh = _inserted(cursor, ours)
    again = [each for each in ours if each.message_id is None]
    return [*fresh, *_decided_anew(cursor, again)] if again else fresh


def _devices(ours: Sequence[_Taken]) -> dict[int, Known]:
    return {each.device.device_id: each.device for each in ours if each.device is not None}


# ---------------------------------------------------------------- whose it is


def _matched(cursor: Cursor[Row], arrivals: Sequence[Arrival]) -> list[_Taken]:
    named = [_named(each) for each in arrivals]
    found = known.load(cursor, {key for each in named for key in each.keys})
    taken = [_Taken(each, _sender(each, found)) for each in named]
    earlier = _times_of_strangers(cursor, taken)
    for each in taken:
        if each.device is None:
            each.answer = _unknown(each.arrival, found)
        elif each.arrival.digest in earlier:
            each.arrival = replace(each.arrival, received_at=earlier[each.arrival.digest])
    _place(cursor, _parted(taken)[0])
    return taken


def _sender(arrival: Arrival, found: Mapping[str, list[Known]]) -> Known | None:
    return None if arrival.fault else known.sender(arrival.keys, arrival.host, arrival.clinic_id, found)


def _named(arrival: Arrival) -> Arrival:
    """A message that names nothing of its own is known by its address."""
    if arrival.fault:
        return arrival
    keys = whose.with_address(arrival.keys, arrival.host)
    return arrival if keys is arrival.keys else replace(arrival, keys=keys)


def _times_of_strangers(cursor: Cursor[Row], taken: Sequence[_Taken]) -> dict[bytes, datetime]:
    """When messages of monitors that nobody knew at first came for the first time. Asked only of those that come so
    late that they may be resends."""
    late = [
        each.arrival.digest
        for each in taken
        if each.device is not None
        and each.device.session is not None
        and each.arrival.sent_at is not None
        and each.arrival.received_at - each.arrival.sent_at > clock.NOISE
    ]
    return strangers.first_received(cursor, late)


def _unknown(arrival: Arrival, found: Mapping[str, Sequence[Known]]) -> Answer:
    if arrival.fault:
        return Answer(arrival.fault_ack, arrival.fault)
    if not arrival.keys:
        return Answer("AE", NAMELESS)
    if any(len(found.get(key, ())) > 1 for key in arrival.keys):
        return Answer(
            "AE", f"{arrival.keys[0]} is a monitor of two clinics; give each clinic its own port; not charted"
        )
    return Answer("AE", f"unknown monitor {arrival.keys[0]}; kept, not charted: add it in Sojourn")


def _place(cursor: Cursor[Row], taken: Sequence[_Taken]) -> None:
    """Find each message's session, by the time of the message itself."""
    older = {id(each): at for each in taken for at in (_before_this_session(each),) if at is not None}
    past = known.history(cursor, {each.device.device_id for each in taken if id(each) in older and each.device})
    for each in taken:
        device = each.device
        assert device is not None
        was = _was(past.get(device.device_id, ()), older[id(each)]) if id(each) in older else None
        each.past = was is not None
        if was is not None:
            each.session = was.session
            each.answer = _answer(each, was.record_number, ())
        else:
            each.session = device.session
            each.answer = _answer(each, device.record_number, device.confirmed)


def _before_this_session(taken: _Taken) -> datetime | None:
    """When a message was sent, by our clock, if that was before its monitor came where it is now and its clock can be
    believed in this."""
    device, arrival = taken.device, taken.arrival
    said = _said(arrival)
    if device is None or said is None:
        return None
    at = min(clock.exactly(device.clock, said), arrival.received_at)
    if device.since is not None and at >= device.since:
        return None
    heard = clock.hear(device.clock, said, arrival.received_at)
    return at if heard.settled or taken.again or arrival.received_at - at <= clock.HELD_UP else None


def _said(arrival: Arrival) -> datetime | None:
    """When a message says that it was sent."""
    return arrival.sent_at or clock.said_at(None, _continuous(arrival))


def _was(past: Sequence[Was], at: datetime) -> Was | None:
    return next((each for each in past if each.from_at <= at < each.until_at), None)


def _answer(taken: _Taken, record_number: str, confirmed: Sequence[str]) -> Answer:
    identifiers = taken.arrival.patient_identifiers
    if taken.session is None:
        return Answer("AA", NO_SESSION)
    if identifiers and whose.names(identifiers, record_number, confirmed) == "other":
        if taken.past:
            taken.session = None  # who sits there now has nothing to do with it
            return Answer("AA", "kept, not charted: it named another patient than the one its monitor was on")
        taken.contradicts = whose.contradicting(identifiers, record_number)
        return Answer("AE", OTHER_PATIENT)
    return Answer("AA")


# ---------------------------------------------------------------- kept to the byte

_INSERT = """
INSERT INTO vitals_inboundmessage
  (clinic_id, device_id, encounter_id, received_at, peer, digest, raw, ack, fault, control_id)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::bytea[], %s::bytea[],
  %s::text[], %s::text[], %s::text[])
ON CONFLICT (digest) DO NOTHING RETURNING digest, id
"""


def _inserted(cursor: Cursor[Row], taken: Sequence[_Taken]) -> list[_Taken]:
    """Keep the messages; those that are new, with their numbers."""
    if not taken:
        return []
    # two listeners that keep the same messages never wait for each other in a ring
    rows = [_message_row(each) for each in sorted(taken, key=_digest)]
    cursor.execute(_INSERT, columns.columns(rows))
    ids = {bytes(digest): message_id for digest, message_id in cursor.fetchall()}
    for each in taken:
        each.message_id = ids.get(each.arrival.digest)
    return [each for each in taken if each.message_id is not None]


def _digest(taken: _Taken) -> bytes:
    return taken.arrival.digest


def _message_row(taken: _Taken) -> Row:
    arrival, device, answer = taken.arrival, taken.device, taken.answer
    assert device is not None
    return (
        device.clinic_id, device.device_id, taken.session.encounter_id if taken.session else None, arrival.received_at,
        arrival.peer[:64], arrival.digest, arrival.raw, answer.ack, answer.reason[:300] if answer.ack != "AA" else "",
        arrival.control_id[:80],
    )  # fmt: skip


def _stranger(taken: _Taken) -> strangers.Sent:
    arrival, answer = taken.arrival, taken.answer
    kind = arrival.fault.partition(":")[0][:24] if arrival.fault else ""
    codes: dict[str, int] = {}
    for code in arrival.codes:
        codes[code] = codes.get(code, 0) + 1
    return strangers.Sent(
        arrival.clinic_id, arrival.host[:64], arrival.peer, arrival.keys[0] if arrival.keys else "", kind,
        answer.reason, arrival.keys, arrival.gateway_keys, codes, arrival.received_at, arrival.digest, arrival.raw,
        answer.ack, arrival.control_id,
    )  # fmt: skip


_EARLIER = """
SELECT m.digest, m.id, m.ack, m.fault, m.received_at, m.device_id, d.id IS NOT NULL FROM vitals_inboundmessage m
LEFT JOIN vitals_messagedecision d ON d.message_id = m.id WHERE m.digest = ANY(%s)
"""
_DECIDE = """
INSERT INTO vitals_messagedecision (clinic_id, message_id, encounter_id, decided_at, reason)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT (message_id) DO NOTHING RETURNING message_id
"""


def _decided_anew(cursor: Cursor[Row], again: Sequence[_Taken]) -> list[_Taken]:
    """Resends. What was used is answered as it was; what was answered AE is decided anew, and used at most once."""
    cursor.execute(_EARLIER, ([each.arrival.digest for each in again],))
    earlier = {bytes(row[0]): row[1:] for row in cursor.fetchall()}
    used = []
    for each in again:
        message_id, ack, fault, received_at, _, decided = earlier[each.arrival.digest]
        if ack == "AA" or decided:
            each.answer = Answer("AA")
            continue
        each.again = True
        each.arrival = replace(each.arrival, received_at=min(received_at, each.arrival.received_at))
        _place(cursor, [each])
        if each.answer.ack != "AA":
            each.answer = Answer(ack, fault) if ack == each.answer.ack else each.answer
            continue
        encounter_id = each.session.encounter_id if each.session else None
        device = each.device
        assert device is not None
        values = (device.clinic_id, message_id, encounter_id, each.arrival.received_at, each.answer.reason[:300])
        cursor.execute(_DECIDE, values)
        if cursor.fetchone() is not None:  # another listener may have been quicker
            each.message_id = message_id
            used.append(each)
    return used


# ---------------------------------------------------------------- what it carries

_Held = tuple[judging.NewReading, str]


def _read(cursor: Cursor[Row], fresh: Sequence[_Taken]) -> tuple[list[judging.NewReading], list[_Held], list[Session]]:
    """The readings of new messages; those that wait for a nurse's word; and the sessions whose monitor shows, or has
    shown, a fault."""
    readings: list[judging.NewReading] = []
    held: list[_Held] = []
    early: list[tuple[judging.NewReading, datetime]] = []
    faulty: dict[int, Session] = {}
    for each in fresh:
        device = each.device
        assert device is not None
        shown, doubt = _hear(device, each)
        each.doubt = doubt
        if device.session is not None and (device.faults or shown):
            faulty[device.session.encounter_id] = device.session
        _stand(device, shown, each.arrival.received_at)
        if each.session is None or (each.answer.ack != "AA" and not each.contradicts):
            continue
        found = _readings(each, doubt, early)
        if each.contradicts:
            held += [(one, each.contradicts[0]) for one in found]
        readings += found
    _hold_back_undated(cursor, readings)
    return readings + _own(cursor, early), held, list(faulty.values())


def _hear(device: Known, taken: _Taken) -> tuple[tuple[str, ...], str]:
    """What a message shows of its monitor's faults, and why its values are doubted ("" where they are not)."""
    arrival = taken.arrival
    shown: list[str] = []
    doubt = ""
    heard = clock.hear(device.clock, _said(arrival), arrival.received_at)
    if not (taken.past or taken.again):
        device.changed |= _differs(device.clock, heard.clock)
        device.clock = heard.clock
        if heard.moved:
            device.moved_at = arrival.received_at
            shown.append(faults.MOVED)
    if not known.same_line(device, arrival.host):
        shown.append(faults.LINE)
        doubt = DOUBT_LINE
    if not heard.settled:
        doubt = DOUBT_CLOCK
        if clock.stuck(heard.clock, arrival.received_at):
            shown.append(faults.TIMES)
    if clock.far_from_own(arrival.sent_at, _continuous(arrival)):
        doubt = DOUBT_TIME
        shown.append(faults.TIMES)
    if taken.contradicts:
        shown.append(faults.PATIENT)
    return tuple(shown), doubt


def _differs(before: clock.Clock, after: clock.Clock) -> bool:
    """Whether what a message says of a clock is worth a row: more than the noise of a single message."""
    if before[1:] != after[1:] or before.offset_s is None or after.offset_s is None:
        return before != after
    return abs(after.offset_s - before.offset_s) > clock.NOISE.total_seconds()


def _stand(device: Known, shown: Sequence[str], at: datetime) -> None:
    if device.faults or shown:
        text = faults.kept(device.faults, shown, at)
        device.changed |= text != device.faults
        device.faults = text


def _continuous(arrival: Arrival) -> Iterator[datetime | None]:
    """The times of what a monitor measures all the time: a cuff's lie behind, rightly."""
    return (each.measured_at for each in arrival.values if each.code not in judging.CUFF)


def _readings(taken: _Taken, doubt: str, early: list[tuple[judging.NewReading, datetime]]) -> list[judging.NewReading]:
    """The values of a message. Those measured before the monitor came to this session go to ``early``, with when."""
    device, arrival = taken.device, taken.arrival
    assert device is not None
    came, since, sent_at = arrival.received_at, device.since, arrival.sent_at
    offset = timedelta(seconds=device.clock.offset_s or 0)
    shift = clock.correction(offset)
    test = "test" if arrival.test else ""
    out = []
    for one in arrival.values:
        at = one.measured_at
        why = doubt or _undatable(one, sent_at, came + offset)
        if at is None or why:
            out.append(_reading(taken, one, _effective(device, at, came, why), why, test))
            continue
        reading = _reading(taken, one, min(at - shift, came), why, test)
        if taken.past or since is None or at - offset >= since:
            out.append(reading)
        else:
            early.append((reading, at - offset))
    return out


def _reading(taken: _Taken, one: Value, dated: datetime, why: str, test: str) -> judging.NewReading:
    """A value as it is judged and charted. ``why`` it has no time of its own that can be used goes before all other
    doubt, but for what is no number at all."""
    device, arrival, session = taken.device, taken.arrival, taken.session
    assert device is not None
    assert session is not None
    value, own_doubt = in_own_unit(one.code, one.value, one.unit)
    doubted = bool(why or taken.contradicts)
    said = one.doubt or own_doubt or test
    if doubted:
        said = _doubted(said, why)
    reading = judging.NewReading(
        session, one.code, value, one.unit if own_doubt == "unit" else VITALS[one.code].unit.code, dated,
        arrival.received_at, one.measured_at, judging.MONITOR, device.device_id, taken.message_id, None,
        "corrected" if one.status in CORRECTS else "final", said,
        source=judging.source_of(device.device_id, one.site),
    )  # fmt: skip
    if doubted or taken.past:
        reading.judged, reading.charted = not taken.past, not taken.contradicts
        reading.judged_at = arrival.received_at if doubted else None
    return reading


def _doubted(own: str, why: str) -> str:
    """Which doubt of a doubted message's value is written down: of what is no number its own, else the message's."""
    return own if own in VOID else why or own or "patient"


def _absent(taken: _Taken) -> list[judging.NoValue]:
    """The sensors of a message that have no value, unless it says so of a time before the monitor came. What is in
    doubt (its patient, its line, its time) empties nothing."""
    device, arrival, session = taken.device, taken.arrival, taken.session
    if device is None or session is None or any((taken.past, taken.again, taken.contradicts, taken.doubt)):
        return []
    out = []
    for one in arrival.absent:
        at = arrival.received_at
        if one.measured_at is not None:
            at = min(clock.exactly(device.clock, one.measured_at), at)
        if device.since is None or at >= device.since:
            unit = VITALS[one.code].unit.code
            source = judging.source_of(device.device_id, one.site)
            out.append(judging.NoValue(session, one.code, at, arrival.received_at, unit, source))
    return out


def _undatable(one: Value, sent_at: datetime | None, came: datetime) -> str:
    """Why a value has no time of its own that can be used: a cuff's that carries none, one from the future, or one of
    what is measured all the time from long before its message. ``came``: when it came, by the monitor's clock."""
    at = one.measured_at
    if at is None:
        return DOUBT_TIME if one.code in judging.CUFF and sent_at is None else ""
    late = one.code not in NOW_AND_THEN and clock.far_from_own(sent_at, (at,))
    return DOUBT_TIME if late or clock.ahead_of_own(sent_at or came, at) else ""


def _effective(device: Known, measured_at: datetime | None, received_at: datetime, doubt: str) -> datetime:
    """Where the chart puts a value: at its own time, or at its arrival where that cannot be used."""
    if measured_at is None or doubt == DOUBT_TIME:
        return received_at
    own = clock.on_our_clock(device.clock, measured_at)
    if doubt == DOUBT_CLOCK and not received_at - clock.HELD_UP <= own <= received_at:
        return received_at
    return min(own, received_at)


def _own(cursor: Cursor[Row], early: Sequence[tuple[judging.NewReading, datetime]]) -> list[judging.NewReading]:
    """Of readings from before their monitor came to its session, those that cannot be another patient's.

    A monitor goes on repeating its last cuff measurement, and sends what it could not send before: what was measured
    while it was on somebody else is never charted here. Its message is kept.
    """
    left = _left(cursor, [reading for reading, _ in early])
    return [
        reading for reading, measured in early if reading.device_id not in left or measured > left[reading.device_id]
    ]


def _hold_back_undated(cursor: Cursor[Row], readings: Sequence[judging.NewReading]) -> None:
    """Of cuff measurements that cannot be dated, none is charted where its monitor was on somebody else before: it may
    be theirs. It is judged all the same."""
    cuffs = [one for one in readings if one.code in judging.CUFF and one.doubt in (DOUBT_TIME, DOUBT_CLOCK)]
    left = _left(cursor, cuffs)
    for one in cuffs:
        one.charted = one.charted and one.device_id not in left


def _left(cursor: Cursor[Row], readings: Sequence[judging.NewReading]) -> dict[int | None, datetime]:
    """When the monitors of ``readings`` last came off another session than the one they are on."""
    if not readings:
        return {}
    cursor.execute(
        "SELECT w.device_id, max(w.until_at) FROM vitals_deviceassociation w"
        " JOIN vitals_deviceassociation here ON here.device_id = w.device_id AND here.until_at IS NULL"
        " WHERE w.device_id = ANY(%s) AND w.until_at IS NOT NULL AND w.encounter_id <> here.encounter_id"
        " GROUP BY w.device_id",
        (list({reading.device_id for reading in readings}),),
    )
    return dict(cursor.fetchall())


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
    """A corrected value names the row of its own probe that it corrects; both remain. One that is in doubt corrects
    nothing: it stands beside the other."""
    for reading in readings:
        if reading.status == "corrected" and reading.measured_at is not None and not reading.doubt:
            cursor.execute(
                "SELECT id FROM vitals_observation WHERE encounter_id = %s AND code = %s AND measured_at = %s"
                " AND device_id = %s AND source IN (%s, '') ORDER BY id DESC LIMIT 1",
                (reading.session.encounter_id, reading.code, reading.measured_at, reading.device_id, reading.source),
            )
            row = cursor.fetchone()
            reading.supersedes_id = row[0] if row else None


_HOLD = """
INSERT INTO vitals_heldreading (clinic_id, patient_id, encounter_id, device_id, message_id, identifier, code, value,
  unit, effective_at, measured_at, received_at, status, doubt, source)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
  %s::float8[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[],
  %s::text[])
"""


def _hold(cursor: Cursor[Row], held: Sequence[_Held]) -> None:
    """Keep what waits for a nurse's word."""
    if held:
        cursor.execute(_HOLD, columns.columns([
            (
                one.session.clinic_id, one.session.patient_id, one.session.encounter_id, one.device_id, one.message_id,
                identifier[:100], one.code, one.value, one.unit, one.effective_at, one.measured_at, one.received_at,
                one.status, "" if one.doubt == "patient" else one.doubt, one.source,
            )
            for one, identifier in held
        ]))  # fmt: skip


def _taken_back(taken: _Taken) -> list[tuple[int, int | None, datetime, TakenBack]]:
    """What a message withdraws; only a message that is believed may: what is in doubt ends nothing, nor does a test."""
    device, arrival = taken.device, taken.arrival
    if device is None or taken.contradicts or taken.doubt or arrival.test:
        return []
    return [(device.device_id, taken.message_id, arrival.received_at, _in_own_unit(each)) for each in arrival.withdrawn]


def _note_left(counts: Counts, fresh: Sequence[_Taken], fitting: Collection[tuple[int | None, TakenBack]]) -> None:
    """Count the withdrawals that struck nothing, with why: a monitor must not believe in vain that a value is gone."""
    for each in fresh:
        if each.device is None or not each.arrival.withdrawn:
            continue
        doubted = each.contradicts or each.doubt
        why = "withdrawal_test" if each.arrival.test else "withdrawal_doubted" if doubted else "withdrawal_unknown"
        left = [one for one in each.arrival.withdrawn if (each.message_id, _in_own_unit(one)) not in fitting]
        items = [Item(unused.REFUSED, f"{one.code} {why}") for one in left]
        counts.add(each.device.clinic_id, each.device.device_id, items, each.arrival.received_at)


def _in_own_unit(taken: TakenBack) -> TakenBack:
    """What is withdrawn as it was charted."""
    if taken.value is None:
        return taken
    return replace(taken, value=in_own_unit(taken.code, taken.value, taken.unit)[0])


def _note(counts: Counts, taken: Sequence[_Taken]) -> None:
    """Count what these messages held that was not used, or not quite believed. What nothing was done with is not
    counted, unless it is of another patient."""
    for each in taken:
        if each.answer.ack != "AA" and not each.contradicts:
            continue
        device, arrival = each.device, each.arrival
        assert device is not None
        if arrival.not_used:
            counts.add(device.clinic_id, device.device_id, arrival.not_used, arrival.received_at)
        if each.contradicts:
            refused = (Item(unused.REFUSED, faults.PATIENT),)
            counts.add(device.clinic_id, device.device_id, refused, arrival.received_at)


def _note_doubted(counts: Counts, readings: Sequence[judging.NewReading]) -> None:
    """Count the values that are doubted, by vital sign and reason: a monitor of which nothing is believed must not look
    healthy. (That a message names another patient is counted already.)"""
    for one in readings:
        if one.doubt and one.doubt != faults.PATIENT and one.device_id is not None:
            item = Item(unused.DOUBTED, f"{one.code} {one.doubt}")
            counts.add(one.session.clinic_id, one.device_id, (item,), one.received_at)
