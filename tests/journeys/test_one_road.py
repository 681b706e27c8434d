"""One road to a dose, the dose at the chair, and what was really given (cases D1 to D3), in a real browser.

Given a running house with the demo clinic and a patient whose course began before plans were signed: the front desk
books and is warned; the nurse prepares and the dose is refused with every reason and its link, until the agreements are
signed on the phone, a prescriber decides, and the plan is signed. Two nurses type 4,250 mg and are challenged at the
field. The right dose is begun, paused, resumed at another rate and stopped; what the pump holds is read off, the rest
thrown away before a witness; record and PDF say planned, given and wasted. Another patient takes an agreement back on
the phone while the dose runs: it stops, and going on is refused. Every page on the way is clean for axe.

Runs in a process of its own (its own settings, database, ports), with the clinic's pages on a desk and on a tablet.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.settings import of_the_open_house

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SCRIPT = Path(__file__).with_name("one_road.py")


@pytest.mark.parametrize(("width", "port"), [("desk", 9091), ("tablet", 9191)])
def test_one_road_to_a_dose(width, port):
    env = of_the_open_house(port)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), width], env=env, cwd=SCRIPT.parent.parent.parent,
        capture_output=True, text=True, timeout=420, check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert "one road at" in done.stdout
