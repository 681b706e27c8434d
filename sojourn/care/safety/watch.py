"""What time alone does to a flag: nobody took it, whoever took it did not reach the patient, or its owner has left.

Run by the watch process in the role that sees of a flag only that it is there and who answered it (decision 0003). Two
watchers are safe: a circle of people is told once for each clock, and the database holds that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import class_row

Row = tuple[Any, ...]
# From the nearest circle to the widest, as Reach has them (a test holds both together).
OWNER, BACKUP, EVERYBODY, ALL = CIRCLES = ("owner", "backup", "everybody", "all")
# A turn that is not told after so long has lost its job; after a day it is left to whoever looks at the page.
_LOST_AFTER: Final = timedelta(seconds=60)
_GIVEN_UP_AFTER: Final = timedelta(hours=24)

_OPEN: Final = """
SELECT f.id AS flag_id, f.clinic_id, f.patient_id, c.id AS clock_id, c.purpose, c.backup_at, c.everybody_at, c.all_at,
  CASE WHEN r.id IS NULL THEN a.kind END AS answer,
  coalesce(o.id IS NOT NULL AND (o.ended_at IS NOT NULL OR o.unconfirmed_since IS NOT NULL), false) AS owner_gone,
  coalesce(s.id IS NOT NULL AND (s.ended_at IS NOT NULL OR s.unconfirmed_since IS NOT NULL), false) AS asked_gone,
  ARRAY(SELECT t.reach FROM safety_flagturn t WHERE t.clock_id = c.id) AS told
FROM safety_flag f
LEFT JOIN LATERAL (SELECT * FROM safety_flagclock WHERE flag_id = f.id ORDER BY id DESC LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT id, kind FROM safety_flaganswer WHERE flag_id = f.id ORDER BY id DESC LIMIT 1) a ON true
LEFT JOIN LATERAL (SELECT id FROM safety_flagreport WHERE flag_id = f.id AND reopens_id = a.id LIMIT 1) r ON true
LEFT JOIN LATERAL (
  SELECT by_id FROM safety_flaganswer WHERE flag_id = f.id AND kind = 'seen' ORDER BY id DESC LIMIT 1) taken ON true
LEFT JOIN accounts_membership o ON o.id = taken.by_id
LEFT JOIN accounts_membership s ON s.id = c.asked_id
WHERE NOT EXISTS (
  SELECT FROM safety_flaganswer x WHERE x.flag_id = f.id AND x.kind = 'closed'
  AND NOT EXISTS (SELECT FROM safety_flagreport y WHERE y.reopens_id = x.id))
ORDER BY f.id
"""

_NEW_CLOCK: Final = """
INSERT INTO safety_flagclock (clinic_id, patient_id, flag_id, purpose, begins_at, all_at, rule_id, rule_hash)
VALUES (%s, %s, %s, 'take', %s, %s, '', '') RETURNING id
"""

_NEW_TURN: Final = """
INSERT INTO safety_flagturn (clinic_id, patient_id, flag_id, clock_id, reach, at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (clock_id, reach) DO NOTHING RETURNING id
"""

_AUDIT: Final = """
INSERT INTO audit_auditevent
  (clinic_id, seq, at, person_id, name, role, action, entity, entity_id, patient_id, detail, prev_hash, hash)
VALUES (%s, 0, clock_timestamp(), NULL, 'Sojourn', 'house', 'flag.passed_on', 'safety.Flag', %s, %s, %s, '', '')
"""

_LOST: Final = """
SELECT t.clinic_id, t.id FROM safety_flagturn t
WHERE t.at < %(before)s AND t.at > %(since)s AND (
  NOT EXISTS (SELECT FROM safety_flagnotice n WHERE n.turn_id = t.id)
  OR EXISTS (SELECT FROM safety_flagnotice n WHERE n.turn_id = t.id AND NOT EXISTS (
    SELECT FROM safety_flagnoticetry y WHERE y.notice_id = n.id AND y.outcome <> 'failed')))
ORDER BY t.id LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class OpenFlag:
    """What the watch sees of a flag that is not closed. ``answer`` is the newest that still counts."""

    flag_id: int
    clinic_id: int
    patient_id: int
    clock_id: int | None
    purpose: str | None
    backup_at: datetime | None
    everybody_at: datetime | None
    all_at: datetime | None
    answer: str | None
    owner_gone: bool
    asked_gone: bool
    told: Sequence[str]


def sweep_flags(cursor: Cursor[Row], now: datetime) -> int:
    """Tell the next circle of every flag whose time has come; how many circles. The caller commits. What another
    watcher is at is left to it."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('sojourn flags', 0))")
    if cursor.fetchone() != (True,):
        return 0
    with cursor.connection.cursor(row_factory=class_row(OpenFlag)) as reader:
        found = reader.execute(_OPEN).fetchall()
    due = ((flag, due_circle(flag, now)) for flag in found)
    return sum(_tell(cursor, flag, reach, now) for flag, reach in due if reach is not None)


def due_circle(flag: OpenFlag, now: datetime) -> str | None:
    """The widest circle that must be told now and has not been, nor a wider one; None where nothing is due."""
    if flag.clock_id is None:
        return ALL  # no clock ever began: somebody wrote it by another way, or something failed
    wanted = _wanted(flag, now)
    if wanted is None or any(CIRCLES.index(each) >= CIRCLES.index(wanted) for each in flag.told):
        return None
    return wanted


def _wanted(flag: OpenFlag, now: datetime) -> str | None:
    if flag.answer in ("seen", "contacted") and flag.owner_gone:
        return ALL
    if flag.answer == "contacted" or (flag.answer == "seen" and flag.purpose == "take"):
        return None
    for reach, at in ((ALL, flag.all_at), (EVERYBODY, flag.everybody_at), (BACKUP, flag.backup_at)):
        if at is not None and at <= now:
            return reach
    return BACKUP if flag.asked_gone else None


def tell_again(cursor: Cursor[Row], now: datetime) -> int:
    """Ask again for turns whose job was lost with its process: how many. The caller commits."""
    cursor.execute(_LOST, {"before": now - _LOST_AFTER, "since": now - _GIVEN_UP_AFTER})
    lost = cursor.fetchall()
    for clinic_id, turn_id in lost:
        cursor.execute("SELECT sojourn_tell_of_flag(%s, %s)", (clinic_id, turn_id))
    return len(lost)


def _tell(cursor: Cursor[Row], flag: OpenFlag, reach: str, now: datetime) -> bool:
    clock_id = flag.clock_id
    if clock_id is None:
        clock_id = _begin_clock(cursor, flag, now)
    cursor.execute(_NEW_TURN, (flag.clinic_id, flag.patient_id, flag.flag_id, clock_id, reach, now))
    turn = cursor.fetchone()
    if turn is None:
        return False  # another watcher was first
    cursor.execute(_AUDIT, (flag.clinic_id, flag.flag_id, flag.patient_id, json.dumps({"reach": reach})))
    (turn_id,) = turn
    cursor.execute("SELECT sojourn_tell_of_flag(%s, %s)", (flag.clinic_id, turn_id))
    return True


def _begin_clock(cursor: Cursor[Row], flag: OpenFlag, now: datetime) -> int:
    """A flag without a clock: one that has run out already."""
    cursor.execute(_NEW_CLOCK, (flag.clinic_id, flag.patient_id, flag.flag_id, now, now))
    ((clock_id,),) = cursor.fetchall()
    return int(clock_id)
