"""What belongs to no monitor of ours: counted for ever by who sent it, kept only as far as the quota goes.

Whoever reaches the port can send what he likes. So the bytes of a stranger are no record: the newest few of each sender
are kept for the technician, within a bound for all of them together, and for a week. Never what they say of a patient.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from psycopg import Cursor

from sojourn.care.alarms.columns import Row

# Engineering, not medicine: what a machine bears without anybody noticing.
KEPT_EACH: Final = 20
KEPT_BYTES: Final = 64 << 20
KEPT_LONGEST: Final = 1 << 16
KEPT_FOR: Final = timedelta(days=7)
MOST_STRANGERS: Final = 2_000
MOST_CODES: Final = 60
MOST_NAMES: Final = 20  # in one batch; names are cheap to invent, and what goes beyond is counted together
_SOON: Final = 1 << 20


@dataclass(slots=True)
class Sent:
    """One message of a stranger, as it is to be counted and, perhaps, kept."""

    clinic_id: int | None
    host: str
    peer: str
    name: str
    fault: str
    reason: str
    keys: tuple[str, ...]
    gateway_keys: tuple[str, ...]
    codes: Mapping[str, int]
    received_at: datetime
    digest: bytes
    raw: bytes
    ack: str
    control_id: str


@dataclass(slots=True)
class _Count:
    newest: Sent
    first_at: datetime
    count: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    messages: deque[Sent] = field(default_factory=lambda: deque(maxlen=KEPT_EACH))


_UPSERT = """
INSERT INTO vitals_stranger AS s (clinic_id, host, name, fault, reason, keys, gateway_keys, codes, count, first_at,
  last_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (clinic_id, host, name, fault) DO UPDATE SET reason = excluded.reason, keys = excluded.keys,
  gateway_keys = excluded.gateway_keys, codes = CASE WHEN excluded.codes = '{}' THEN s.codes ELSE excluded.codes END,
  count = s.count + excluded.count, last_at = greatest(s.last_at, excluded.last_at)
RETURNING id
"""
_KEEP = """
INSERT INTO vitals_strangermessage (clinic_id, stranger_id, received_at, peer, digest, raw, ack, fault, control_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (digest) DO NOTHING
"""
_OLDEST_OF_ONE = """
DELETE FROM vitals_strangermessage WHERE stranger_id = %s AND id NOT IN (
  SELECT id FROM vitals_strangermessage WHERE stranger_id = %s ORDER BY received_at DESC, id DESC LIMIT %s)
"""
_OVER_THE_BOUND = """
DELETE FROM vitals_strangermessage WHERE id IN (
  SELECT id FROM (SELECT id, sum(octet_length(raw)) OVER (ORDER BY received_at DESC, id DESC) AS above
    FROM vitals_strangermessage) m WHERE m.above > %s)
"""


def keep(cursor: Cursor[Row], sent: Sequence[Sent]) -> None:
    """Count messages of strangers by their senders, and keep the newest of them within the quota."""
    counts: dict[tuple[int | None, str, str, str], _Count] = {}
    for each in sent:
        key = (each.clinic_id, each.host, each.name, each.fault)
        if key not in counts and len(counts) >= MOST_NAMES:
            key = (each.clinic_id, each.host, "", each.fault)
        _count(counts.setdefault(key, _Count(each, each.received_at)), each)
    if not counts:
        return
    room = _room(cursor)
    for place, key in enumerate(sorted(counts, key=str)):
        clinic_id, host, name, fault = key
        _keep_one(cursor, clinic_id, host, name if place < room else "", fault, counts[key])
    if sum(len(each.raw) for found in counts.values() for each in found.messages) > _SOON:
        cursor.execute(_OVER_THE_BOUND, (KEPT_BYTES,))


def _count(found: _Count, sent: Sent) -> None:
    """One more message of a sender."""
    found.newest, found.count = sent, found.count + 1
    found.messages.append(sent)
    for code, number in sent.codes.items():
        if code in found.codes or len(found.codes) < MOST_CODES:
            found.codes[code] += number


def _room(cursor: Cursor[Row]) -> int:
    cursor.execute("SELECT count(*) FROM vitals_stranger")
    row = cursor.fetchone()
    assert row is not None
    (held,) = row
    return MOST_STRANGERS - int(held)


def _keep_one(cursor: Cursor[Row], clinic_id: int | None, host: str, name: str, fault: str, found: _Count) -> None:
    newest = found.newest
    cursor.execute(_UPSERT, (
        clinic_id, host, name, fault, newest.reason[:300], "\n".join(newest.keys), "\n".join(newest.gateway_keys),
        json.dumps(found.codes), found.count, found.first_at, newest.received_at,
    ))  # fmt: skip
    row = cursor.fetchone()
    assert row is not None
    (number, *_) = row
    cursor.executemany(_KEEP, [
        (
            clinic_id, number, each.received_at, each.peer[:64], each.digest, each.raw[:KEPT_LONGEST], each.ack,
            each.reason[:300], each.control_id[:80],
        )
        for each in found.messages
    ])  # fmt: skip
    cursor.execute(_OLDEST_OF_ONE, (number, number, KEPT_EACH))


def first_received(cursor: Cursor[Row], digests: Collection[bytes]) -> dict[bytes, datetime]:
    """When messages that nobody knew came for the first time, as far as they were kept. One query."""
    if not digests:
        return {}
    cursor.execute("SELECT digest, received_at FROM vitals_strangermessage WHERE digest = ANY(%s)", (list(digests),))
    return {bytes(digest): at for digest, at in cursor.fetchall()}


def forget(cursor: Cursor[Row], now: datetime) -> None:
    """What is older than a week goes, and what is beyond the bound; senders that have been still for a month."""
    cursor.execute("DELETE FROM vitals_strangermessage WHERE received_at < %s", (now - KEPT_FOR,))
    cursor.execute(_OVER_THE_BOUND, (KEPT_BYTES,))
    cursor.execute(
        "DELETE FROM vitals_stranger s WHERE last_at < %s"
        " AND NOT EXISTS (SELECT FROM vitals_strangermessage m WHERE m.stranger_id = s.id)",
        (now - 4 * KEPT_FOR,),
    )
