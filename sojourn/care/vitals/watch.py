"""What time alone does: signals that fell silent, alarms that nobody answered. Run by the watch process.

Two watchers are safe: sessions are locked, and what one has judged the other finds judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Cursor

from sojourn.care.alarms import store as alarm_store
from sojourn.care.alarms.rules import Acting, acting_rules
from sojourn.care.encounter import announcing
from sojourn.care.vitals import strangers
from sojourn.clinical import alarms
from sojourn.clinical.alarms import Phase, State

Row = tuple[Any, ...]
Judged = tuple[alarm_store.Session, alarms.AlarmRule, alarms.AlarmEvaluation]

_OVERDUE = """
SELECT e.clinic_id, e.id, e.patient_id, e.protocol_id, EXISTS (
  SELECT FROM vitals_deviceassociation w WHERE w.encounter_id = e.id AND w.until_at IS NULL)
FROM encounter_encounter e
WHERE e.id IN (
  SELECT encounter_id FROM alarms_currentvital WHERE awaited AND silent_after <= %(now)s
  UNION SELECT encounter_id FROM alarms_alarmstate WHERE deadline_at <= %(now)s)
ORDER BY e.id LIMIT 500
"""


def sweep_deadlines(cursor: Cursor[Row], now: datetime) -> int:
    """Judge every session in which a deadline has passed; the number of happenings. The caller commits."""
    cursor.execute(_OVERDUE, {"now": now})
    rows = cursor.fetchall()
    if not rows:
        return 0
    sessions = {row[1]: alarm_store.Session(*row[:4]) for row in rows}
    ids = sorted(sessions)
    alarm_store.lock(cursor, ids)
    rules = acting_rules(cursor, {session.clinic_id for session in sessions.values()})
    states = alarm_store.load_states(cursor, ids)
    found = [
        *_fell_silent(cursor, sessions, {row[1] for row in rows if row[4]}, rules, states, now),
        *_passed(cursor, sessions, rules, states, now),
    ]
    return _written(cursor, [each for each in found if each[2].changed])


def _written(cursor: Cursor[Row], changed: Sequence[Judged]) -> int:
    """Write and announce what changed; the number of happenings."""
    happenings = [(session, rule, each) for session, rule, judged in changed for each in judged.happenings]
    alarm_store.store_states(cursor, [(session, rule, judged.state, judged) for session, rule, judged in changed])
    alarm_store.insert_events(cursor, happenings)
    _announce(cursor, {session.encounter_id: session for session, _, _ in happenings})
    return len(happenings)


def _fell_silent(
    cursor: Cursor[Row], sessions: Mapping[int, alarm_store.Session], monitored: Collection[int],
    rules: Mapping[int, Acting], states: Mapping[tuple[int, str, str], State], now: datetime,
) -> Iterator[Judged]:  # fmt: skip
    """What the rules of silence say of the signals that fell silent."""
    for encounter_id, code, silent_after, spoke_at in _claim_silent(cursor, sorted(sessions), now):
        if encounter_id not in monitored:
            continue  # its monitor came off while a last message was on its way
        session = sessions[encounter_id]
        for rule in rules[session.clinic_id].alarms(session.protocol_id, code):
            if rule.silence is not None:
                state = states.get((encounter_id, rule.rule_id, code)) or State()
                spoke = spoke_at is not None and spoke_at > now - rule.silence
                due = state._replace(deadline=silent_after)
                yield session, rule, alarms.evaluate_alarm(rule, (), due, now, spoke=spoke)


def _passed(
    cursor: Cursor[Row], sessions: Mapping[int, alarm_store.Session], rules: Mapping[int, Acting],
    states: Mapping[tuple[int, str, str], State], now: datetime,
) -> Iterator[Judged]:  # fmt: skip
    """What becomes of alarms whose deadline has passed; the deadline of what speaks no more is forgotten."""
    for (encounter_id, rule_id, code), state in states.items():
        if state.deadline is None or state.deadline > now:
            continue
        session = sessions[encounter_id]
        raised = state.phase is Phase.RAISED
        rule = rules[session.clinic_id].rule(session.protocol_id, rule_id, code) if raised else None
        if rule is not None:
            yield session, rule, alarms.evaluate_alarm(rule, (), state, now, spoke=False)
        else:
            _forget_deadline(cursor, encounter_id, rule_id, code)


def _announce(cursor: Cursor[Row], sessions: Mapping[int, alarm_store.Session]) -> None:
    """One notice a clinic, with its sessions in which something happened."""
    by_clinic: dict[int, set[int]] = defaultdict(set)
    for encounter_id, session in sessions.items():
        by_clinic[session.clinic_id].add(encounter_id)
    for clinic_id, encounters in by_clinic.items():
        cursor.execute(
            "SELECT pg_notify(%s, %s)", (announcing.CHANNEL, f"{clinic_id}:{','.join(map(str, encounters))}")
        )


def forget_strangers(cursor: Cursor[Row], now: datetime) -> None:
    """Let go of what belongs to nobody and is older than a week, or beyond its bound. The caller commits."""
    strangers.forget(cursor, now)


def _claim_silent(
    cursor: Cursor[Row], ids: list[int], now: datetime
) -> list[tuple[int, str, datetime, datetime | None]]:
    """The signals that fell silent, with the deadline that passed, and when their monitor last sent something that
    nobody could believe."""
    cursor.execute(
        "UPDATE alarms_currentvital s SET silent_after = NULL FROM alarms_currentvital old"
        " WHERE s.id = old.id AND s.encounter_id = ANY(%s) AND s.silent_after <= %s"
        " RETURNING s.encounter_id, s.code, old.silent_after, CASE WHEN s.doubt <> '' THEN s.received_at END",
        (ids, now),
    )
    return [(int(encounter), str(code), at, spoke_at) for encounter, code, at, spoke_at in cursor.fetchall()]


def _forget_deadline(cursor: Cursor[Row], encounter_id: int, rule_id: str, code: str) -> None:
    """A pending alarm waits for its confirming reading, not for the clock."""
    cursor.execute(
        "UPDATE alarms_alarmstate SET deadline_at = NULL WHERE encounter_id = %s AND rule_id = %s AND code = %s",
        (encounter_id, rule_id, code),
    )
