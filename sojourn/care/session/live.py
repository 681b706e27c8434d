"""What a live page shows of running sessions: one statement for where they stand, one for what was read.

Where a session stands is the same ``Glance`` that the session's own page has, made of the same parts. The streams ask
on a connection of their own and the pages on Django's, so both always say the same. What was read (the trends, and the
moments at which somebody measured) is asked beside it, because only what is new of it is read at every tick. Row-level
security scopes every statement here to the clinic that asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sojourn.care.session.calls import Call
from sojourn.care.session.glance import (
    Glance,
    alarms_of,
    at_of,
    monitors_of,
    newest_of,
    schedule_of,
)
from sojourn.care.session.parts import now_columns
from sojourn.care.session.rows import AlarmNow, Newest, Noted
from sojourn.clinical.protocol import PRESENT, State
from sojourn.clinical.vitals import BREATHING, DIASTOLIC, MEAN, PULSE, SYSTOLIC

Row = tuple[Any, ...]

TREND = timedelta(minutes=20)
CODES = (*PULSE, "spo2", *BREATHING, "etco2", *SYSTOLIC, *DIASTOLIC, *MEAN)
RUNNING = sorted(state.value for state in PRESENT)
_STRETCH_S = 15
# Who missed more readings than this gets the trends anew.
MISSED_AT_MOST = 5000

# Where all running sessions (and those of ``known``) stand, or ``ids`` alone.
_SESSIONS = """
SELECT encounter_encounter.id, encounter_encounter.protocol_id, encounter_encounter.protocol_version,
  {parts}
FROM encounter_encounter
CROSS JOIN LATERAL (SELECT t.state FROM encounter_sessionstate t
  WHERE t.encounter_id = encounter_encounter.id ORDER BY t.seq DESC LIMIT 1) s
WHERE CASE WHEN %(ids)s::bigint[] IS NULL
  THEN (encounter_encounter.opened_at >= now() - interval '36 hours' AND s.state = ANY(%(running)s))
    OR encounter_encounter.id = ANY(%(known)s::bigint[])
  ELSE encounter_encounter.id = ANY(%(ids)s::bigint[]) END
ORDER BY encounter_encounter.id
"""

# What a person typed and later struck as entered in error, or a monitor withdrew, is no reading any more.
_STANDS = """(o.method <> 'typed' OR NOT EXISTS (
    SELECT FROM session_enteredinerror x WHERE x.of = 'reading' AND x.row_id = o.id))
  AND NOT EXISTS (SELECT FROM vitals_observation c WHERE c.status = 'withdrawn'
    AND c.encounter_id = o.encounter_id AND c.supersedes_id = o.id)"""

# The believed readings of the last 20 minutes, of each stretch of time the lowest and the highest, so that a trend is
# small and a short dip is never smoothed away. An array [value, id, time] carries a reading whole through min and max.
TRENDS = f"""
SELECT s.encounter_id, s.code, s.low[2]::bigint, s.low[1], s.low[3], s.high[2]::bigint, s.high[1], s.high[3], s.newest
FROM (SELECT r.encounter_id, r.code, min(r.reading) AS low, max(r.reading) AS high, max(r.id) AS newest FROM (
  SELECT o.encounter_id, o.code, o.id, floor(date_part('epoch', o.effective_at) / %(stretch)s) AS stretch,
    ARRAY[o.value, o.id::float8, date_part('epoch', o.effective_at)] AS reading
  FROM vitals_observation o
  WHERE o.encounter_id = ANY(%(ids)s) AND o.effective_at > %(since)s AND o.doubt = '' AND o.code = ANY(%(codes)s)
    AND {_STANDS}) r
GROUP BY r.encounter_id, r.code, r.stretch) s
"""  # noqa: S608 - our own words

# Every believed reading since a moment and above an id that was told before; at most ``most`` of them.
MISSED = f"""
WITH missed AS MATERIALIZED (
  SELECT o.encounter_id, o.id, o.code, o.value, o.effective_at FROM vitals_observation o
  WHERE o.id > %(floor)s AND o.effective_at > %(since)s AND o.doubt = ''
    AND o.code = ANY(%(codes)s) AND {_STANDS})
SELECT m.encounter_id, m.id, m.code, m.value, date_part('epoch', m.effective_at)
FROM missed m JOIN unnest(%(ids)s::bigint[], %(told)s::bigint[]) AS t(id, told)
  ON t.id = m.encounter_id AND m.id > t.told
LIMIT %(most)s
"""  # noqa: S608 - our own words

# The believed readings that came since the last look, by the index on (clinic, id), of which row-level security says
# the clinic: the cost is that of the new rows.
FRESH = """
WITH fresh AS MATERIALIZED (
  SELECT o.encounter_id, o.id, o.code, o.value, o.effective_at, o.method FROM vitals_observation o
  WHERE o.id > %(floor)s AND o.doubt = '')
SELECT f.encounter_id, f.id, f.code, f.value, date_part('epoch', f.effective_at), f.method
FROM fresh f JOIN unnest(%(ids)s::bigint[], %(told)s::bigint[]) AS t(id, told)
  ON t.id = f.encounter_id AND f.id > t.told
ORDER BY f.encounter_id, f.effective_at, f.id
"""

NEWEST = "SELECT coalesce(max(id), 0) FROM vitals_observation"

# When somebody measured: a pressure, or a value typed by hand; the first of each minute.
CHECKS = f"""
SELECT o.encounter_id, extract(epoch FROM min(o.effective_at))::float8 FROM vitals_observation o
WHERE o.encounter_id = ANY(%(ids)s) AND o.doubt = '' AND (o.code = ANY(%(pressures)s) OR o.method = 'typed')
  AND {_STANDS}
GROUP BY o.encounter_id, floor(extract(epoch FROM o.effective_at) / 60)
"""  # noqa: S608 - our own words


def sessions_query(ids: Iterable[int] | None, known: Iterable[int] = ()) -> tuple[str, dict[str, Any]]:
    """The statement of where sessions stand, with its values: ``ids``, or with None all that run and ``known``."""
    wanted = None if ids is None else sorted(ids)
    return _sessions(), {"ids": wanted, "known": sorted(known), "running": RUNNING}


@cache
def _sessions() -> str:
    return _SESSIONS.format(parts=now_columns())


def trends_query(ids: Iterable[int], now: datetime, length: timedelta = TREND) -> tuple[str, dict[str, Any]]:
    """``TRENDS`` with its values."""
    return TRENDS, {"ids": sorted(ids), "since": now - length, "codes": list(CODES), "stretch": _STRETCH_S}


def missed_query(told: Mapping[int, int], now: datetime, length: timedelta = TREND) -> tuple[str, dict[str, Any]]:
    """``MISSED`` with its values; ``told`` holds the newest reading that each session's reader has already."""
    values = {"ids": list(told), "told": list(told.values()), "floor": min(told.values())}
    return MISSED, {**values, "since": now - length, "codes": list(CODES), "most": MISSED_AT_MOST + 1}


def checks_query(ids: Iterable[int]) -> tuple[str, dict[str, Any]]:
    """``CHECKS`` with its values."""
    return CHECKS, {"ids": sorted(ids), "pressures": list(SYSTOLIC)}


def glance_of(row: Row, checked_at: Iterable[datetime], now: datetime) -> Glance:
    """One row of ``sessions_query``; ``checked_at`` is when somebody measured in it."""
    encounter_id, protocol_id, version, *parts = row
    (current,), first_dose, vitals, alarms, monitors, calls = map(_read, parts)
    return Glance(
        encounter_id=encounter_id,
        now=now,
        schedule=schedule_of(protocol_id, version),
        state=State(current["state"]),
        seq=current["seq"],
        since_at=at_of(current["at"]),
        dose_started_at=at_of(first_dose[0]["started_at"]) if first_dose else None,
        newest=newest_of(vitals),
        alarms=alarms_of(alarms),
        monitors=monitors_of(monitors),
        calls=[Noted(each["id"], each["kind"], each["note"], at_of(each["at"]), each["by_name"]) for each in calls],
        checked_at=checked_at,
    )


def _read(rows: Iterable[Any]) -> list[Any]:
    """JSON comes parsed from a connection of our own, and as text from Django's."""
    return [json.loads(each) if isinstance(each, str) else each for each in rows]


def picture(glance: Glance) -> dict[str, Any]:
    """A session as live pages read it. Times are seconds since 1970.

    ``signals`` by code: [value, at, doubt], of breathing also the method where the monitor names it. ``due``: [at,
    minute] of the next check. ``called``: since when the patient asks for somebody, and nobody goes; ``call``: what has
    become of the newest call, [state, when it was made, when it came to that, by whom]. ``skew``: seconds by which the
    monitor's clock is ahead of ours.
    """
    dose, call = glance.dose_started_at, glance.call
    return {
        "id": glance.encounter_id,
        "state": glance.state.value,
        "seq": glance.seq,
        "since": glance.since_at.timestamp(),
        "dose": dose.timestamp() if dose else None,
        "due": due_of(glance),
        "signals": {each.code: _signal(each) for each in glance.newest.values()},
        "alarms": [_alarm(each) for each in glance.alarms],
        "called": call.at.timestamp() if call else None,
        "call": call_of(glance.newest_call),
        "monitors": len(glance.monitors),
        "skew": glance.skew_s,
    }  # fmt: skip


def call_of(call: Call | None) -> list[Any] | None:
    """What a stream says of a call."""
    return None if call is None else [call.state.value, call.at.timestamp(), call.since_at.timestamp(), call.by]


def _signal(newest: Newest) -> list[Any]:
    said: list[Any] = [newest.value, newest.at.timestamp(), newest.doubt]
    return [*said, newest.measured_by] if newest.code == "rr" and newest.measured_by else said


def _alarm(alarm: AlarmNow) -> dict[str, Any]:
    return {
        "rule": alarm.rule_id, "code": alarm.code, "phase": alarm.phase, "priority": alarm.priority,
        "since": alarm.since_at.timestamp(), "why": alarm.why, "value": alarm.value, "limit": alarm.limit,
        "by": alarm.acknowledged_by,
    }  # fmt: skip


def due_of(glance: Glance) -> list[float] | None:
    """[when the next check is due, its minute of the schedule]; None before the dose and after the last."""
    if glance.due is None or glance.due.next is None:
        return None
    return [glance.due.next.due_at.timestamp(), glance.due.next.minute]


def trends_of(rows: Iterable[Row]) -> tuple[dict[int, list[list[Any]]], dict[int, int]]:
    """Rows of ``TRENDS`` by session as [id, code, value, at] in the order of time, and the newest id of each."""
    trends: dict[int, list[list[Any]]] = {}
    newest: dict[int, int] = {}
    for encounter_id, code, low_id, low, low_at, high_id, high, high_at, last in rows:
        trend = trends.setdefault(encounter_id, [])
        trend.append([low_id, code, low, low_at])
        if high_id != low_id:
            trend.append([high_id, code, high, high_at])
        newest[encounter_id] = max(last, newest.get(encounter_id, 0))
    for trend in trends.values():
        trend.sort(key=_by_time)
    return trends, newest


def missed_of(rows: Iterable[Row]) -> tuple[dict[int, list[list[Any]]], dict[int, int]]:
    """The same of rows of ``MISSED``."""
    trends: dict[int, list[list[Any]]] = {}
    newest: dict[int, int] = {}
    for encounter_id, observation_id, code, value, at in rows:
        trends.setdefault(encounter_id, []).append([observation_id, code, value, at])
        newest[encounter_id] = max(observation_id, newest.get(encounter_id, 0))
    for trend in trends.values():
        trend.sort(key=_by_time)
    return trends, newest


def _by_time(point: list[Any]) -> tuple[float, int]:
    return point[3], point[0]


def checks_of(rows: Iterable[Row]) -> dict[int, list[datetime]]:
    """Rows of ``CHECKS`` by session."""
    found: dict[int, list[datetime]] = {}
    for encounter_id, at in rows:
        found.setdefault(encounter_id, []).append(moment(at))
    return found


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def cursor_text(seen: Mapping[int, int]) -> str:
    """Which reading of each session a reader has last, as an event's id. Within one session, ids grow in the order
    of commits (its writers hold its lock); over all sessions they do not, so one number would lose readings."""
    return "-".join(f"{encounter_id}.{newest}" for encounter_id, newest in seen.items())


def cursor_of(text: str) -> dict[int, int]:
    """The reverse of ``cursor_text``; what cannot be read is no cursor."""
    if len(text) > 200_000:
        return {}
    found: dict[int, int] = {}
    for part in text.split("-"):
        encounter_id, dot, newest = part.partition(".")
        if not dot or not (encounter_id.isascii() and encounter_id.isdigit() and newest.isascii() and newest.isdigit()):
            return {}
        if len(encounter_id) > 18 or len(newest) > 18:
            return {}
        found[int(encounter_id)] = int(newest)
    return found


def read(cursor: Any, ids: Iterable[int] | None, now: datetime) -> list[dict[str, Any]]:
    """Running sessions (or ``ids``) with their trends, on an open cursor. Three queries."""
    cursor.execute(*sessions_query(ids))
    rows = cursor.fetchall()
    found = [row[0] for row in rows]
    if not found:
        return []
    cursor.execute(*trends_query(found, now))
    trends, newest = trends_of(cursor.fetchall())
    cursor.execute(*checks_query(found))
    checks = checks_of(cursor.fetchall())
    return [
        {
            **picture(glance_of(row, checks.get(row[0], ()), now)),
            "newest": newest.get(row[0], 0),
            "trend": trends.get(row[0], []),
        }
        for row in rows
    ]
