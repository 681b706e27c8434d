"""D3: the whole hour in the chair in Chromium, on a desk and on a tablet, for two people."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.ui.build import BUILT
from tests.browser import clean
from tests.care.stage import Stage, adopt_everything
from tests.conftest import Cast
from tests.interfaces.phone import one_at_a_time, served, sign_in
from tests.interfaces.test_session_pages import checked, url

pytestmark = pytest.mark.browser
SCREENS = {"desk": (1280, 800), "tablet": (1024, 768)}


def fill(page: Page, **typed: str) -> None:
    page.get_by_label("Ketamine", exact=True).check()
    for name, value in typed.items():
        page.locator(f"#id_{name}").fill(value)


def in_sight(page: Page, name: str) -> None:
    """A button that is on the screen without scrolling, wherever the page is scrolled to."""
    button = page.get_by_role("button", name=name, exact=True)
    for where in ("0", "document.body.scrollHeight / 2", "document.body.scrollHeight"):
        page.evaluate(f"window.scrollTo(0, {where})")
        expect(button).to_be_in_viewport(ratio=1)
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 56, "for gloves"


@pytest.mark.parametrize("screen", SCREENS)
def test_prepare_to_witness(clinic: Cast, browser: Browser, monkeypatch: pytest.MonkeyPatch, screen: str):
    """D3: prepare, check, start, pause, go on, change the rate, stop, waste, witness: by what is on the screen."""
    assert (BUILT / "app.css").exists(), "Run python -m sojourn.foundation.ui.build first."
    adopt_everything(clinic)
    stage = checked(clinic)
    width, height = SCREENS[screen]
    clients = {role: clinic.client(role) for role in ("nurse", "prescriber")}
    with served(monkeypatch) as address:
        pages = {}
        for role, client in clients.items():
            context = browser.new_context(
                base_url=address, viewport={"width": width, "height": height}, reduced_motion="reduce"
            )
            sign_in(context, address, client)
            pages[role] = context.new_page()
            pages[role].goto(url("session", stage))
        _prepare_and_check(pages, screen)
        _run(pages["nurse"], stage, screen)
        _account(pages, stage, screen)
        for page in pages.values():
            page.context.close()


VIAL = {
    "dose_mg": "35", "stock_mg_per_ml": "50", "drawn_ml": "0.7", "total_ml": "50", "over_min": "40",
    "rate_ml_per_h": "75", "lot": "K1234", "expires_on": "2099-12-31",
}  # fmt: skip


def _prepare_and_check(pages: dict[str, Page], screen: str) -> None:
    nurse, prescriber = pages["nurse"], pages["prescriber"]
    clean(nurse, f"chair-prepare-{screen}")
    fill(nurse, **{**VIAL, "dose_mg": "350"})
    nurse.get_by_role("button", name="Write it down").click()
    expect(nurse.locator("#id_dose_mg-error")).to_contain_text("350 mg is about ten times off")
    expect(nurse.locator("#id_dose_mg")).to_have_value("350")
    clean(nurse, f"chair-slip-{screen}")
    nurse.locator("#id_dose_mg").fill("35")
    nurse.get_by_role("button", name="Write it down").click()
    expect(nurse.get_by_role("heading", name="A second person checks the dose")).to_be_visible()
    prescriber.reload()
    expect(prescriber.get_by_text("has prepared a dose")).to_be_visible()
    expect(prescriber.get_by_text("K1234")).to_have_count(0)
    clean(prescriber, f"chair-check-{screen}")
    fill(prescriber, **VIAL)
    prescriber.get_by_role("button", name="I have checked it").click()
    expect(prescriber.get_by_role("heading", name="Give the dose")).to_be_visible()
    nurse.reload()
    clean(nurse, f"chair-give-{screen}")
    nurse.get_by_role("button", name="Start the dose").click()


def _run(nurse: Page, stage: Stage, screen: str) -> None:
    expect(nurse.get_by_role("heading", name="The dose is running")).to_be_visible()
    with one_at_a_time, acting_as(stage.cast.actor("nurse")):
        stage.vitals(timezone.now(), hr=125)  # an alarm that is open takes nothing out of sight
    nurse.reload()
    for name in ("Pause", "Stop"):
        in_sight(nurse, name)
    clean(nurse, f"chair-running-{screen}")
    nurse.get_by_role("button", name="Pause", exact=True).click()
    expect(nurse.get_by_text("Paused since")).to_be_visible()
    in_sight(nurse, "Stop")
    clean(nurse, f"chair-paused-{screen}")
    nurse.get_by_label("Pump rate").fill("60")
    nurse.get_by_role("button", name="Go on", exact=True).click()
    expect(nurse.get_by_role("heading", name="The dose is running")).to_be_visible()
    nurse.get_by_label("Another rate").fill("50")
    nurse.get_by_role("button", name="Change the rate").click()
    expect(nurse.locator("#running")).to_contain_text("50mL/h")
    nurse.get_by_role("button", name="Stop", exact=True).click()
    expect(nurse.get_by_text("A dose was given, so the patient is observed")).to_be_visible()
    clean(nurse, f"chair-stopped-{screen}")
    nurse.get_by_label("Why was it stopped?").fill("She asked to stop")
    nurse.get_by_role("button", name="Save", exact=True).first.click()
    expect(nurse.get_by_text("She asked to stop").first).to_be_visible()


def _account(pages: dict[str, Page], stage: Stage, screen: str) -> None:
    nurse, prescriber = pages["nurse"], pages["prescriber"]
    nurse.get_by_role("button", name="Record the waste").click()
    expect(nurse.get_by_text("nobody has witnessed it yet")).to_be_visible()
    expect(nurse.get_by_role("button", name="I saw it")).to_have_count(0)
    prescriber.goto(url("session", stage))
    clean(prescriber, f"chair-witness-{screen}")
    prescriber.get_by_role("button", name="I saw it").click()
    expect(prescriber.get_by_text("Everything is accounted for.")).to_be_visible()
    # At the end of the page, where the bar of the next step stands still and covers no other button in part.
    prescriber.evaluate("scrollTo(0, document.body.scrollHeight)")
    clean(prescriber, f"chair-accounted-{screen}")
