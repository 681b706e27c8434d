"""Tell the live pages which sessions have news: ids only, they read the truth themselves."""

from __future__ import annotations

from typing import Any

from django.db import connection
from psycopg import Cursor

from sojourn.care.encounter.models import Encounter

CHANNEL = "sojourn_live"


def notify(cursor: Cursor[Any], clinic_id: int, encounter_id: int) -> None:
    """Announce on psycopg's own cursor that a session has news, at this transaction's commit."""
    cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{clinic_id}:{encounter_id}"))


def announce(encounter: Encounter) -> None:
    """Announce a change of a session to the live pages, at this transaction's commit."""
    with connection.cursor() as wrapped:
        notify(wrapped.cursor, encounter.clinic_id, encounter.pk)
