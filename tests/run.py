"""``make check`` and ``make test``: the same steps, told one by one with their times; the first failure is the end.

Run as ``python -m tests.run quick`` or ``all``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

PYTHON = sys.executable
BIN = Path(PYTHON).parent


def debian_postgres() -> str | None:
    """The newest server PostgreSQL on this machine, 15 or later."""
    found = sorted(
        (int(folder.name), folder / "bin")
        for folder in Path("/usr/lib/postgresql").glob("*")
        if folder.name.isdigit() and (folder / "bin" / "initdb").exists()
    )
    return str(found[0][1]) if found and found[-1][0] >= 15 else None


def steps(how: str) -> list[tuple[str, list[str], dict[str, str]]]:
    pytest = [PYTHON, "-m", "pytest"]
    lint: list[tuple[str, list[str], dict[str, str]]] = [
        ("lint", [str(BIN / "ruff"), "check", "--quiet", "."], {}),
        ("format", [str(BIN / "ruff"), "format", "--quiet", "--check", "."], {}),
        ("import contracts", [str(BIN / "lint-imports"), "--no-cache"], {}),
        ("types", [str(BIN / "mypy"), "--no-error-summary"], {}),
    ]
    if how == "quick":
        return [*lint, ("quick tests", [*pytest, "-n", "2", "-m", "not browser and not slow and not debian"], {})]
    out = [*lint, ("tests", [*pytest, "-n", "2", "--dist", "loadgroup", "-m", "not browser"], {})]
    # The whole way drives its browsers from a process of its own. The other files marked "browser" run one by one, by
    # hand (python -m pytest FILE -m browser): a browser's event loop in a shared process disturbs its neighbours.
    out.append(("the whole way in a browser", [*pytest, "tests/journeys/test_whole_way.py"], {}))
    if server := debian_postgres():
        out.append(
            (
                f"tests of the database on the server PostgreSQL {Path(server).parent.name}",
                [*pytest, "-n", "2", "tests/care", "-m", "not browser and not slow"],
                {"SOJOURN_TEST_POSTGRES": server},
            )
        )
    return out


def main() -> int:
    how = sys.argv[1] if len(sys.argv) > 1 else "quick"
    began = time.monotonic()
    for name, command, env in steps(how):
        start = time.monotonic()
        done = subprocess.run(command, env={**os.environ, **env}, check=False)
        print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name}: {time.monotonic() - start:.0f} s", flush=True)
        if done.returncode:
            return 1
    print(f"all green in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
