"""The whole way, on real parts, in a real browser.

Given a running house with the demo clinic: a patient is made, planned, booked and invited; answers on a phone; arrives,
is checked, receives a dose, is watched by a monitor over HL7; an alarm rises and is answered; the patient recovers and
leaves with an escort; the record is signed, printed and verified. Every page on the way is clean for axe.

Runs in a process of its own (its own settings, database, ports), with the clinic's pages at desk width and the
patient's at phone width, then the other way round.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.settings import of_the_open_house

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SCRIPT = Path(__file__).with_name("whole_way.py")


@pytest.mark.parametrize(("width", "port"), [("desk", 8691), ("phone", 8791)])
def test_the_whole_way(width, port):
    env = of_the_open_house(port)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), width], env=env, cwd=SCRIPT.parent.parent.parent,
        capture_output=True, text=True, timeout=420, check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert "the whole way" in done.stdout
