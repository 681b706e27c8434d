"""The gallery in a real browser: accessible in both moods and widths, and its islands do what they say."""

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from tests.browser import AXE, AXE_RULES

pytestmark = pytest.mark.browser

RULES = f"{{runOnly: {AXE_RULES}}}"
CONTRAST = "{runOnly: {type: 'rule', values: ['color-contrast']}}"
PAGES = ["/ui/", *(f"/ui/layout/{name}/" for name in ("portal", "plain", "step", "board", "altered", "error"))]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_overflows(page: Page, address: str, path: str) -> None:
    page.goto(address + path)
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text())
    for width, mood, rules in [
        (375, "light", RULES),
        (1280, "light", CONTRAST),
        (1280, "dark", RULES),
        (375, "dark", CONTRAST),
    ]:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=mood)  # type: ignore[arg-type]
        found = page.evaluate(f"axe.run(document, {rules})")["violations"]
        assert [(v["id"], v["nodes"][0]["html"], v["nodes"][0]["failureSummary"]) for v in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("chairs", range(1, 9))
def test_the_board_fits_a_tablet_and_reads_from_two_metres(page: Page, address: str, chairs: int) -> None:
    page.goto(f"{address}/ui/layout/board/?chairs={chairs}")
    assert page.evaluate("document.documentElement.scrollHeight") <= 800
    sizes = page.eval_on_selector_all(
        ".vital-figure", "all => all.map(e => [parseFloat(getComputedStyle(e).fontSize), e.getBoundingClientRect()])"
    )
    assert len(sizes) == 4 * chairs
    for size, box in sizes:
        assert size >= 48
        assert box["bottom"] <= 800
        assert box["right"] <= 1280
    for height in page.eval_on_selector_all(".chair button", "all => all.map(e => e.offsetHeight)"):
        assert height >= 56


def test_touch_targets_in_the_portal(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 375, "height": 780})
    page.goto(f"{address}/ui/layout/step/")
    sizes = page.eval_on_selector_all(
        "a.btn, button.btn, .choice, .bottom-nav a, .crisis-line, .switches button",
        "all => all.map(e => [e.textContent.trim(), e.offsetHeight])",
    )
    assert len(sizes) > 10
    assert [name for name, height in sizes if height < 44] == []


def test_help_stays_in_view(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 375, "height": 600})
    page.goto(f"{address}/ui/layout/portal/")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_role("link", name="Help now")).to_be_in_viewport()


def test_the_mood_is_chosen_and_kept(page: Page, address: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/ui/layout/portal/")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert dark != light
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="As the device").click()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == light


def test_what_is_typed_by_nobody_is_kept_nowhere(page: Page, address: str) -> None:
    """Of a person it is kept, and put back: tests/cases/test_p3_drafts_belong_to_a_person.py."""
    page.goto(f"{address}/ui/")
    page.get_by_label("Family name").first.fill("Ibarra")
    page.get_by_text("Someone I know").first.click()
    page.reload()
    expect(page.get_by_label("Family name").first).to_have_value("")
    kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert set(kept) <= {"htmx-current-path-for-history"}


def test_number_keys_choose_an_answer(page: Page, address: str) -> None:
    page.goto(f"{address}/ui/layout/step/")
    expect(page.get_by_role("radio", name="Several days")).to_be_checked()
    page.keyboard.press("4")
    expect(page.get_by_role("radio", name="Nearly every day")).to_be_checked()
    expect(page.get_by_role("radio", name="Nearly every day")).to_be_focused()


def test_a_chart_is_read_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/ui/")
    chart = page.locator("[data-chart='g-chart-a']")
    expect(chart.locator("canvas")).to_be_visible()
    chart.focus()
    page.keyboard.press("Home")
    read = page.locator("figure", has=chart).locator("[data-chart-read]")
    expect(read).to_contain_text("Systolic")
    first = read.inner_text()
    assert read.get_attribute("aria-live") == "polite"
    page.keyboard.press("ArrowRight")
    assert read.inner_text() != first
    page.locator("figure", has=chart).get_by_text("Show as a table").click()
    rows = page.locator("figure", has=chart).locator("tbody tr")
    expect(rows.first).to_be_visible()
    assert rows.count() > 30


def test_a_dialog_opens_and_closes_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/ui/")
    page.get_by_role("button", name="Open a dialog").press("Enter")
    dialog = page.get_by_role("dialog", name="Give the dose?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_readings_age_before_the_eyes(page: Page, address: str) -> None:
    page.clock.install()
    page.goto(f"{address}/ui/")
    age = page.locator(".reading time[data-ago]").first
    expect(age).to_have_text("1 minute ago")
    page.clock.run_for("05:00")
    expect(age).to_have_text("6 minutes ago")
    expect(page.locator(".reading").first).to_have_class("reading is-stale")


def test_the_page_warns_before_it_signs_out(page: Page, address: str) -> None:
    """300 s of rest, warned of 120 s before. The clock stands still but for ``run_for``, however slow the machine."""
    start = dt.datetime(2025, 3, 4, 14, 0, tzinfo=dt.UTC)
    page.clock.install(time=start)
    page.goto(f"{address}/idle/")
    warning = page.get_by_role("dialog", name="Are you still there?")
    page.clock.pause_at(start + dt.timedelta(seconds=60))
    page.clock.run_for("01:30")
    expect(warning).to_be_hidden()
    page.clock.run_for("01:30")
    expect(warning).to_be_visible()
    with page.expect_response("**/here/") as answer:
        warning.get_by_role("button", name="Stay signed in").click()
    assert answer.value.status == 204
    expect(warning).to_be_hidden()
    # The click itself was a sign of life: the server hears of it within a minute, and the time starts there.
    with page.expect_response("**/here/"):
        page.clock.run_for("01:01")
    heard = "Date.now() - Number(localStorage.getItem('sojourn-last-active')) < 60_000"
    assert any(page.evaluate(heard) for _ in range(5_000))
    page.clock.run_for("03:05")
    expect(warning).to_be_visible()
    page.clock.run_for("02:10")
    page.wait_for_url("**/out/")


def test_everything_is_readable_without_scripts(browser, address: str) -> None:  # type: ignore[no-untyped-def]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/ui/")
    expect(page.get_by_role("heading", name="A quiet room at dusk")).to_be_visible()
    page.locator("figure details summary").first.click()
    expect(page.locator("figure table tbody tr").first).to_be_visible()
    expect(page.get_by_role("button", name="Dark")).to_have_count(0)
    context.close()
