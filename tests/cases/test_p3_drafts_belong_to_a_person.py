"""P3: what somebody typed is kept in their name alone, and is gone when their sign-in is.

Two people at one device, one after the other and in two tabs; the same person over a reload and a change of language.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sojourn.care.intake.models import IntakeAnswer
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.ui.build import BUILT
from tests.browser import clean
from tests.care.people import make_patient
from tests.care.stage import adopt_everything, arrive, set_stage
from tests.conftest import Cast
from tests.interfaces.phone import cut, in_the_device, mend, one_at_a_time, served, sign_in

pytestmark = pytest.mark.browser
MESSAGES = "/today/messages/"
INTAKE = "/today/intake/why_now/"
SEALED = "sealed:"
KEYS = in_the_device("keys")
SECRET = "I have told nobody that my brother drinks"


@pytest.fixture
def alma(clinic: Cast) -> Patient:
    return make_patient(clinic, "Alma")


@pytest.fixture
def bruno(clinic: Cast) -> Patient:
    return make_patient(clinic, "Bruno")


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    assert (BUILT / "portal.js").exists(), "Run python -m sojourn.foundation.ui.build first."
    with served(monkeypatch) as found:
        yield found


@pytest.fixture
def tablet(browser: Browser, clinic: Cast, alma: Patient, bruno: Patient, address: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 768, "height": 1024}, base_url=address, reduced_motion="reduce")
    yield context
    context.close()


def come(context: BrowserContext, clinic: Cast, address: str, who: str) -> Client:
    """Somebody signs in at this device."""
    with one_at_a_time:
        client = clinic.client(who)
        client.get("/today/help/")
    sign_in(context, address, client)
    return client


def kept(page: Page) -> str:
    """Everything that the browser holds for this tab and for the site, names and values, but the mood and the clock."""
    return str(page.evaluate("JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)])"))


def nothing(page: Page) -> bool:
    """Nothing of what was typed lies there, in clear or sealed."""
    found = kept(page)
    return not any(each in found for each in (SEALED, SECRET, "Quintanilla", "71.5"))


def messages(clinic: Cast) -> list[str]:
    with one_at_a_time, acting_as(clinic.actor("nurse")):
        return list(Communication.objects.values_list("body", flat=True))


def is_sealed(page: Page) -> None:
    """What was typed is kept; a press of a key does not wait for that."""
    ends = time.monotonic() + 5
    while SEALED not in kept(page):
        assert time.monotonic() < ends
        page.wait_for_timeout(20)
    assert SECRET not in kept(page)


def typed(page: Page, path: str = MESSAGES) -> None:
    page.goto(path)
    page.get_by_role("textbox").fill(SECRET)
    is_sealed(page)


def test_what_is_typed_outlives_a_reload_and_a_change_of_language(tablet: BrowserContext, clinic: Cast, address: str):
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    typed(page, INTAKE)
    page.reload()
    expect(page.get_by_role("textbox")).to_have_value(SECRET)
    expect(page.get_by_text("Not saved yet: what you typed before")).to_be_visible()
    for width, mood in ((375, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 812})
        page.emulate_media(color_scheme=mood)  # type: ignore[arg-type]
        clean(page, f"draft-{width}-{mood}")
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_text("Todavía no se ha guardado")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_value(SECRET)
    page.get_by_role("button", name="Descartar").click()
    expect(page.get_by_role("textbox")).to_have_value("")
    page.reload()
    expect(page.get_by_role("textbox")).to_have_value("")
    assert nothing(page)


@pytest.mark.alone
def test_what_is_sent_is_kept_no_longer(tablet: BrowserContext, clinic: Cast, address: str):
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    typed(page)
    page.get_by_role("button", name="Send to the clinic").click()
    expect(page.get_by_text("Your message has arrived")).to_be_visible()
    assert nothing(page)
    assert messages(clinic) == [SECRET]


def test_a_form_that_could_not_be_sent_is_offered_again(tablet: BrowserContext, clinic: Cast, address: str):
    """The clinic's forms are sent as a page: without a connection the browser shows a page of its own."""
    come(tablet, clinic, address, "nurse")
    page = tablet.new_page()
    page.goto("/clinic/patients/new/")
    page.get_by_label("Family name").fill("Quintanilla")
    page.route(
        "**/clinic/patients/new/", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    page.locator("form[data-draft] button.btn-primary").click()
    page.wait_for_url("chrome-error://**")
    page.goto("/clinic/")
    page.goto("/clinic/patients/new/")
    expect(page.get_by_label("Family name")).to_have_value("Quintanilla")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.unroute("**/clinic/patients/new/")
    page.locator("form[data-draft] button.btn-primary").click()  # received: it lacks the rest, and shows what was typed
    expect(page.locator("[data-error-summary]")).to_be_visible()
    expect(page.get_by_label("Family name")).to_have_value("Quintanilla")
    assert nothing(page)


def test_a_weight_at_the_chair_is_kept_until_it_is_taken(tablet: BrowserContext, clinic: Cast, address: str):
    """A form that is sent without a new page, and is gone with its answer."""
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic)
        arrive(stage, timezone.now())
    come(tablet, clinic, address, "nurse")
    page = tablet.new_page()
    page.goto(reverse("console:session", args=[stage.id]))
    page.get_by_label("Weight, as the scale shows it").fill("71.5")
    page.reload()
    expect(page.get_by_label("Weight, as the scale shows it")).to_have_value("71.5")
    page.get_by_role("button", name="Keep the weight").click()
    expect(page.get_by_text("71.5 kg").first).to_be_visible()
    expect(page.get_by_text("Not saved yet")).to_have_count(0)
    assert nothing(page)


def test_a_sign_out_takes_everything_and_the_back_button_shows_nothing(
    tablet: BrowserContext, clinic: Cast, address: str
):
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    typed(page)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert nothing(page)
    page.go_back()
    page.wait_for_load_state()
    assert "Alma" not in page.content()
    assert SECRET not in page.content()
    come(tablet, clinic, address, "Bruno")
    page.goto(MESSAGES)
    expect(page.get_by_role("textbox")).to_have_value("")
    assert nothing(page)


def test_the_next_patient_at_the_tablet_finds_nothing(tablet: BrowserContext, clinic: Cast, address: str):
    """The sign-in of the first ends by itself: nobody pressed "Sign out"."""
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    typed(page)
    come(tablet, clinic, address, "Bruno")
    page.goto(MESSAGES)
    expect(page.get_by_text("Signed in as Bruno")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_value("")
    assert nothing(page)


def test_a_session_that_ended_elsewhere_leaves_nothing_at_the_door(tablet: BrowserContext, clinic: Cast, address: str):
    client = come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    typed(page)
    with one_at_a_time:
        Session.objects.filter(pk=client.cookies[settings.SESSION_COOKIE_NAME].value).delete()
    # The page may notice by itself at the same moment; either way leads to the door.
    page.evaluate("address => { setTimeout(() => location.assign(address)); }", MESSAGES)
    page.wait_for_url("**/accounts/login/**")
    assert nothing(page)


def test_a_sign_out_in_one_tab_empties_the_other(tablet: BrowserContext, clinic: Cast, address: str):
    come(tablet, clinic, address, "Alma")
    one, other = tablet.new_page(), tablet.new_page()
    typed(one)
    other.goto("/today/")
    other.get_by_role("button", name="Sign out").click()
    one.wait_for_url("**/accounts/login/**")
    assert nothing(one)
    assert SECRET not in one.content()


@pytest.mark.alone
def test_an_answer_of_one_is_never_sent_as_the_other(tablet: BrowserContext, clinic: Cast, address: str):
    """Two tabs with two people: the page of the first is still open when the second signs in, and is sent."""
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    page.add_init_script("window.setInterval = () => 0")  # the page does not look by itself
    typed(page)
    come(tablet, clinic, address, "Bruno")
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        page.get_by_role("button", name="Send to the clinic").click()
    assert sent.value.status == 412
    expect(page.get_by_text("Signed in as Bruno")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_value("")
    assert nothing(page)
    assert messages(clinic) == []


def test_a_page_out_of_the_browsers_memory_is_left(tablet: BrowserContext, clinic: Cast, address: str):
    """A browser may show the page of before as it was, without asking us: it then looks whose it is."""
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    page.add_init_script("window.setInterval = () => 0")
    typed(page)
    tablet.clear_cookies(name="page_owner")
    tablet.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_url("**/accounts/login/**")
    assert nothing(page)


@pytest.mark.alone
def test_an_answer_that_waits_for_the_connection_waits_for_its_person(
    tablet: BrowserContext, clinic: Cast, address: str
):
    """It lies sealed on the device: whoever signs in meanwhile neither sees nor sends it."""
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    typed(page, INTAKE)
    cut(tablet)
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_text("It is kept on this device")).to_be_visible()
    assert nothing(page)
    come(tablet, clinic, address, "Bruno")
    mend(tablet)  # the page tries again, and hears that it is another's
    expect(page.get_by_text("Signed in as Bruno")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_value("")
    expect(page.locator("[data-outbox]")).to_be_hidden()
    assert nothing(page)
    with one_at_a_time, acting_as(clinic.actor("nurse")):
        assert not IntakeAnswer.objects.exists()
    come(tablet, clinic, address, "Alma")
    page.goto("/today/")
    expect(page.locator("[data-outbox]")).to_be_hidden(timeout=20_000)
    with one_at_a_time, acting_as(clinic.actor("nurse")):
        assert IntakeAnswer.objects.get().patient.given_name == "Alma"


def test_nothing_on_the_device_tells_of_a_person(tablet: BrowserContext, clinic: Cast, address: str):
    """The service worker keeps two pages; neither says whose they are."""
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    page.goto("/today/")
    owner = page.evaluate("document.documentElement.dataset.owner")
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.wait_for_function(
        "caches.keys().then(async (names) => { for (const name of names)"
        " if (await (await caches.open(name)).match('/today/here/')) return true; return false; })"
    )
    held = page.evaluate(
        "(async () => { let all = ''; for (const name of await caches.keys()) { const one = await caches.open(name);"
        " for (const each of await one.keys()) if (!each.url.includes('/static/'))"
        " all += each.url + await (await one.match(each)).text(); } return all; })()"
    )
    assert "/today/here/" in held
    assert "/today/help/" in held
    for word in ("Alma", "Reyes", owner, "data-owner", "alma."):
        assert word not in held
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    cut(tablet)
    page.goto("/today/help/")  # it must open when nobody is signed in and nothing is connected
    expect(page.get_by_role("heading", name="Help now")).to_be_visible()
    assert "Alma" not in page.content()


def test_staff_at_one_desk_find_nothing_of_each_other(tablet: BrowserContext, clinic: Cast, address: str):
    come(tablet, clinic, address, "nurse")
    page = tablet.new_page()
    page.goto("/clinic/patients/new/")
    page.locator("form[data-draft]").get_by_label("Family name").fill("Quintanilla")
    page.reload()
    expect(page.get_by_label("Family name")).to_have_value("Quintanilla")
    come(tablet, clinic, address, "front_desk")
    page.goto("/clinic/patients/new/")
    expect(page.get_by_label("Family name")).to_have_value("")
    assert nothing(page)


def test_a_sign_out_of_staff_takes_the_key_of_what_was_typed(tablet: BrowserContext, clinic: Cast, address: str):
    come(tablet, clinic, address, "nurse")
    page = tablet.new_page()
    page.goto("/clinic/patients/new/")
    page.locator("form[data-draft]").get_by_label("Family name").fill("Quintanilla")
    is_sealed(page)
    assert page.evaluate(KEYS) == 1
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert page.evaluate(KEYS) == 0


def test_the_browser_remembers_no_field(tablet: BrowserContext, clinic: Cast, address: str):
    come(tablet, clinic, address, "Alma")
    page = tablet.new_page()
    for path in (MESSAGES, INTAKE, "/today/"):
        page.goto(path)
        open_ = page.evaluate("[...document.forms].filter((form) => form.autocomplete !== 'off').length")
        assert open_ == 0, path
