"""From the invitation to a signed plan and a booked series with a confirmed ride home, in a real browser.

Given a running house with the demo clinic: the front desk invites a patient, who tells the intake on a phone, goes on
with it on another one, and writes to the clinic; a prescriber reads, asks for the first questionnaires, enters what
is missing and decides; the patient reads the answer, asks about an agreement, signs one by typing and one by drawing;
the plan is drafted, checked by another and signed; the series is booked in one step and repaired in one step; the
support person confirms through the link alone. The patient at phone width, the clinic at desk width. Every page is
clean for axe.

Once with everybody reading English, once with everybody reading Spanish: this one in a house of its own, since a
member of staff has one language at a time. Runs in a process of its own (its own settings, database and ports).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.settings import of_an_own_house, of_the_open_house

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SCRIPT = Path(__file__).with_name("first_contact.py")


@pytest.mark.parametrize(("language", "port"), [("en", 8891), ("es", 8991)])
def test_from_first_contact_to_a_signed_plan(language, port):
    env = of_an_own_house(port) if language == "es" else of_the_open_house(port)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), language], env=env, cwd=SCRIPT.parent.parent.parent,
        capture_output=True, text=True, timeout=420, check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert "first contact in" in done.stdout
