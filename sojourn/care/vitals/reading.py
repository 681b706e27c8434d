"""What a message carries, as it is judged and charted: values with their times and doubts, and sensors without one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from psycopg import Cursor

from sojourn.care.alarms import columns, judging
from sojourn.care.alarms.store import Session
from sojourn.care.vitals import clock, faults, known, unused
from sojourn.care.vitals.arriving import Row, Taken, Value, continuous_times, time_said
from sojourn.care.vitals.known import Known
from sojourn.care.vitals.unused import Counts, Item
from sojourn.care.vitals.withdrawing import TakenBack
from sojourn.clinical.units import UnitError, convert
from sojourn.clinical.vitals import VITALS, VOID, doubt_of
from sojourn.foundation.rulebook.load import released_rulebook

# Why a value is not believed. The first three are judged by their arrival.
DOUBT_TIME, DOUBT_CLOCK, DOUBT_LINE = "time", "clock", "line"

# What is measured now and then, and repeated until it is measured again: an older time is no fault of its message.
NOW_AND_THEN = judging.CUFF | {"temp"}
CORRECTS = ("C", "A")  # OBX-11: corrected, amended


_Held = tuple[judging.NewReading, str]


def read_messages(
    cursor: Cursor[Row], fresh: Sequence[Taken]
) -> tuple[list[judging.NewReading], list[_Held], list[Session]]:
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


def _hear(device: Known, taken: Taken) -> tuple[tuple[str, ...], str]:
    """What a message shows of its monitor's faults, and why its values are doubted ("" where they are not)."""
    arrival = taken.arrival
    shown: list[str] = []
    doubt = ""
    heard = clock.hear(device.clock, time_said(arrival), arrival.received_at)
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
    if clock.far_from_own(arrival.sent_at, continuous_times(arrival)):
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


def _readings(taken: Taken, doubt: str, early: list[tuple[judging.NewReading, datetime]]) -> list[judging.NewReading]:
    """The values of a message. Those measured before the monitor came to this session go to ``early``, with when."""
    device, arrival = taken.device, taken.arrival
    assert device is not None
    came, since, sent_at = arrival.received_at, device.since, arrival.sent_at
    offset = device.clock.offset
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


def _reading(taken: Taken, one: Value, dated: datetime, why: str, test: str) -> judging.NewReading:
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


def absent_sensors(taken: Taken) -> list[judging.NoValue]:
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
    return value, doubt_of(released_rulebook().plausibility(code), code, value)


def supersede(cursor: Cursor[Row], readings: Sequence[judging.NewReading]) -> None:
    """A corrected value names the row of its own probe that it corrects; both remain. One that is in doubt corrects
    nothing: it stands beside the other."""
    for reading in readings:
        if reading.status == "corrected" and reading.measured_at is not None and not reading.doubt:
            cursor.execute(
                "SELECT id FROM vitals_observation WHERE encounter_id = %s AND code = %s AND measured_at = %s"
                " AND device_id = %s AND source IN (%s, '') ORDER BY id DESC LIMIT 1",
                (reading.session.encounter_id, reading.code, reading.measured_at, reading.device_id, reading.source),
            )
            reading.supersedes_id = next((number for (number,) in cursor.fetchall()), None)


_HOLD = """
INSERT INTO vitals_heldreading (clinic_id, patient_id, encounter_id, device_id, message_id, identifier, code, value,
  unit, effective_at, measured_at, received_at, status, doubt, source)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
  %s::float8[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[],
  %s::text[])
"""


def hold_back(cursor: Cursor[Row], held: Sequence[_Held]) -> None:
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


def withdrawals_of(taken: Taken) -> list[tuple[int, int | None, datetime, TakenBack]]:
    """What a message withdraws; only a message that is believed may: what is in doubt ends nothing, nor does a test."""
    device, arrival = taken.device, taken.arrival
    if device is None or taken.contradicts or taken.doubt or arrival.test:
        return []
    return [(device.device_id, taken.message_id, arrival.received_at, _in_own_unit(each)) for each in arrival.withdrawn]


def note_left(counts: Counts, fresh: Sequence[Taken], fitting: Collection[tuple[int | None, TakenBack]]) -> None:
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


def note_unused(counts: Counts, taken: Sequence[Taken]) -> None:
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


def note_doubted(counts: Counts, readings: Sequence[judging.NewReading]) -> None:
    """Count the values that are doubted, by vital sign and reason: a monitor of which nothing is believed must not look
    healthy. (That a message names another patient is counted already.)"""
    for one in readings:
        if one.doubt and one.doubt != faults.PATIENT and one.device_id is not None:
            item = Item(unused.DOUBTED, f"{one.code} {one.doubt}")
            counts.add(one.session.clinic_id, one.device_id, (item,), one.received_at)
