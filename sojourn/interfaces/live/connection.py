"""How the live side reaches the database: the web's own role, which sees one clinic at a time."""

from __future__ import annotations

from django.db import connection


def conninfo() -> str:
    """The libpq connection string of the web role, as Django has it."""
    from psycopg.conninfo import make_conninfo

    parameters = connection.get_connection_params()
    wanted = ("host", "port", "dbname", "user", "password", "sslmode", "sslrootcert")
    return make_conninfo("", **{name: value for name, value in parameters.items() if name in wanted and value})
