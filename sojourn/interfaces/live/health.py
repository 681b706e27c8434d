"""``GET /healthz``: 200 while every part lives, 503 when any is down, always with what was found."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.conf import settings

from sojourn import __version__
from sojourn.interfaces.live.connection import conninfo

# Heartbeats come every second or two; one older than this means that the process is gone.
_OLD_S = 15.0

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def _heartbeats() -> list[tuple[str, datetime, str]]:
    """Name, time and detail of every process. Raises psycopg.Error, TimeoutError, OSError."""
    async with asyncio.timeout(3):
        async with await psycopg.AsyncConnection.connect(conninfo(), autocommit=True, connect_timeout=2) as connection:
            found = await connection.execute("SELECT name, at, detail::text FROM heartbeat_heartbeat")
            return await found.fetchall()


def _is_young(age: float | None) -> bool:
    return age is not None and age < _OLD_S


async def state() -> tuple[int, dict[str, Any]]:
    """The status code and the JSON of /healthz."""
    listeners = settings.LISTENERS
    ages: dict[str, float | None] = dict.fromkeys(("watch", "jobs", *listeners))
    counters: dict[str, Any] = {}
    began = time.monotonic()
    try:
        rows = await _heartbeats()
    except (psycopg.Error, TimeoutError, OSError):
        database = "down"
    else:
        database = "up"
        counters = {name: json.loads(detail) for name, _, detail in rows if name in listeners}
        now = datetime.now(UTC)
        ages.update({name: round((now - at).total_seconds(), 1) for name, at, _ in rows if name in ages})
    well = database == "up" and all(map(_is_young, ages.values()))
    return (200 if well else 503), {
        "status": "ok" if well else "down",
        "database": database,
        "watch_heartbeat_age_s": ages["watch"],
        "devices_heartbeat_age_s": _oldest([ages[name] for name in listeners]),
        "jobs_heartbeat_age_s": ages["jobs"],
        "version": __version__,
        "monitors": counters,
        "answered_in_ms": round((time.monotonic() - began) * 1000),
    }


def _oldest(ages: Sequence[float | None]) -> float | None:
    """The age of the one that was heard longest ago; None where one has never been heard."""
    known = [age for age in ages if age is not None]
    return max(known) if len(known) == len(ages) else None


async def application(scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
    status, found = await state()
    body = json.dumps(found).encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
