"""The one door through which every vital sign goes: stored, judged and announced in one transaction.

Both the monitors' listener (thousands of readings a second) and a nurse's typed value come here. It speaks SQL to
the cursor it is given, in whole batches: a batch is a handful of statements however many readings it holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from psycopg import Cursor

from sojourn.care.alarms.columns import Row, columns
from sojourn.care.alarms.judging import (
    CUFF,
    MONITOR,
    Batch,
    BatchOutcome,
    NewestOfSignal,
    NewReading,
    NoValue,
    judge_session,
    load_current,
)
from sojourn.care.alarms.rules import Acting, acting_rules
from sojourn.care.alarms.store import Session, insert_events, load_states, lock, store_states
from sojourn.care.encounter.announcing import CHANNEL
from sojourn.care.vitals.faults import judge_faults
from sojourn.clinical.vitals import NO_VALUE

T = TypeVar("T", NewReading, NoValue)


def record_batch(
    cursor: Cursor[Row], readings: Sequence[NewReading], now: datetime, absent: Sequence[NoValue] = (), *,
    faulty: Sequence[Session] = (),
) -> BatchOutcome:  # fmt: skip
    """Store, judge and announce ``readings``, which may belong to many sessions of many clinics; and that sensors have
    no value (``absent``), which is not charted, empties what is shown and starts the clock of "no good value".
    ``faulty``: sessions whose monitor shows, or has shown, a fault.

    The caller holds the transaction. Sessions are locked in the order of their ids, so two writers never wait for
    each other in a ring, and judged one after the other.
    """
    if not any((readings, absent, faulty)):
        return BatchOutcome()
    by_session, gone = _by_session(readings), _by_session(absent)
    sessions = _sessions(readings, absent, faulty)
    ids = list(sessions)
    lock(cursor, ids)
    rules = acting_rules(cursor, {session.clinic_id for session in sessions.values()})
    signals = load_current(cursor, ids)
    readings = _without_repeats(by_session, signals)
    readings = _without_older_repeats(cursor, by_session, readings, signals)
    if not any((readings, absent, faulty)):
        return BatchOutcome()
    batch = Batch(signals, load_states(cursor, ids), now)
    _judge_each(sessions, by_session, gone, rules, batch)
    if faulty:
        technical, happened = judge_faults(cursor, faulty, rules, batch.states, now)
        batch.changed += technical
        batch.outcome.happenings += happened
    charted = [one for one in readings if one.charted]
    if charted:
        _chart(cursor, charted, batch.moved)
    if absent:
        _empty(cursor, absent, batch.moved)
    store_states(cursor, batch.changed)
    insert_events(cursor, batch.outcome.happenings)
    announce(cursor, list(sessions.values()))
    return batch.outcome


_SAME = timedelta(seconds=1)
_TOLD_AT_ONCE = 500  # sessions: PostgreSQL takes 8000 bytes in one notice


def _by_session(values: Iterable[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for each in values:
        found[each.session.encounter_id].append(each)
    return found


def _sessions(
    readings: Sequence[NewReading], absent: Sequence[NoValue], faulty: Sequence[Session]
) -> dict[int, Session]:
    """The sessions of all of these, in the order of their ids."""
    found = {each.session.encounter_id: each.session for each in readings}
    found.update((each.session.encounter_id, each.session) for each in absent)
    found.update((each.encounter_id, each) for each in faulty)
    return {encounter_id: found[encounter_id] for encounter_id in sorted(found)}


def _judge_each(
    sessions: Mapping[int, Session], by_session: Mapping[int, list[NewReading]], gone: Mapping[int, list[NoValue]],
    rules: Mapping[int, Acting], batch: Batch,
) -> None:  # fmt: skip
    """Judge what is new in each session, in the order of their ids."""
    for encounter_id, session in sessions.items():
        readings, absent = by_session.get(encounter_id, []), gone.get(encounter_id, [])
        if readings or absent:
            judge_session(session, readings, absent, rules[session.clinic_id], batch)


def _without_repeats(
    by_session: dict[int, list[NewReading]], signals: Mapping[tuple[int, str], NewestOfSignal]
) -> list[NewReading]:
    """Monitors send their last cuff measurement again with every message: the same value of the same moment is one
    measurement, stored once, and its repetition is no sign that the cuff still works."""
    for encounter_id, readings in by_session.items():
        newest: dict[str, tuple[datetime | None, float | None]] = {}
        by_session[encounter_id] = [
            one for one in readings if one.code not in CUFF or not _repeats(one, encounter_id, signals, newest)
        ]
    return [one for readings in by_session.values() for one in readings]


def _repeats(
    one: NewReading, encounter_id: int, signals: Mapping[tuple[int, str], NewestOfSignal],
    newest: dict[str, tuple[datetime | None, float | None]],
) -> bool:  # fmt: skip
    """Whether a cuff's value is the one that is known already; ``newest`` are those of this batch, and learns."""
    if one.method != MONITOR:
        return False
    signal = signals.get((encounter_id, one.code))
    at, value = newest.get(one.code) or ((signal.effective_at, signal.value) if signal else (None, None))
    if at is not None and value == one.value and (one.judged_at or abs(one.effective_at - at) < _SAME):
        return True
    newest[one.code] = (one.effective_at, one.value)
    return False


_CHARTED_BEFORE = """
SELECT encounter_id, code, device_id, measured_at, value FROM vitals_observation
WHERE encounter_id = ANY(%s) AND code = ANY(%s) AND measured_at = ANY(%s)
"""


def _charted_before(cursor: Cursor[Row], older: Sequence[NewReading]) -> set[int]:
    """Which of these objects are charted already, of their session, cuff and time."""
    encounters, codes = {one.session.encounter_id for one in older}, {one.code for one in older}
    cursor.execute(_CHARTED_BEFORE, (sorted(encounters), sorted(codes), list({one.measured_at for one in older})))
    before = set(cursor.fetchall())
    return {id(one) for one in older if _identity(one) in before}


def _without_older_repeats(
    cursor: Cursor[Row], by_session: dict[int, list[NewReading]], readings: list[NewReading],
    signals: Mapping[tuple[int, str], NewestOfSignal],
) -> list[NewReading]:  # fmt: skip
    """The same where something newer is shown already, as a pressure that a nurse took: what was charted of that cuff
    at that time is not charted again with every message. Asked only of a cuff's values that are older than the newest.
    """
    older = [one for one in readings if _older_cuff(one, signals)]
    if not older:
        return readings
    again = _charted_before(cursor, older)
    for encounter_id, ones in by_session.items():
        by_session[encounter_id] = [one for one in ones if id(one) not in again]
    return [one for ones in by_session.values() for one in ones]


def _older_cuff(one: NewReading, signals: Mapping[tuple[int, str], NewestOfSignal]) -> bool:
    if one.code not in CUFF or one.method != MONITOR or one.measured_at is None or one.status != "final":
        return False
    signal = signals.get((one.session.encounter_id, one.code))
    return signal is not None and signal.effective_at is not None and one.effective_at < signal.effective_at


def _identity(one: NewReading) -> Row:
    return one.session.encounter_id, one.code, one.device_id, one.measured_at, one.value


# One set of arrays serves both tables: what is charted, and what of it is now the newest of its signal.
_CHART = """
WITH new AS MATERIALIZED (
  SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::float8[], %s::text[],
    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bool[], %s::timestamptz[])
  AS n (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at, received_at, method,
    device_id, message_id, by_id, status, doubt, supersedes_id, source, newest, silent_after)),
charted AS (
  INSERT INTO vitals_observation (clinic_id, patient_id, encounter_id, code, value, unit, effective_at,
    measured_at, received_at, method, device_id, message_id, by_id, status, doubt, supersedes_id, source)
  SELECT clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at, received_at, method,
    device_id, message_id, by_id, status, doubt, supersedes_id, source FROM new)
INSERT INTO alarms_currentvital AS s (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, received_at,
  doubt, source, silent_after)
SELECT clinic_id, patient_id, encounter_id, code, value, unit, effective_at, received_at, doubt, source, silent_after
FROM new WHERE newest
ON CONFLICT (encounter_id, code) DO UPDATE SET value = excluded.value, unit = excluded.unit,
  effective_at = excluded.effective_at, received_at = excluded.received_at, doubt = excluded.doubt,
  source = excluded.source, silent_after = excluded.silent_after
"""


def _chart(
    cursor: Cursor[Row], readings: Iterable[NewReading], moved: Mapping[tuple[int, str], NewestOfSignal]
) -> None:
    """Write the readings, and move the signals whose newest is among them."""
    rows = []
    for one in readings:
        session = one.session
        signal = moved[session.encounter_id, one.code]
        rows.append((
            session.clinic_id, session.patient_id, session.encounter_id, one.code, one.value, one.unit,
            one.effective_at, one.measured_at, one.received_at, one.method, one.device_id, one.message_id, one.by_id,
            one.status, one.doubt, one.supersedes_id, one.source, signal.newest is one, signal.silent_after,
        ))  # fmt: skip
    cursor.execute(_CHART, columns(rows))


# What a sensor without a value does to its signal; a signal that was never heard of begins so.
_EMPTY = """
INSERT INTO alarms_currentvital AS s (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, received_at,
  doubt, source, silent_after)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::float8[], %s::text[], %s::timestamptz[],
  %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[])
ON CONFLICT (encounter_id, code) DO UPDATE SET effective_at = excluded.effective_at,
  received_at = excluded.received_at, doubt = excluded.doubt, source = excluded.source,
  silent_after = excluded.silent_after
"""


def _empty(cursor: Cursor[Row], absent: Iterable[NoValue], moved: Mapping[tuple[int, str], NewestOfSignal]) -> None:
    """Empty the signals whose sensor says that it has no value."""
    rows: dict[tuple[int, str], Row] = {}
    for one in absent:
        session = one.session
        signal = moved[session.encounter_id, one.code]
        if signal.gone is one:
            rows[session.encounter_id, one.code] = (
                session.clinic_id, session.patient_id, session.encounter_id, one.code, signal.value or 0.0, one.unit,
                one.at, one.received_at, NO_VALUE, one.source, signal.silent_after,
            )  # fmt: skip
    if rows:
        cursor.execute(_EMPTY, columns(list(rows.values())))


def announce(cursor: Cursor[Row], sessions: Iterable[Session]) -> None:
    """Tell the live processes which sessions have news: ids only, they read the truth themselves."""
    by_clinic: dict[int, list[int]] = defaultdict(list)
    for session in sessions:
        by_clinic[session.clinic_id].append(session.encounter_id)
    payloads = [
        f"{clinic_id}:{','.join(map(str, ids[start : start + _TOLD_AT_ONCE]))}"
        for clinic_id, ids in by_clinic.items()
        for start in range(0, len(ids), _TOLD_AT_ONCE)
    ]
    cursor.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", (CHANNEL, payloads))
