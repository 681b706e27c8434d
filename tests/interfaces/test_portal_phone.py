"""The patient's pages on a real phone browser: keys, lost connections, pages kept on the device, axe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures.models import Answer, MeasureRequest, QuestionnaireResponse
from sojourn.care.safety.models import Flag
from sojourn.care.session.models import SessionEvent
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.ui.build import BUILT
from tests.care.stage import Stage, arrive, set_stage
from tests.conftest import Cast
from tests.interfaces.phone import looked_over, one_at_a_time, served, sign_in
from tests.interfaces.test_portal import helped, send_phq9, signed_in
from tests.interfaces.test_portal_answering import url

pytestmark = pytest.mark.browser
__all__ = ["helped"]  # a fixture


@pytest.fixture
def address(helped: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    assert (BUILT / "portal.js").exists(), "Run python -m sojourn.foundation.ui.build first."
    with served(monkeypatch) as found:
        yield found


@pytest.fixture
def stage(helped: Cast) -> Stage:
    """A patient in the chair to whom no dose has been given yet: under one, questions wait."""
    with acting_as(helped.actor("nurse")):
        found = set_stage(helped)
        arrive(found, timezone.now())
    return found


@pytest.fixture
def row(helped: Cast, stage: Stage) -> MeasureRequest:
    nurse = helped.actor("nurse")
    with acting_as(nurse):
        return measures_actions.request_measure(
            by=nurse, patient_id=stage.patient.pk, scale_id="phq-9", due_at=timezone.now() + timedelta(days=2)
        )


@pytest.fixture
def phone(browser: Browser, helped: Cast, stage: Stage, row: MeasureRequest, address: str) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(
        viewport={"width": 375, "height": 812}, base_url=address, reduced_motion="reduce"
    )
    sign_in(context, address, signed_in(helped, stage.patient))
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    context.close()
    assert not broken


def given(cast: Cast, row: MeasureRequest) -> dict[str, int | None]:
    with one_at_a_time, acting_as(cast.actor("nurse")):
        found = Answer.objects.filter(response__request=row).order_by("id")
        return {answer.link_id: answer.value for answer in found}


def test_keys_answer_and_the_answers_arrive(phone: Page, helped: Cast, row: MeasureRequest):
    phone.goto(url(row))
    phone.get_by_role("link", name="Begin").click()
    expect(phone).to_have_url(f"{phone.url.split('/today')[0]}{url(row, 1)}")
    phone.keyboard.press("3")
    phone.wait_for_url(f"**{url(row, 2)}")
    phone.keyboard.press("ArrowDown")
    phone.keyboard.press("ArrowDown")
    expect(phone.get_by_role("button", name="Several days")).to_be_focused()
    phone.keyboard.press("Enter")
    phone.wait_for_url(f"**{url(row, 3)}")
    phone.keyboard.press("ArrowLeft")
    phone.wait_for_url(f"**{url(row, 2)}")
    expect(phone.get_by_role("button", name="Several days")).to_have_attribute("aria-pressed", "true")
    assert given(helped, row) == {"1": 2, "2": 1}


def test_a_tap_without_connection_is_kept_and_sent_later(phone: Page, helped: Cast, row: MeasureRequest):
    phone.goto(url(row, 4))
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Nearly every day").click()
    expect(phone.get_by_text("It is kept on this device")).to_be_visible()
    expect(phone.get_by_role("button", name="Nearly every day")).to_have_attribute("aria-pressed", "true")
    phone.get_by_role("button", name="Several days").click()  # a change of mind meanwhile
    phone.context.set_offline(False)
    phone.wait_for_url(f"**{url(row, 5)}")
    assert given(helped, row) == {"4": 1}


def test_the_alarming_tap_shows_help_at_once(phone: Page, row: MeasureRequest):
    phone.goto(url(row, 9))
    phone.get_by_role("button", name="Several days").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You do not have to carry this alone")
    for number in ("Call 911", "Call 988"):
        expect(phone.get_by_role("link", name=number)).to_be_in_viewport()
    expect(phone.get_by_role("link", name="Call the night line")).to_be_visible()


def test_help_and_the_quiet_screen_work_without_connection(phone: Page, helped: Cast, stage: Stage):
    phone.goto("/today/")
    phone.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    phone.wait_for_function(
        "caches.keys().then(async (names) => { for (const name of names)"
        " if (await (await caches.open(name)).match('/today/here/')) return true; return false; })"
    )
    phone.context.set_offline(True)
    phone.goto("/today/help/")
    expect(phone.get_by_role("link", name="Call the night line")).to_be_visible()
    phone.goto("/today/here/")
    expect(phone.get_by_role("heading", level=1)).to_contain_text("No connection: call out or press the bell.")
    phone.get_by_role("button", name="I need someone").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("No connection: call out or press the bell.")
    phone.context.set_offline(False)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Calling", timeout=15_000)
    with one_at_a_time, acting_as(helped.actor("nurse")):
        assert SessionEvent.objects.filter(encounter_id=stage.id, kind="patient_calls").count() == 1
    # nothing that tells of a person is on the device
    kept = phone.evaluate(
        "(async () => { const found = []; for (const name of await caches.keys())"
        " for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);"
        " return found; })()"
    )
    assert {path for path in kept if not path.startswith("/static/")} == {
        "/today/help/",
        "/today/here/",
        "/today/offline/",
    }


@pytest.mark.slow
def test_axe_finds_nothing_and_nothing_overflows(phone: Page, helped: Cast, stage: Stage, row: MeasureRequest):
    for days in (9, 2):
        send_phq9(helped, stage.patient, [1] * 8 + [0], timezone.now() - timedelta(days=days))
    pages = ["/today/", "/today/progress/", "/today/record/", "/today/help/", "/today/here/"]
    pages += [url(row), url(row, 1), url(row, 9, "help"), url(row, "review")]
    wrong: list[str] = []
    for page in pages:
        wrong += looked_over(phone, page, page, (375, "light"), (1280, "dark"))
    assert wrong == []


@pytest.mark.alone
@pytest.mark.slow
def test_axe_finds_nothing_on_the_clinics_pages(browser: Browser, helped: Cast, stage: Stage, address: str):
    signed_in(helped, stage.patient)
    for days, last in ((9, 0), (2, 1)):
        send_phq9(helped, stage.patient, [1] * 8 + [last], timezone.now() - timedelta(days=days))
    nurse = helped.client("nurse")
    with one_at_a_time, acting_as(helped.actor("nurse")):
        flag, response = Flag.objects.get(), QuestionnaireResponse.objects.latest("id")
    measures_page = f"/clinic/patients/{stage.patient.pk}/measures/"
    pages = [measures_page, f"{measures_page}phq-9/paper/", "/clinic/flags/", f"/clinic/flags/{flag.pk}/"]
    pages.append(f"/clinic/measures/responses/{response.pk}/")
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    sign_in(context, address, nurse)
    desk = context.new_page()
    wrong: list[str] = []
    for page in pages:
        wrong += looked_over(desk, page, page, (375, "dark"), (1280, "light"))
    context.close()
    assert wrong == []
