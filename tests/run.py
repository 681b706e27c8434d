"""``make check`` and ``make test``: the same steps, told one by one with their times; the first failure is the end.

Run as ``python -m tests.run quick`` or ``all``.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tests import budget
from tests.environment import RunSettings

PYTHON = sys.executable
BIN = Path(PYTHON).parent
DEMO_PORT = 8691
MEASURED = ["-p", "tests.budget"]
# What rests on the database itself: who sees which rows, what it refuses, what it chains, what is judged in it.
OF_THE_DATABASE = [
    f"tests/care/test_{name}.py"
    for name in (
        "isolation",
        "accounts",
        "audit",
        "booking",
        "booking_series",
        "ledger",
        "session",
        "consent",
        "safety",
    )
]

# What is quick because it needs no database: the medicine, the languages of monitors, the parts of pages, the files.
WITHOUT_A_DATABASE = [
    "tests/clinical",
    "tests/rulebook",
    "tests/repo",
    "tests/interfaces/ui",
    "tests/interfaces/devices/test_message.py",
]


def in_a_browser() -> list[str]:
    """The files with tests in a browser: reading all ten thousand tests to find them takes each worker seconds."""
    files = sorted(Path("tests").rglob("test_*.py"))
    return [str(each) for each in files if "pytest.mark.browser" in each.read_text(encoding="utf-8")]


def debian_postgres() -> str | None:
    """The newest server PostgreSQL on this machine, 15 or later."""
    found = sorted(
        (int(folder.name), folder / "bin")
        for folder in Path("/usr/lib/postgresql").glob("*")
        if folder.name.isdigit() and (folder / "bin" / "initdb").exists()
    )
    return str(found[0][1]) if found and found[-1][0] >= 15 else None


@dataclass(frozen=True, slots=True)
class Step:
    """One command, what it is told, and the group that it may run beside."""

    name: str
    command: list[str]
    run: RunSettings
    group: str = ""


def steps(how: str, run: RunSettings) -> Iterator[Step]:
    """Those of one group run beside each other; the groups one after the other."""
    pytest = [PYTHON, "-m", "pytest"]
    yield Step("lint", [str(BIN / "ruff"), "check", "--quiet", "."], run, group="static")
    yield Step("format", [str(BIN / "ruff"), "format", "--quiet", "--check", "."], run, group="static")
    yield Step("types", [str(BIN / "mypy"), "--no-error-summary"], run, group="static")
    yield Step("import contracts", [str(BIN / "lint-imports"), "--no-cache"], run, group="static")
    yield Step("TypeScript types", [PYTHON, "-m", "tests.typescript", "types"], run, group="static")
    yield Step("TypeScript tests", [PYTHON, "-m", "tests.typescript", "tests"], run, group="static")
    if how == "quick":
        yield Step("quick tests", [*pytest, "-n", "2", *WITHOUT_A_DATABASE, "-m", "not browser and not slow"], run)
        return
    yield Step("the demo house", [PYTHON, "-m", "tests.journeys.stay", "wait"], run, group="static")
    yield Step("tests", [*pytest, *MEASURED, "-n", "3", "-m", "not browser"], run)
    # Chromium's event loop stays open to the end of a process and disturbs whoever comes after: a run of its own.
    yield Step(
        "tests in a browser",
        [*pytest, *MEASURED, "-n", "3", "-m", "browser", *in_a_browser()],
        replace(run, database_prefix="browser_"),
    )
    if server := debian_postgres():
        yield Step(
            f"tests of the database on the server PostgreSQL {Path(server).parent.name}",
            [*pytest, "-n", "2", *OF_THE_DATABASE, "-m", "not browser and not slow"],
            replace(run, server_postgres=Path(server), postgres_home=None, demo_copy=None),
        )


def carry_out(step: Step) -> bool:
    """Run a step and tell how it went. What runs beside others speaks when it is done."""
    start = time.monotonic()
    done = subprocess.run(
        step.command, env=step.run.environment(), check=False, text=True,
        stdout=subprocess.PIPE if step.group else None, stderr=subprocess.STDOUT if step.group else None,
    )  # fmt: skip
    said = done.stdout or ""
    print(
        f"{said}{'ok  ' if done.returncode == 0 else 'FAIL'} {step.name}: {time.monotonic() - start:.0f} s", flush=True
    )
    return done.returncode == 0


def main() -> int:
    """One test house and one demo house for the whole run: making them anew for each step would take minutes."""
    how = sys.argv[1] if len(sys.argv) > 1 else "quick"
    began = time.monotonic()
    # Some forty programs start from the same files: compiled by each anew, that takes a minute and more.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    run = RunSettings.read()
    if how == "quick":
        return _carry_out_all(how, run, began)
    budget.forget()
    home, kept = (Path(tempfile.mkdtemp(prefix=prefix)) for prefix in ("sj-", "sd-"))
    run = replace(run, postgres_home=home, demo_copy=kept)
    try:
        with demo_house(run) as joined:
            return _carry_out_all(how, joined, began)
    finally:
        end_server(home)
        for each in (home, kept):
            shutil.rmtree(each, ignore_errors=True)


@contextlib.contextmanager
def demo_house(run: RunSettings) -> Iterator[RunSettings]:
    """The house in which the journeys walk, side by side. It opens while the files are looked over.
    Hands out what the others are told."""
    assert run.demo_copy is not None
    run = replace(run, demo_port=DEMO_PORT)
    env = run.environment_of_a_house()
    stay = subprocess.Popen([PYTHON, "-m", "tests.journeys.stay"], env=env, stdin=subprocess.PIPE)
    try:
        yield replace(run, demo_open=run.demo_copy / "open")
    finally:
        stay.communicate()


def end_server(home: Path) -> None:
    """Stop the PostgreSQL of the test house."""
    pid = home / "postmaster.pid"
    if pid.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), signal.SIGQUIT)


def _carry_out_all(how: str, run: RunSettings, began: float) -> int:
    for _, group in itertools.groupby(steps(how, run), key=lambda step: step.group or step.name):
        with ThreadPoolExecutor(2) as two:
            well = all(list(two.map(carry_out, group)))
        if not well:
            return 1
    if how == "all":
        budget.tell()
    print(f"all green in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
