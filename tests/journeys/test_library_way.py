"""The whole way through the library (issue 15), in a real browser.

Given a running house with the demo clinic. A stranger follows the clinic's link, finds an article by a word, opens
what a sentence rests on, reads one hundred people drawn and in words, moves the drawing, shares and prints, reads on
without a connection, says that a part was not clear, asks without a name, and reads the law of the place. A patient is
offered first what fits where they are, asks the care team from an article and finds it among the messages, reads what
the device kept, and tells a story, which is shown beside one hundred people, and takes it back.

One on a phone and one at a desk, each in both languages once. Every kind of page is clean for axe.
Runs in a process of its own (its own settings, database and ports).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.settings import of_the_open_house

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SCRIPT = Path(__file__).with_name("library_way.py")


@pytest.mark.parametrize(
    ("who", "language", "width", "port"),
    [
        ("stranger", "en", "phone", 9211),
        ("stranger", "es", "desk", 9213),
        ("patient", "es", "phone", 9215),
        ("patient", "en", "desk", 9217),
    ],
)
def test_the_way_through_the_library(who, language, width, port):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), who, language, width], env=of_the_open_house(port),
        cwd=SCRIPT.parent.parent.parent, capture_output=True, text=True, timeout=420, check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert f"{who} in {language}; axe clean" in done.stdout
