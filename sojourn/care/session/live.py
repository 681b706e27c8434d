"""What a live page shows of running sessions: one statement for where they stand, one for what was read.

The streams run these on a connection of their own and the pages on Django's, so both always say the same. Row-level
security scopes every statement here to the clinic that asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sojourn.clinical.protocol import PRESENT, next_check_due
from sojourn.clinical.vitals import BREATHING, DIASTOLIC, MEAN, PULSE, SYSTOLIC
from sojourn.foundation.rulebook.load import book

Row = tuple[Any, ...]

TREND = timedelta(minutes=20)
CODES = (*PULSE, "spo2", *BREATHING, "etco2", *SYSTOLIC, *DIASTOLIC, *MEAN)
RUNNING = sorted(state.value for state in PRESENT)
_STRETCH_S = 15
# Who missed more readings than this gets the trends anew.
MISSED_AT_MOST = 5000

# Newest state, first dose, every signal, alarms that are open or ended unseen, the patient's call, and the monitors,
# of all running sessions (and those of ``known``) or of ``ids`` alone.
SESSIONS = """
SELECT e.id, s.state, s.seq, extract(epoch FROM s.at)::float8, e.protocol_id, e.protocol_version::int,
  (SELECT extract(epoch FROM min(m.started_at))::float8 FROM session_medicationadministration m
     WHERE m.encounter_id = e.id),
  (SELECT jsonb_object_agg(g.code, jsonb_build_array(g.value, extract(epoch FROM g.effective_at), g.doubt)
       || CASE WHEN g.code = 'rr' AND split_part(g.source, ':', 2) <> ''
            THEN jsonb_build_array(split_part(g.source, ':', 2)) ELSE '[]' END)
     FROM alarms_currentvital g WHERE g.encounter_id = e.id),
  (SELECT jsonb_agg(jsonb_build_object('rule', a.rule_id, 'code', a.code, 'phase', a.phase, 'priority', a.priority,
       'since', extract(epoch FROM a.since_at), 'why', a.why, 'value', a.value, 'limit', a."limit",
       'by', a.acknowledged_by_name) ORDER BY a.since_at)
     FROM alarms_alarmstate a WHERE a.encounter_id = e.id
       AND (a.phase IN ('raised', 'acknowledged', 'escalated')
            OR (a.phase = 'recovered' AND a.acknowledged_at IS NULL))),
  (SELECT CASE WHEN max(v.id) FILTER (WHERE v.kind = 'patient_calls')
                  > coalesce(max(v.id) FILTER (WHERE v.kind = 'call_answered'), 0)
               THEN extract(epoch FROM max(v.at) FILTER (WHERE v.kind = 'patient_calls'))::float8 END
     FROM session_sessionevent v WHERE v.encounter_id = e.id AND v.kind IN ('patient_calls', 'call_answered')),
  d.monitors, d.skew
FROM encounter_encounter e
CROSS JOIN LATERAL (SELECT t.state, t.seq, t.at FROM encounter_sessionstate t
  WHERE t.encounter_id = e.id ORDER BY t.seq DESC LIMIT 1) s
CROSS JOIN LATERAL (SELECT count(*)::int AS monitors,
    (array_agg(v.clock_skew_s ORDER BY abs(v.clock_skew_s) DESC NULLS LAST))[1] AS skew
  FROM vitals_deviceassociation w JOIN vitals_device v ON v.id = w.device_id
  WHERE w.encounter_id = e.id AND w.until_at IS NULL) d
WHERE CASE WHEN %(ids)s::bigint[] IS NULL
  THEN (e.opened_at > now() - interval '36 hours' AND s.state = ANY(%(running)s)) OR e.id = ANY(%(known)s::bigint[])
  ELSE e.id = ANY(%(ids)s::bigint[]) END
ORDER BY e.id
"""

# What a person typed and later struck as entered in error is no reading any more.
_STANDS = """(o.method <> 'typed' OR NOT EXISTS (
    SELECT FROM session_enteredinerror x WHERE x.of = 'reading' AND x.row_id = o.id))"""

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

# Every believed reading of the last 20 minutes above an id that was told before; at most ``most`` of them.
MISSED = f"""
WITH missed AS MATERIALIZED (
  SELECT o.encounter_id, o.id, o.code, o.value, o.effective_at FROM vitals_observation o
  WHERE o.clinic_id = %(clinic)s AND o.id > %(floor)s AND o.effective_at > %(since)s AND o.doubt = ''
    AND o.code = ANY(%(codes)s) AND {_STANDS})
SELECT m.encounter_id, m.id, m.code, m.value, date_part('epoch', m.effective_at)
FROM missed m JOIN unnest(%(ids)s::bigint[], %(told)s::bigint[]) AS t(id, told)
  ON t.id = m.encounter_id AND m.id > t.told
LIMIT %(most)s
"""  # noqa: S608 - our own words

# The believed readings that came since the last look, by the index on (clinic, id): the cost is that of the new rows.
FRESH = """
WITH fresh AS MATERIALIZED (
  SELECT o.encounter_id, o.id, o.code, o.value, o.effective_at, o.method FROM vitals_observation o
  WHERE o.clinic_id = %(clinic)s AND o.id > %(floor)s AND o.doubt = '')
SELECT f.encounter_id, f.id, f.code, f.value, date_part('epoch', f.effective_at), f.method
FROM fresh f JOIN unnest(%(ids)s::bigint[], %(told)s::bigint[]) AS t(id, told)
  ON t.id = f.encounter_id AND f.id > t.told
ORDER BY f.encounter_id, f.effective_at, f.id
"""

NEWEST = "SELECT coalesce(max(id), 0) FROM vitals_observation WHERE clinic_id = %(clinic)s"

# When somebody measured: a pressure, or a value typed by hand; the first of each minute.
CHECKS = f"""
SELECT o.encounter_id, extract(epoch FROM min(o.effective_at))::float8 FROM vitals_observation o
WHERE o.encounter_id = ANY(%(ids)s) AND o.doubt = '' AND (o.code = ANY(%(pressures)s) OR o.method = 'typed')
  AND {_STANDS}
GROUP BY o.encounter_id, floor(extract(epoch FROM o.effective_at) / 60)
"""  # noqa: S608 - our own words


def sessions_query(ids: Iterable[int] | None, known: Iterable[int] = ()) -> tuple[str, dict[str, Any]]:
    """``SESSIONS`` with its values: of ``ids``, or with None of all that run and of ``known``."""
    wanted = None if ids is None else sorted(ids)
    return SESSIONS, {"ids": wanted, "known": sorted(known), "running": RUNNING}


def trends_query(ids: Iterable[int], now: datetime, length: timedelta = TREND) -> tuple[str, dict[str, Any]]:
    """``TRENDS`` with its values."""
    return TRENDS, {"ids": sorted(ids), "since": now - length, "codes": list(CODES), "stretch": _STRETCH_S}


def missed_query(clinic_id: int, told: Mapping[int, int], now: datetime) -> tuple[str, dict[str, Any]]:
    """``MISSED`` with its values; ``told`` holds the newest reading that each session's reader has already."""
    values = {"ids": list(told), "told": list(told.values()), "floor": min(told.values()), "clinic": clinic_id}
    return MISSED, {**values, "since": now - TREND, "codes": list(CODES), "most": MISSED_AT_MOST + 1}


def checks_query(ids: Iterable[int]) -> tuple[str, dict[str, Any]]:
    """``CHECKS`` with its values."""
    return CHECKS, {"ids": sorted(ids), "pressures": list(SYSTOLIC)}


def is_check(code: str, method: str) -> bool:
    """Whether a reading means that somebody has looked: a pressure, or a value typed by hand."""
    return code in SYSTOLIC or method == "typed"


@lru_cache(maxsize=64)
def _schedule(protocol_id: str, version: int) -> tuple[int, ...]:
    return tuple(int(each) for each in book().rule(protocol_id, version).fact("schedule"))


@dataclass(slots=True)
class Rounds:
    """The scheduled checks of one session, kept beside it so that the next one can be said at any moment."""

    schedule: tuple[int, ...] = ()
    dose: float | None = None
    checked: list[float] = field(default_factory=list)

    def due(self, now: datetime) -> list[float] | None:
        """[when the next check is due, its minute of the schedule]; None before the dose and after the last."""
        if self.dose is None:
            return None
        start = datetime.fromtimestamp(self.dose, UTC)
        found = next_check_due(self.schedule, start, (datetime.fromtimestamp(at, UTC) for at in self.checked), now)
        return None if found.next is None else [found.next.due_at.timestamp(), found.next.minute]


def _read(value: Any) -> Any:
    """JSON comes parsed from a connection of our own, and as text from Django's."""
    return json.loads(value) if isinstance(value, str) else value


def shown(row: Row, rounds: Rounds, now: datetime) -> dict[str, Any]:
    """One row of ``SESSIONS`` as live pages read it. Times are seconds since 1970.

    ``signals`` by code: [value, at, doubt], of breathing also the method where the monitor names it. ``due``: [at,
    minute] of the next check. ``called``: since when the patient asks for somebody. ``skew``: seconds by which the
    monitor's clock is ahead of ours.
    """
    encounter_id, state, seq, since, protocol_id, version, dose, signals, alarms, called, monitors, skew = row
    rounds.schedule, rounds.dose = _schedule(protocol_id, version), dose
    return {
        "id": encounter_id, "state": state, "seq": seq, "since": since, "dose": dose, "due": rounds.due(now),
        "signals": _read(signals) or {}, "alarms": _read(alarms) or [], "called": called, "monitors": monitors,
        "skew": skew,
    }  # fmt: skip


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


def checks_of(rows: Iterable[Row]) -> dict[int, list[float]]:
    """Rows of ``CHECKS`` by session."""
    found: dict[int, list[float]] = {}
    for encounter_id, at in rows:
        found.setdefault(encounter_id, []).append(at)
    return found


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
            **shown(row, Rounds(checked=checks.get(row[0], [])), now),
            "newest": newest.get(row[0], 0),
            "trend": trends.get(row[0], []),
        }
        for row in rows
    ]
