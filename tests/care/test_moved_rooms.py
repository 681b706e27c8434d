"""A database of an earlier version takes the new names of its tables, with every row, policy and trigger."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from sojourn.config import moved_rooms
from sojourn.config.environment import database
from tests import postgres_server

SCRATCH = f"{postgres_server.DATABASE}_moved"


@pytest.fixture
def older(db: None) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A database whose rooms are called as they were before, with one heartbeat in it."""
    postgres_server._admin(f'CREATE DATABASE "{SCRATCH}" TEMPLATE template_house OWNER sojourn_owner')
    owner = database("owner").conninfo().replace(f"dbname={postgres_server.DATABASE}", f"dbname={SCRATCH}")
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
    postgres_server._admin(f'DROP DATABASE "{SCRATCH}"')


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


# ---------------------------------------------------------------- decision 0037

PARTED = (
    "offer", "waitingentry", "reminder", "reminderpreference", "calendarfeed", "escortlink", "escortanswer",
)  # fmt: skip
# Everything about a table that an upgrade must leave alone.
WALLS = """
SELECT c.oid, c.relrowsecurity, c.relforcerowsecurity,
  (SELECT array_agg(p.polname || coalesce(pg_get_expr(p.polqual, p.polrelid), '') ORDER BY p.polname)
   FROM pg_policy p WHERE p.polrelid = c.oid),
  (SELECT array_agg(t.tgname ORDER BY t.tgname) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
  c.relacl::text
FROM pg_class c WHERE c.oid = to_regclass(%s)
"""


# The session is there already; what it refers to does not matter here, and is not asked for.
AN_OPEN_SESSION = """
SET session_replication_role = replica;
INSERT INTO booking_appointment (id, clinic_id, patient_id, care_plan_id, chair_id, during, turnover_minutes, status,
  booked_at, booked_by_id, cancelled_because, version)
SELECT n, 1, n, 1, n, tstzrange('2026-03-02 17:00Z', '2026-03-02 19:00Z'), 0, 'booked', '2026-02-01Z', 1, '', 1
FROM generate_series(1, 2) n;
INSERT INTO encounter_encounter (id, clinic_id, patient_id, care_plan_id, appointment_id, chair_id, protocol_id,
  protocol_version, protocol_hash, opened_at)
VALUES (1, 1, 2, 1, 2, 2, 'iv', '1', '', '2026-03-02 17:05Z');
"""
# Who brings the patient home, named and written down under the word of before; and how the patient of 2 left.
COMPANIONS = """
ALTER TABLE booking_appointment RENAME escort_id TO companion_id;
ALTER TABLE session_discharge RENAME escort_id TO companion_id;
ALTER TABLE session_discharge RENAME escort_name TO companion_name;
ALTER INDEX one_link_an_escort RENAME TO one_link_a_companion;
"""
SITTINGS = """
ALTER TABLE measures_measuresession RENAME TO measures_sitting;
ALTER TABLE measures_measurerequest RENAME measure_session_id TO sitting_id;
ALTER TABLE intake_intakesubmission RENAME form_version TO story_version;
"""
A_SITTING = """
SET session_replication_role = replica;
INSERT INTO measures_sitting (id, clinic_id, patient_id, indication, rule_id, rule_version, rule_hash, due_at,
  requested_at)
VALUES (3, 1, 2, 'anxiety', 'battery.anxiety', 1, '', '2026-02-02Z', '2026-02-01Z');
INSERT INTO measures_measurerequest (id, clinic_id, patient_id, scale_id, due_at, requested_at, sitting_id)
VALUES (4, 1, 2, 'gad7', '2026-02-02Z', '2026-02-01Z', 3);
"""
THE_ONE_WHO_CAME = """
SET session_replication_role = replica;
UPDATE booking_appointment SET companion_id = 7 WHERE id = 2;
INSERT INTO session_discharge (id, clinic_id, patient_id, encounter_id, companion_id, companion_name, criteria, at,
  by_id)
VALUES (1, 1, 2, 1, 7, 'Luis Reyes', '{}', '2026-03-02 19:00Z', 1);
"""


@pytest.fixture
def unparted(db: None) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A database as it was before coordination was a room, with two appointments; the session of one is open."""
    postgres_server._admin(f'CREATE DATABASE "{SCRATCH}" TEMPLATE template_house OWNER sojourn_owner')
    owner = database("owner").conninfo().replace(f"dbname={postgres_server.DATABASE}", f"dbname={SCRATCH}")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "DELETE FROM django_migrations WHERE app = 'coordination' OR (app = 'booking' AND name > '0006')"
            " OR (app = 'encounter' AND name > '0005') OR (app = 'session' AND name > '0012')"
            " OR (app = 'measures' AND name > '0005') OR (app = 'intake' AND name > '0004');"
            "ALTER TABLE booking_appointment DROP COLUMN session_opened_at;"
            "DROP TABLE coordination_arrivalnotice, coordination_daylink;" + COMPANIONS + SITTINGS  # it came later
        )
        postgres_server._admin(AN_OPEN_SESSION + THE_ONE_WHO_CAME + A_SITTING, SCRATCH)
        yield connection
    postgres_server._admin(f'DROP DATABASE "{SCRATCH}"')


def _upgrade() -> None:
    """As ``sojourn up`` and ``sojourn restore`` do it, in a process of their own."""
    env = {**os.environ, "SOJOURN_DATABASE": SCRATCH}
    if url := os.environ.get("DATABASE_URL"):
        env["DATABASE_URL"] = url.replace(postgres_server.DATABASE, SCRATCH)
    code = "from sojourn.config.installation import prepare; prepare(print)"
    subprocess.run([sys.executable, "-c", code], check=True, env=env)


def test_the_tables_of_coordination_stay_as_they_are(unparted: psycopg.Connection[tuple[object, ...]]) -> None:
    def walls() -> list[object]:
        tables = [
            *(f"booking_{name}" for name in (*PARTED, "appointment")),
            "session_discharge",
            "intake_intakesubmission",
        ]
        return [unparted.execute(WALLS, (table,)).fetchone() for table in tables]

    before = walls()
    assert None not in before
    _upgrade()
    assert walls() == before


def test_appointments_of_an_older_database_know_which_sessions_are_open(
    unparted: psycopg.Connection[tuple[object, ...]],
) -> None:
    _upgrade()
    unparted.execute("ALTER TABLE booking_appointment NO FORCE ROW LEVEL SECURITY")
    rows = unparted.execute("SELECT id, session_opened_at FROM booking_appointment ORDER BY id").fetchall()
    assert rows == [(1, None), (2, datetime(2026, 3, 2, 17, 5, tzinfo=UTC))]


def test_whoever_brought_a_patient_home_is_the_escort_of_an_older_database(
    unparted: psycopg.Connection[tuple[object, ...]],
) -> None:
    _upgrade()
    for table in ("booking_appointment", "session_discharge"):
        unparted.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(table)))
    named = unparted.execute("SELECT id, escort_id FROM booking_appointment ORDER BY id").fetchall()
    assert named == [(1, None), (2, 7)]
    assert unparted.execute("SELECT escort_id, escort_name FROM session_discharge").fetchall() == [(7, "Luis Reyes")]
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        unparted.execute("UPDATE session_discharge SET escort_name = 'Somebody'")


def test_questionnaires_asked_together_stay_together_in_an_older_database(
    unparted: psycopg.Connection[tuple[object, ...]],
) -> None:
    before = unparted.execute(WALLS, ("measures_sitting",)).fetchone()
    _upgrade()
    assert unparted.execute(WALLS, ("measures_measuresession",)).fetchone() == before
    unparted.execute("ALTER TABLE measures_measurerequest NO FORCE ROW LEVEL SECURITY")
    rows = unparted.execute("SELECT id, measure_session_id FROM measures_measurerequest").fetchall()
    assert rows == [(4, 3)]
