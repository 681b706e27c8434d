"""A process says that it lives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Cursor
from psycopg.types.json import Json


def stamp_heartbeat(
    cursor: Cursor[tuple[Any, ...]], name: str, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Stamp a process's heartbeat."""
    cursor.execute(
        "INSERT INTO heartbeat_heartbeat (name, at, detail) VALUES (%s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET at = excluded.at, detail = excluded.detail",
        (name, now, Json(detail or {})),
    )
