"""Keep a demo house open for the journeys, until standard input ends: ``python -m tests.journeys.stay``.

``HOUSE_COPY`` names the folder that will hold a copy of it at rest, for other houses to begin from, and a link to it,
``open``, once it is open. ``python -m tests.journeys.stay wait`` returns when that is so.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from benchmarks.house import open_house

OPEN = Path(os.environ["HOUSE_COPY"]) / "open"


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
