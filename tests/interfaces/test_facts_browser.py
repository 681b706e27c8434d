"""The pages of weight, doubts and strikes (case D6) in Chromium: axe clean, nothing wider than the screen, asked once.

``SOJOURN_PICTURES`` names a folder for pictures of each page, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, expect

from sojourn.care.intake import entry_actions
from sojourn.care.session import actions as session_actions
from sojourn.care.vitals.models import Observation
from sojourn.foundation.accounts.actor import acting_as
from tests.browser import faults
from tests.care.stage import adopt_everything, arrive, set_stage
from tests.clock import today
from tests.conftest import Cast
from tests.interfaces.phone import served, sign_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "height", "mood"), [(1280, 900, "light"), (375, 812, "dark")])
def test_weigh_be_asked_strike(
    clinic: Cast, browser: Browser, monkeypatch: pytest.MonkeyPatch, width: int, height: int, mood: str
):
    adopt_everything(clinic)
    by = clinic.actor("nurse")
    with acting_as(by):
        stage = set_stage(clinic)
        arrive(stage, timezone.now() - timedelta(minutes=10))
        entry_actions.enter_fact(
            by=by, patient_id=stage.patient.pk, name="weight_kg", value=70.0, on=today() - timedelta(days=9)
        )
        session_actions.note_event(by=by, encounter_id=stage.id, kind="nausea", note="before the dose")
    wrong: list[str] = []
    with served(monkeypatch) as address:
        context = browser.new_context(
            viewport={"width": width, "height": height}, base_url=address, reduced_motion="reduce",
            color_scheme="dark" if mood == "dark" else "light",
        )  # fmt: skip
        sign_in(context, address, clinic.client("nurse"))
        page = context.new_page()
        page.goto(reverse("console:session", args=[stage.id]))
        item = page.locator("#item-weight")
        item.get_by_label("Weight, as the scale shows it").fill("154")
        item.get_by_role("button", name="Keep the weight").click()
        expect(item).to_contain_text("Pounds? 154 kg")
        expect(item.get_by_label("Weight, as the scale shows it")).to_have_value("154")
        wrong += faults(page, f"d6-weight-asked-{width}-{mood}")
        item.get_by_label("Weight, as the scale shows it").fill("78")
        item.get_by_label("Yes, I have read the scale").check()
        item.get_by_role("button", name="Keep the weight").click()
        expect(item).to_contain_text("78 kg")
        expect(item.get_by_label("Yes, I have read the scale")).to_have_count(0)
        wrong += faults(page, f"d6-weight-kept-{width}-{mood}")
        page.goto(reverse("console:session_values", args=[stage.id]))
        page.get_by_label("Systolic pressure").fill("190")
        page.get_by_label("Diastolic pressure").fill("112")
        page.get_by_label("On another day").fill((today() - timedelta(days=1)).isoformat())
        page.get_by_role("button", name="Save the values").click()
        expect(page.get_by_label("Yes, it was measured before the patient arrived")).to_be_visible()
        wrong += faults(page, f"d6-early-asked-{width}-{mood}")
        page.get_by_label("Yes, it was measured before the patient arrived").check()
        page.get_by_role("button", name="Save the values").click()
        page.wait_for_url("**/sessions/*/#live")
        expect(page.locator("#live")).to_contain_text("Before the arrival:")
        wrong += faults(page, f"d6-early-shown-{width}-{mood}")
        page.goto(reverse("console:session_entries", args=[stage.id]))
        wrong += faults(page, f"d6-entries-{width}-{mood}")
        page.locator("li", has_text="Systolic blood pressure").get_by_role("link").click()
        wrong += faults(page, f"d6-strike-{width}-{mood}")
        page.get_by_label("Why").fill("Read off the neighbour's monitor")
        page.get_by_role("button", name="Strike it").click()
        expect(page.locator("s")).to_have_text(
            ["Diastolic blood pressure, cuff 112 mmHg", "Systolic blood pressure, cuff 190 mmHg"]
        )
        wrong += faults(page, f"d6-struck-{width}-{mood}")
        page.goto(reverse("console:candidacy", args=[stage.patient.pk]))
        page.locator("li", has_text="Weight: 70 kg").get_by_role("link", name="Entered in error").first.click()
        page.get_by_label("Why").fill("Another patient")
        page.get_by_role("button", name="Strike it").click()
        expect(page.locator("s")).to_contain_text("Weight: 70 kg")
        wrong += faults(page, f"d6-facts-{width}-{mood}")
        context.close()
    assert not wrong, "\n".join(wrong)
    with acting_as(by):
        assert Observation.objects.filter(encounter_id=stage.id).count() == 2
