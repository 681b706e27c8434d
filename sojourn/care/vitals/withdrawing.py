"""What a monitor takes back: the reading stays, struck by a row that supersedes it; what rested on it is judged anew.

Matched by device, vital sign, probe, the monitor's own time and, where the monitor repeats it, the value. What a person
typed is never a monitor's to take back. Of what was posted as wrong it is asked whose it was, until a person answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Cursor

from sojourn.care.alarms import store
from sojourn.care.alarms.columns import Row
from sojourn.care.alarms.judging import source_of
from sojourn.care.vitals import ingest
from sojourn.care.vitals.standing import put_back

STATUS = "withdrawn"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """One value that a monitor withdraws. ``wrong``: it says that the value was posted as wrong, perhaps on the wrong
    patient; else it was merely deleted. ``site``: by which method and at which probe it was measured, "" where the
    withdrawal says neither. Without a place ("oximeter:") it takes back what every such probe measured at that time."""

    code: str
    measured_at: datetime
    value: float | None = None
    wrong: bool = False
    unit: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class _Of:
    """A withdrawal, and by which device in which message."""

    device_id: int
    message_id: int | None
    received_at: datetime
    taken: TakenBack


_STRIKE = """
INSERT INTO vitals_observation (clinic_id, patient_id, encounter_id, code, value, unit, effective_at, measured_at,
  received_at, method, device_id, message_id, status, doubt, supersedes_id, source)
SELECT o.clinic_id, o.patient_id, o.encounter_id, o.code, o.value, o.unit, o.effective_at, o.measured_at, %(at)s,
  o.method, o.device_id, %(message)s, 'withdrawn', %(doubt)s, o.id, o.source
FROM vitals_observation o
WHERE o.encounter_id IN (SELECT w.encounter_id FROM vitals_deviceassociation w WHERE w.device_id = %(device)s)
  AND o.device_id = %(device)s AND o.code = %(code)s AND o.measured_at = %(measured)s AND o.status <> 'withdrawn'
  AND (%(value)s::float8 IS NULL OR o.value = %(value)s) AND (%(source)s::text IS NULL OR o.source IN (%(source)s, '')
    OR %(source)s LIKE '%%:' AND starts_with(o.source, %(source)s))  -- the place is not named: every one of this method
  AND NOT EXISTS (SELECT FROM vitals_observation c WHERE c.encounter_id = o.encounter_id AND c.supersedes_id = o.id)
RETURNING clinic_id, patient_id, encounter_id, device_id, supersedes_id, code, value, measured_at
"""
_ASK = """
INSERT INTO vitals_postedwrong (clinic_id, patient_id, encounter_id, device_id, observation_id, code, value,
  measured_at, asked_at, answer) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '')
"""
_RUNNING = """
SELECT e.clinic_id, e.id, e.patient_id, e.protocol_id, e.opened_at,
  EXISTS (SELECT FROM vitals_deviceassociation w WHERE w.encounter_id = e.id AND w.until_at IS NULL),
  (SELECT min(s.at) FROM encounter_sessionstate s WHERE s.encounter_id = e.id AND s.state = 'checked')
FROM encounter_encounter e WHERE e.id = ANY(%s) ORDER BY e.id
"""


def take_back(
    cursor: Cursor[Row], taken: Sequence[tuple[int, int | None, datetime, TakenBack]], now: datetime
) -> set[tuple[int | None, TakenBack]]:
    """Strike what monitors withdraw, each given as (device, message, time of arrival, what); those that found a reading
    to strike, as (message, what). The caller commits."""
    struck: set[tuple[int, str]] = set()
    asked: set[int] = set()
    fitting: set[tuple[int | None, TakenBack]] = set()
    for each in (_Of(*row) for row in taken):
        rows = _struck_by(cursor, each)
        struck.update((int(row[2]), str(row[5])) for row in rows)
        if rows:
            fitting.add((each.message_id, each.taken))
        if rows and each.taken.wrong:
            cursor.executemany(_ASK, [(*row, each.received_at) for row in rows])
            asked.update(int(row[2]) for row in rows)
    if struck:
        _judge_anew(cursor, struck, asked, now)
    return fitting


def _struck_by(cursor: Cursor[Row], withdrawn: _Of) -> list[Row]:
    """Strike what one withdrawal fits; the readings that it struck."""
    taken = withdrawn.taken
    cursor.execute(_STRIKE, {
        "at": withdrawn.received_at, "message": withdrawn.message_id, "doubt": "wrong" if taken.wrong else "deleted",
        "device": withdrawn.device_id, "code": taken.code, "measured": taken.measured_at, "value": taken.value,
        "source": source_of(withdrawn.device_id, taken.site) if taken.site else None,
    })  # fmt: skip
    return cursor.fetchall()


def _judge_anew(cursor: Cursor[Row], struck: set[tuple[int, str]], asked: set[int], now: datetime) -> None:
    """Judge by what remains; and in the sessions ``asked``, whose monitor is on, say that somebody is asked."""
    faulty = []
    ids = sorted({encounter_id for encounter_id, _ in struck})
    store.lock(cursor, ids)
    cursor.execute(_RUNNING, (ids,))
    for clinic_id, encounter_id, patient_id, protocol_id, opened_at, monitored, baseline_at in cursor.fetchall():
        session = store.Session(clinic_id, encounter_id, patient_id, protocol_id)
        if monitored and encounter_id in asked:
            faulty.append(session)
        for code in sorted(code for each, code in struck if each == encounter_id):
            put_back(
                cursor, session=session, code=code, struck=(), opened_at=opened_at, baseline_at=baseline_at,
                judge=monitored, now=now, by_id=None,
            )  # fmt: skip
    ingest.record_batch(cursor, [], now, faulty=faulty)
