"""Chromium for the tests, and what every page must be in it.

Debian's package where we are root on Debian, else the test tool's own download. Pictures of every page that is looked
at go into the folder that a run was told (tests/environment.py), if it was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.environment import RunSettings

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parent.parent / "sojourn/foundation/ui/frontend/node_modules/axe-core/axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PICTURES = RunSettings.read().pictures
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


# A colour halfway through its change is nobody's choice: changes that end are ended, before axe measures contrast.
AT_REST = """
() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  for (const change of document.getAnimations()) {
    if (change.effect?.getComputedTiming().endTime !== Infinity) change.finish();
  }
  requestAnimationFrame(() => done());
})))
"""
WHOLE = """
() => document.readyState === "complete"
  && (document.querySelector("main, [role=main]") !== null || performance.now() > 5000)
"""


def settled(page: Page) -> None:
    """Wait for the whole page: after a press the address is new before its text has come, as slow machines show."""
    page.wait_for_function(WHOLE)
    page.evaluate(AT_REST)


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def faults(page: Page, name: str) -> list[str]:
    """What axe objects to on the page (WCAG 2.2 AA and good practice), and whether it is wider than the screen."""
    settled(page)
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name.strip('/').replace('/', '-')}.png", full_page=True)
    if not page.evaluate("() => 'axe' in window"):  # it stays as long as the page: half a megabyte to send and to read
        page.evaluate(_axe())
    # What a bar that stays in sight covers by halves depends on where the page stands: axe looks at its beginning.
    at = page.evaluate("() => { const at = window.scrollY; window.scrollTo(0, 0); return at; }")
    found = page.evaluate(
        "rules => axe.run(document, {preload: false, resultTypes: ['violations'], selectors: false, runOnly: rules})"
        ".then(r => r.violations.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + ': ' + n.html.slice(0, 200))))",
        AXE_RULES,
    )
    page.evaluate("at => window.scrollTo(0, at)", at)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{name}: {each}" for each in [*found, *([f"{over} px wider than the screen"] if over > 0 else [])]]


def clean(page: Page, name: str) -> None:
    assert (found := faults(page, name)) == [], "\n".join(found)


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
