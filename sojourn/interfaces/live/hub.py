"""Reads the truth once per tick for everybody who watches.

One task listens to PostgreSQL's notifications, which carry only ids. At each tick it reads, once per clinic that
somebody watches, the sessions that have news, and hands the same words to every watcher of that clinic. A watcher
who is slow loses nothing but haste: newer states replace those that wait, readings queue up behind them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncCursor

from sojourn.care.encounter.announcing import CHANNEL
from sojourn.care.session import live
from sojourn.care.session.glance import Glance, is_check
from sojourn.clinical.protocol import FINAL
from sojourn.foundation.accounts.actor import SAY_WHO_ASKS
from sojourn.foundation.accounts.queries import SIGN_IN_CHANNEL
from sojourn.interfaces.live.connection import conninfo

log = logging.getLogger(__name__)

TICK_S = 0.1
HEARTBEAT_S = 1.0
# Notifications say what changed. In case one was not sent, everything is looked at this often all the same.
LOOK_S = 10.0
# Rows that were committed out of the order of their ids are still found for this long.
_UNSETTLED_S = 5.0
# How long a stream may take to open.
_OPENING = timedelta(seconds=60)
# A watcher who has taken nothing for so many chunks of readings is let go; it comes back with what it has.
_TOO_SLOW = 3000
_OVER = frozenset(state.value for state in FINAL)

Row = tuple[Any, ...]
Point = list[Any]


def to_json(what: object) -> str:
    return json.dumps(what, separators=(",", ":"))


@dataclass(slots=True)
class Chunk:
    """New readings of one session, in the order of time. Ids run from above ``after`` to ``newest``."""

    points: list[Point]
    first: int
    newest: int
    text: str


@dataclass(eq=False, slots=True)
class Watcher:
    """One open stream. ``pending`` holds what was not sent yet: the newest state of a session and its new readings.

    ``seen`` is the newest reading that was sent, by session; it is None until the snapshot has gone out.
    ``sign_in`` is what a notification calls the sign-in behind it; ``doubted``: that may have ended, and nothing goes
    out before somebody has looked.
    """

    clinic_id: int
    encounter_id: int | None = None
    sign_in: frozenset[str] = frozenset()
    pending: dict[int, str] = field(default_factory=dict)
    readings: dict[int, list[Chunk]] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    beat: str = ""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False
    doubted: bool = False

    def doubt(self) -> None:
        self.doubted = True
        self.wake.set()

    def tell(self, encounter_id: int, text: str, chunk: Chunk | None) -> None:
        if self.gone or (self.encounter_id is not None and self.encounter_id != encounter_id):
            return
        self.pending[encounter_id] = text
        if chunk is not None:
            chunks = self.readings.setdefault(encounter_id, [])
            chunks.append(chunk)
            if len(chunks) > _TOO_SLOW:  # its line may hang for long: nothing is kept for it any more
                self.gone = True
                self.pending, self.readings = {}, {}
        self.wake.set()

    def take(self) -> str:
        """What waits, as the JSON of a "sessions" event; "" when nothing does. Moves ``seen`` on."""
        if not self.pending:
            return ""
        pending, self.pending = self.pending, {}
        readings, self.readings = self.readings, {}
        parts = []
        for encounter_id, text in pending.items():
            seen = self.seen.get(encounter_id, 0)
            points = [each for each in (_above(chunk, seen) for chunk in readings.get(encounter_id, ())) if each]
            newest = max([seen, *(chunk.newest for chunk in readings.get(encounter_id, ()))])
            self.seen[encounter_id] = newest
            parts.append(f'{text[:-1]},"newest":{newest},"trend":[{",".join(points)}]}}')
        return f"[{','.join(parts)}]"


def _above(chunk: Chunk, seen: int) -> str:
    """The points of a chunk with ids above ``seen``, as JSON without its brackets."""
    if chunk.newest <= seen:
        return ""
    if chunk.first > seen:
        return chunk.text
    return to_json([point for point in chunk.points if point[0] > seen])[1:-1]


def _chunk(points: list[Point]) -> Chunk | None:
    if not points:
        return None
    ids = [point[0] for point in points]
    return Chunk(points, min(ids), max(ids), to_json(points)[1:-1])


@dataclass(slots=True)
class Known:
    """A session that the watchers of a clinic know: how far its readings were told, when somebody measured, how it
    stood when it was last looked at, and what was said then."""

    told: int
    checked_at: list[datetime] = field(default_factory=list)
    glance: Glance | None = None
    text: str = ""

    def due_moved(self, now: datetime) -> bool:
        """Whether a check has passed by since it was last looked at, so that the next one counts now."""
        before = self.glance
        return before is not None and live.due_of(before) != live.due_of(replace(before, now=now))


@dataclass(slots=True)
class Snapshot:
    """A clinic's running sessions with their trends, shared by streams that open together."""

    began: float
    text: str
    newest: dict[int, int]


@dataclass(slots=True)
class Room:
    """A clinic that somebody watches."""

    watchers: set[Watcher] = field(default_factory=set)
    known: dict[int, Known] = field(default_factory=dict)
    dirty: set[int] = field(default_factory=set)
    everything: bool = True
    behind: bool = False
    looked: float = 0.0
    marks: deque[tuple[float, int]] = field(default_factory=deque)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    snapshot: Snapshot | None = None

    def floor(self, now: float) -> int:
        """The id below which every reading is settled and told."""
        while len(self.marks) > 1 and self.marks[1][0] <= now - _UNSETTLED_S:
            self.marks.popleft()
        return self.marks[0][1] if self.marks else 0


class Hub:
    """The one reader of a web process. Starts with the first watcher, ends with the process."""

    def __init__(self) -> None:
        self.rooms: dict[int, Room] = {}
        self._tasks: list[asyncio.Task[None]] = []
        # What runs and what opens are read on connections of their own: a rush of new streams delays nobody's news.
        self._news_reader, self._opening_reader = Reader(), Reader()

    def watch(self, watcher: Watcher) -> None:
        self.rooms.setdefault(watcher.clinic_id, Room()).watchers.add(watcher)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tick())]

    def leave(self, watcher: Watcher) -> None:
        room = self.rooms.get(watcher.clinic_id)
        if room is not None:
            room.watchers.discard(watcher)
            if not room.watchers:
                del self.rooms[watcher.clinic_id]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for room in self.rooms.values():
            for watcher in room.watchers:
                watcher.gone = True
                watcher.wake.set()
        await self._news_reader.close()
        await self._opening_reader.close()

    # --- what is heard ---

    async def _listen(self) -> None:
        while True:
            try:
                async with await _connect() as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await connection.execute(f"LISTEN {SIGN_IN_CHANNEL}")
                    self._look_at_everything()  # what was said while nobody listened
                    self._doubt_sign_ins()
                    async for notice in connection.notifies():
                        if notice.channel == SIGN_IN_CHANNEL:
                            self._doubt_sign_ins(notice.payload)
                        else:
                            self._hear(notice.payload)
            except (psycopg.Error, OSError):
                log.warning("the live side lost the database; trying again")
            await asyncio.sleep(1)

    def _hear(self, payload: str) -> None:
        clinic, _, ids = payload.partition(":")
        try:
            room = self.rooms.get(int(clinic))
            if room is not None:
                room.dirty.update(map(int, ids.split(",")))
        except ValueError:
            log.warning("a notification that is not ours: %.80r", payload)

    def _doubt_sign_ins(self, changed: str = "") -> None:
        """A sign-in has changed, or any may have: its streams ask whether it still stands."""
        for room in self.rooms.values():
            for watcher in room.watchers:
                if not changed or changed in watcher.sign_in:
                    watcher.doubt()

    def _look_at_everything(self) -> None:
        for room in self.rooms.values():
            room.everything = room.behind = True
            # A session without a reading so far has no mark to go on from: it is met anew.
            room.known = {each: known for each, known in room.known.items() if known.told}

    # --- what is told ---

    async def _tick(self) -> None:
        beaten = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(TICK_S)
            try:
                for clinic_id, room in list(self.rooms.items()):
                    if room.dirty or room.everything or clock() - room.looked > LOOK_S:
                        await self._tell(clinic_id, room, clock())
                if clock() - beaten >= HEARTBEAT_S and self.rooms:
                    beaten = clock()
                    await self._tell_heartbeat()
            except (psycopg.Error, OSError, TimeoutError):
                log.warning("the live side could not read; the pages mark themselves stale")
                await self._news_reader.close()
                await asyncio.sleep(1)
                self._look_at_everything()
            except Exception:
                log.exception("the live side stumbled; it goes on")
                await asyncio.sleep(1)

    async def _tell(self, clinic_id: int, room: Room, at: float) -> None:
        ids: set[int] | None = room.dirty
        room.dirty = set()
        if room.everything or at - room.looked > LOOK_S:
            room.everything, room.looked, ids = False, at, None
        try:
            sessions, trends = await self._news(clinic_id, room, ids, at)
        except BaseException:
            room.everything = True
            raise
        for session in sessions:
            encounter_id = session["id"]
            known, text = room.known[encounter_id], to_json(session)
            chunk = _chunk(trends.get(encounter_id, []))
            if text != known.text or chunk is not None:
                known.text = text
                for watcher in room.watchers:
                    watcher.tell(encounter_id, text, chunk)
            if session["state"] in _OVER:
                del room.known[encounter_id]
        if ids is None:
            room.behind = False

    async def _news(
        self, clinic_id: int, room: Room, ids: set[int] | None, at: float
    ) -> tuple[list[dict[str, Any]], Mapping[int, list[Point]]]:
        now = datetime.now(UTC)
        async with self._news_reader.asking(clinic_id) as cursor:
            if not room.marks:
                await cursor.execute(live.NEWEST)
                newest = await cursor.fetchone()
                room.marks.append((at, newest[0] if newest else 0))
            await cursor.execute(*live.sessions_query(ids, room.known))
            rows = await cursor.fetchall()
            told = {row[0]: room.known[row[0]].told for row in rows if row[0] in room.known}
            strangers = [row[0] for row in rows if row[0] not in room.known]
            floor = min(told.values(), default=0)
            if not room.behind:
                floor = max(floor, room.floor(at))
            fresh: list[Row] = []
            if told:
                values = {"floor": floor, "ids": list(told), "told": list(told.values())}
                await cursor.execute(live.FRESH, values)
                fresh = await cursor.fetchall()
            met = await self._meet(cursor, room, strangers, now) if strangers else {}
        # Only now, when all is read, do the marks move: what failed half-way is read again.
        trends = self._moved(room, fresh, at)
        for encounter_id, (known, points) in met.items():
            room.known[encounter_id], trends[encounter_id] = known, points
        return [live.picture(self._looked(room.known[row[0]], row, now)) for row in rows], trends

    @staticmethod
    def _looked(known: Known, row: Row, now: datetime) -> Glance:
        known.glance = live.glance_of(row, known.checked_at, now)
        return known.glance

    @staticmethod
    def _moved(room: Room, rows: Iterable[Row], at: float) -> dict[int, list[Point]]:
        """Rows of ``FRESH`` by session, noted as told."""
        trends: dict[int, list[Point]] = {}
        newest = room.marks[-1][1]
        for encounter_id, observation_id, code, value, measured, method in rows:
            known = room.known[encounter_id]
            known.told = max(known.told, observation_id)
            newest = max(newest, observation_id)
            if code in live.CODES:
                trends.setdefault(encounter_id, []).append([observation_id, code, value, measured])
            if is_check(code, method):
                known.checked_at.append(live.moment(measured))
        if newest > room.marks[-1][1]:
            room.marks.append((at, newest))
        return trends

    @staticmethod
    async def _meet(
        cursor: AsyncCursor[Row], room: Room, ids: list[int], now: datetime
    ) -> dict[int, tuple[Known, list[Point]]]:
        """Sessions that are new to the room. Streams began with their trends; of what came while they opened every
        reading is told, since a trend leaves out what lies between its lowest and its highest."""
        length = live.TREND if room.behind else _OPENING
        await cursor.execute(*live.missed_query(dict.fromkeys(ids, 0), now, length))
        rows = await cursor.fetchall()
        if len(rows) <= live.MISSED_AT_MOST:
            trends, newest = live.missed_of(rows)
        else:
            await cursor.execute(*live.trends_query(ids, now, length))
            trends, newest = live.trends_of(await cursor.fetchall())
        await cursor.execute(*live.checks_query(ids))
        checks = live.checks_of(await cursor.fetchall())
        return {each: (Known(newest.get(each, 0), checks.get(each, [])), trends.get(each, [])) for each in ids}

    async def _tell_heartbeat(self) -> None:
        async with self._news_reader.asking(None) as cursor:
            await cursor.execute("SELECT at FROM heartbeat_heartbeat WHERE name = 'watch'")
            row = await cursor.fetchone()
        now = datetime.now(UTC)
        age = None if row is None else round((now - row[0]).total_seconds(), 1)
        text = to_json({"now": now.isoformat(timespec="milliseconds"), "watch_age_s": age})
        for room in self.rooms.values():
            for encounter_id, known in room.known.items():
                if known.due_moved(now):
                    room.dirty.add(encounter_id)
            for watcher in room.watchers:
                watcher.beat = text
                watcher.wake.set()

    # --- what a stream begins with ---

    async def open(self, watcher: Watcher, seen: Mapping[int, int]) -> str:
        """The sessions that a new stream begins with, each with the readings that its reader has not ``seen``, as JSON.

        The watcher must be watching already, so that nothing falls between this and its first event. Streams that
        open together share one reading of the clinic.
        """
        if watcher.encounter_id is not None or seen:
            ids = None if watcher.encounter_id is None else [watcher.encounter_id]
            snapshot = await self._read(watcher.clinic_id, ids, seen)
        else:
            room = self.rooms[watcher.clinic_id]
            registered = asyncio.get_running_loop().time()
            async with room.opening:
                if room.snapshot is None or room.snapshot.began < registered:
                    room.snapshot = await self._read(watcher.clinic_id, None, {})
                snapshot = room.snapshot
        watcher.seen = dict(snapshot.newest)
        return snapshot.text

    async def _read(self, clinic_id: int, ids: Iterable[int] | None, seen: Mapping[int, int]) -> Snapshot:
        async with self._opening_reader.asking(clinic_id) as cursor:
            now, began = datetime.now(UTC), asyncio.get_running_loop().time()
            await cursor.execute(*live.sessions_query(ids))
            rows = await cursor.fetchall()
            found = [row[0] for row in rows]
            trends, newest = await _trends(cursor, found, seen, now)
            await cursor.execute(*live.checks_query(found))
            checks = live.checks_of(await cursor.fetchall())
        newest = {each: newest.get(each, seen.get(each, 0)) for each in found}
        sessions = [
            {
                **live.picture(live.glance_of(row, checks.get(row[0], ()), now)),
                "newest": newest[row[0]],
                "trend": trends.get(row[0], []),
            }
            for row in rows
        ]
        return Snapshot(began, to_json(sessions), newest)


async def _trends(
    cursor: AsyncCursor[Row], ids: list[int], seen: Mapping[int, int], now: datetime
) -> tuple[dict[int, list[Point]], dict[int, int]]:
    """Of sessions that the reader knows every reading that it missed, of others their trends."""
    known = {each: seen[each] for each in ids if seen.get(each)}
    missed: tuple[dict[int, list[Point]], dict[int, int]] = ({}, {})
    if known:
        await cursor.execute(*live.missed_query(known, now))
        rows = await cursor.fetchall()
        if len(rows) > live.MISSED_AT_MOST:
            known = {}
        else:
            missed = live.missed_of(rows)
    strangers = [each for each in ids if each not in known]
    if not strangers:
        return missed
    await cursor.execute(*live.trends_query(strangers, now))
    trends, newest = live.trends_of(await cursor.fetchall())
    return {**missed[0], **trends}, {**missed[1], **newest}


class Reader:
    """One connection to the database, made anew when it breaks, for one reader at a time."""

    def __init__(self) -> None:
        self._connection: AsyncConnection[Row] | None = None
        self._lock = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def asking(self, clinic_id: int | None) -> AsyncIterator[AsyncCursor[Row]]:
        """A cursor in a transaction that sees this clinic, or with None no clinic."""
        async with self._lock:
            try:
                async with asyncio.timeout(10):
                    connection = await self._alive()
                    async with connection.transaction(), connection.cursor() as cursor:
                        await cursor.execute(SAY_WHO_ASKS, (str(clinic_id or ""), "", "", ""))
                        yield cursor
            except (psycopg.Error, OSError, TimeoutError):
                await self.close()
                raise

    async def _alive(self) -> AsyncConnection[Row]:
        """The connection, or a new one where the old one was cut while nobody used it."""
        if self._connection is not None:
            try:
                await self._connection.execute("SELECT 1")
            except (psycopg.Error, OSError):
                await self.close()
        if self._connection is None:
            self._connection = await _connect()
        return self._connection

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()


async def _connect() -> AsyncConnection[Row]:
    return await AsyncConnection.connect(
        conninfo(), autocommit=True, connect_timeout=5, application_name="sojourn live"
    )
