"""Reads the truth once per tick for everybody who watches.

One task listens to PostgreSQL's notifications, which carry only ids. At each tick it reads, once per clinic that
somebody watches, the sessions that have news, and hands the same bytes to every watcher of that clinic. A watcher
who is slow loses nothing but haste: what waits for them is replaced by the newest.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import AsyncConnection

from sojourn.care.monitoring.ledger import CHANNEL
from sojourn.foundation.accounts.asker import SAY_WHO_ASKS
from sojourn.interfaces.live.connection import conninfo

log = logging.getLogger(__name__)

TICK_S = 0.1
HEARTBEAT_S = 1.0
TREND = timedelta(minutes=20)


@dataclass(eq=False)
class Watcher:
    """One open stream. ``pending`` holds the newest state of each session that was not sent yet."""

    clinic_id: int
    encounter_id: int | None = None
    pending: dict[int, str] = field(default_factory=dict)
    beat: str = ""
    newest: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False


class Hub:
    """The one reader of a web process. Starts with the first watcher, ends with the process."""

    def __init__(self) -> None:
        self.watchers: dict[int, set[Watcher]] = defaultdict(set)
        self.dirty: dict[int, set[int]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        self._reader: AsyncConnection[tuple[Any, ...]] | None = None
        self._reading = asyncio.Lock()

    def watch(self, watcher: Watcher) -> None:
        self.watchers[watcher.clinic_id].add(watcher)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tick())]

    def leave(self, watcher: Watcher) -> None:
        watchers = self.watchers[watcher.clinic_id]
        watchers.discard(watcher)
        if not watchers:
            del self.watchers[watcher.clinic_id]
            self.dirty.pop(watcher.clinic_id, None)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for watchers in self.watchers.values():
            for watcher in watchers:
                watcher.gone = True
                watcher.wake.set()
        if self._reader is not None:
            await self._reader.close()

    async def _listen(self) -> None:
        while True:
            try:
                async with await AsyncConnection.connect(conninfo(), autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    for clinic_id in self.watchers:
                        self.dirty[clinic_id].add(0)  # what was said while nobody listened: look at everything
                    async for notice in connection.notifies():
                        clinic, _, ids = notice.payload.partition(":")
                        if int(clinic) in self.watchers:
                            self.dirty[int(clinic)].update(map(int, ids.split(",")))
            except (psycopg.Error, OSError):
                log.warning("the live side lost the database; trying again")
                await asyncio.sleep(1)

    async def _tick(self) -> None:
        last_beat = 0.0
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            try:
                for clinic_id in list(self.dirty):
                    ids = self.dirty.pop(clinic_id)
                    if self.watchers.get(clinic_id):
                        await self._tell(clinic_id, None if 0 in ids else ids)
                if loop.time() - last_beat >= HEARTBEAT_S:
                    last_beat = loop.time()
                    await self._tell_heartbeat()
            except (psycopg.Error, OSError):
                log.warning("the live side could not read; the pages mark themselves stale")
                with contextlib.suppress(psycopg.Error, OSError):
                    if self._reader is not None:
                        await self._reader.close()
                self._reader = None
                await asyncio.sleep(1)
                for clinic_id in self.watchers:
                    self.dirty[clinic_id].add(0)

    async def _tell(self, clinic_id: int, ids: set[int] | None) -> None:
        sessions = await self.read(clinic_id, ids)
        texts = {each["id"]: json.dumps(each, separators=(",", ":")) for each in sessions}
        for watcher in self.watchers.get(clinic_id, ()):
            if watcher.encounter_id is None:
                watcher.pending.update(texts)
            elif watcher.encounter_id in texts:
                watcher.pending[watcher.encounter_id] = texts[watcher.encounter_id]
            if watcher.pending:
                watcher.wake.set()

    async def _tell_heartbeat(self) -> None:
        if not self.watchers:
            return
        connection = await self._connection()
        async with self._reading, connection.cursor() as cursor:
            await cursor.execute("SELECT at FROM monitoring_heartbeat WHERE name = 'watch'")
            row = await cursor.fetchone()
        now = datetime.now(UTC)
        age = None if row is None else round((now - row[0]).total_seconds(), 1)
        text = json.dumps({"now": now.isoformat(timespec="milliseconds"), "watch_age_s": age})
        for watchers in self.watchers.values():
            for watcher in watchers:
                watcher.beat = text
                watcher.wake.set()

    async def _connection(self) -> AsyncConnection[tuple[Any, ...]]:
        if self._reader is None or self._reader.closed:
            self._reader = await AsyncConnection.connect(conninfo(), autocommit=True)
        return self._reader

    async def read(
        self, clinic_id: int, ids: set[int] | None, *, trend_after: int | None = None
    ) -> list[dict[str, Any]]:
        """The live state of a clinic's sessions (of all that run, or of ``ids``), oldest first.

        With ``trend_after`` each brings its readings of the last 20 minutes whose id is above it (0 for all).
        """
        connection = await self._connection()
        async with self._reading, connection.transaction(), connection.cursor() as cursor:
            await cursor.execute(SAY_WHO_ASKS, (str(clinic_id), "", "", ""))
            await cursor.execute(_SESSIONS, {"ids": None if ids is None else sorted(ids)})
            rows = await cursor.fetchall()
            trends: dict[int, list[list[Any]]] = {}
            if trend_after is not None and rows:
                await cursor.execute(
                    _TREND,
                    {"ids": [row[0] for row in rows], "since": datetime.now(UTC) - TREND, "after": trend_after},
                )
                for encounter_id, observation_id, code, value, at in await cursor.fetchall():
                    trends.setdefault(encounter_id, []).append([observation_id, code, value, at.timestamp()])
        found = []
        for encounter_id, state, seq, signals, alarms, calls, newest in rows:
            one: dict[str, Any] = {
                "id": encounter_id, "state": state, "seq": seq, "signals": signals or {}, "alarms": alarms or [],
                "calls": calls, "newest": newest or 0,
            }  # fmt: skip
            if trend_after is not None:
                one["trend"] = trends.get(encounter_id, [])
            found.append(one)
        return found


# One statement: newest state, every signal, open alarms and unanswered calls of the sessions asked for.
_SESSIONS = """
SELECT e.id, s.state, s.seq,
  (SELECT jsonb_object_agg(g.code, jsonb_build_array(g.value, extract(epoch FROM g.effective_at), g.doubt))
     FROM monitoring_signal g WHERE g.encounter_id = e.id),
  (SELECT jsonb_agg(jsonb_build_object('rule', a.rule_id, 'code', a.code, 'phase', a.phase, 'priority', a.priority,
       'since', extract(epoch FROM a.since_at), 'why', a.why, 'value', a.value, 'limit', a."limit",
       'by', a.acknowledged_by_name) ORDER BY a.since_at)
     FROM monitoring_alarmstate a
     WHERE a.encounter_id = e.id AND a.phase IN ('raised', 'acknowledged', 'escalated')),
  (SELECT count(*) FILTER (WHERE v.kind = 'patient_calls') > count(*) FILTER (WHERE v.kind = 'call_answered')
     FROM treatment_sessionevent v WHERE v.encounter_id = e.id AND v.kind IN ('patient_calls', 'call_answered')),
  (SELECT max(o.id) FROM monitoring_observation o WHERE o.encounter_id = e.id)
FROM treatment_encounter e
CROSS JOIN LATERAL (SELECT t.state, t.seq FROM treatment_sessionstate t
  WHERE t.encounter_id = e.id ORDER BY t.seq DESC LIMIT 1) s
WHERE CASE WHEN %(ids)s::bigint[] IS NULL
  THEN e.opened_at > now() - interval '36 hours'
    AND s.state IN ('arrived', 'checked', 'dosing', 'observing', 'ready_to_leave', 'stopped_early')
  ELSE e.id = ANY(%(ids)s::bigint[]) END
ORDER BY e.id
"""

_TREND = """
SELECT encounter_id, id, code, value, effective_at FROM monitoring_observation
WHERE encounter_id = ANY(%(ids)s) AND effective_at > %(since)s AND id > %(after)s AND doubt = ''
ORDER BY encounter_id, effective_at, id
"""
