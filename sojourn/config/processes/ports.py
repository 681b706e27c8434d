"""Which ports of the monitors' listener belong to clinics; `sojourn port` says how they come to."""

from __future__ import annotations

import psycopg

from sojourn.config.environment import database


def ports() -> list[tuple[int, str]]:
    """The ports that belong to clinics, each with the clinic's short name."""
    with psycopg.connect(database("signals").conninfo()) as connection:
        rows = connection.execute(
            "SELECT p.port, c.slug FROM vitals_listenerport p JOIN accounts_clinic c ON c.id = p.clinic_id ORDER BY 1"
        ).fetchall()
    return [(int(port), str(slug)) for port, slug in rows]
