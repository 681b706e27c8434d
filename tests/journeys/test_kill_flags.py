"""Bad days of a flag: watch, jobs and PostgreSQL are killed (-9) between a word and its flag, and between the flag and
its notice. Afterwards each word has one owned flag, each circle was told once, and each notice has one proof."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.settings import of_an_own_house

pytestmark = [pytest.mark.slow]

SCRIPT = Path(__file__).with_name("flags_day.py")


def test_one_owned_flag_each(tmp_path):
    """Run in a process of its own: it needs a house, settings and database of its own."""
    env = of_an_own_house(8860)
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=env, capture_output=True, text=True, timeout=420, check=False,
        cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one owned flag each" in done.stdout
