"""Clinicians without another who confirms them: in the databases of tests and benchmarks alone."""

from __future__ import annotations

import psycopg

from sojourn.config.environment import database


def casts_are_confirmed() -> None:
    """Here alone a clinician may be put into a clinic by a row, without asking another. As it ships it is asked for by
    ``SELECT set_config('sojourn.as_shipped', 'yes', true)``."""
    with psycopg.connect(database("owner").conninfo(), autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION sojourn_born_confirmed() RETURNS boolean LANGUAGE sql STABLE AS"
            " $$ SELECT coalesce(current_setting('sojourn.as_shipped', true), '') <> 'yes' $$"
        )
