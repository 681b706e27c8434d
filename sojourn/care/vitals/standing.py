"""Which readings of a vital sign stand, and what follows when one of them is struck."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from psycopg import Cursor

from sojourn.care.alarms import store
from sojourn.care.alarms.columns import Row
from sojourn.care.alarms.rejudging import judge_again, judge_withdrawn
from sojourn.care.encounter.models import Encounter
from sojourn.clinical.alarms import Heard, Reading
from sojourn.clinical.vitals import NO_VALUE, limit_of, void
from sojourn.foundation.scope import SessionScope

_STANDING = """
SELECT o.value, o.unit, o.effective_at, o.received_at, o.doubt, o.source FROM vitals_observation o
WHERE o.encounter_id = %s AND o.code = %s AND o.id <> ALL(%s) AND o.status <> 'withdrawn'
  AND NOT EXISTS (SELECT FROM vitals_observation c WHERE c.encounter_id = o.encounter_id AND c.supersedes_id = o.id)
ORDER BY o.effective_at, o.id
"""
_BACK = """
UPDATE alarms_currentvital SET value = %s, unit = %s, effective_at = %s, received_at = %s, doubt = %s, source = %s,
  baseline = %s
WHERE encounter_id = %s AND code = %s
"""

_EMPTY = "UPDATE alarms_currentvital SET doubt = %s, source = '', baseline = NULL WHERE encounter_id = %s AND code = %s"


@dataclass(frozen=True, slots=True)
class _Stands:
    value: float
    unit: str
    effective_at: datetime
    received_at: datetime
    doubt: str
    source: str


def move_back(
    *, encounter: Encounter, code: str, struck: Collection[int], baseline_at: datetime | None, judge: bool,
    now: datetime, by_id: int | None,
) -> None:  # fmt: skip
    """After a strike: the newest value of a vital sign is the newest of the readings that stand (none, and it has no
    newest value), the patient's own value before the dose likewise, and with ``judge`` its alarms are judged again.

    ``struck`` are the numbers of all struck readings of the session, ``baseline_at`` when the patient's own values were
    kept (None: not yet). The caller holds the session and the transaction.
    """
    with connection.cursor() as wrapped:
        cursor: Cursor[Row] = wrapped.cursor
        store.lock(cursor, [encounter.pk])
        put_back(
            cursor, session=store.session_of(encounter), code=code, struck=struck, opened_at=encounter.opened_at,
            baseline_at=baseline_at, judge=judge, now=now, by_id=by_id,
        )  # fmt: skip


def put_back(
    cursor: Cursor[Row], *, session: store.Session, code: str, struck: Collection[int], opened_at: datetime,
    baseline_at: datetime | None, judge: bool, now: datetime, by_id: int | None,
) -> None:  # fmt: skip
    """The same on a cursor that is given, for a session whose lock the caller holds. ``by_id`` None: no person struck
    it, a monitor withdrew it."""
    cursor.execute(_STANDING, (session.encounter_id, code, list(struck)))
    rows = [_Stands(*row) for row in cursor.fetchall()]
    baseline = _baseline(rows, opened_at, baseline_at)
    if not rows and by_id is None:
        # the monitor has taken back all that it had: the place is empty, and its clock of "no good value" runs on
        cursor.execute(_EMPTY, (NO_VALUE, session.encounter_id, code))
    else:
        _newest(cursor, SessionScope(session.encounter_id), code, rows, baseline)
    if not judge:
        return
    heard = _heard(rows, baseline, opened_at, baseline_at)
    if by_id is None:
        judge_withdrawn(cursor, session=session, code=code, standing=heard, now=now)
    else:
        judge_again(cursor, session=session, code=code, standing=heard, now=now, by_id=by_id)


def _heard(
    rows: Collection[_Stands], baseline: float | None, opened_at: datetime, baseline_at: datetime | None
) -> list[Heard]:
    """What the alarms heard of these, in that order. What was measured before the session is no alarm of it."""
    return [
        Heard(
            Reading(each.effective_at, each.value, bool(each.doubt), limit_of(each.doubt)), each.received_at,
            baseline if baseline_at is not None and each.received_at >= baseline_at else None,
        )
        for each in sorted(rows, key=lambda row: row.received_at)
        if not void(each.doubt) and each.effective_at >= opened_at
    ]  # fmt: skip


def _newest(cursor: Cursor[Row], of: SessionScope, code: str, rows: list[_Stands], baseline: float | None) -> None:
    if not rows:
        cursor.execute("DELETE FROM alarms_currentvital WHERE encounter_id = %s AND code = %s", (of.encounter_id, code))
        return
    last = rows[-1]
    shown = (last.value, last.unit, last.effective_at, last.received_at, last.doubt, last.source)
    cursor.execute(_BACK, (*shown, baseline, of.encounter_id, code))


def _baseline(rows: list[_Stands], opened_at: datetime, baseline_at: datetime | None) -> float | None:
    """The last believed value from the arrival until the patient's own values were kept."""
    if baseline_at is None:
        return None
    own = [each.value for each in rows
           if not each.doubt and each.effective_at >= opened_at and each.received_at <= baseline_at]  # fmt: skip
    return own[-1] if own else None
