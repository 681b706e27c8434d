"""What a monitor takes back: the reading stays, struck by a row that supersedes it; what rested on it is judged anew.

Matched by device, vital sign, the monitor's own time and, where the monitor repeats it, the value. What a person typed
is never a monitor's to take back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Cursor

from sojourn.care.alarms import store
from sojourn.care.alarms.columns import Row
from sojourn.care.vitals.standing import put_back

STATUS = "withdrawn"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """One value that a monitor withdraws. ``wrong``: it says that the value was posted as wrong, perhaps on the wrong
    patient; else it was merely deleted."""

    code: str
    measured_at: datetime
    value: float | None = None
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class _Of:
    """A withdrawal, and by which device in which message."""

    device_id: int
    message_id: int | None
    received_at: datetime
    taken: TakenBack


_STRIKE = """
INSERT INTO vitals_observation (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at,
  received_at, method, device_id, message_id, status, doubt, supersedes_id)
SELECT o.clinic_id, o.patient_id, o.encounter_id, o.code, o.value, o.unit, o.effective_at, o.measured_at, %(at)s,
  o.method, o.device_id, %(message)s, 'withdrawn', %(doubt)s, o.id
FROM vitals_observation o
JOIN vitals_deviceassociation w ON w.encounter_id = o.encounter_id AND w.device_id = o.device_id
WHERE o.device_id = %(device)s AND o.code = %(code)s AND o.measured_at = %(measured)s AND o.status <> 'withdrawn'
  AND (%(value)s::float8 IS NULL OR o.value = %(value)s)
  AND NOT EXISTS (SELECT FROM vitals_observation c WHERE c.encounter_id = o.encounter_id AND c.supersedes_id = o.id)
RETURNING encounter_id, code
"""
_RUNNING = """
SELECT e.clinic_id, e.id, e.patient_id, e.protocol_id, e.opened_at,
  EXISTS (SELECT FROM vitals_deviceassociation w WHERE w.encounter_id = e.id AND w.until_at IS NULL),
  (SELECT min(s.at) FROM encounter_sessionstate s WHERE s.encounter_id = e.id AND s.state = 'checked')
FROM encounter_encounter e WHERE e.id = ANY(%s) ORDER BY e.id
"""


def take_back(cursor: Cursor[Row], taken: Sequence[tuple[int, int | None, datetime, TakenBack]], now: datetime) -> int:
    """Strike what monitors withdraw, each given as (device, message, time of arrival, what); how many readings were
    struck. The caller commits."""
    struck: set[tuple[int, str]] = set()
    count = 0
    for each in (_Of(*row) for row in taken):
        cursor.execute(_STRIKE, {
            "at": each.received_at, "message": each.message_id, "doubt": "wrong" if each.taken.wrong else "deleted",
            "device": each.device_id, "code": each.taken.code, "measured": each.taken.measured_at,
            "value": each.taken.value,
        })  # fmt: skip
        rows = cursor.fetchall()
        struck.update((int(encounter_id), str(code)) for encounter_id, code in rows)
        count += len(rows)
    if struck:
        _judge_anew(cursor, struck, now)
    return count


def _judge_anew(cursor: Cursor[Row], struck: set[tuple[int, str]], now: datetime) -> None:
    ids = sorted({encounter_id for encounter_id, _ in struck})
    store.lock(cursor, ids)
    cursor.execute(_RUNNING, (ids,))
    for clinic_id, encounter_id, patient_id, protocol_id, opened_at, monitored, baseline_at in cursor.fetchall():
        session = store.Session(clinic_id, encounter_id, patient_id, protocol_id)
        for code in sorted(code for each, code in struck if each == encounter_id):
            put_back(
                cursor, session=session, code=code, struck=(), opened_at=opened_at, baseline_at=baseline_at,
                judge=monitored, now=now, by_id=None,
            )  # fmt: skip
