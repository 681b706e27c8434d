"""The library before a person: on a phone and at a desk, a stranger and a patient, aloud, by steps, offline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sojourn.foundation.accounts.actor import NOBODY, acting_as, set_actor
from sojourn.foundation.clock import page_today
from sojourn.foundation.library import article_actions, evidence_actions
from tests.browser import clean
from tests.care.people import make_patient
from tests.care.test_library import WHOLE
from tests.conftest import Cast
from tests.interfaces.phone import looked_over, one_at_a_time, served, sign_in
from tests.interfaces.test_portal import signed_in

pytestmark = pytest.mark.browser

SCREENS = ((390, "light"), (320, "dark"), (1280, "light"))
PAGES = {
    "library": "/library/",
    "article": "/library/beside-ect/",
    "steps": "/library/how-it-works/",
    "evidence": "/library/evidence/?q=ketamine",
    "entry": "/library/evidence/EV001/",
    "law": "/library/law/us-tx/",
}
# A voice that speaks at once and tells of it, in the place of the device's own.
VOICE = """
window.spoken = []; window.told = [];
class Said { constructor(text) { this.text = text; } }
Object.defineProperty(window, "SpeechSynthesisUtterance", { value: Said });
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => [{}], addEventListener: () => {}, pause: () => told.push("pause"), resume: () => told.push("resume"),
  cancel: () => told.push("cancel"), speak: (said) => { spoken.push(said.text); window.current = said; },
} });
"""


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with served(monkeypatch) as found:
        yield found
    set_actor(NOBODY)


def reader(browser: Browser, address: str, language: str = "en", *, script: bool = True) -> BrowserContext:
    context = browser.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, reduced_motion="reduce", java_script_enabled=script
    )
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    return context


def patient(browser: Browser, address: str, clinic: Cast, language: str = "en") -> Page:
    context = reader(browser, address, language)
    with one_at_a_time:
        client = signed_in(clinic, make_patient(clinic))
    sign_in(context, address, client)
    return context.new_page()


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_stranger_reads_and_asks_where_it_comes_from(browser: Browser, address: str, language: str):
    page = reader(browser, address, language).new_page()
    found: list[str] = []
    for name, path in PAGES.items():
        found += looked_over(page, f"{name}-{language}", path, *SCREENS)
    assert found == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/library/")
    page.get_by_role("searchbox").fill("ECT" if language == "en" else "TEC")
    page.keyboard.press("Enter")
    page.locator("main .card-title a").first.click()
    expect(page).to_have_url(f"{address}/library/beside-ect/")
    page.locator("a.ref").first.click()
    opened = page.locator("dialog[open]")
    expect(opened).to_be_visible()
    clean(page, f"source-opened-{language}")
    opened.get_by_role("link").click()
    page.wait_for_url("**/library/evidence/**")
    page.context.close()


def test_a_patient_reads_inside_the_portal(browser: Browser, address: str, clinic: Cast):
    page = patient(browser, address, clinic)
    found = looked_over(page, "patient-library", "/library/", *SCREENS)
    found += looked_over(page, "patient-article", "/library/side-effects-by-the-hour/", *SCREENS)
    assert found == []
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.goto("/today/")
    page.get_by_role("link", name="What is known of this treatment").click()
    page.wait_for_url("**/library/")
    page.context.close()


def test_it_is_read_aloud_part_by_part(browser: Browser, address: str):
    context = reader(browser, address)
    context.add_init_script(VOICE)
    page = context.new_page()
    page.goto("/library/is-it-safe/")
    page.get_by_role("button", name="Read aloud").click()
    first = page.locator("[data-part] [data-said]").first
    expect(first).to_have_class("is-said")
    page.evaluate("current.onend()")
    assert page.evaluate("spoken.length") == 2
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("told.slice(-2)") == ["pause", "resume"]
    page.get_by_role("button", name="Next part").click()
    heading = page.locator(".article-part h2").first.text_content()
    assert page.evaluate("spoken.at(-1)") == heading
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate("told.at(-1)") == "cancel"
    expect(page.locator(".is-said")).to_have_count(0)
    expect(page.get_by_role("button", name="Read aloud")).to_be_focused()
    context.close()


def test_without_a_voice_nothing_offers_to_read(browser: Browser, address: str):
    context = reader(browser, address)
    context.add_init_script("Object.defineProperty(window, 'speechSynthesis', {value: {getVoices: () => []}})")
    page = context.new_page()
    page.goto("/library/is-it-safe/")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    expect(page.get_by_role("button", name="Read aloud")).to_be_hidden()
    context.close()


def test_the_drawing_moves_by_steps_with_keys_too(browser: Browser, address: str):
    page = reader(browser, address).new_page()
    page.goto("/library/how-it-works/")
    figure = page.locator("[data-steps]")
    step, medicine = figure.locator("[data-step]"), figure.locator("[data-drawn=ketamine]")
    expect(step.nth(0)).to_be_visible()
    expect(step.nth(1)).to_be_hidden()
    expect(medicine).to_have_class("is-off")
    figure.get_by_role("button", name="Next step").click()
    expect(step.nth(1)).to_be_visible()
    expect(medicine).not_to_have_class("is-off")
    page.keyboard.press("ArrowRight")
    expect(step.nth(2)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(step.nth(1)).to_be_visible()
    figure.get_by_role("button", name="Show all steps").click()
    for number in range(5):
        expect(step.nth(number)).to_be_visible()
    page.context.close()


def test_without_script_every_step_and_every_source_is_there(browser: Browser, address: str):
    page = reader(browser, address, "es", script=False).new_page()
    page.goto("/library/how-it-works/")
    for number in range(5):
        expect(page.locator("[data-step]").nth(number)).to_be_visible()
    expect(page.locator("[data-steps-move]")).to_be_hidden()
    page.locator("a.ref").first.click()
    assert page.url.endswith("#source-1")
    expect(page.locator("#source-1")).to_be_in_viewport()
    page.context.close()


def test_an_article_that_was_opened_is_there_without_a_connection(browser: Browser, address: str, clinic: Cast):
    page = patient(browser, address, clinic)
    page.goto("/library/is-it-safe/")
    expect(page.locator("[data-kept-here]")).to_be_visible(timeout=20_000)
    page.context.set_offline(True)
    page.goto("/library/is-it-safe/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is ketamine therapy safe?")
    assert "Signed in as" not in page.content()
    page.goto("/library/what-it-is/")  # not opened before: whom to call
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Is ketamine therapy safe?")
    page.context.set_offline(False)
    page.context.close()


KEPT = """async () => {
  const paths = [];
  for (const name of await caches.keys())
    for (const each of await (await caches.open(name)).keys()) paths.push(new URL(each.url).pathname);
  return paths.filter((path) => path.startsWith("/library/")).sort();
}"""
GONE = f"""async (path) => {{
  const kept = {KEPT};
  for (let left = 400; (await kept()).includes(path); left--) {{
    if (!left) throw new Error(path);
    await new Promise((soon) => setTimeout(soon, 50));
  }}
}}"""
ASK_TO_KEEP = "(page) => navigator.serviceWorker.ready.then((worker) => worker.active.postMessage({ keep: page }))"


def test_what_is_told_and_what_a_clinic_takes_back_does_not_stay(browser: Browser, address: str, clinic: Cast):
    page = patient(browser, address, clinic)
    editor = clinic.actor("prescriber")
    with one_at_a_time, acting_as(editor):
        entry = evidence_actions.propose(by=editor, values=WHOLE)
        until = page_today() + timedelta(days=90)
        evidence_actions.approve(by=editor, number=entry.number, seen=entry.pk, review_by=until)
    never = ["/library/voices/", f"/library/evidence/{entry.called}/", "/library/evidence/EV001/"]
    never += [f"/library/is-it-safe/{name}/" for name in ("ask", "clear", "answers")]
    page.goto("/library/is-it-safe/")
    expect(page.locator("[data-kept-here]")).to_be_visible(timeout=20_000)
    page.reload()  # now by way of the service worker: still the patient's own page
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    for each in never:
        page.evaluate(ASK_TO_KEEP, each)
    page.goto("/library/what-it-is/")
    expect(page.locator("[data-kept-here]")).to_be_visible(timeout=20_000)
    assert set(page.evaluate(KEPT)) & set(never) == set()
    assert {"/library/is-it-safe/", "/library/what-it-is/"} <= set(page.evaluate(KEPT))
    with one_at_a_time, acting_as(editor):
        article_actions.set_hidden(by=editor, slug="is-it-safe", hidden=True, reason="We explain it ourselves.")
    page.goto("/library/how-it-works/")  # wherever one reads next, what was hidden goes
    expect(page.locator("[data-kept-here]")).to_be_visible(timeout=20_000)
    page.evaluate(GONE, "/library/is-it-safe/")
    page.context.set_offline(True)
    page.goto("/library/is-it-safe/")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Is ketamine therapy safe?")
    page.context.set_offline(False)
    page.context.close()


def test_a_strangers_device_keeps_nothing(browser: Browser, address: str):
    page = reader(browser, address).new_page()
    page.goto("/library/is-it-safe/")
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    assert page.evaluate("caches.keys().then((all) => all.length)") == 0
    page.context.close()


def test_the_address_is_shared_or_copied(browser: Browser, address: str):
    context = reader(browser, address)
    context.add_init_script("navigator.share = async (what) => { window.shared = what; };")
    page = context.new_page()
    page.goto("/library/is-it-safe/?from=letter")
    page.get_by_role("button", name="Share").click()
    assert page.evaluate("shared.url") == f"{address}/library/is-it-safe/"
    context.close()
    context = reader(browser, address)
    context.add_init_script(
        "navigator.share = undefined;"
        "Object.defineProperty(navigator, 'clipboard',"
        " {value: {writeText: async (text) => { window.copied = text; }}});"
    )
    page = context.new_page()
    page.goto("/library/is-it-safe/")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("The address of this page is copied.")).to_be_visible()
    assert page.evaluate("copied") == f"{address}/library/is-it-safe/"
    context.close()


def test_on_paper_are_the_words_and_what_they_rest_on(browser: Browser, address: str):
    page = reader(browser, address).new_page()
    page.goto("/library/how-it-works/")
    page.emulate_media(media="print")
    expect(page.locator("#source-1")).to_be_visible()
    for number in range(5):
        expect(page.locator("[data-step]").nth(number)).to_be_visible()
    expect(page.get_by_role("button", name="Share")).to_be_hidden()
    expect(page.locator(".crisis-line")).to_be_hidden()
    page.context.close()
