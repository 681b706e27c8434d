"""The database as its owner sees it during an upgrade: every clinic's rows."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from sojourn.care.vitals.models import Device
from sojourn.config.environment import database

_TABLES = ("vitals_device", "vitals_inboundmessage", "vitals_stranger")


@contextlib.contextmanager
def as_owner() -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the owner while row-level security is off, as in the migration."""
    with psycopg.connect(database("owner").conninfo()) as connection, connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        yield cursor
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def old_message(
    cursor: psycopg.Cursor[Any], device: Device, raw: bytes, at: datetime, peer: str = "10.0.0.5:4711"
) -> None:
    """A message as an older version kept it."""
    cursor.execute(
        "INSERT INTO vitals_inboundmessage (clinic_id, device_id, received_at, peer, digest, raw, ack, fault,"
        " control_id) VALUES (%s, %s, %s, %s, %s, %s, 'AA', '', '')",
        (device.clinic_id, device.pk, at, peer, hashlib.sha256(raw).digest(), raw),
    )
