"""Workload (c): how long `sojourn up --demo` takes, first and second, and what each process holds in memory."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.house import MAIL_PORT, MLLP_PORT, PORT, House


def _start(home: Path) -> tuple[subprocess.Popen[bytes], float]:
    env = {**os.environ, "SOJOURN_HOME": str(home), "PORT": str(PORT), "SOJOURN_MLLP_PORT": str(MLLP_PORT),
           "SOJOURN_MAIL_PORT": str(MAIL_PORT)}  # fmt: skip
    began = time.monotonic()
    with (home / "up.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sojourn.config.cli", "up", "--demo"], stdout=log, stderr=log, env=env
        )
    House(home).until_well(300)
    return process, time.monotonic() - began


def _stop(process: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    return time.monotonic() - began


def _resident(pid: int) -> float:
    """Resident MB of a process and its children; shared pages count once each, so the sum is an upper bound."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        own = int(status.parent.name)
        if own == pid or int(fields["PPid"]) == pid:
            total += int(fields.get("VmRSS", "0 kB").split()[0]) / 1000
    return total


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="ss-"))
    try:
        process, first = _start(home)
        _stop(process)
        process, second = _start(home)
        time.sleep(5)
        memory = {note.stem: round(_resident(int(note.read_text()))) for note in sorted((home / "run").glob("*.pid"))}
        stop = _stop(process)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    arguments.out.write_text(
        json.dumps(
            {"first_s": round(first, 1), "second_s": round(second, 1), "stop_s": round(stop, 1), "memory": memory}
        )
    )


if __name__ == "__main__":
    main()
