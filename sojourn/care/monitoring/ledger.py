"""The one door through which every vital sign goes: stored, judged and announced in one transaction.

Both the monitors' listener (thousands of readings a second) and a nurse's typed value come here. It speaks SQL to
the cursor it is given, in whole batches: a batch is a handful of statements however many readings it holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import Cursor

from sojourn.care.monitoring.rules import Acting, acting_rules
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule, Happening, Phase, Priority, Reading, State

Row = tuple[Any, ...]
MONITOR = "monitor"
TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Session:
    """What judging needs to know of a running session."""

    clinic_id: int
    encounter_id: int
    patient_id: int
    protocol_id: str


@dataclass(slots=True)
class NewReading:
    """A value in its vital sign's own unit, about to be stored. ``doubt`` says why it is not believed."""

    session: Session
    code: str
    value: float
    unit: str
    effective_at: datetime
    received_at: datetime
    measured_at: datetime | None = None
    method: str = MONITOR
    device_id: int | None = None
    message_id: int | None = None
    by_id: int | None = None
    status: str = "final"
    doubt: str = ""
    supersedes_id: int | None = None


@dataclass(slots=True)
class _Signal:
    """The newest of one vital sign in one session."""

    value: float | None = None
    effective_at: datetime | None = None
    silent_after: datetime | None = None
    baseline: float | None = None
    newest: NewReading | None = None


@dataclass(slots=True)
class Outcome:
    """What a batch set off: alarm rows written, by session."""

    happenings: list[tuple[Session, AlarmRule, Happening]] = field(default_factory=list)


def take(cursor: Cursor[Row], readings: Sequence[NewReading], now: datetime) -> Outcome:
    """Store, judge and announce ``readings``, which may belong to many sessions of many clinics.

    The caller holds the transaction. Sessions are locked in the order of their ids, so two writers never wait for
    each other in a ring, and judged one after the other.
    """
    outcome = Outcome()
    if not readings:
        return outcome
    by_session: dict[int, list[NewReading]] = defaultdict(list)
    for reading in readings:
        by_session[reading.session.encounter_id].append(reading)
    ids = sorted(by_session)
    lock(cursor, ids)
    rules = acting_rules(cursor, {reading.session.clinic_id for reading in readings})
    signals = _load_signals(cursor, ids)
    readings = _without_repeats(by_session, signals)
    states = load_states(cursor, ids)
    moved: dict[tuple[int, str], _Signal] = {}
    changed: list[tuple[Session, AlarmRule, State, alarms.Judgement | None]] = []
    for encounter_id in ids:
        if not by_session[encounter_id]:
            continue
        session = by_session[encounter_id][0].session
        acting = rules[session.clinic_id]
        _judge_session(session, by_session[encounter_id], acting, signals, states, moved, changed, outcome, now)
    if not readings:
        return outcome
    _chart(cursor, readings, moved)
    store_states(cursor, changed)
    insert_events(cursor, outcome.happenings)
    announce(cursor, by_session)
    return outcome


_CUFF = frozenset(("nibp_sys", "nibp_dia", "nibp_map"))
_SAME = timedelta(seconds=1)


def _without_repeats(
    by_session: dict[int, list[NewReading]], signals: Mapping[tuple[int, str], _Signal]
) -> list[NewReading]:
    """Monitors send their last cuff measurement again with every message: the same value of the same moment is one
    measurement, stored once, and its repetition is no sign that the cuff still works."""
    kept: list[NewReading] = []
    for encounter_id, readings in by_session.items():
        newest: dict[str, tuple[datetime | None, float | None]] = {}
        fresh = []
        for one in readings:
            if one.code in _CUFF and one.method == MONITOR:
                signal = signals.get((encounter_id, one.code))
                at, value = newest.get(one.code) or ((signal.effective_at, signal.value) if signal else (None, None))
                if at is not None and value == one.value and abs(one.effective_at - at) < _SAME:
                    continue
                newest[one.code] = (one.effective_at, one.value)
            fresh.append(one)
        by_session[encounter_id] = fresh
        kept += fresh
    return kept


def _judge_session(
    session: Session,
    readings: list[NewReading],
    acting: Acting,
    signals: dict[tuple[int, str], _Signal],
    states: dict[tuple[int, str, str], State],
    moved: dict[tuple[int, str], _Signal],
    changed: list[tuple[Session, AlarmRule, State, alarms.Judgement | None]],
    outcome: Outcome,
    now: datetime,
) -> None:
    encounter_id = session.encounter_id
    by_code: dict[str, list[NewReading]] = defaultdict(list)
    for reading in readings:
        by_code[reading.code].append(reading)
    for code, ones in by_code.items():
        key = (encounter_id, code)
        signal = signals.get(key)
        if signal is None:
            signal = signals[key] = _Signal()
        newest_at = signal.effective_at
        recent = [Reading(one.effective_at, one.value, bool(one.doubt)) for one in ones]
        for rule in acting.alarms(session.protocol_id, code):
            state_key = (encounter_id, rule.rule_id, code)
            stored = states.get(state_key)
            if rule.silence is not None:
                stored = _awaited(rule.silence, stored, signal, ones, now)
                if stored is None:
                    continue
                stored = stored._replace(newest_at=newest_at)
            else:
                stored = State(newest_at=newest_at) if stored is None else stored._replace(newest_at=newest_at)
            judgement = alarms.judge(rule, recent, stored, now, signal.baseline)
            if judgement.changed:
                states[state_key] = judgement.state
                changed.append((session, rule, judgement.state, judgement))
                outcome.happenings += [(session, rule, happening) for happening in judgement.happenings]
        for one in ones:
            if newest_at is None or one.effective_at >= newest_at:
                newest_at = one.effective_at
                signal.newest = one
                signal.effective_at = newest_at
        moved[key] = signal


def _awaited(
    wait: timedelta, stored: State | None, signal: _Signal, ones: Sequence[NewReading], now: datetime
) -> State | None:
    """What a rule of silence judges ``ones`` by; None where all that they do is to move its deadline, or nothing.

    Only a monitor is expected to go on by itself: from its first message on, even where nothing in that can be
    believed, for what cannot be believed must not look as if all were well. Only what can be believed breaks a silence.
    """
    monitored = [one for one in ones if one.method == MONITOR]
    heard = any(not one.doubt for one in monitored)
    until = now + wait
    quiet = stored is None or stored.phase is Phase.QUIET
    if quiet and monitored and (signal.silent_after is None or (heard and now < signal.silent_after)):
        signal.silent_after = until
        return None
    if not heard:
        return None
    stored = stored or State()
    stored = stored._replace(deadline=stored.deadline or signal.silent_after)
    signal.silent_after = until
    return stored


# --- sessions in order ---


def lock(cursor: Cursor[Row], encounter_ids: Sequence[int]) -> None:
    """Hold these sessions' alarms until the transaction ends. ``encounter_ids`` must be in rising order."""
    cursor.execute(
        "SELECT pg_advisory_xact_lock(7301, id) FROM unnest(%s::int[]) AS id ORDER BY id",
        (list(encounter_ids),),
    )


def _load_signals(cursor: Cursor[Row], ids: Sequence[int]) -> dict[tuple[int, str], _Signal]:
    cursor.execute(
        "SELECT encounter_id, code, value, effective_at, silent_after, baseline FROM monitoring_signal"
        " WHERE encounter_id = ANY(%s)",
        (list(ids),),
    )
    return {(row[0], row[1]): _Signal(*row[2:]) for row in cursor.fetchall()}


def load_states(cursor: Cursor[Row], ids: Sequence[int]) -> dict[tuple[int, str, str], State]:
    """The alarm states of sessions by (encounter, rule, vital sign)."""
    cursor.execute(
        "SELECT encounter_id, rule_id, code, phase, since_at, priority, deadline_at, acknowledged_at,"
        " acknowledged_by_name FROM monitoring_alarmstate WHERE encounter_id = ANY(%s)",
        (list(ids),),
    )
    return {
        (encounter, rule, code): State(
            Phase(phase),
            None,
            since,
            Priority(priority) if priority else None,
            deadline,
            seen_at,
            seen_by or None,
        )
        for encounter, rule, code, phase, since, priority, deadline, seen_at, seen_by in cursor.fetchall()
    }


# --- writing, in batches ---


def columns(rows: Sequence[Row]) -> list[str]:
    """The columns of ``rows`` as PostgreSQL array literals. psycopg would make the same lists in many times the time,
    and this is where a thousand messages a second spend most of theirs."""
    times: dict[datetime, str] = {}
    return ["{" + _literal(column, times) + "}" for column in zip(*rows, strict=True)]


def _literal(column: Row, times: dict[datetime, str]) -> str:
    """One column, by its type: numbers as Python writes them, and text as it is where nothing needs quoting."""
    kinds = set(map(type, column))
    if kinds <= _NUMBERS:
        return repr(list(column))[1:-1].replace("None", "NULL")
    if kinds == {str}:
        joined = '","'.join(column)
        if "\\" not in joined and joined.count('"') == 2 * (len(column) - 1):
            return f'"{joined}"'
        return ",".join(map(_quoted, column))
    return ",".join([_element(value, times) for value in column])


_NUMBERS = frozenset((int, float, bool, type(None)))


def _element(value: Any, times: dict[datetime, str]) -> str:
    if value is None:
        return "NULL"
    if type(value) is datetime:  # the readings of a message share their times
        text = times.get(value)
        if text is None:
            text = times[value] = value.isoformat()
        return text
    if type(value) is bytes:
        return f'"\\\\x{value.hex()}"'
    return _quoted(value) if type(value) is str else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# One set of arrays serves both tables: what is charted, and what of it is now the newest of its signal.
_CHART = """
WITH new AS MATERIALIZED (
  SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::float8[], %s::text[],
    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::text[], %s::text[], %s::bigint[], %s::bool[], %s::timestamptz[])
  AS n (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at, received_at, method,
    device_id, message_id, by_id, status, doubt, supersedes_id, newest, silent_after)),
charted AS (
  INSERT INTO monitoring_observation (clinic_id, patient_id, encounter_id, code, value, unit, effective_at,
    measured_at, received_at, method, device_id, message_id, by_id, status, doubt, supersedes_id)
  SELECT clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at, received_at, method,
    device_id, message_id, by_id, status, doubt, supersedes_id FROM new)
INSERT INTO monitoring_signal AS s (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, received_at,
  doubt, silent_after)
SELECT clinic_id, patient_id, encounter_id, code, value, unit, effective_at, received_at, doubt, silent_after
FROM new WHERE newest
ON CONFLICT (encounter_id, code) DO UPDATE SET value = excluded.value, unit = excluded.unit,
  effective_at = excluded.effective_at, received_at = excluded.received_at, doubt = excluded.doubt,
  silent_after = excluded.silent_after
"""


def _chart(cursor: Cursor[Row], readings: Iterable[NewReading], moved: Mapping[tuple[int, str], _Signal]) -> None:
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


_STORE_STATES = """
INSERT INTO monitoring_alarmstate (clinic_id, patient_id, encounter_id, rule_id, code, phase, priority, since_at,
  deadline_at, acknowledged_at, acknowledged_by_name, why, value, "limit")
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::float8[], %s::float8[])
ON CONFLICT (encounter_id, rule_id, code) DO UPDATE SET phase = excluded.phase, priority = excluded.priority,
  since_at = excluded.since_at, deadline_at = excluded.deadline_at, acknowledged_at = excluded.acknowledged_at,
  acknowledged_by_name = excluded.acknowledged_by_name, why = excluded.why, value = excluded.value,
  "limit" = excluded."limit"
"""


def store_states(
    cursor: Cursor[Row], changed: Iterable[tuple[Session, AlarmRule, State, alarms.Judgement | None]]
) -> None:
    """Write the last state of each rule that changed. A silence deadline lives with its signal, not here."""
    rows: dict[tuple[int, str, str], Row] = {}
    for session, rule, state, judgement in changed:
        deadline = None if rule.silence is not None and not state.open else state.deadline
        rows[session.encounter_id, rule.rule_id, rule.vital] = (
            session.clinic_id, session.patient_id, session.encounter_id, rule.rule_id, rule.vital,
            state.phase.value, state.priority.value if state.priority else "", state.since, deadline,
            state.acknowledged_at, state.acknowledged_by or "",
            judgement.why.value if judgement else "", judgement.value if judgement else None,
            judgement.limit if judgement else None,
        )  # fmt: skip
    if rows:
        cursor.execute(_STORE_STATES, columns(list(rows.values())))


_INSERT_EVENTS = """
INSERT INTO monitoring_alarmevent (clinic_id, patient_id, encounter_id, rule_id, rule_version, rule_hash, code, kind,
  priority, at, why, value, "limit", baseline, note, by_id)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::text[], %s::text[],
  %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::float8[], %s::float8[], %s::float8[], %s::text[],
  %s::bigint[])
"""


def insert_events(
    cursor: Cursor[Row],
    happenings: Iterable[tuple[Session, AlarmRule, Happening]],
    *,
    by_id: int | None = None,
    note: str = "",
    kind: str = "",
) -> None:
    """One AlarmEvent for each happening, of its own kind or of ``kind``."""
    rows = [
        (
            session.clinic_id, session.patient_id, session.encounter_id, rule.rule_id, rule.version, rule.hash,
            rule.vital, kind or happening.event.value, happening.priority.value, happening.at,
            happening.reason.why.value, happening.reason.value, happening.reason.limit, happening.reason.baseline,
            note, by_id,
        )
        for session, rule, happening in happenings
    ]  # fmt: skip
    if rows:
        cursor.execute(_INSERT_EVENTS, columns(rows))


CHANNEL = "sojourn_live"


def announce(cursor: Cursor[Row], by_session: Mapping[int, Sequence[NewReading]]) -> None:
    """Tell the live processes which sessions have news: ids only, they read the truth themselves."""
    by_clinic: dict[int, list[int]] = defaultdict(list)
    for encounter_id, readings in by_session.items():
        if readings:
            by_clinic[readings[0].session.clinic_id].append(encounter_id)
    payloads = [
        f"{clinic_id}:{','.join(map(str, ids[start : start + 500]))}"
        for clinic_id, ids in by_clinic.items()
        for start in range(0, len(ids), 500)
    ]
    cursor.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", (CHANNEL, payloads))
