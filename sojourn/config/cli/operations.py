"""Keeping a house: backup, restore, and the doctor who looks at everything."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from sojourn.config import installation
from sojourn.config.environment import Connection, database, environment
from sojourn.config.processes import postgres

Say = Callable[[str], None]


def _program(name: str) -> str:
    """PostgreSQL's own program: the embedded one, or for a server the machine's, which must be as new as it."""
    if environment().embedded:
        return postgres.binary(name)
    found = shutil.which(name)
    if found is None:
        raise postgres.PostgresFailed(f"{name} is not installed; install PostgreSQL's client programs")
    return found


def _admin() -> tuple[Connection, dict[str, str]]:
    admin = database("admin")
    return admin, {**os.environ, "PGPASSWORD": admin.password, **({"PGSSLMODE": dict(admin.options)["sslmode"]}
                   if "sslmode" in dict(admin.options) else {})}  # fmt: skip


def _where(admin: Connection) -> list[str]:
    return ["--host", admin.host, "--port", admin.port, "--username", admin.user]


def backup(file: Path, say: Say) -> int:
    """Write the whole database into ``file`` while the house goes on working. 1 with a reason if it cannot."""
    if file.exists():
        say(f"{file} exists already; a backup is never written over another.")
        return 1
    with postgres.available():
        admin, env = _admin()
        part = file.with_suffix(file.suffix + ".part")
        done = subprocess.run(
            [_program("pg_dump"), *_where(admin), "--format", "custom", "--file", str(part), admin.name],
            env=env, capture_output=True, text=True, check=False, umask=0o077,  # clinical data, from the first byte
        )  # fmt: skip
        if done.returncode:
            part.unlink(missing_ok=True)
            say(f"The backup failed: {done.stderr.strip()}")
            if "row-level security" in done.stderr:
                say("The user of DATABASE_URL does not see every clinic's rows; back up as a role with BYPASSRLS.")
            return 1
        part.rename(file)
    say(f"Kept in {file} ({file.stat().st_size / 1e6:.1f} MB). It holds clinical data: keep it as you keep the chart.")
    return 0


def restore(file: Path, say: Say) -> int:
    """Bring a backup back into an empty database. 1 with a reason if there is anything in the way."""
    if not file.is_file():
        say(f"{file} is not there.")
        return 1
    with postgres.available():
        try:
            installation.make_roles_and_database()
        except installation.CannotPrepare as error:
            say(str(error))
            return 1
        admin, env = _admin()
        with psycopg.connect(admin.conninfo()) as connection:
            row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
            if row and row[0]:
                say(
                    "The database is not empty. Restore into a new SOJOURN_HOME (or a new database), then switch to it."
                )
                return 1
        done = subprocess.run(
            [_program("pg_restore"), *_where(admin), "--dbname", admin.name, "--exit-on-error", str(file)],
            env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            say(f"The restore failed: {done.stderr.strip()}")
            return 1
        installation.prepare(say)
    say("Restored. Run `sojourn audit verify` to see that every chain is whole.")
    return 0


def _findings() -> Iterator[tuple[bool, str]]:
    """(well, what was found) of everything that must work."""
    home = environment().home
    yield home.exists(), f"data under {home}"
    free = shutil.disk_usage(home if home.exists() else Path.cwd()).free
    yield free > 2e9, f"{free / 1e9:.0f} GB free on its disk"
    with psycopg.connect(database("admin").conninfo()) as connection:
        yield from _database_findings(connection)
        yield from _heartbeat_findings(connection)
    yield from monitors_findings()
    from sojourn.foundation.rulebook.load import check

    wrong = check()
    yield not wrong, "the rulebook is sound" if not wrong else f"the rulebook: {wrong[0]}"
    yield from _address_findings()


def _database_findings(connection: psycopg.Connection) -> Iterator[tuple[bool, str]]:
    """Its version, that it keeps what it is given, and that nobody reads past the clinics' walls."""
    version = connection.info.server_version
    yield version >= 150000, f"PostgreSQL {version // 10000}"
    row = connection.execute("SHOW fsync").fetchone()
    yield bool(row and row[0] == "on"), "the database writes through to the disk (fsync)"
    row = connection.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname IN ('sojourn_app', 'sojourn_signals')"
        " AND NOT rolsuper AND NOT rolbypassrls"
    ).fetchone()
    yield bool(row and row[0] == 2), "the running processes' roles own nothing and bypass nothing"
    bare = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'clinic_id'"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'audit_head'"
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    ).fetchall()
    yield (
        not bare,
        "every clinic's table is under row-level security" + "".join(f"; not {name}" for (name,) in bare),
    )


def _heartbeat_findings(connection: psycopg.Connection) -> Iterator[tuple[bool, str]]:
    beats = connection.execute(
        "SELECT name, extract(epoch FROM now() - at) FROM heartbeat_heartbeat ORDER BY name"
    ).fetchall()
    for name, age in beats:
        yield age < 15, f"{name} gave a sign of life {age:.0f} s ago"
    if not beats:
        yield False, "no process has ever run here; start `sojourn up`"


def _address_findings() -> Iterator[tuple[bool, str]]:
    """Whether letters and pages reach people from outside, and safely."""
    env = environment()
    yield bool(env.email_url), "e-mail has a server" if env.email_url else "e-mail has no server: set EMAIL_URL"
    if env.public_url.startswith("https"):
        yield env.trusted_proxies > 0, f"{env.trusted_proxies} trusted proxies (with 0, whoever guesses locks all out)"
    yield env.public_url.startswith("https") or env.host == "127.0.0.1", f"pages are served at {env.public_url}"


_NOBODYS = """
SELECT count(*) FILTER (WHERE fault = '' AND name <> ''),
  coalesce(sum(count) FILTER (WHERE fault <> '' OR name = ''), 0)
FROM vitals_stranger WHERE clinic_id IS NULL AND last_at > now() - interval '7 days'
"""
_WAITING = """
SELECT count(*) FROM vitals_stranger s WHERE clinic_id IS NOT NULL AND fault = '' AND name <> ''
  AND last_at > now() - interval '7 days' AND NOT EXISTS (SELECT FROM vitals_device d
    WHERE d.clinic_id = s.clinic_id AND d.retired_at IS NULL AND d.key = ANY (string_to_array(s.keys, E'\n')))
"""
_NOT_USED = """
SELECT d.name, count(*), sum(n.count)::bigint FROM vitals_notused n JOIN vitals_device d ON d.id = n.device_id
WHERE n.last_at > now() - interval '1 day' AND n.kind IN ('refused', 'unmapped')
GROUP BY d.id, d.name ORDER BY 3 DESC LIMIT 20
"""
# What is doubted is named: what a monitor sends wrong all day, and what once, are mended by different people.
_DOUBTED = """
SELECT d.name, sum(n.count)::bigint, max(n.last_at AT TIME ZONE c.time_zone),
  (array_agg(n.what || ' × ' || n.count ORDER BY n.count DESC))[:5]
FROM vitals_notused n JOIN vitals_device d ON d.id = n.device_id JOIN accounts_clinic c ON c.id = d.clinic_id
WHERE n.last_at > now() - interval '1 day' AND n.kind = 'doubted'
GROUP BY d.id, d.name ORDER BY 2 DESC LIMIT 20
"""
_FAULTY = "SELECT name, faults FROM vitals_device WHERE retired_at IS NULL AND faults <> '' ORDER BY name LIMIT 50"


def monitors_findings() -> Iterator[tuple[bool, str]]:
    """(well, what was found) of what monitors send and nobody uses. As the monitoring processes see it."""
    with psycopg.connect(database("signals").conninfo()) as connection:
        nobodys = connection.execute(_NOBODYS).fetchone() or (0, 0)
        yield not nobodys[0], f"{nobodys[0]} monitors that speak here belong to no clinic (page Monitors)"
        yield not nobodys[1], f"{nobodys[1]} messages of nobody could not be read"
        waiting = connection.execute(_WAITING).fetchone() or (0,)
        yield not waiting[0], f"{waiting[0]} unknown monitors wait on the clinics' pages to be added"
        for name, kinds, count in connection.execute(_NOT_USED):
            yield (
                False,
                f"of {name}, {kinds} things that it still sends are not used ({count} times so far)",
            )
        for name, count, last_at, what in connection.execute(_DOUBTED):
            yield False, f"of {name}, {count} values were doubted, the last at {last_at:%H:%M}: {', '.join(what)}"
        for name, faults in connection.execute(_FAULTY):
            kinds = " ".join(each.partition(":")[0] for each in faults.split())
            yield False, f"{name} shows a fault: {kinds}"


def doctor(say: Say) -> int:
    """Say what is well and what is not; 1 if anything is not."""
    ill = 0
    with postgres.available():
        for well, words in _findings():
            ill += not well
            say(f"  {'well' if well else 'NOT '}  {words}")
    say("Everything is well." if not ill else f"{ill} of these need you.")
    return 1 if ill else 0
