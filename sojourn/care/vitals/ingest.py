"""The one door through which every vital sign goes: stored, judged and announced in one transaction.

Both the monitors' listener (thousands of readings a second) and a nurse's typed value come here. It speaks SQL to
the cursor it is given, in whole batches: a batch is a handful of statements however many readings it holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from psycopg import Cursor

from sojourn.care.alarms.columns import Row, columns
from sojourn.care.alarms.judging import CUFF, MONITOR, NewestOfSignal, NewReading, Outcome, judge_session, load_current
from sojourn.care.alarms.rules import acting_rules
from sojourn.care.alarms.store import Session, insert_events, load_states, lock, store_states
from sojourn.care.encounter.announcing import CHANNEL
from sojourn.care.vitals.faults import judge_faults
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule, State


def record_batch(
    cursor: Cursor[Row], readings: Sequence[NewReading], now: datetime, *, faulty: Sequence[Session] = ()
) -> Outcome:
    """Store, judge and announce ``readings``, which may belong to many sessions of many clinics. ``faulty``: sessions
    whose monitor shows, or has shown, a fault.

    The caller holds the transaction. Sessions are locked in the order of their ids, so two writers never wait for
    each other in a ring, and judged one after the other.
    """
    outcome = Outcome()
    if not readings and not faulty:
        return outcome
    by_session: dict[int, list[NewReading]] = defaultdict(list)
    for reading in readings:
        by_session[reading.session.encounter_id].append(reading)
    troubled = {session.encounter_id: session for session in faulty}
    ids = sorted({*by_session, *troubled})
    lock(cursor, ids)
    clinics = {reading.session.clinic_id for reading in readings}
    rules = acting_rules(cursor, clinics | {session.clinic_id for session in faulty})
    signals = load_current(cursor, ids)
    readings = _without_repeats(by_session, signals)
    states = load_states(cursor, ids)
    moved: dict[tuple[int, str], NewestOfSignal] = {}
    changed: list[tuple[Session, AlarmRule, State, alarms.Judgement | None]] = []
    for encounter_id in ids:
        if not by_session.get(encounter_id):
            continue
        session = by_session[encounter_id][0].session
        acting = rules[session.clinic_id]
        judge_session(session, by_session[encounter_id], acting, signals, states, moved, changed, outcome, now)
    if troubled:
        technical, happened = judge_faults(cursor, troubled.values(), rules, states, now)
        changed += technical
        outcome.happenings += happened
    charted = [one for one in readings if one.charted]
    if charted:
        _chart(cursor, charted, moved)
    store_states(cursor, changed)
    insert_events(cursor, outcome.happenings)
    news = {one.session.encounter_id: one.session for one in readings} | troubled
    if news:
        announce(cursor, news.values())
    return outcome


_SAME = timedelta(seconds=1)


def _without_repeats(
    by_session: dict[int, list[NewReading]], signals: Mapping[tuple[int, str], NewestOfSignal]
) -> list[NewReading]:
    """Monitors send their last cuff measurement again with every message: the same value of the same moment is one
    measurement, stored once, and its repetition is no sign that the cuff still works. Where its moment cannot be used,
    the same value is the same measurement."""
    kept: list[NewReading] = []
    for encounter_id, readings in by_session.items():
        newest: dict[str, tuple[datetime | None, float | None]] = {}
        fresh = []
        for one in readings:
            if one.code in CUFF and one.method == MONITOR:
                signal = signals.get((encounter_id, one.code))
                at, value = newest.get(one.code) or ((signal.effective_at, signal.value) if signal else (None, None))
                if at is not None and value == one.value and (one.judged_at or abs(one.effective_at - at) < _SAME):
                    continue
                newest[one.code] = (one.effective_at, one.value)
            fresh.append(one)
        by_session[encounter_id] = fresh
        kept += fresh
    return kept


# One set of arrays serves both tables: what is charted, and what of it is now the newest of its signal.
_CHART = """
WITH new AS MATERIALIZED (
  SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::float8[], %s::text[],
    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::text[], %s::text[], %s::bigint[], %s::bool[], %s::timestamptz[])
  AS n (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at, received_at, method,
    device_id, message_id, by_id, status, doubt, supersedes_id, newest, silent_after)),
charted AS (
  INSERT INTO vitals_observation (clinic_id, patient_id, encounter_id, code, value, unit, effective_at,
    measured_at, received_at, method, device_id, message_id, by_id, status, doubt, supersedes_id)
  SELECT clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at, received_at, method,
    device_id, message_id, by_id, status, doubt, supersedes_id FROM new)
INSERT INTO alarms_currentvital AS s (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, received_at,
  doubt, silent_after)
SELECT clinic_id, patient_id, encounter_id, code, value, unit, effective_at, received_at, doubt, silent_after
FROM new WHERE newest
ON CONFLICT (encounter_id, code) DO UPDATE SET value = excluded.value, unit = excluded.unit,
  effective_at = excluded.effective_at, received_at = excluded.received_at, doubt = excluded.doubt,
  silent_after = excluded.silent_after
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
            one.status, one.doubt, one.supersedes_id, signal.newest is one, signal.silent_after,
        ))  # fmt: skip
    cursor.execute(_CHART, columns(rows))


def announce(cursor: Cursor[Row], sessions: Iterable[Session]) -> None:
    """Tell the live processes which sessions have news: ids only, they read the truth themselves."""
    by_clinic: dict[int, list[int]] = defaultdict(list)
    for session in sessions:
        by_clinic[session.clinic_id].append(session.encounter_id)
    payloads = [
        f"{clinic_id}:{','.join(map(str, ids[start : start + 500]))}"
        for clinic_id, ids in by_clinic.items()
        for start in range(0, len(ids), 500)
    ]
    cursor.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", (CHANNEL, payloads))
