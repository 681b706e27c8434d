"""The outbox on a real browser: nothing lost, nothing leaked, and help before any network."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from sojourn.care.consent.models import Consent
from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures.models import Answer, MeasureRequest
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient
from sojourn.care.safety.models import Flag
from sojourn.care.safety.writing_actions import write_message
from sojourn.foundation.accounts.actor import acting_as
from tests.browser import clean, launch_options
from tests.care import consents as stage
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.interfaces.phone import cut, in_the_device, mend, one_at_a_time, served, sign_in
from tests.interfaces.test_consent_pages import SIGN
from tests.interfaces.test_portal import helped, signed_in
from tests.interfaces.test_portal_answering import url

pytestmark = pytest.mark.browser
__all__ = ["helped"]  # a fixture
MESSAGES = "/today/messages/"
DANGER = "I am going to kill myself tonight"
PAGES = in_the_device("pages", "getAllKeys")  # pairs of owner and address


class Phone:
    """A browser of its own with a folder of its own, which can be killed and opened again."""

    def __init__(self, chromium: BrowserType, folder: Path, address: str) -> None:
        self._chromium, self.folder, self.address = chromium, folder, address
        self.context: BrowserContext | None = None

    def open(self, client: Client | None) -> Page:
        """Opened, and signed in as whoever ``client`` is."""
        self.context = self._chromium.launch_persistent_context(
            str(self.folder), viewport={"width": 375, "height": 812}, base_url=self.address, reduced_motion="reduce",
            **launch_options(),
        )  # fmt: skip
        mend(self.context)  # a browser that is opened anew has a network
        if client is not None:
            sign_in(self.context, self.address, client)
        return self.context.new_page()

    def kill(self) -> None:
        """Nothing is closed and nothing is written any more."""
        found = subprocess.run(
            ["pgrep", "-f", "--", f"--user-data-dir={self.folder}"], capture_output=True, text=True, check=False
        )
        for line in found.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)
        assert self.context is not None
        with contextlib.suppress(Exception):  # it is dead, as was meant
            self.context.close()

    def close(self) -> None:
        if self.context is not None:
            self.context.close()

    def holds(self, word: str) -> list[str]:
        """The files of the browser's profile in which a word stands, in either width of letters."""
        wanted = (word.encode(), word.encode("utf-16-le"))
        files = [each for each in self.folder.rglob("*") if each.is_file() and not each.is_symlink()]
        return [each.name for each in files if any(one in each.read_bytes() for one in wanted)]


@pytest.fixture
def patient(helped: Cast) -> Patient:
    return make_patient(helped)


@pytest.fixture
def phone(browser: Browser, helped: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Phone]:
    with served(monkeypatch) as address:
        one = Phone(browser.browser_type, tmp_path / "profile", address)
        yield one
        one.close()


def written(cast: Cast, patient: Patient) -> list[str]:
    with one_at_a_time, acting_as(cast.actor("nurse")):
        return list(Communication.objects.filter(patient=patient).order_by("id").values_list("body", flat=True))


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Your message").fill(text)
    page.get_by_role("button", name="Send to the clinic").click()


def waiting(page: Page) -> Any:
    return page.locator("[data-outbox]")


def kept(page: Page) -> list[int]:
    """How many keys and how many entries lie in this browser."""
    return [page.evaluate(in_the_device(store)) for store in ("keys", "entries")]


def until(page: Page, true: str, seconds: int = 30) -> None:
    """Playwright's own way of waiting compiles text in the page, which our pages forbid."""
    ends = time.monotonic() + seconds
    while not page.evaluate(true):
        assert time.monotonic() < ends, f"{true}\n{waiting(page).inner_text()}"
        page.wait_for_timeout(200)


def sent(page: Page, seconds: int = 30) -> None:
    """Everything is sent. The bar is hidden before the page has looked as well, and says nothing by itself."""
    until(page, f"{in_the_device('entries')}.then((waiting) => waiting === 0)", seconds)
    expect(waiting(page)).to_be_hidden()


def test_twenty_messages_without_a_network_survive_a_killed_browser(phone: Phone, helped: Cast, patient: Patient):
    client = signed_in(helped, patient)
    page = phone.open(client)
    page.goto(MESSAGES)
    cut(page.context)
    for n in range(20):
        write(page, f"word {n}")
        says = "One thing is not saved yet." if n == 0 else f"{n + 1} things are not saved yet."
        expect(waiting(page)).to_contain_text(says)
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("")
    phone.kill()
    page = phone.open(client)
    page.goto("/today/")
    sent(page, 90)
    assert written(helped, patient) == [f"word {n}" for n in range(20)]


def test_the_bar_tells_what_waits_gives_a_copy_and_can_be_used_by_all(phone: Phone, helped: Cast, patient: Patient):
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    cut(page.context)
    write(page, "I dreamt of water")
    expect(waiting(page)).to_be_visible()
    page.get_by_text("What is waiting").click()
    expect(waiting(page).get_by_role("listitem")).to_contain_text("waits for a connection")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Save a copy", exact=True).click()
    assert "I dreamt of water" in downloaded.value.path().read_text(encoding="utf-8")
    clean(page, "the bar of what waits")
    mend(page.context)
    expect(waiting(page)).to_be_hidden(timeout=20_000)
    assert written(helped, patient) == ["I dreamt of water"]


def test_words_of_danger_without_a_network_open_help_and_raise_the_flag_later(
    phone: Phone, helped: Cast, patient: Patient
):
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    until(page, "caches.match('/today/help/').then((kept) => Boolean(kept))")
    page.get_by_role("textbox", name="Your message").press_sequentially(
        DANGER[:3]
    )  # the list is fetched once something is written
    until(page, "performance.getEntriesByType('resource').some((each) => each.name.includes('danger'))")
    cut(page.context)
    write(page, DANGER)
    page.wait_for_url("**/today/help/#not-seen")
    expect(page.get_by_role("alert")).to_contain_text("The clinic has not seen what you wrote")
    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    with one_at_a_time, acting_as(helped.actor("prescriber")):
        assert not Flag.objects.filter(patient=patient).exists()
    mend(page.context)
    page.goto("/today/")
    sent(page)
    with one_at_a_time, acting_as(helped.actor("prescriber")):
        flag = Flag.objects.get(patient=patient, kind="suicidal_thoughts")
        assert flag.written_at is not None
        assert flag.device_at is not None
        assert flag.written_at < flag.raised_at


def test_an_alarming_answer_without_a_network_opens_help(phone: Phone, helped: Cast, patient: Patient):
    nurse = helped.actor("nurse")
    with one_at_a_time, acting_as(nurse):
        row: MeasureRequest = measures_actions.request_measure(
            by=nurse, patient_id=patient.pk, scale_id="phq-9", due_at=timezone.now() + timedelta(days=2)
        )
    page = phone.open(signed_in(helped, patient))
    page.goto(url(row, 9))
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    until(page, "caches.match('/today/help/').then((kept) => Boolean(kept))")
    cut(page.context)
    page.get_by_role("button", name="Several days").click()
    page.wait_for_url("**/today/help/#not-seen")
    expect(page.get_by_role("alert")).to_contain_text("The clinic has not seen what you wrote")
    mend(page.context)
    page.goto("/today/")
    sent(page)
    with one_at_a_time, acting_as(helped.actor("prescriber")):
        assert Answer.objects.get(link_id="9", response__request=row).value == 1
        assert Flag.objects.filter(patient=patient, source="answer").exists()


def test_nothing_of_one_person_is_shown_to_another_or_lies_in_clear(phone: Phone, helped: Cast, patient: Patient):
    word = "zanahoria-quetzal-7431"
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    cut(page.context)
    write(page, word)
    expect(waiting(page)).to_be_visible()
    page.get_by_role("textbox", name="Your message").fill(f"{word} again")  # typed, and not sent
    until(page, "JSON.stringify(Object.values(sessionStorage)).includes('sealed:')")
    phone.close()
    assert phone.holds(word) == []
    other = make_patient(helped, "Bodil")
    page = phone.open(signed_in(helped, other))
    page.goto(MESSAGES)
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("")
    expect(waiting(page)).to_be_hidden()
    assert word not in page.content()
    write(page, "my own")
    expect(page.get_by_text("my own")).to_be_visible()
    phone.close()
    assert written(helped, patient) == []
    page = phone.open(signed_in(helped, patient))
    page.goto("/today/")
    sent(page)
    assert written(helped, patient) == [word]


def test_a_sign_out_with_something_unsent_asks_first_and_takes_the_key_with_it(
    phone: Phone, helped: Cast, patient: Patient
):
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    page.route("**/sync/**", lambda route: route.abort())
    write(page, "not sent")
    expect(waiting(page)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    dialog = page.get_by_role("dialog", name="Something is not saved yet")
    expect(dialog).to_be_visible()
    clean(page, "the question at a sign-out")
    dialog.get_by_role("button", name="Stay signed in").click()
    assert page.url.endswith(MESSAGES)
    page.get_by_role("button", name="Sign out").click()
    with page.expect_download() as downloaded:
        dialog.get_by_role("button", name="Save a copy and sign out").click()
    assert "not sent" in downloaded.value.path().read_text(encoding="utf-8")
    page.wait_for_url("**/accounts/login/**")
    assert kept(page) == [0, 0]
    assert written(helped, patient) == []


def test_a_captive_portal_takes_nothing_out(phone: Phone, helped: Cast, patient: Patient):
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    page.route("**/sync/**", lambda route: route.fulfill(status=200, content_type="text/html", body="Accept our terms"))
    write(page, "through the hotel")
    expect(waiting(page)).to_contain_text("One thing is not saved yet.")
    page.unroute("**/sync/**")
    page.get_by_role("button", name="Try again now").click()
    expect(waiting(page)).to_be_hidden(timeout=20_000)
    assert written(helped, patient) == ["through the hotel"]


def test_what_is_on_its_way_stands_still_and_an_empty_message_never_waits(phone: Phone, helped: Cast, patient: Patient):
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    held: list[Any] = []
    page.route("**/sync/**", lambda route: held.extend([route]))
    write(page, "on its way")
    box, button = (
        page.get_by_role("textbox", name="Your message"),
        page.get_by_role("button", name="Send to the clinic"),
    )
    expect(box).to_have_attribute("readonly", "")
    expect(button).to_be_disabled()
    clean(page, "a message on its way")
    cut(page.context)
    held[0].abort()
    expect(box).to_be_editable()
    expect(box).to_have_value("")
    button.click()
    expect(box).to_be_focused()
    expect(waiting(page)).to_contain_text("One thing is not saved yet.")


def test_what_is_refused_later_says_why_and_can_be_deleted_by_two_presses(phone: Phone, helped: Cast, patient: Patient):
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    cut(page.context)
    write(page, "x" * 20_000)
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("")  # nobody was reached
    mend(page.context)
    page.get_by_role("button", name="Try again now").click()
    page.get_by_text("What is waiting").click()
    expect(waiting(page).get_by_role("listitem")).to_contain_text("was not taken: A message can have")
    page.get_by_role("button", name="Delete it").click()
    expect(waiting(page)).to_be_visible()
    clean(page, "a refused entry that is about to be deleted")
    page.get_by_role("button", name="Press again").click()
    expect(waiting(page)).to_be_hidden()
    assert written(helped, patient) == []


def test_what_the_clinic_refuses_comes_back_to_its_form(phone: Phone, helped: Cast, patient: Patient):
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    write(page, "x" * 20_000)
    expect(page.locator("[data-error-summary], .error-summary").first).to_be_visible()
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("x" * 20_000)
    expect(waiting(page)).to_be_hidden()


def test_what_needs_the_clinic_says_so_without_a_network_and_is_not_sent(phone: Phone, helped: Cast, patient: Patient):
    """An agreement waits on no phone: it is signed before the clinic or not at all."""
    stage.adopt_texts(helped)
    stage.ask(helped, patient)
    page = phone.open(signed_in(helped, patient))
    page.goto(SIGN)
    page.get_by_role("textbox", name="Your full name").fill("Alma Reyes")
    cut(page.context)
    page.locator("form[data-sign] button.btn-primary").click()
    expect(page.get_by_role("alert").filter(has_text="nothing was sent")).to_be_visible()
    assert page.url.endswith(SIGN)
    expect(page.get_by_role("textbox", name="Your full name")).to_have_value("Alma Reyes")
    clean(page, "a signature without a connection")
    mend(page.context)
    expect(page.get_by_text("nothing was sent")).to_be_hidden()
    with one_at_a_time, acting_as(helped.actor("nurse")):
        assert not Consent.objects.filter(patient=patient).exists()


# ---------------------------------------------------------------- pages without a network


def kept_of(page: Page) -> Any:
    return page.locator("[data-kept-page]")


def looked_at(page: Page, *paths: str) -> None:
    """Opened with a network, the worker there, and kept."""
    page.goto("/today/")
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    until(page, "Boolean(navigator.serviceWorker.controller)")
    for path in paths:
        page.goto(path)
        until(page, f"{PAGES}.then((kept) => kept.some(([, url]) => new URL(url).pathname === '{path}'))")


def test_pages_open_without_a_network_even_after_the_browser_was_killed(phone: Phone, helped: Cast, patient: Patient):
    with one_at_a_time, acting_as(helped.actor("nurse")) as by:
        write_message(by=by, patient_id=patient.pk, body="zanahoria-quetzal-9183", key=uuid4())
    client = signed_in(helped, patient)
    page = phone.open(client)
    looked_at(page, "/today/", MESSAGES)
    phone.kill()
    assert phone.holds("zanahoria-quetzal-9183") == []
    page = phone.open(client)
    cut(page.context)
    page.goto("/today/")  # as from the home screen
    expect(kept_of(page)).to_contain_text("This page is as you opened it")
    clean(page, "today without a connection")
    page.locator(f"a[href='{MESSAGES}']").first.click()
    expect(page.get_by_text("zanahoria-quetzal-9183")).to_be_visible()
    write(page, "written on a page out of the device")
    expect(waiting(page)).to_contain_text("One thing is not saved yet.")
    page.goto(MESSAGES)  # out of the device once more, with the same number for its form
    write(page, "and another")
    expect(waiting(page)).to_contain_text("2 things are not saved yet.")
    page.goto("/today/plan/")  # never opened before
    expect(page.get_by_role("heading", name="There is no connection")).to_be_visible()
    mend(page.context)
    page.goto("/today/")
    expect(kept_of(page)).to_be_hidden()
    sent(page)
    assert written(helped, patient)[1:] == ["written on a page out of the device", "and another"]


def test_pages_of_one_person_open_for_nobody_else_and_for_nobody_who_signed_out(
    phone: Phone, helped: Cast, patient: Patient
):
    page = phone.open(signed_in(helped, patient))
    looked_at(page, "/today/", MESSAGES)
    other = make_patient(helped, "Bodil")
    assert phone.context is not None
    sign_in(phone.context, phone.address, signed_in(helped, other))
    page.goto("/today/")
    until(page, f"{PAGES}.then((kept) => kept.length === 3)")
    cut(page.context)
    page.goto(MESSAGES)
    expect(page.get_by_role("heading", name="There is no connection")).to_be_visible()
    page.goto("/today/")
    expect(page.get_by_text("Signed in as Bodil")).to_be_visible()
    mend(page.context)
    page.goto("/today/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    cut(page.context)
    page.goto("/today/")
    expect(page.get_by_role("heading", name="There is no connection")).to_be_visible()
    page.goto("/today/help/")
    expect(page.get_by_role("heading", name="Help now")).to_be_visible()


def test_a_full_disk_keeps_the_words_on_the_page(phone: Phone, helped: Cast, patient: Patient):
    page = phone.open(signed_in(helped, patient))
    page.add_init_script(
        "IDBObjectStore.prototype.add = () => { throw new DOMException('full', 'QuotaExceededError'); }"
    )
    page.goto(MESSAGES)
    cut(page.context)
    write(page, "there is no room for this")
    expect(page.get_by_text("What you typed is kept on this page")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("there is no room for this")
    expect(waiting(page)).to_be_hidden()
    mend(page.context)
    expect(page.get_by_text("Your message has arrived")).to_be_visible(timeout=20_000)
    assert written(helped, patient) == ["there is no room for this"]


def test_eviction_in_the_middle_of_a_form_loses_nothing_that_was_acknowledged(
    phone: Phone, helped: Cast, patient: Patient
):
    """A browser takes the whole database away while the page stands: the next press still arrives."""
    page = phone.open(signed_in(helped, patient))
    page.goto(MESSAGES)
    write(page, "acknowledged before")
    expect(page.get_by_text("Your message has arrived")).to_be_visible()
    page.get_by_role("textbox", name="Your message").fill("typed before the eviction")
    page.evaluate(
        "new Promise((done) => { const asked = indexedDB.deleteDatabase('sojourn-outbox');"
        " asked.onsuccess = asked.onblocked = asked.onerror = () => done(1); })"
    )
    page.get_by_role("button", name="Send to the clinic").click()
    expect(page.get_by_text("typed before the eviction")).to_be_visible(timeout=20_000)
    assert written(helped, patient) == ["acknowledged before", "typed before the eviction"]
