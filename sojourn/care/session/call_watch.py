"""A call in a session to which nobody goes in time raises the one flag, whatever screens are open.

Run by the watch process, in the role that sees of a session's events that somebody called and that somebody goes, and
that may write this one kind of flag and no other (decisions 0003 and 0036). Two watchers are safe: a call has one flag,
and the database holds that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import class_row

from sojourn.care.alarms.rules import acting_rules
from sojourn.care.safety.models import FlagKind, FlagSource, Severity
from sojourn.care.session.event_kinds import CALL_ANSWERED, PATIENT_CALLS
from sojourn.clinical.calls import ESCALATION, is_escalated, waits_at_most
from sojourn.clinical.protocol import PRESENT

Row = tuple[Any, ...]
_LATELY: Final = timedelta(hours=36)  # as in encounter.queries.running: sessions end on their day

# Of each session whose patient is here the first press to which nobody has gone since, as in calls.newest_call.
_OPEN: Final = """
SELECT c.id AS event_id, c.clinic_id, c.patient_id, c.at
FROM encounter_encounter e
JOIN LATERAL (SELECT state FROM encounter_sessionstate WHERE encounter_id = e.id ORDER BY seq DESC LIMIT 1) s ON true
JOIN LATERAL (
  SELECT p.id, p.clinic_id, p.patient_id, p.at FROM session_sessionevent p
  WHERE p.encounter_id = e.id AND p.kind = %(calls)s AND NOT EXISTS (
    SELECT FROM session_sessionevent a
    WHERE a.encounter_id = e.id AND a.kind = %(answered)s AND (a.at, a.id) > (p.at, p.id))
  ORDER BY p.at, p.id LIMIT 1) c ON true
WHERE e.opened_at >= %(since)s AND s.state = ANY(%(present)s)
ORDER BY c.id
"""

_RAISE: Final = """
INSERT INTO safety_flag (clinic_id, patient_id, kind, severity, source, about, raised_at, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s, '') ON CONFLICT DO NOTHING RETURNING id
"""

_AUDIT: Final = """
INSERT INTO audit_auditevent
  (clinic_id, seq, at, person_id, name, role, action, entity, entity_id, patient_id, detail, prev_hash, hash)
VALUES (%s, 0, clock_timestamp(), NULL, 'Sojourn', 'house', 'flag.raised', 'safety.Flag', %s, %s, %s, '', '')
"""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call to which nobody goes: its first press."""

    event_id: int
    clinic_id: int
    patient_id: int
    at: datetime


def sweep_calls(cursor: Cursor[Row], now: datetime) -> int:
    """Raise a flag for every call that has waited longer than its clinic adopted; how many. Where nothing is adopted no
    number acts, and a call has waited long enough as soon as it is seen here. The caller commits."""
    with cursor.connection.cursor(row_factory=class_row(OpenCall)) as reader:
        found = reader.execute(
            _OPEN,
            {
                "calls": PATIENT_CALLS,
                "answered": CALL_ANSWERED,
                "since": now - _LATELY,
                "present": [state.value for state in PRESENT],
            },
        ).fetchall()
    longest = _longest_waits(cursor, {call.clinic_id for call in found}) if found else {}
    return sum(_raise(cursor, call, now) for call in found if _is_late(call, longest[call.clinic_id], now))


def _longest_waits(cursor: Cursor[Row], clinic_ids: set[int]) -> dict[int, timedelta | None]:
    """How long a call may wait, by clinic; None where its rule is not adopted."""
    rules = acting_rules(cursor, clinic_ids)
    return {
        clinic_id: waits_at_most(next((rule for rule in acting.rules if rule.id == ESCALATION), None))
        for clinic_id, acting in rules.items()
    }


def _is_late(call: OpenCall, at_most: timedelta | None, now: datetime) -> bool:
    return at_most is None or is_escalated(call.at, now, at_most)


def _raise(cursor: Cursor[Row], call: OpenCall, now: datetime) -> bool:
    """No clock begins here: the board was the first circle, and the watch tells every clinician of a flag without
    one (safety/watch.py)."""
    severity, source = str(Severity.EMERGENCY), str(FlagSource.BUTTON)
    said = (str(FlagKind.ASKED_FOR_HELP), severity, source, f"call:{call.event_id}")
    cursor.execute(_RAISE, (call.clinic_id, call.patient_id, *said, now))
    row = cursor.fetchone()
    if row is None:
        return False  # it has its flag, or another watcher was first
    # What it is about is for clinicians: whoever reads the audit trail need not know it.
    detail = json.dumps({"severity": severity, "source": source})
    cursor.execute(_AUDIT, (call.clinic_id, row[0], call.patient_id, detail))
    return True
