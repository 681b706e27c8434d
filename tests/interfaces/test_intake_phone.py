"""Your intake on a real phone browser: lost connections, another tab, a medicine found while typing, axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import PatientScope
from sojourn.foundation.ui.build import BUILT
from tests.browser import clean
from tests.care.people import actor_for, make_patient
from tests.conftest import Cast
from tests.interfaces.phone import looked_over, one_at_a_time, served, sign_in

pytestmark = pytest.mark.browser
INTAKE = "/today/intake/"


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic, sex="male")


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    assert (BUILT / "portal.js").exists(), "Run python -m sojourn.foundation.ui.build first."
    with served(monkeypatch) as found:
        yield found


def at(browser: Browser, clinic: Cast, who: str, address: str) -> Page:
    context = browser.new_context(
        viewport={"width": 375, "height": 812}, base_url=address, reduced_motion="reduce", color_scheme="light"
    )
    client = clinic.client(who)
    client.get("/today/help/")
    sign_in(context, address, client)
    return context.new_page()


@pytest.fixture
def phone(browser: Browser, clinic: Cast, patient: Patient, address: str) -> Iterator[Page]:
    page = at(browser, clinic, "Alma", address)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    page.context.close()
    assert not broken


def told(clinic: Cast, patient: Patient, question: str) -> StatedAnswer | None:
    with one_at_a_time, acting_as(clinic.actor("nurse")):
        found = intake_queries.answers(PatientScope(patient.pk)).get(question)
    return found.told if found else None


def test_an_answer_without_connection_is_kept_and_sent_later(phone: Page, clinic: Cast, patient: Patient):
    phone.goto(f"{INTAKE}why_now/")
    phone.get_by_role("textbox").fill("I am tired of being tired")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_text("It is kept on this device")).to_be_visible()
    phone.context.set_offline(False)
    phone.wait_for_url(f"**{INTAKE}psychosis/")
    assert told(clinic, patient, "why_now") == StatedAnswer("told", "I am tired of being tired")
    phone.get_by_role("button", name="I am not sure").click()
    phone.wait_for_url(f"**{INTAKE}psychosis_now/")
    assert told(clinic, patient, "psychosis") == StatedAnswer("unsure")


def test_a_doubt_and_another_tab_are_shown_with_script_too(phone: Page, clinic: Cast, patient: Patient):
    phone.goto(f"{INTAKE}can_become_pregnant/")
    phone.get_by_role("button", name="Yes", exact=True).click()
    expect(phone.get_by_text("Is your answer right?")).to_be_visible()
    clean(phone, "doubt")
    phone.get_by_role("button", name="Yes, my answer is right").click()
    phone.wait_for_url(f"**{INTAKE}pregnant/")
    assert told(clinic, patient, "can_become_pregnant") == StatedAnswer("told", True)
    other = phone.context.new_page()
    other.goto(f"{INTAKE}bipolar/")
    phone.goto(f"{INTAKE}bipolar/")
    phone.get_by_role("button", name="Yes", exact=True).click()
    phone.wait_for_url(f"**{INTAKE}mania_now/")
    other.get_by_role("button", name="No", exact=True).click()
    expect(other.get_by_text("Saved on the other page:")).to_be_visible()
    clean(other, "overtaken")
    other.get_by_role("button", name="No", exact=True).click()
    other.wait_for_url(f"**{INTAKE}mania_now/")
    assert told(clinic, patient, "bipolar") == StatedAnswer("told", False)


def test_a_medicine_is_found_while_typing(phone: Page, clinic: Cast, patient: Patient):
    phone.goto(f"{INTAKE}medicines/")
    phone.get_by_role("link", name="Add one").click()
    phone.get_by_label("Name of the medicine").press_sequentially("zolof")
    phone.get_by_role("radio", name="Sertraline").check()
    clean(phone, "medicine")
    phone.get_by_role("button", name="Save").click()
    phone.wait_for_url(f"**{INTAKE}medicines/")
    expect(phone.get_by_text("Recognized as Sertraline")).to_be_visible()
    clean(phone, "medicines")


def test_every_page_is_for_everybody(browser: Browser, phone: Page, clinic: Cast, patient: Patient, address: str):
    by = actor_for(clinic, patient)
    with acting_as(by):
        for text in ("Sleep through the night", "Walk the dog again"):
            intake_actions.say_line(by=by, patient_id=patient.pk, of="goals", text=text)
        intake_actions.say_line(
            by=by, patient_id=patient.pk, of="medicines", name="moon dust", current=True, dose="a pinch"
        )
        intake_actions.answer(
            by=by, patient_id=patient.pk, question_id="bipolar", told=StatedAnswer("unsure"), seen=None
        )
        intake_actions.send(by=by, patient_id=patient.pk)
    for path in ("", "weight/", "heart_now/", "goals/", "goals/add/", "people/add/", "paste/", "review/", "sent/"):
        phone.goto(INTAKE + path)
        clean(phone, f"intake-{path.strip('/').replace('/', '-') or 'overview'}")
    phone.goto("/today/messages/")
    clean(phone, "messages")
    phone.get_by_role("textbox", name="Your message").fill("May I eat before the session?")
    phone.get_by_role("button", name="Send to the clinic").click()
    expect(phone.get_by_text("Your message has arrived")).to_be_visible()
    phone.goto("/today/")
    clean(phone, "today")
    desk = at(browser, clinic, "nurse", address)
    base = f"/clinic/patients/{patient.pk}"
    wrong: list[str] = []
    for name, path in {
        "clinic-intake": f"{base}/intake/", "clinic-question": f"{base}/intake/heart_now/",
        "clinic-line": f"{base}/intake/medicines/add/", "clinic-inbox": "/clinic/messages/",
        "clinic-thread": f"{base}/messages/",
    }.items():  # fmt: skip
        wrong += looked_over(desk, name, path, (1280, "light"), (1280, "dark"))
    desk.context.close()
    assert wrong == []
