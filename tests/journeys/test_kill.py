"""Bad days: every process and PostgreSQL itself are killed (-9) while 200 monitors send.

Afterwards every acknowledged reading is there exactly once, the alarm and its acknowledgement stand, and the board's
stream answers again, without anybody's help but the supervisor's.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.settings import of_an_own_house

pytestmark = [pytest.mark.slow]

SCRIPT = Path(__file__).with_name("bad_day.py")


def test_nothing_acknowledged_is_lost(tmp_path):
    """Run in a process of its own: it needs a house, settings and database of its own."""
    env = of_an_own_house(8791)
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=env, capture_output=True, text=True, timeout=420, check=False,
        cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exactly once" in done.stdout
