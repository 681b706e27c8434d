"""Asking about what one reads, on a phone: a stranger without a name, a patient their team, and the clinic's answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from sojourn.foundation.accounts.actor import NOBODY, set_actor
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.interfaces.phone import looked_over, one_at_a_time, served, sign_in
from tests.interfaces.test_help_browser import of_alma

pytestmark = pytest.mark.browser

SCREENS = ((375, "light"), (320, "dark"), (1280, "light"))
ASK = "/library/is-it-safe/ask/?part=1"
CLEAR = "/library/is-it-safe/clear/?part=1"


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    make_patient(clinic, "Alma")
    with served(monkeypatch) as found:
        yield found
    set_actor(NOBODY)


def a_stranger(browser: Browser, address: str, clinic: Cast) -> Page:
    """Nobody is signed in on this device; it belonged to the clinic before."""
    context = browser.new_context(base_url=address, viewport={"width": 375, "height": 812})
    page = of_alma(browser, address, clinic)
    page.goto("/today/help/")
    context.add_cookies([each for each in page.context.cookies() if each["name"] == "help_clinic"])  # type: ignore[misc]
    page.context.close()
    return context.new_page()


def test_a_stranger_asks_and_the_clinic_answers(browser: Browser, clinic: Cast, address: str):
    page = a_stranger(browser, address, clinic)
    page.goto(ASK)
    page.get_by_label("Your question, without a name").fill("Does the drip hurt?")
    page.get_by_role("button", name="Send without my name").click()
    expect(page.get_by_text("Your question has arrived")).to_be_visible()
    found = looked_over(page, "ask without a name", ASK, *SCREENS)
    page.goto(CLEAR)
    page.get_by_role("link", name="No", exact=True).click()
    page.get_by_label("Which paragraph?").select_option(index=2)
    page.get_by_label("What would have helped?").fill("Shorter words")
    page.get_by_role("button", name="Send without my name").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    found += looked_over(page, "was this clear", CLEAR, *SCREENS)
    found += looked_over(page, "what was not clear", f"{CLEAR}&no=1", *SCREENS)

    desk = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    with one_at_a_time:
        nurse = clinic.client("nurse")
    sign_in(desk, address, nurse)
    console = desk.new_page()
    console.goto("/clinic/readers/")
    found += looked_over(console, "readers", "/clinic/readers/", *SCREENS)
    console.goto("/clinic/readers/")
    console.get_by_role("link", name="Does the drip hurt?").click()
    found += looked_over(console, "a question", console.url.removeprefix(address), *SCREENS)
    console.get_by_label("The answer, for everybody").fill("A little, when it goes in.")
    console.get_by_role("button", name="Publish question and answer").click()
    expect(console.get_by_text("Answered or set aside").first).to_be_visible()
    found += looked_over(console, "clarity", "/clinic/readers/clarity/", *SCREENS)
    page.goto("/library/is-it-safe/answers/")
    expect(page.get_by_text("A little, when it goes in.")).to_be_visible()
    found += looked_over(page, "answers", "/library/is-it-safe/answers/", *SCREENS)
    assert found == []
    desk.close()
    page.context.close()


def test_words_of_danger_are_answered_with_a_line_to_call(browser: Browser, clinic: Cast, address: str):
    page = a_stranger(browser, address, clinic)
    page.goto(ASK)
    page.get_by_label("Your question, without a name").fill("I am going to kill myself tonight")
    page.get_by_role("button", name="Send without my name").click()
    expect(page.get_by_role("heading", name="You do not have to carry this alone")).to_be_visible()
    expect(page.get_by_role("link", name="Call 988").first).to_be_visible()
    page.context.close()


def test_a_patient_asks_their_team_on_the_same_page(browser: Browser, clinic: Cast, address: str):
    page = of_alma(browser, address, clinic)
    found = looked_over(page, "ask the team", ASK, *SCREENS)
    page.goto(ASK)
    page.get_by_label("Your question", exact=True).fill("Is it for me?")
    page.get_by_role("button", name="Send to my care team").click()
    page.get_by_role("link", name="Open your messages").click()
    expect(page.get_by_text("Is it for me?")).to_be_visible()
    assert found == []
    page.context.close()


def test_a_story_is_shown_as_its_writer_agreed_and_taken_back(browser: Browser, clinic: Cast, address: str):
    page = of_alma(browser, address, clinic)
    found = looked_over(page, "story", "/today/story/", *SCREENS)
    page.goto("/today/story/")
    page.get_by_label("Your story").fill("Grace was kind. It helped for a month.")
    page.get_by_role("button", name="Send it to be read").click()
    expect(page.get_by_text("Tick that you have read what happens with it").first).to_be_visible()
    expect(page.get_by_label("Your story")).to_have_value("Grace was kind. It helped for a month.")
    page.get_by_label("I have read what happens with it").check()
    page.get_by_role("button", name="Send it to be read").click()
    expect(page.get_by_text("Somebody of the clinic reads it")).to_be_visible()

    desk = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    with one_at_a_time:
        nurse = clinic.client("nurse")
    sign_in(desk, address, nurse)
    console = desk.new_page()
    found += looked_over(console, "own view", "/clinic/voices/mine/", *SCREENS)
    found += looked_over(console, "voices", "/clinic/voices/", *SCREENS)
    console.get_by_role("link", name="Grace was kind").click()
    found += looked_over(console, "a voice", console.url.removeprefix(address), *SCREENS)
    console.get_by_label("The wording that would be shown").fill("The nurse was kind. It helped for a month.")
    console.get_by_role("button", name="Propose this wording").click()
    expect(console.get_by_text("waits for the writer")).to_be_visible()

    found += looked_over(page, "exactly this", "/today/story/", *SCREENS)
    page.get_by_role("button", name="Yes, show exactly this text").click()
    expect(page.get_by_text("It is shown")).to_be_visible()
    found += looked_over(page, "stories and views", "/library/voices/", *SCREENS)
    expect(page.get_by_text("The nurse was kind. It helped for a month.")).to_be_visible()
    expect(page.get_by_text("Beside it, one hundred people:")).to_be_visible()
    expect(page.get_by_text("Invented example")).to_have_count(0)
    page.goto("/today/story/")
    page.get_by_role("button", name="Take it back").click()
    page.goto("/library/voices/")
    expect(page.get_by_text("The nurse was kind")).to_have_count(0)
    assert found == []
    desk.close()
    page.context.close()
