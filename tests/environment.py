"""What a run of the tests is told from outside, and what its processes hand each other: read here and nowhere else.

``make test`` runs several programs (pytest and its workers, the demo house, the journeys), and a program can be told
something only by its environment. This is the list of all of it; docs/tests.md shows it, and a test holds both equal.
The product's own settings (``SOJOURN_HOME`` ...) are not here: tests/postgres_server.py sets those before Django reads
them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self


def _variable(name: str, meaning: str) -> dict[str, str]:
    return {"variable": name, "meaning": meaning}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """One run of the tests. What is None was not told."""

    database_prefix: str = field(
        default="",
        metadata=_variable("SOJOURN_TEST_NAME", "how the names of this run's databases begin, beside other runs"),
    )
    postgres_home: Path | None = field(
        default=None,
        metadata=_variable(
            "SOJOURN_TEST_HOME", "the folder of a test PostgreSQL that outlives this run; whoever names it ends it"
        ),
    )
    server_postgres: Path | None = field(
        default=None,
        metadata=_variable(
            "SOJOURN_TEST_POSTGRES", "the bin folder of a server PostgreSQL, to test on it and not on the embedded one"
        ),
    )
    demo_copy: Path | None = field(
        default=None,
        metadata=_variable("HOUSE_COPY", "the folder of the demo house at rest, from which other houses are copied"),
    )
    demo_open: Path | None = field(
        default=None,
        metadata=_variable("HOUSE_JOIN", "the folder of a demo house that somebody else keeps open"),
    )
    demo_port: int = field(
        default=8791,
        metadata=_variable("HOUSE_PORT", "the port of a demo house; its monitors' is 6000 less, its mail's 5999 less"),
    )
    pictures: Path | None = field(
        default=None,
        metadata=_variable("SOJOURN_PICTURES", "a folder for a picture of every page that is looked at"),
    )
    today_pictures: Path | None = field(
        default=None,
        metadata=_variable("SOJOURN_TODAY_PICTURES", "a folder for pictures of a patient's first page at each stage"),
    )
    monitor_pictures: Path | None = field(
        default=None,
        metadata=_variable("SOJOURN_MONITOR_PICTURES", "a folder for pictures of the way of an unknown monitor"),
    )
    fuzz_cases: int = field(
        default=5000,
        metadata=_variable("SOJOURN_FUZZ_CASES", "how many malformed messages the HL7 reader is given"),
    )
    bad_day_monitors: int = field(
        default=200,
        metadata=_variable("BAD_DAY_MONITORS", "how many monitors send while everything is killed"),
    )
    worker: str = field(
        default="main",
        metadata=_variable("PYTEST_XDIST_WORKER", "a pytest worker's own name; xdist tells it"),
    )

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """As this process was told. An empty variable is one that was not told."""
        return cls(
            **{
                each.name: _value(str(each.type), text)
                for each in fields(cls)
                if (text := environ.get(each.metadata["variable"], ""))
            }
        )

    def told(self) -> dict[str, str]:
        """The variables that say the same to another program: those that differ from the defaults."""
        return {
            each.metadata["variable"]: str(value)
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default
        }

    def hand_on(self) -> None:
        """Say it to this process and every program that it starts from now on."""
        for name in VARIABLES:
            os.environ.pop(name, None)
        os.environ.update(self.told())

    def environment(self) -> dict[str, str]:
        """The environment of a program of this run, whatever this process was told itself."""
        return {**{name: value for name, value in os.environ.items() if name not in VARIABLES}, **self.told()}

    def environment_of_a_house(self) -> dict[str, str]:
        """The environment of a program that has a house of its own or walks in the demo house: it is told where that
        is, and nothing of the settings and the database of this process."""
        return {name: value for name, value in self.environment().items() if not name.startswith("SOJOURN_")}


def _value(kind: str, text: str) -> str | int | Path:
    if kind == "int":
        return int(text)
    return Path(text) if "Path" in kind else text


VARIABLES = tuple(each.metadata["variable"] for each in fields(RunSettings))
