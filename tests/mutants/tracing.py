"""A plugin of pytest: which test runs which lines of the product, a file of coverage for each file of tests.

A test's own lines are those run between its first fixture and its last; what only an import runs belongs to no test
(``reach.py`` says who is asked about that). What another process runs is not seen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import coverage
import pytest

from tests.mutants.reach import TRACED, keep_source, kept_of, stamp

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass
class _OneFile:
    """The tests of one file. They may run in several turns: pytest-django puts those with a database together."""

    path: str
    traced: coverage.Coverage
    seconds: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def keep(self) -> None:
        self.traced.save()
        told = {
            "stamp": stamp(ROOT / self.path),
            "sources": {each: keep_source(each) for each in self.traced.get_data().measured_files()},
            "seconds": {test: each for test, each in self.seconds.items() if test not in self.failed},
        }
        kept_of(self.path).with_suffix(".json").write_text(json.dumps(told))


_files: dict[str, _OneFile] = {}
_running: list[_OneFile] = []


def _begun(path: str) -> _OneFile:
    kept = kept_of(path)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)
    traced = coverage.Coverage(data_file=str(kept), config_file=False, include=[f"{each}/*" for each in TRACED])
    traced.set_option("run:relative_files", True)
    traced.set_option("run:disable_warnings", ["no-data-collected", "already-imported", "couldnt-parse"])
    return _OneFile(path, traced)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    path = item.nodeid.partition("::")[0]
    if not _running or _running[0].path != path:
        _stop()
        if path not in _files:
            _files[path] = _begun(path)
        _files[path].traced.start()
        _running.append(_files[path])
    _running[0].traced.switch_context(item.nodeid)
    try:
        return (yield)
    finally:
        _running[0].traced.switch_context("")


def _stop() -> None:
    while _running:
        _running.pop().traced.stop()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if _running:
        seconds = _running[0].seconds
        seconds[report.nodeid] = seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed or report.skipped:
            _running[0].failed.add(report.nodeid)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """A file of which no test is asked has an entry as well: an empty one."""
    for path in {item.nodeid.partition("::")[0] for item in items}:
        _files.setdefault(path, _begun(path))


def pytest_sessionfinish(session: pytest.Session) -> None:
    _stop()
    for each in _files.values():
        each.keep()


def pytest_configure(config: pytest.Config) -> None:
    os.chdir(ROOT)
