"""What monitors send that is not used, or not quite believed, counted by monitor.

A monitor may send twenty codes that nobody mapped, each second. So a listener counts in its memory and writes what it
has counted every few seconds; a process that dies loses the counts of those seconds, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from psycopg import Cursor

from sojourn.care.alarms.columns import Row

UNMAPPED, ASSUMED, REFUSED, DOUBTED, NO_VALUE, WITHDRAWN = (
    "unmapped", "assumed", "refused", "doubted", "no-value", "withdrawn",
)  # fmt: skip
KINDS: Final = (REFUSED, DOUBTED, UNMAPPED, ASSUMED, NO_VALUE, WITHDRAWN)
_EVERY: Final = timedelta(seconds=5)
_MOST: Final = 5_000  # different things in memory between two writings


class Item(NamedTuple):
    """Something of one message that was not used. ``what`` is its code, ``name`` what the monitor calls it."""

    kind: str
    what: str
    name: str = ""
    times: int = 1


_WRITE = """
INSERT INTO vitals_notused AS n (clinic_id, device_id, kind, what, name, count, first_at, last_at)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[],
  %s::timestamptz[])
ON CONFLICT (device_id, kind, what) DO UPDATE SET count = n.count + excluded.count, name = excluded.name,
  last_at = greatest(n.last_at, excluded.last_at)
"""


@dataclass(slots=True)
class _Counted:
    clinic_id: int
    count: int
    first_at: datetime
    last_at: datetime
    name: str


class Counts:
    """What one listener has counted and not written yet."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str, str], _Counted] = {}
        self._written_at: datetime | None = None

    def add(self, clinic_id: int, device_id: int, items: Iterable[Item], at: datetime) -> None:
        """Count what a message of a monitor held."""
        for kind, what, name, times in items:
            what, name = what[:80], name[:80]  # noqa: PLW2901 - as the columns keep them
            found = self._found.get((device_id, kind, what))
            if found is not None:
                found.count, found.last_at = found.count + times, at
            elif len(self._found) < _MOST:
                self._found[device_id, kind, what] = _Counted(clinic_id, times, at, at, name)

    def write(self, cursor: Cursor[Row], now: datetime) -> None:
        """Write what was counted, if it is time."""
        if not self._found or (self._written_at is not None and now - self._written_at < _EVERY):
            return
        rows = [
            (each.clinic_id, device_id, kind, what, each.name, each.count, each.first_at, each.last_at)
            for (device_id, kind, what), each in sorted(self._found.items())
        ]
        cursor.execute(_WRITE, tuple(map(list, zip(*rows, strict=True))))
        self._written_at = now
        self._found.clear()
