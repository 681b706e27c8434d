"""The pictures under docs/screenshots, from the running demo clinic: ``make screenshots``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.house import MLLP_PORT, PORT, house
from tests.browser import launch_options

FOLDER = Path("docs/screenshots")
BASE = f"http://127.0.0.1:{PORT}"
SIZES = {"desk": (1280, 800), "phone": (375, 812)}


def shoot(browser: Browser, who: str, pages: dict[str, str], kinds: list[tuple[str, str]]) -> None:
    for size, mood in kinds:
        width, height = SIZES[size]
        scheme = "dark" if mood == "dark" else "light"
        page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()  # type: ignore[arg-type]
        page.goto(f"{BASE}/accounts/login/")
        page.fill("[name=login]", who)
        page.fill("[name=password]", "quiet harbor at dusk")
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "login" not in url)
        for name, path in pages.items():
            page.goto(BASE + path)
            page.wait_for_timeout(2500 if "board" in name else 700)
            page.screenshot(path=FOLDER / f"{name}-{size}-{mood}.png")
        page.context.close()


def main() -> None:
    with house() as found:
        from benchmarks.pages import pages
        from sojourn.care.measures.models import MeasureRequest
        from sojourn.config import demo
        from sojourn.config.demo.people import HARBOR
        from sojourn.config.demo.today import _clinic_id
        from sojourn.foundation.accounts.asker import as_asker
        from sojourn.foundation.accounts.models import Membership
        from sojourn.foundation.accounts.queries import house as of_house

        demo.load(lambda _: None)
        with as_asker(of_house(_clinic_id(HARBOR), "pictures")):
            patient = Membership.objects.get(role="patient").patient_id
            open_one = MeasureRequest.objects.filter(patient_id=patient, response=None).order_by("id").first()
        found.start_all()
        found.start("monitor", "sojourn.config.processes", "demo-monitor")
        time.sleep(8)
        where = {name: path for name, _, path in pages()}
        all_kinds = [("desk", "light"), ("desk", "dark"), ("phone", "light")]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
            clinic = {"board": "/clinic/board/", "home-clinic": "/clinic/", "session": where["session"]}
            shoot(browser, "nurse@harbor.demo", clinic, all_kinds)
            portal = {"home-patient": "/today/", "progress": "/today/progress/"}
            if open_one is not None:
                portal["questionnaire"] = f"/today/measures/{open_one.pk}/1/"
            shoot(browser, "patient@harbor.demo", portal, [("phone", "light"), ("phone", "dark"), ("desk", "light")])
            browser.close()
    print(f"pictures in {FOLDER}, monitors on port {MLLP_PORT}", file=sys.stderr)


if __name__ == "__main__":
    main()
