"""The wheel in an empty environment and an empty folder, without Node: the house starts, answers and stops."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent.parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


@pytest.fixture
def tmp() -> Iterator[Path]:
    """Outside of pytest's own folder, which every run that begins closes to all but its user: the database may be
    another one."""
    with tempfile.TemporaryDirectory(prefix="sw-") as name:
        yield Path(name)


@pytest.mark.enable_socket
def test_the_wheel_runs_without_node(tmp: Path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp / "dist", ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    wheel = next((tmp / "dist").glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith("static/built/app.css") for name in names)
    assert any(name.endswith("es/LC_MESSAGES/django.mo") for name in names)
    assert not any("node_modules" in name or "frontend/test" in name for name in names)

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp / "v"], check=True)
    pip = [sys.executable, "-m", "pip", "--python", tmp / "v/bin/python", "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements/run.txt"], check=True, capture_output=True)
    subprocess.run([*pip, "--no-deps", wheel], check=True, capture_output=True)

    empty = tmp / "e"
    empty.mkdir()
    port = _free_port()
    env = {
        "PATH": f"{tmp}/v/bin:/usr/sbin:/sbin:/bin", "HOME": str(tmp), "PORT": str(port), "LANG": "C.UTF-8",
        "SOJOURN_MLLP_PORT": str(_free_port()), "SOJOURN_HOME": str(empty / "var"),
    }  # fmt: skip
    with (tmp / "log").open("wb") as log:
        up = subprocess.Popen([tmp / "v/bin/sojourn", "up"], cwd=empty, env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 240
        status, body = 0, b""
        while time.monotonic() < deadline and status != 200 and up.poll() is None:
            status, body = _get(f"http://127.0.0.1:{port}/healthz")
            time.sleep(0.3)
        assert status == 200, (tmp / "log").read_text()
        told = json.loads(body)
        assert (told["status"], told["database"]) == ("ok", "up")
        assert {"watch_heartbeat_age_s", "version"} <= told.keys()
        status, page = _get(f"http://127.0.0.1:{port}/accounts/login/")
        assert status == 200, (tmp / "log").read_text()
        assert b"/static/built/app" in page
    finally:
        up.send_signal(signal.SIGINT)
        assert up.wait(40) == 0, (tmp / "log").read_text()
    assert [each.name for each in empty.iterdir()] == ["var"]
