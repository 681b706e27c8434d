"""Keep a demo house open for the journeys, until standard input ends: ``python -m tests.journeys.stay``.

The folder for its copy (tests/environment.py) will hold one of it at rest, for other houses to begin from, and a link
to it, ``open``, once it is open. ``python -m tests.journeys.stay wait`` returns when that is so.
"""

from __future__ import annotations

import sys
import time

from benchmarks.house import open_house
from tests.environment import RunSettings

COPY = RunSettings.read().demo_copy
assert COPY is not None, "nobody said where the copy shall be"
OPEN = COPY / "open"


def stay() -> None:
    with open_house() as found:
        OPEN.symlink_to(found.home)
        sys.stdin.read()


def wait(seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not OPEN.exists():
        if time.monotonic() > deadline:
            sys.exit("The demo house did not open.")
        time.sleep(0.2)


if __name__ == "__main__":
    wait() if sys.argv[1:] == ["wait"] else stay()
