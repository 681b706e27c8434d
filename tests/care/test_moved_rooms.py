"""A database of an earlier version takes the new names of its tables, with every row, policy and trigger."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from sojourn.config import moved_rooms
from sojourn.config.environment import database
from tests import house

SCRATCH = f"{house.DATABASE}_moved"


@pytest.fixture
def older(db: None) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A database whose rooms are called as they were before, with one heartbeat in it."""
    house._admin(f'CREATE DATABASE "{SCRATCH}" TEMPLATE template_house OWNER sojourn_owner')
    owner = database("owner").conninfo().replace(f"dbname={house.DATABASE}", f"dbname={SCRATCH}")
    assert SCRATCH in owner
    with psycopg.connect(owner, autocommit=True) as connection:
        for old, (room, name) in moved_rooms.TABLES.items():
            connection.execute(
                sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.Identifier(f"{room}_{name}"), sql.Identifier(old))
            )
        connection.execute(
            "UPDATE django_migrations SET app = 'treatment' WHERE app IN ('encounter', 'session');"
            "UPDATE django_migrations SET app = 'monitoring' WHERE app IN ('alarms', 'vitals', 'heartbeat');"
            "INSERT INTO monitoring_heartbeat (name, at, detail) VALUES ('watch', now(), '{}')"
        )
        yield connection
    house._admin(f'DROP DATABASE "{SCRATCH}"')


def test_an_older_database_keeps_its_rows_and_its_walls(older: psycopg.Connection[tuple[object, ...]]) -> None:
    assert moved_rooms.rename(older)

    def one(statement: str, *values: object) -> object:
        row = older.execute(statement, values).fetchone()
        assert row is not None
        return row[0]

    assert one("SELECT name FROM heartbeat_heartbeat") == "watch"
    for room, name in moved_rooms.TABLES.values():
        table = f"{room}_{name}"
        if table == "heartbeat_heartbeat" or table == "vitals_inboundmessage":
            continue  # of the house, or of nobody yet
        assert one("SELECT relforcerowsecurity FROM pg_class WHERE oid = to_regclass(%s)", table), table
    assert (
        one("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'session_dosecheck'::regclass AND NOT tgisinternal") == 2
    )
    assert one("SELECT count(*) FROM django_migrations WHERE app IN ('treatment', 'monitoring')") == 0
    for room in {room for room, _ in moved_rooms.TABLES.values()}:
        names = older.execute("SELECT name FROM django_migrations WHERE app = %s ORDER BY 1", (room,)).fetchall()
        assert [each[0] for each in names][:2] == ["0001_initial", "0002_protect"], room


def test_a_database_of_today_is_left_as_it_is(older: psycopg.Connection[tuple[object, ...]]) -> None:
    assert moved_rooms.rename(older)
    assert not moved_rooms.rename(older)
