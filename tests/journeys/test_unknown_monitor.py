"""K6: an unknown monitor is plugged in by a nurse who knows nothing of HL7, with two clinics on the machine: from
"nothing is shown" to the first value on the board, by what is on the screen."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from sojourn.care.alarms.models import CurrentVital
from sojourn.care.vitals import whose
from sojourn.foundation.accounts.actor import acting_as
from tests.browser import clean
from tests.care.stage import to_dosing
from tests.cases.bedside import Bedside, bedside, heart, spo2
from tests.conftest import make_clinic
from tests.environment import RunSettings
from tests.interfaces.conftest import _nowhere, _plain_assets
from tests.interfaces.phone import served, sign_in

__all__ = ["_nowhere", "_plain_assets", "bedside"]

pytestmark = pytest.mark.browser
SCREENS = {"desk": (1280, 800), "tablet": (1024, 768), "phone": (375, 812)}
PICTURES = RunSettings.read().monitor_pictures  # where to keep pictures of the way, light and dark


def picture(page: Page, name: str, screen: str) -> None:
    clean(page, f"monitor-{name}-{screen}")
    if PICTURES:
        for mood in ("light", "dark"):
            page.emulate_media(color_scheme=mood)  # type: ignore[arg-type]
            page.screenshot(path=PICTURES / f"monitor-{name}-{screen}-{mood}.png", full_page=True)
        page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("screen", SCREENS if PICTURES else ["phone", "desk"])
def test_from_nothing_is_shown_to_the_first_value_on_the_board(
    bedside: Bedside, browser: Browser, monkeypatch: pytest.MonkeyPatch, screen: str
):
    make_clinic(f"second-{bedside.clock.at:%H%M%S%f}-{screen}")
    with acting_as(bedside.cast.actor("nurse")):
        stage = to_dosing(bedside.cast, at=bedside.clock.at)
    bed = f"^^BAY{bedside.cast.clinic.pk}71"
    assert bedside.send(spo2(97), heart(71), bed=bed, shared=True) == "AE"  # it is plugged in, and nobody knows it
    client = bedside.cast.client("nurse")
    width, height = SCREENS[screen]
    with served(monkeypatch) as address:
        context = browser.new_context(
            base_url=address, viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        sign_in(context, address, client)
        page = context.new_page()
        page.route("**/live/**", lambda route: None)  # the stream is another process's; it keeps still here
        page.goto(reverse("console:session_monitor", args=[stage.id]))
        expect(page.get_by_text("Monitors that are on nobody appear here")).to_be_visible()
        picture(page, "nothing-shown", screen)
        page.get_by_role("link", name="All monitors").click()
        expect(page.get_by_text("to this server")).to_be_visible()
        picture(page, "list", screen)
        page.get_by_role("link", name="Is one of them yours?").click()
        picture(page, "claim", screen)
        # the nurse reads the end of the name at the bedside: on the screen of the monitor it says BAY…71
        _claim(page, bed.strip("^"))
        expect(page.get_by_text("Bay 4 is added. A nurse can put it on a patient.")).to_be_visible()
        picture(page, "added", screen)
        bedside.clock.later(seconds=20)
        page.goto(reverse("console:session_monitor", args=[stage.id]))
        page.get_by_role("button", name="Put Bay 4 on").click()
        page.wait_for_url("**#monitor")
        bedside.clock.later(seconds=2)
        assert bedside.send(spo2(97), heart(71), bed=bed, shared=True) == "AA"
        page.goto(reverse("console:board"))
        expect(page.get_by_role("main")).to_contain_text("97")
        picture(page, "first-value", screen)
        context.close()
    with acting_as(bedside.cast.actor("nurse")):
        assert CurrentVital.objects.get(encounter_id=stage.id, code="spo2").value == 97


def _claim(page: Page, name: str) -> None:
    """Type the end of the name beside the monitor whose beginning it is."""
    shown, end = whose.masked(f"bed:{name}")
    mine = page.locator("li").filter(has_text=shown)
    mine.get_by_label("The end of its name").fill(end)
    mine.get_by_label("What people call it").fill("Bay 4")
    mine.get_by_role("button", name="It is ours").click()
