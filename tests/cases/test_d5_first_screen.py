"""D5: with three high alarms open every value and Stop are within the first screen, on a desk, a tablet and a phone.

Shown in Chromium before the real server, by the boxes of what is on the screen and by what lies on top of them.
"""

from __future__ import annotations

from typing import Final

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect

from sojourn.foundation.accounts.actor import acting_as
from tests.browser import faults
from tests.environment import RunSettings
from tests.interfaces.test_board import board_page, web
from tests.interfaces.web import Chair, Web, beat_of_the_watch, open_clinic, seat

__all__ = ["web"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCREENS: Final = {"desk": (1280, 800), "tablet": (1024, 768), "phone": (375, 812), "small": (375, 667)}
VALUES: Final = {"hr": "135", "bp": "195/115", "spo2": "86", "rr": "6"}
PICTURES: Final = RunSettings.read().pictures
# Where an element is, and whether its middle and its corners are what one sees and touches there.
_ON_SCREEN: Final = """each => {
  const box = each.getBoundingClientRect();
  const corners = [[box.x + 4, box.y + 4], [box.right - 4, box.bottom - 4]];
  const points = [[box.x + box.width / 2, box.y + box.height / 2], ...corners];
  const uncovered = points.every(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top !== null && (each.contains(top) || top.contains(each));
  });
  return [box.x, box.y, box.right, box.bottom, uncovered];
}"""


@pytest.fixture
def worst() -> Chair:
    """Three high alarms and more: saturation, heart rate and pressure beyond the graver limits, breathing too."""
    chair = seat(open_clinic("worst"))
    beat_of_the_watch()
    chair.send(hr=135, spo2=86, rr=6, nibp_sys=195, nibp_dia=115)
    return chair


def in_first_screen(page: Page, one: Locator) -> None:
    """Whole within what is on the screen, with nothing on top of it."""
    expect(one).to_be_visible()
    size = page.viewport_size
    assert size is not None
    for _ in range(3):  # the strip is drawn anew each second: what was just replaced is asked for again
        x, y, right, bottom, uncovered = one.evaluate(_ON_SCREEN)
        if right > x:
            break
    assert x >= 0
    assert y >= 0
    assert right <= size["width"] + 0.5
    assert bottom <= size["height"] + 0.5, one
    assert uncovered, one


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.mark.parametrize("mood", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_values_and_stop_are_in_sight_with_three_high_alarms(
    web: Web, browser: Browser, worst: Chair, screen: str, mood: str
) -> None:
    page = board_page(
        browser, web, worst.cast, *SCREENS[screen], url=f"/clinic/sessions/{worst.id}/", color_scheme=mood,
        reduced_motion="reduce",
    )  # fmt: skip
    assert page.locator(".minute-alarm.is-high").count() >= 3
    picture(page, f"worst-{screen}-{mood}")
    for key, value in VALUES.items():
        in_first_screen(page, page.locator(f'[data-pin="{key}"] .pin-figure'))
        expect(page.locator(f'[data-pin="{key}"] .pin-figure')).to_have_text(value)
    for name in ("Stop", "Pause"):
        in_first_screen(page, page.get_by_role("button", name=name, exact=True))
    expect(page.get_by_text("Nothing prevents it")).to_have_count(0)
    # And wherever somebody has scrolled to.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    for one in (page.locator('[data-pin="spo2"] .pin-figure'), page.get_by_role("button", name="Stop", exact=True)):
        in_first_screen(page, one)
    picture(page, f"worst-{screen}-{mood}-end")
    assert faults(page, f"worst-{screen}-{mood}-axe") == []
    page.context.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_on_the_page_for_a_note_too_and_live(web: Web, browser: Browser, worst: Chair, screen: str) -> None:
    page = board_page(
        browser, web, worst.cast, *SCREENS[screen], url=f"/clinic/sessions/{worst.id}/note/", reduced_motion="reduce"
    )
    page.locator("textarea").first.wait_for()
    for key in VALUES:
        in_first_screen(page, page.locator(f'[data-pin="{key}"] .pin-figure'))
    in_first_screen(page, page.get_by_role("button", name="Stop", exact=True))
    picture(page, f"note-{screen}")
    assert faults(page, f"note-{screen}-axe") == []
    page.locator("textarea").first.fill("She is awake")
    worst.send(spo2=84)
    expect(page.locator('[data-pin="spo2"] .pin-figure')).to_have_text("84", timeout=3000)
    expect(page.locator("textarea").first).to_have_value("She is awake")
    page.locator("#ack-spo2-low-spo2").click()
    expect(page.locator("#minute-inside")).to_contain_text("answered by Nurse")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("heading", name="The session was stopped")).to_be_visible()
    page.context.close()


def test_every_target_is_large_enough_for_gloves(web: Web, browser: Browser, worst: Chair) -> None:
    page = board_page(browser, web, worst.cast, 375, 812, url=f"/clinic/sessions/{worst.id}/note/")
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('#minute button, #minute a')].map((each) => {"
        " const box = each.getBoundingClientRect(); return [each.textContent, Math.min(box.width, box.height)]; })"
    )
    assert len(sizes) > len(VALUES)
    assert [each for each in sizes if 0 < each[1] < 44] == []
    page.context.close()


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_wider_than_a_narrow_screen_or_at_200_per_cent(
    web: Web, browser: Browser, worst: Chair, width: int
) -> None:
    """640 x 400 is a desk of 1280 x 800 at 200 %."""
    page = board_page(browser, web, worst.cast, width, 400, url=f"/clinic/sessions/{worst.id}/")
    assert faults(page, f"worst-{width}") == []
    picture(page, f"worst-{width}")
    page.context.close()


def test_a_sign_in_that_ended_elsewhere_is_said(web: Web, browser: Browser, worst: Chair) -> None:
    from django.contrib.sessions.models import Session

    page = board_page(browser, web, worst.cast, url=f"/clinic/sessions/{worst.id}/")
    board = board_page(browser, web, worst.cast)
    for each in (page, board):
        key = next(one["value"] for one in each.context.cookies() if "session" in one["name"])
        Session.objects.filter(pk=key).delete()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Your sign-in on this device has ended")).to_be_visible()
    picture(page, "signed-out-elsewhere")
    expect(board.locator("[data-board-lost]")).to_contain_text("You were signed out", timeout=30_000)
    picture(board, "board-signed-out-elsewhere")
    for each in (page, board):
        each.context.close()


def test_the_board_agrees_with_the_page_and_asks_for_its_sound(web: Web, browser: Browser, worst: Chair) -> None:
    board = board_page(browser, web, worst.cast, 1280, 800, reduced_motion="reduce")
    chair = board.locator(f'[data-chair="{worst.id}"]')
    expect(chair.locator("[data-chair-alarm]")).to_have_text("High")
    sound = board.locator("[data-board-sound]")
    expect(sound).to_contain_text("Sound is off: switch it on")
    picture(board, "board-worst-silent")
    # Every alarm answered: the card stays as grave as its tiles.
    nurse = worst.cast.client("nurse")
    for alarm in nurse.get(reverse("console:board")).context["data"]["sessions"][0]["alarms"]:
        nurse.post(
            reverse("console:session_acknowledge", args=[worst.id]), {"rule": alarm["rule"], "code": alarm["code"]}
        )
    worst.send(hr=125)
    expect(chair.locator("[data-chair-alarm]")).to_have_text("High")
    sound.click()
    expect(board.get_by_role("button", name="Sound is on", exact=True)).to_be_visible()
    assert faults(board, "board-worst") == []
    board.context.close()


def test_a_call_is_seen_answered_and_passed_on_by_the_board(web: Web, browser: Browser, worst: Chair) -> None:
    from datetime import UTC, datetime, timedelta

    from sojourn.care.encounter import announcing
    from sojourn.care.session.event_kinds import PATIENT_CALLS
    from sojourn.care.session.models import SessionEvent

    board = board_page(browser, web, worst.cast, 1280, 800, reduced_motion="reduce")
    at = datetime.now(UTC) - timedelta(seconds=57)
    with acting_as(worst.cast.actor("nurse")):
        SessionEvent.objects.create(
            clinic=worst.cast.clinic, patient=worst.stage.patient, encounter_id=worst.id, kind=PATIENT_CALLS, at=at,
            recorded_at=at, by=worst.cast.members["nurse"],
        )  # fmt: skip
        announcing.announce(worst.stage.encounter)
    chair = board.locator(f'[data-chair="{worst.id}"]')
    expect(chair.locator("[data-chair-call]")).to_contain_text("Ana needs someone, 5")
    expect(chair).to_have_attribute("data-call-late", "", timeout=10_000)
    expect(chair.locator("[data-chair-call-note]")).to_have_text("nobody has gone")
    picture(board, "board-call-late")
    chair.locator("[data-chair-call-seen]").click()
    expect(chair.locator("[data-chair-call-note]")).to_have_text(
        f"nobody has gone, seen by {worst.cast.members['nurse'].name}"
    )
    chair.get_by_role("button", name="I am going").click()
    expect(chair.locator("[data-chair-going]")).to_be_hidden()
    board.context.close()
