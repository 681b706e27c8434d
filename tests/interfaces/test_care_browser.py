"""What is done for a patient in the chair, in Chromium: few taps, axe clean, a Stop that says when it was not sent.

``SOJOURN_PICTURES`` names a folder for pictures of each page, to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sojourn.care.encounter.queries import current_state
from sojourn.care.session.models import GivenMedicine, SessionEvent
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from sojourn.foundation.ui.build import BUILT
from tests.browser import faults
from tests.care.stage import Stage, adopt_everything, arrive, set_stage, to_dosing
from tests.conftest import Cast
from tests.interfaces.phone import looked_over, one_at_a_time, served, sign_in
from tests.interfaces.test_portal import helped, signed_in

pytestmark = pytest.mark.browser
__all__ = ["helped"]  # a fixture

SCREENS = ((1280, "light"), (1024, "dark"), (375, "light"))


@pytest.fixture
def address(helped: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    assert (BUILT / "portal.js").exists(), "Run python -m sojourn.foundation.ui.build first."
    adopt_everything(helped)
    with served(monkeypatch) as found:
        yield found


def opened(browser: Browser, address: str, client: Client, **more: object) -> Page:
    context: BrowserContext = browser.new_context(base_url=address, reduced_motion="reduce", **more)  # type: ignore[arg-type]
    sign_in(context, address, client)
    return context.new_page()


def running(cast: Cast) -> Stage:
    with one_at_a_time, acting_as(cast.actor("nurse")):
        return to_dosing(cast, at=timezone.now() - timedelta(minutes=26))


def noted(cast: Cast, stage: Stage) -> list[tuple[str, str, str]]:
    with one_at_a_time, acting_as(cast.actor("nurse")):
        rows = SessionEvent.objects.filter(encounter_id=stage.id).order_by("id")
        return [(each.kind, each.grade, each.measure or each.effect or each.note) for each in rows]


def test_discomfort_by_two_taps_and_how_it_is_now_by_one(browser: Browser, helped: Cast, address: str):
    stage = running(helped)
    page = opened(browser, address, helped.client("nurse"), viewport={"width": 1024, "height": 768}, has_touch=True)
    page.goto(f"/clinic/sessions/{stage.id}/")
    page.locator("summary", has_text="Nausea").tap()
    page.locator("#grade-nausea-moderate").tap()
    expect(page.get_by_role("heading", name="Nausea, moderate")).to_be_visible()
    page.get_by_label("What was done").fill("Cool cloth")
    page.locator("#events article").get_by_role("button", name="Save").tap()
    expect(page.get_by_text("Done: Cool cloth")).to_be_visible()
    page.locator("#tap-emotional_response").tap()
    page.get_by_label("Emotional response").fill("Tears, then quiet")
    page.locator("#events").get_by_role("button", name="Add").tap()
    expect(page.get_by_text("words may follow")).to_have_count(0)
    wrong = faults(page, "events-open")
    page.get_by_role("button", name="Better", exact=True).tap()
    expect(page.locator("#events article")).to_contain_text("better")
    page.get_by_role("button", name="Gone", exact=True).tap()
    expect(page.locator("#events article")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text("Nausea: gone")
    expect(page.locator("#timeline")).to_contain_text("Check missed")
    assert noted(helped, stage) == [
        ("nausea", "moderate", ""), ("nausea", "", "Cool cloth"), ("emotional_response", "", ""),
        ("emotional_response", "", "Tears, then quiet"), ("nausea", "", "better"), ("nausea", "", "gone"),
    ]  # fmt: skip
    page.context.close()
    assert wrong == []


def test_a_medicine_is_warned_of_while_it_is_typed_and_saved_at_once(browser: Browser, helped: Cast, address: str):
    stage = running(helped)
    page = opened(browser, address, helped.client("nurse"), viewport={"width": 1280, "height": 800})
    page.goto(f"/clinic/sessions/{stage.id}/medicines/")
    page.get_by_role("link", name="Another medicine").click()
    page.get_by_label("Which medicine").fill("Midazolam")
    expect(page.locator("#said")).to_contain_text("Major")
    page.get_by_label("Amount").fill("1")
    page.get_by_label("Unit").select_option("mg")
    page.get_by_label("How it was given").select_option("iv")
    wrong = faults(page, "medicines-warned")
    page.get_by_role("button", name="It was given").click()
    expect(page.locator("#given")).to_contain_text("Midazolam 1 mg, into a vein (IV)")
    expect(page.locator("#given")).to_contain_text("Major")
    with one_at_a_time, acting_as(helped.actor("nurse")):
        assert GivenMedicine.objects.filter(encounter_id=stage.id).count() == 1
    wrong += faults(page, "medicines-given")
    page.context.close()
    assert wrong == []


@pytest.mark.slow
def test_the_pages_are_clean_on_desk_tablet_and_phone(browser: Browser, helped: Cast, address: str):
    stage = running(helped)
    with one_at_a_time, acting_as(helped.actor("nurse")):
        waiting = set_stage(helped, number=2)
        arrive(waiting, timezone.now())
    page = opened(browser, address, helped.client("nurse"))
    wrong: list[str] = []
    for name, path in (
        ("preflight", f"/clinic/sessions/{waiting.id}/"),
        ("dosing", f"/clinic/sessions/{stage.id}/"),
        ("oxygen", f"/clinic/sessions/{stage.id}/medicines/?kind=oxygen"),
        ("says-no", f"/clinic/sessions/{stage.id}/says-no/"),
    ):
        wrong += looked_over(page, name, path, *SCREENS)
    page.context.close()
    assert wrong == []


@pytest.mark.parametrize("width", [320, 375])
def test_the_patient_stops_by_a_press_and_a_yes(browser: Browser, helped: Cast, address: str, width: int):
    stage = running(helped)
    phone = opened(browser, address, signed_in(helped, stage.patient), viewport={"width": width, "height": 700})
    wrong = looked_over(phone, f"here-{width}", "/today/here/", (width, "dark"), (width, "light"))
    phone.get_by_text("Stop", exact=True).click()
    expect(phone.get_by_text("Stop the medicine now?")).to_be_visible()
    wrong += faults(phone, f"here-asked-{width}")
    phone.get_by_text("No, go on").click()
    expect(phone.get_by_text("Stop the medicine now?")).to_be_hidden()
    phone.get_by_text("Stop", exact=True).click()
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Yes, stop").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text(
        "it was not sent. Say stop out loud, or press the bell."
    )
    phone.context.set_offline(False)
    with one_at_a_time, acting_as(helped.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "dosing"
    phone.get_by_role("button", name="Yes, stop").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You said stop. Calling")
    with one_at_a_time, acting_as(helped.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "stopped_early"
    phone.context.close()
    assert wrong == []


def test_stop_works_without_script(browser: Browser, helped: Cast, address: str):
    stage = running(helped)
    phone = opened(browser, address, signed_in(helped, stage.patient), java_script_enabled=False)
    phone.goto("/today/here/")
    phone.get_by_text("Stop", exact=True).click()
    phone.get_by_role("button", name="Yes, stop").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You said stop. Calling")
    with one_at_a_time, acting_as(helped.actor("nurse")):
        assert current_state(SessionScope(stage.id)).state == "stopped_early"
    phone.context.close()
