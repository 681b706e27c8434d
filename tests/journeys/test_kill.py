"""Bad days: every process and PostgreSQL itself are killed (-9) while 200 monitors send.

Afterwards every acknowledged reading is there exactly once, the alarm and its acknowledgement stand, and the board's
stream answers again, without anybody's help but the supervisor's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow]

SCRIPT = Path(__file__).with_name("bad_day.py")


def test_nothing_acknowledged_is_lost(tmp_path):
    """Run in a process of its own: it needs a house, settings and database of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SOJOURN_")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=env, capture_output=True, text=True, timeout=420, check=False,
        cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exactly once" in done.stdout
