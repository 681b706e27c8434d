"""The budget of the slowest tests: which of them grew. ``make test`` says it at its end and never fails by it.

A run keeps what each test took in build/durations.json, and sets that against tests/budget.txt. Seconds of another day
and another machine are not ours: what is compared is a test's share, so the budget is first stretched by the median
test of it. ``make budget`` writes the budget anew from the last ``make test``; do so when a test grew for a reason that
you can name in the commit, or when the list no longer holds the slowest.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUDGET = ROOT / "tests" / "budget.txt"
KEPT = ROOT / "build" / "durations.json"
LISTED = 40
# A test has grown when it takes more than so many times its budget, and so many seconds more than it.
TIMES, SECONDS = 2.0, 2.0
BUSY = 1.5
SHARED = "shared fixtures"
_took: defaultdict[str, float] = defaultdict(float)
_made: list[tuple[str, float]] = []  # shared fixtures that this worker made and has not told yet


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[Any]:
    """A fixture that several tests share is made for whichever comes first: it is measured by its own name."""
    began = time.monotonic()
    try:
        return (yield)
    finally:
        if fixturedef.scope != "function":
            _made.append((f"{fixturedef.baseid}::{fixturedef.argname}", time.monotonic() - began))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[Any]:
    report = yield
    if call.when == "setup":
        report.user_properties.append((SHARED, _made.copy()))
        _made.clear()
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test took adds up where all reports come together, its setup and teardown among it."""
    _took[report.nodeid] += report.duration
    shared = next((value for name, value in report.user_properties if name == SHARED), [])
    for name, seconds in shared if report.when == "setup" else []:
        _took[report.nodeid] -= seconds
        _took[name] = max(_took[name], seconds)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what was measured, beside what the steps before have measured."""
    if not hasattr(session.config, "workerinput"):
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps({**measured(), **_took}, indent=0))


def measured() -> dict[str, float]:
    """Seconds by test, and by shared fixture, of the last run; empty where there was none."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def forget() -> None:
    """A run begins: what the one before measured is no longer asked for."""
    KEPT.unlink(missing_ok=True)


def budget(text: str) -> dict[str, float]:
    """Seconds by test, as the file says them: a number, a space, the test's id."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    return {test.strip(): float(seconds) for seconds, test in pairs}


def stretch(allowed: Mapping[str, float], took: Mapping[str, float]) -> float:
    """How much slower this run was than the one of the budget, by the median of what both measured."""
    ratios = [took[test] / seconds for test, seconds in allowed.items() if test in took]
    return statistics.median(ratios) if ratios else 1.0


def grown(allowed: Mapping[str, float], took: Mapping[str, float]) -> Iterator[str]:
    """What is to be said of a run, a line each: what grew, what is slow and not listed, what is listed and gone."""
    slower = stretch(allowed, took)
    shortest = min(allowed.values(), default=0.0)
    for test, seconds in sorted(took.items(), key=lambda each: -each[1]):
        listed = test in allowed
        ours = allowed.get(test, shortest) * slower
        if seconds > TIMES * ours and seconds - ours > SECONDS:
            yield f"{'grew' if listed else 'new '} {seconds:6.1f} s, {ours:.1f} s would be its budget: {test}"
    for test in allowed:
        if test not in took:
            yield f"gone {test}"


def written(took: Mapping[str, float]) -> str:
    """A budget of the slowest tests of a run."""
    slowest = sorted(took.items(), key=lambda each: -each[1])[:LISTED]
    head = (
        f"# The {LISTED} slowest tests and their seconds, by `make budget` after a `make test`. See tests/budget.py.\n"
    )
    return head + "".join(f"{seconds:6.1f} {test}\n" for test, seconds in slowest)


def tell() -> None:
    """Say which test grew; silence is not an answer."""
    allowed, took = budget(BUDGET.read_text()), measured()
    said = list(islice(grown(allowed, took), LISTED))
    slower = stretch(allowed, took)
    print(f"the slowest of {len(took)} tests: {slower:.1f} times the seconds of tests/budget.txt")
    if slower > BUSY:
        print("the machine was slow or busy: what is named now may only have waited for others")
    print("\n".join(said) if said else "no test grew beyond its budget")
    if said:
        print("`make budget` writes tests/budget.txt anew (docs/tests.md)")


def renew() -> None:
    took = measured()
    if not took:
        sys.exit("Nothing was measured: run make test first.")
    BUDGET.write_text(written(took))
    print(f"{BUDGET.relative_to(ROOT)} holds the {LISTED} slowest of {len(took)} tests")


if __name__ == "__main__":
    renew() if sys.argv[1:] == ["renew"] else tell()
