"""Where things are on this machine, and how the database is reached. Read once, from the environment.

Every setting is documented in docs/operations/settings.md; a test compares the two.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Environment:
    home: Path
    database_url: str
    demo: bool
    debug: bool
    port: int
    host: str
    mllp_host: str
    mllp_port: int
    listeners: tuple[str, ...]
    public_url: str
    trusted_proxies: int
    email_url: str
    email_from: str
    mail_port: int
    sms_carrier: str
    database_name: str

    @property
    def embedded(self) -> bool:
        return not self.database_url

    @property
    def pgdata(self) -> Path:
        return self.home / "postgres"


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def _listeners(count: int) -> tuple[str, ...]:
    """The names of the processes that listen to monitors, all on one port."""
    return ("devices", *(f"devices-{number}" for number in range(2, count + 1)))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment of this process. Raises ValueError where a number is not one."""
    port = int(os.environ.get("PORT", "8000"))
    mail_port = int(os.environ.get("SOJOURN_MAIL_PORT", "2525"))
    demo = _flag("SOJOURN_DEMO")
    return Environment(
        home=Path(os.environ.get("SOJOURN_HOME", "var")).resolve(),
        database_url=os.environ.get("DATABASE_URL", ""),
        demo=demo,
        debug=_flag("SOJOURN_DEBUG"),
        port=port,
        host=os.environ.get("SOJOURN_HOST", "127.0.0.1"),
        mllp_host=os.environ.get("SOJOURN_MLLP_HOST", "127.0.0.1"),
        mllp_port=int(os.environ.get("SOJOURN_MLLP_PORT", "2575")),
        listeners=_listeners(int(os.environ.get("SOJOURN_LISTENERS", min(2, os.cpu_count() or 1)))),
        public_url=os.environ.get("SOJOURN_URL", f"http://127.0.0.1:{port}").rstrip("/"),
        trusted_proxies=int(os.environ.get("SOJOURN_TRUSTED_PROXIES", "0")),
        email_url=os.environ.get("EMAIL_URL", f"smtp://127.0.0.1:{mail_port}" if demo else ""),
        email_from=os.environ.get("SOJOURN_EMAIL_FROM", "Sojourn <sojourn@localhost>"),
        mail_port=mail_port,
        sms_carrier=os.environ.get("SOJOURN_SMS_CARRIER", ""),
        database_name=os.environ.get("SOJOURN_DATABASE", "sojourn"),
    )


def secret(name: str) -> str:
    """A secret kept in a file that only its owner reads, made at the first use."""
    home = environment().home
    path = home / name
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True)
        value = secrets.token_urlsafe(48)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(value)
        return value


@dataclass(frozen=True, slots=True)
class Connection:
    """What libpq needs, for one of our database roles."""

    host: str
    port: str
    name: str
    user: str
    password: str
    options: tuple[tuple[str, str], ...] = ()

    def conninfo(self) -> str:
        from psycopg.conninfo import make_conninfo

        parts: dict[str, Any] = {"host": self.host, "port": self.port, "dbname": self.name, "user": self.user}
        if self.password:
            parts["password"] = self.password
        return make_conninfo("", **parts, **dict(self.options))

    def django(self) -> dict[str, Any]:
        return {
            "ENGINE": "sojourn.foundation.accounts.backend",
            "HOST": self.host, "PORT": self.port, "NAME": self.name, "USER": self.user, "PASSWORD": self.password,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "DISABLE_SERVER_SIDE_CURSORS": True,
            "OPTIONS": dict(self.options),
        }  # fmt: skip


def database(role: str) -> Connection:
    """How ``role`` ("owner", "app", "signals" or "admin") reaches the database.

    Embedded: trust on a unix socket inside a directory that only its owner may enter. Server: DATABASE_URL is the
    owner's; the runtime roles are its subordinates with passwords of their own under SOJOURN_HOME.
    """
    env = environment()
    user = {"owner": "sojourn_owner", "app": "sojourn_app", "signals": "sojourn_signals", "admin": "postgres"}[role]
    if env.embedded:
        return Connection(str(env.pgdata / "socket"), "5432", env.database_name, user, "")
    url = urlsplit(env.database_url)
    if url.scheme not in {"postgres", "postgresql"}:
        raise ValueError("DATABASE_URL must begin with postgresql://")
    options = tuple(parse_qsl(url.query))
    host = url.hostname or dict(options).get("host", "")
    options = tuple((k, v) for k, v in options if k != "host")
    port, name = str(url.port or 5432), unquote(url.path.lstrip("/")) or "sojourn"
    if role in {"owner", "admin"}:
        return Connection(host, port, name, unquote(url.username or ""), unquote(url.password or ""), options)
    return Connection(host, port, name, user, secret(f"{user}.password"), options)
