"""Alarm states and their events in batches, on the cursor that is given. A batch is a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from psycopg import Cursor

from sojourn.care.alarms.columns import Row, columns
from sojourn.care.encounter.models import Encounter
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule, Happening, Phase, Priority, State
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import Arguments, Lock


@dataclass(frozen=True, slots=True)
class Session:
    """What judging needs to know of a running session."""

    clinic_id: int
    encounter_id: int
    patient_id: int
    protocol_id: str


def lock(cursor: Cursor[Row], encounter_ids: Sequence[int]) -> None:
    """Hold these sessions' alarms until the transaction ends. ``encounter_ids`` must be in rising order."""
    cursor.execute(
        "SELECT pg_advisory_xact_lock(7301, id) FROM unnest(%s::int[]) AS id ORDER BY id",
        (list(encounter_ids),),
    )


def alarms_of(argument: str) -> Lock:
    """The same lock as an action declares it: of the session that an argument names by its key, or is."""

    def take(_by: Actor, arguments: Arguments) -> None:
        named = arguments[argument]
        with connection.cursor() as wrapped:
            lock(wrapped.cursor, [named.pk if isinstance(named, Encounter) else named])

    return Lock("turn: alarms of a session", take, (argument,))


def load_states(cursor: Cursor[Row], ids: Sequence[int]) -> dict[tuple[int, str, str], State]:
    """The alarm states of sessions by (encounter, rule, vital sign)."""
    cursor.execute(
        "SELECT encounter_id, rule_id, code, phase, since_at, priority, deadline_at, acknowledged_at,"
        " acknowledged_by_name FROM alarms_alarmstate WHERE encounter_id = ANY(%s)",
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


_STORE_STATES = """
INSERT INTO alarms_alarmstate (clinic_id, patient_id, encounter_id, rule_id, code, phase, priority, since_at,
  deadline_at, acknowledged_at, acknowledged_by_name, why, value, "limit")
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::float8[], %s::float8[])
ON CONFLICT (encounter_id, rule_id, code) DO UPDATE SET phase = excluded.phase, priority = excluded.priority,
  since_at = excluded.since_at, deadline_at = excluded.deadline_at, acknowledged_at = excluded.acknowledged_at,
  acknowledged_by_name = excluded.acknowledged_by_name,
  why = CASE WHEN excluded.why = 'as-before' THEN alarms_alarmstate.why ELSE excluded.why END,
  value = CASE WHEN excluded.why = 'as-before' THEN alarms_alarmstate.value ELSE excluded.value END,
  "limit" = CASE WHEN excluded.why = 'as-before' THEN alarms_alarmstate."limit" ELSE excluded."limit" END
"""
# An alarm that nobody answered, or that somebody did, is still about the value that set it off.
_AS_BEFORE = ("as-before", None, None)


def store_states(
    cursor: Cursor[Row], changed: Iterable[tuple[Session, AlarmRule, State, alarms.AlarmEvaluation | None]]
) -> None:
    """Write the last state of each rule that changed. A silence deadline lives with its signal, not here."""
    rows: dict[tuple[int, str, str], Row] = {}
    about: dict[tuple[int, str, str], tuple[str, float | None, float | None]] = {}
    for session, rule, state, judgement in changed:
        deadline = None if rule.silence is not None and not state.open else state.deadline
        key = (session.encounter_id, rule.rule_id, rule.vital)
        found = _about(judgement)
        about[key] = about.get(key, found) if found is _AS_BEFORE else found
        rows[key] = (
            session.clinic_id, session.patient_id, session.encounter_id, rule.rule_id, rule.vital,
            state.phase.value, state.priority.value if state.priority else "", state.since, deadline,
            state.acknowledged_at, state.acknowledged_by or "", *about[key],
        )  # fmt: skip
    if rows:
        cursor.execute(_STORE_STATES, columns(list(rows.values())))


def _about(judgement: alarms.AlarmEvaluation | None) -> tuple[str, float | None, float | None]:
    """Why, the value and the limit that an alarm is about."""
    if judgement is None:
        return "", None, None
    reason = judgement.set_off
    return _AS_BEFORE if reason is None else (reason.why.value, reason.value, reason.limit)


def store_withdrawn(cursor: Cursor[Row], session: Session, rule: AlarmRule, state: State, happening: Happening) -> None:
    """Write the state of an alarm whose value was withdrawn, with why: it says so until a person answers."""
    reason = happening.reason
    judged = alarms.AlarmEvaluation(
        state, (happening,), True, reason.why, rule, reason.value, reason.limit, reason.baseline
    )
    store_states(cursor, [(session, rule, state, judged)])


_INSERT_EVENTS = """
INSERT INTO alarms_alarmevent (clinic_id, patient_id, encounter_id, rule_id, rule_version, rule_hash, code, kind,
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


def session_of(encounter: Encounter) -> Session:
    """The session as judging knows it."""
    return Session(encounter.clinic_id, encounter.pk, encounter.patient_id, encounter.protocol_id)
