"""One PostgreSQL for a whole run over mutants; each trial has a database of its own, which is dropped after it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.environment import RunSettings
from tests.run import end_server

# Made by a process that ends: whoever imports tests.postgres_server names its own house to Django.
_TEMPLATE: Final = "import django; from tests import postgres_server as own; django.setup(); own.make_database()"


@contextmanager
def one_server() -> Iterator[Path]:
    """A PostgreSQL with the migrated template from which databases are copied."""
    home = Path(tempfile.mkdtemp(prefix="sj-"))
    run = replace(RunSettings(), database_prefix="template_", postgres_home=home)
    try:
        subprocess.run(
            [sys.executable, "-c", _TEMPLATE],
            env={**run.environment(), "DJANGO_SETTINGS_MODULE": "sojourn.config.settings"},
            check=True,
        )
        yield home
    finally:
        end_server(home)
        shutil.rmtree(home, ignore_errors=True)


def forget(home: Path, prefix: str) -> None:
    """Drop the database of a trial, whoever is still at it."""
    import psycopg

    with psycopg.connect(
        host=str(home / "postgres" / "socket"), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "test_{prefix}main" WITH (FORCE)')
