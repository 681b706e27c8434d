"""Trials of mutants, one after the other: a process that has taken in Django, pytest and the like, and forks for each.

Run as ``python -m tests.mutants.trial``: a line of JSON in for each trial, a line of JSON out. The fault is never
written to disk: whoever imports the module in the fork gets its changed text. The fork begins before anything of the
product was imported.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Final

from tests.environment import RunSettings

ROOT: Final = Path(__file__).resolve().parents[2]
# What every fork needs and what knows nothing of settings.
TAKEN_IN: Final = (
    "pytest", "_pytest.assertion.rewrite", "hypothesis", "numpy", "scipy.integrate", "psycopg", "psycopg_pool",
    "django.test", "django.http", "django.forms", "django.db.models", "django.template", "django.core.management",
    "cryptography.hazmat.primitives.ciphers.aead", "procrastinate", "pytest_django.plugin", "xdist.plugin", "typst",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """A fault and the tests that it is shown to: ``tests`` in the order in which they are asked, ``limit`` in seconds.
    An empty ``path`` plants nothing."""

    path: str
    code: str
    tests: tuple[str, ...]
    database: str
    home: str
    limit: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """``found`` by a test, by an error before any test ran, or by the limit; or not. ``by`` says which."""

    found: bool
    by: str
    seconds: float


class _Changed(SourceFileLoader):
    """Loads one module from a text in the place of its file."""

    def __init__(self, name: str, path: str, code: str) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._code, self.path, "exec", dont_inherit=True)


class Planted(importlib.abc.MetaPathFinder):
    """Finds the one module that has a fault."""

    def __init__(self, path: str, code: str) -> None:
        self._file = ROOT / path
        self._name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self._code = code

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        package = [str(self._file.parent)] if self._file.name == "__init__.py" else None
        loader = _Changed(fullname, str(self._file), self._code)
        return importlib.util.spec_from_file_location(
            fullname, self._file, loader=loader, submodule_search_locations=package
        )


class Asked:
    """A plugin of pytest: only the tests of a trial, in its order, and which of them was the first to fail.

    A test that the map does not know and that is one of a parametrized test of the trial is asked as well: a fault may
    change what a test is asked with."""

    def __init__(self, tests: tuple[str, ...]) -> None:
        self._place = {test: place for place, test in enumerate(tests)}
        self._functions = {test.partition("[")[0]: place for test, place in reversed(self._place.items())}
        self.failed = ""

    @property
    def _files(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for test, place in self._place.items():
            found.setdefault(test.partition("::")[0], place)
        return found

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        files, present = self._files, {item.nodeid for item in items}
        gone = {test.partition("[")[0] for test in self._place if test not in present}

        def asked(item: Any) -> bool:
            return item.nodeid in self._place or item.nodeid.partition("[")[0] in gone

        items[:] = sorted(
            filter(asked, items),
            key=lambda item: (
                files[item.nodeid.partition("::")[0]],
                self._place.get(item.nodeid, self._functions.get(item.nodeid.partition("[")[0], 0)),
            ),
        )

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or f"on import, by {report.nodeid}"

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


PASSED: Final = (0, 5)  # pytest's words for "all passed" and "no test was run"


def ask(trial: Trial) -> tuple[int, str]:
    """In the fork: plant the fault and run the tests. Returns pytest's word, and who failed first."""
    import pytest

    RunSettings(database_prefix=trial.database, postgres_home=Path(trial.home)).hand_on()
    if trial.path:
        sys.meta_path.insert(0, Planted(trial.path, trial.code))
    files = list(dict.fromkeys(test.partition("::")[0] for test in trial.tests))
    plugin = Asked(trial.tests)
    arguments = [
        *files, "-x", "-p", "no:randomly", "-p", "tests.mutants.quiet", "--hypothesis-seed=0", "-q",
        "--no-header", "--tb=short", "-W", "ignore::pytest.PytestAssertRewriteWarning",  # plugins that were taken in
    ]  # fmt: skip
    return int(pytest.main(arguments, plugins=[plugin])), plugin.failed


def carry_out(trial: Trial, said: Path) -> Outcome:
    """Fork, and wait no longer than the limit. ``said``: the file for what the fork says."""
    began = time.monotonic()
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        _in_the_fork(trial, said, writes)
    os.close(writes)
    ended = _wait(child, trial.limit)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # and whatever it has started
    with os.fdopen(reads) as pipe:
        told = pipe.read()
    seconds = time.monotonic() - began
    if not ended:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
        return Outcome(True, "the time limit", seconds)
    if not told:
        return Outcome(True, "an end without a word", seconds)
    word, by = json.loads(told)
    found = word not in PASSED
    return Outcome(found, by or (f"pytest said {word}" if found else ""), seconds)


def _in_the_fork(trial: Trial, said: Path, writes: int) -> None:
    told: tuple[int, str] = (3, "an error before any test")
    try:
        os.setsid()
        with said.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        told = ask(trial)
    except BaseException as error:
        told = (3, f"{type(error).__name__} before any test")
    finally:
        os.write(writes, json.dumps(told).encode())
        os._exit(0)


def _wait(child: int, limit: float) -> bool:
    """Whether it ended within the limit."""
    until = time.monotonic() + limit
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.05)
    return False


def main() -> None:
    said = Path(sys.argv[1])
    for name in TAKEN_IN:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        told = json.loads(line)
        outcome = carry_out(Trial(**{**told, "tests": tuple(told["tests"])}), said)
        print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main()
