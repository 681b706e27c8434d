"""The PostgreSQL of the tests: a real one for the run, made once, one database a worker, with the runtime's own role.

Loaded with ``-p`` so that the environment stands before Django reads its settings. What this run was told (which
PostgreSQL, whose house, which names) is in tests/environment.py: on a server PostgreSQL (Debian's 15) the same tests
run through ``DATABASE_URL``.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.environment import RunSettings

TOLD = RunSettings.read()
OURS = TOLD.worker == "main" and TOLD.postgres_home is None
DATABASE = f"test_{TOLD.database_prefix}{TOLD.worker}"
HOME = TOLD.postgres_home or Path(tempfile.mkdtemp(prefix="sj-"))
replace(TOLD, postgres_home=HOME).hand_on()  # the workers find it
os.environ["SOJOURN_HOME"] = str(HOME)
os.environ["SOJOURN_OWNER_ALIAS"] = "1"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads wait by spinning, beside other workers
os.environ["SOJOURN_DATABASE"] = DATABASE
for name in ("SOJOURN_DEMO", "SOJOURN_DEBUG", "EMAIL_URL", "SOJOURN_URL", "PORT", "DATABASE_URL"):
    os.environ.pop(name, None)
_processes: list[subprocess.Popen[bytes]] = []
SERVER = TOLD.server_postgres
if SERVER:
    os.environ["DATABASE_URL"] = f"postgresql://sojourn_owner@/{DATABASE}?host={HOME}/server"


def _start_server() -> None:
    """A server PostgreSQL as an administrator would have it: an owner who may create roles, reached by URL."""
    folder = HOME / "server"
    folder.mkdir()
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    HOME.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    as_user = {"user": user} if os.geteuid() == 0 else {}
    data = folder / "data"
    subprocess.run([f"{SERVER}/initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"],
                   check=True, capture_output=True, cwd=folder, **as_user)  # fmt: skip
    subprocess.run([f"{SERVER}/pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o",
                    f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200", "start"],
                   check=True, capture_output=True, cwd=folder, **as_user)  # fmt: skip
    subprocess.run([f"{SERVER}/psql", "-h", folder, "-U", "postgres", "-c",
                    "CREATE ROLE sojourn_owner LOGIN CREATEROLE CREATEDB"],
                   check=True, capture_output=True)  # fmt: skip


def _admin(sql: str, dbname: str = "postgres") -> None:
    import psycopg

    host = str(HOME / "server") if SERVER else str(HOME / "postgres" / "socket")
    with psycopg.connect(host=host, user="postgres", dbname=dbname, autocommit=True) as connection:
        connection.execute(sql)


def _prepare_template() -> None:
    """Start PostgreSQL and migrate the first worker's database into a template for the others."""
    from sojourn.config import installation
    from sojourn.config.processes import postgres

    if SERVER:
        _start_server()
        _admin(f'CREATE DATABASE "{DATABASE}" OWNER sojourn_owner')
    else:
        if kept := _kept():
            subprocess.run(["cp", "-a", kept / "postgres", HOME], check=True)  # the secrets stay our own
        process = postgres.start()
        assert process is not None
        (HOME / "postmaster.pid").write_text(str(process.pid))
        _processes.append(process)  # kept: it outlives this worker, and the main process ends it
        if kept:
            _copy_template()
            return
    installation.prepare(lambda _: None)
    from django.db import connections

    connections.close_all()
    _admin(f'CREATE DATABASE template_house TEMPLATE "{DATABASE}" OWNER sojourn_owner')


def _kept() -> Path | None:
    """The demo house at rest that ``make test`` has made already, with the database as it was before the demo came."""
    house = TOLD.demo_copy and TOLD.demo_copy / "house"
    return house if house and house.exists() else None


def _copy_template() -> None:
    _admin(f'CREATE DATABASE "{DATABASE}" TEMPLATE template_house OWNER sojourn_owner')


def make_database() -> None:
    """The worker's database: made and migrated by the first worker, copied from its template by the others."""
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = HOME / "ready"
        if not ready.exists():
            _prepare_template()
            ready.touch()
        else:
            _copy_template()
    # Whoever waits longer waits for a transaction that a test has left open: it fails with its name, and hangs no run.
    _admin(f"ALTER DATABASE \"{DATABASE}\" SET lock_timeout = '60s'")
    from tests.confirmed import casts_are_confirmed

    casts_are_confirmed()


@contextmanager
def demo_database() -> Iterator[bool]:
    """Ask the demo that came with a kept house, where there is one: whether it is so."""
    from django.db import connection

    if SERVER or _kept() is None:
        yield False
        return
    connection.close()
    connection.settings_dict["NAME"] = "sojourn"
    try:
        yield True
    finally:
        connection.close()
        connection.settings_dict["NAME"] = DATABASE


def pytest_unconfigure(config: pytest.Config) -> None:
    if OURS:
        end()


def end() -> None:
    """Stop the house's PostgreSQL and forget its folder."""
    if SERVER and (HOME / "server" / "data").exists():
        as_user = {"user": "postgres"} if os.geteuid() == 0 else {}
        subprocess.run([f"{SERVER}/pg_ctl", "-D", HOME / "server" / "data", "-m", "immediate", "stop"],
                       check=False, capture_output=True, cwd=HOME / "server", **as_user)  # fmt: skip
    pid = HOME / "postmaster.pid"
    if pid.exists():
        number = int(pid.read_text())
        os.kill(number, signal.SIGQUIT)
        for process in _processes:
            process.wait(20)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{number}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    shutil.rmtree(HOME, ignore_errors=True)
