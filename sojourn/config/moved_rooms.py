"""A database of an earlier version whose rooms were called otherwise: its tables take their new names, rows and all.

Before 0.2 a session's rows stood in ``treatment`` and its readings in ``monitoring``. Policies, grants, triggers and
indexes go along with a renamed table, so nothing but the names changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg import sql

# Old table -> (room, its new name in that room).
TABLES: Final[Mapping[str, tuple[str, str]]] = {
    "treatment_encounter": ("encounter", "encounter"),
    "treatment_sessionstate": ("encounter", "sessionstate"),
    **{
        f"treatment_{name}": ("session", name)
        for name in (
            "checkresult", "medicationadministration", "dosecheck", "sessionevent", "discharge", "recordsignature",
            "addendum",
        )
    },
    "monitoring_signal": ("alarms", "currentvital"),
    "monitoring_alarmstate": ("alarms", "alarmstate"),
    "monitoring_alarmevent": ("alarms", "alarmevent"),
    **{f"monitoring_{name}": ("vitals", name) for name in ("device", "deviceassociation", "inboundmessage")},
    "monitoring_observation": ("vitals", "observation"),
    "monitoring_heartbeat": ("heartbeat", "heartbeat"),
}  # fmt: skip
# What the old rooms had applied is what these say of the new ones.
APPLIED: Final = ("0001_initial", "0002_protect")


def rename(connection: psycopg.Connection[Any]) -> bool:
    """Give the tables of an earlier version their new names; whether there was anything to do. One transaction."""
    if connection.execute("SELECT to_regclass('treatment_encounter')").fetchone() == (None,):
        return False
    with connection.transaction():
        for old, (room, name) in TABLES.items():
            connection.execute(
                sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(f"{room}_{name}"))
            )
            connection.execute(
                "UPDATE django_content_type SET app_label = %s, model = %s WHERE app_label = %s AND model = %s",
                (room, name, *old.split("_")),
            )
        connection.execute("DELETE FROM django_migrations WHERE app IN ('treatment', 'monitoring')")
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " SELECT room, name, now() FROM unnest(%s::text[]) AS room, unnest(%s::text[]) AS name",
            (sorted({room for room, _ in TABLES.values()}), list(APPLIED)),
        )
    return True
