"""Help now before a person: on a phone and at a desk, in both moods and languages, by where the phone is, and without a
connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sojourn.foundation.accounts import place_actions
from sojourn.foundation.accounts.actor import NOBODY, acting_as, set_actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.interfaces.phone import looked_over, one_at_a_time, served, sign_in

pytestmark = pytest.mark.browser

SCREENS = ((375, "light"), (320, "dark"), (1280, "light"), (1280, "dark"))


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    make_patient(clinic, "Alma")
    with served(monkeypatch) as found:
        yield found
    set_actor(NOBODY)


def a_phone(
    browser: Browser, address: str, *, zone: str = "America/Denver", language: str = "en", script: bool = True
) -> BrowserContext:
    context = browser.new_context(
        base_url=address, viewport={"width": 375, "height": 812}, timezone_id=zone, java_script_enabled=script,
        permissions=[],
    )  # fmt: skip
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    return context


def of_alma(browser: Browser, address: str, clinic: Cast, **more: str) -> Page:
    context = a_phone(browser, address, **more)  # type: ignore[arg-type]
    with one_at_a_time:
        client = clinic.client("Alma")
        client.get("/today/help/")
    sign_in(context, address, client)
    return context.new_page()


def first_call(page: Page) -> str:
    return page.locator("main a[href^='tel:']:visible").first.get_attribute("href") or ""


# ---------------------------------------------------------------- by where the phone says it is


def test_at_home_nothing_is_asked_and_nothing_is_doubled(browser: Browser, clinic: Cast, address: str):
    page = of_alma(browser, address, clinic)
    page.goto("/today/help/")
    expect(page.get_by_role("link", name="Call 911")).to_have_count(1)
    expect(page.get_by_text("Your phone says that you are here")).to_be_hidden()
    expect(page.get_by_text("Where your clinic is")).to_be_hidden()
    page.context.close()


def test_abroad_the_lines_of_that_country_come_first_and_the_clinics_stay(browser: Browser, clinic: Cast, address: str):
    page = of_alma(browser, address, clinic, zone="Europe/Madrid")
    page.goto("/today/help/")
    expect(page.get_by_role("heading", name="Your phone says that you are here: Spain")).to_be_visible()
    assert first_call(page) == "tel:112"
    expect(page.get_by_role("link", name="Call 024")).to_be_visible()
    expect(page.get_by_role("heading", name="Where your clinic is: United States")).to_be_visible()
    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    expect(page.get_by_role("link", name="+1 303 555 0100")).to_be_visible()
    page.get_by_label("Where are you?").select_option("MX")
    expect(page.get_by_role("heading", name="You chose: Mexico")).to_be_visible()
    expect(page.get_by_role("link", name="Call 800 911 2000")).to_be_visible()
    expect(page.get_by_role("link", name="Call 112")).to_have_count(0)
    page.get_by_label("Where are you?").select_option("US")
    expect(page.get_by_text("Where your clinic is")).to_be_hidden()
    page.context.close()


def test_a_stranger_reads_the_lines_of_where_the_phone_is(browser: Browser, address: str):
    page = a_phone(browser, address, zone="America/Santiago", language="es").new_page()
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Ayuda ahora").click()
    expect(page.get_by_role("heading", name="Su teléfono indica que usted está aquí: Chile")).to_be_visible()
    assert first_call(page) == "tel:131"
    expect(page.get_by_text("*4141").first).to_be_visible()
    assert page.locator("a[href*='*']").count() == 0
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copiar").click()
    expect(page.get_by_role("button", name="Copiado")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "*4141"
    page.context.close()


def test_where_nothing_is_known_the_page_says_so_and_where_to_look(browser: Browser, clinic: Cast, address: str):
    page = of_alma(browser, address, clinic, zone="Africa/Nairobi")
    page.goto("/today/help/")
    expect(page.get_by_role("heading", name="Your phone says that you are here: Another country")).to_be_visible()
    expect(page.get_by_text("call your local emergency number")).to_be_visible()
    expect(page.get_by_role("link", name="Open findahelpline.com")).to_be_visible()
    expect(page.get_by_role("link", name="Call 911")).to_be_visible()
    page.context.close()


def test_without_script_a_country_is_chosen_by_a_form(browser: Browser, address: str):
    page = a_phone(browser, address, zone="Europe/Madrid", script=False).new_page()
    page.goto("/today/help/")
    page.get_by_label("Where are you?").select_option("GB")
    page.get_by_role("button", name="Show the numbers").click()
    expect(page.get_by_role("heading", name="You chose: United Kingdom")).to_be_visible()
    assert first_call(page) == "tel:999"
    page.context.close()


# ---------------------------------------------------------------- without a connection


def kept(page: Page, path: str) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.wait_for_function(
        "path => caches.keys().then(async (names) => { for (const name of names)"
        " if (await (await caches.open(name)).match(path)) return true; return false; })",
        arg=path,
    )


def test_without_a_connection_any_page_still_says_whom_to_call(browser: Browser, clinic: Cast, address: str):
    page = of_alma(browser, address, clinic)
    page.goto("/today/")
    kept(page, "/today/offline/")
    page.context.set_offline(True)
    page.goto("/today/visits/")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no connection")
    assert first_call(page) == "tel:911"
    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    expect(page.get_by_role("link", name="+1 303 555 0100")).to_be_visible()
    page.get_by_label("Where are you?").select_option("ES")  # every country's lines are on the device
    assert first_call(page) == "tel:112"
    page.goto("/today/help/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Help now")
    assert first_call(page) == "tel:911"
    page.context.set_offline(False)
    page.goto("/today/visits/")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("There is no connection")
    page.context.close()


def test_whoever_has_opened_help_once_has_it_without_a_sign_in_and_a_connection(browser: Browser, address: str):
    page = a_phone(browser, address, zone="Europe/Madrid").new_page()
    page.goto("/today/help/")
    kept(page, "/today/help/")
    page.context.set_offline(True)
    page.goto("/today/help/")
    assert first_call(page) == "tel:112"
    page.context.close()


# ---------------------------------------------------------------- how it looks


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "es"])
def test_axe_finds_nothing_and_nothing_overflows(browser: Browser, clinic: Cast, address: str, language: str):
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(jurisdiction="CL", crisis_phone="2 2555 0101")
    by = clinic.actor("nurse")
    with acting_as(by):
        place_actions.check_line(by=by, line_id="cl-salud-responde", number="600 360 7777", works=False, note="busy")
    page = of_alma(browser, address, clinic, zone="Europe/London", language=language)
    wrong: list[str] = []
    for path in ("/today/help/", "/today/offline/", "/today/help/?where=NO"):
        page.goto(path)
        wrong += looked_over(page, f"{path}-{language}", path, *SCREENS)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        wrong += looked_over(page, f"{path}-open-{language}", path, (320, "light"))
    assert wrong == []
    page.context.close()


@pytest.mark.slow
def test_axe_finds_nothing_on_the_pages_of_the_clinic(browser: Browser, clinic: Cast, address: str):
    context = a_phone(browser, address)
    with one_at_a_time:
        client = clinic.client("clinic_admin")
        client.get("/today/help/")
    sign_in(context, address, client)
    page = context.new_page()
    wrong = looked_over(page, "place", "/clinic/place/", *SCREENS)
    for width in (320, 375, 768, 1024, 1280):  # one way to help at each width
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.locator("header a[href='/today/help/']:visible")).to_have_count(1)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    wrong += looked_over(page, "first-start", "/clinic/first-start/", *SCREENS)
    assert wrong == []
    context.close()


def test_an_administrator_writes_the_telephone_and_dials_the_lines(browser: Browser, clinic: Cast, address: str):
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(phone="", jurisdiction="MX")
    context = a_phone(browser, address)
    with one_at_a_time:
        client = clinic.client("clinic_admin")
        client.get("/today/help/")
    sign_in(context, address, client)
    page = context.new_page()
    page.goto("/clinic/first-start/")
    page.get_by_role("link", name="The clinic: telephone, address, hours and lines").click()
    expect(page.get_by_text("No patient can be invited yet")).to_be_visible()
    page.get_by_label("Telephone").fill("55 5555 0100")
    page.get_by_role("region", name="How patients reach you").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Patients see it from now on.")).to_be_visible()
    page.get_by_role("button", name="This is the number here").click()
    page.locator("#line-mx-vida").get_by_role("button", name="I tried it, and it is right").click()
    expect(page.get_by_text("The telephone and the lines are in place")).to_be_visible()
    expect(page.locator("#line-mx-vida")).to_contain_text("Confirmed")
    context.close()
