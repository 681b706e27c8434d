"""A Chromium for the tests: Debian's package where we are root on Debian, else the test tool's own download."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
]  # fmt: skip


def debian_chromium() -> str | None:
    """The headless shell where it is: it draws the same and costs less."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def launch_options() -> dict[str, object]:
    """What to give to playwright's ``chromium.launch``."""
    path = debian_chromium()
    return {"args": ARGUMENTS, **({"executable_path": path} if path else {})}


def _as_root(*command: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)


def install() -> None:
    packages = []
    if shutil.which("apt-get") and os.geteuid() == 0:
        packages += [] if debian_chromium() else ["chromium-headless-shell"]
        packages += [] if Path("/usr/lib/postgresql").exists() else ["postgresql"]
        if packages:
            print(f"Installing {' and '.join(packages)} from Debian (a minute or two)", flush=True)
            _as_root("apt-get", "-q", "update")
            _as_root("apt-get", "-q", "-y", "--no-install-recommends", "install", *packages)
    if debian_chromium() is None:
        print("Downloading a Chromium for the tests", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    install()
