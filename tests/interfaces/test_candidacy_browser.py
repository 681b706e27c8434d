"""Candidacy in Chromium: axe clean, nothing wider than the screen, the form opens what a decision needs.

``SOJOURN_PICTURES`` names a folder for pictures of each page, to be looked at.
"""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake.intake_form import StatedAnswer
from sojourn.care.measures import actions as measures_actions
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.ui.build import BUILT
from tests.browser import faults
from tests.care.people import actor_for, make_patient
from tests.clock import now_here
from tests.conftest import Cast
from tests.interfaces.phone import served, sign_in
from tests.interfaces.test_candidacy_pages import know, page_of, phone, pregnant, second_prescriber, takes
from tests.signing import give_reasons

pytestmark = pytest.mark.browser
SCREENS = [("phone", 375, 812, "light"), ("desk", 1280, 900, "dark")]


@pytest.mark.alone
@pytest.mark.parametrize(("size", "width", "height", "mood"), SCREENS)
def test_from_findings_to_a_signed_answer(
    clinic: Cast, browser: Browser, monkeypatch: pytest.MonkeyPatch, size: str, width: int, height: int, mood: str
):
    assert (BUILT / "app.css").exists(), "Run python -m sojourn.foundation.ui.build first."
    ana = make_patient(clinic, "Ana", sex="female")
    pregnant(clinic, ana)
    know(clinic, ana, bp_rise_hazard=True, heart_rate=72.0, seizures=True)
    for name in ("Diazepam", "Lamotrigine", "Grandmother’s tea", "Paracetamol"):
        takes(clinic, ana, name)
    told = actor_for(clinic, ana)
    with acting_as(told):
        intake_actions.answer(
            by=told, patient_id=ana.pk, question_id="bipolar", told=StatedAnswer("told", True), seen=None
        )
        intake_actions.send(by=told, patient_id=ana.pk)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        measures_actions.enter_score(by=nurse, patient_id=ana.pk, scale_id="isi", total=15, taken_at=timezone.now())
    second_prescriber(clinic)
    wrong: list[str] = []
    with served(monkeypatch) as address:

        def open_as(client: object) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": height}, base_url=address, reduced_motion="reduce",
                color_scheme="dark" if mood == "dark" else "light",
            )  # fmt: skip
            sign_in(context, address, client)
            return context.new_page()

        page = open_as(clinic.client("prescriber"))
        page.goto("/clinic/")
        page.get_by_role("link", name="1 intake sent, not decided").click()
        wrong += faults(page, f"list-{size}-{mood}")
        page.get_by_role("link", name="Ana Reyes").click()
        page.locator("#panel-pressure summary").click()
        panel = page.locator("#panel-pressure")
        panel.get_by_label("Systolic blood pressure").fill("124")
        panel.get_by_label("Diastolic blood pressure").fill("78")
        panel.get_by_role("button", name="Enter").click()
        page.get_by_text("Entered. The findings below know it.").wait_for()
        page.get_by_text("Enter something newer").click()
        page.locator("summary", has_text="Laboratory report").click()
        lines = f"name,value,unit,date\nweight_kg,many,kg,{now_here().date().isoformat()}"
        page.get_by_label("Paste the report").fill(lines)
        page.get_by_role("button", name="Take the report").click()
        page.get_by_text("“many” is not a number.").wait_for()
        assert page.get_by_label("Paste the report").input_value().replace("\r", "") == lines
        wrong += faults(page, f"report-{size}-{mood}")
        page.get_by_label("Paste the report").fill(lines.replace("many", "70"))
        page.get_by_role("button", name="Take the report").click()
        page.get_by_text("1 result was taken from the report.").wait_for()
        page.get_by_text("Override with a reason").first.click()
        page.get_by_label("Why it does not hold for this patient").first.fill("Obstetrics has agreed in writing.")
        wrong += faults(page, f"page-{size}-{mood}")
        page.get_by_role("button", name="Sign the reason").first.click()
        page.get_by_text("Waits for another prescriber").wait_for()
        assert not page.get_by_label("Conditions", exact=True).is_visible()
        page.get_by_label("Accept with conditions").check()
        page.get_by_label("Conditions", exact=True).fill("An ECG first")
        page.get_by_label("Why, for the patient").fill("We want to look at your heart first.")
        page.get_by_role("button", name="See what the patient will read").click()
        page.get_by_text("this prevents it").first.wait_for()
        wrong += faults(page, f"refused-{size}-{mood}")
        assert page.get_by_label("Conditions", exact=True).input_value() == "An ECG first"

        other = open_as(clinic.client("second"))
        other.goto(page_of(ana))
        other.get_by_role("button", name="Sign second").click()
        other.get_by_text("Signed second.").wait_for()

        page.get_by_role("button", name="See what the patient will read").click()
        page.get_by_role("heading", name="Read it and sign").wait_for()
        wrong += faults(page, f"preview-{size}-{mood}")
        give_reasons(page)
        page.get_by_role("button", name="Sign", exact=True).click()
        page.get_by_text("Signed. The patient can read it now.").wait_for()
        wrong += faults(page, f"signed-{size}-{mood}")

        theirs = open_as(phone(clinic, ana))
        theirs.goto("/today/")
        theirs.get_by_role("link", name="Read our answer").click()
        theirs.get_by_text("An ECG first").wait_for()
        wrong += faults(theirs, f"answer-{size}-{mood}")
        for each in (page, other, theirs):
            each.context.close()
    assert wrong == []
