"""The whole set before real eyes: a slider on a phone, the clinic's forms on a desk; axe clean, light and dark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures import own_scale_actions
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.care.safety import actions as safety_actions
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.ui.build import BUILT
from tests.browser import clean
from tests.care.adopting import as_typed
from tests.care.own_forms import SLEEP
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.interfaces.phone import looked_over, one_at_a_time, served, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    assert (BUILT / "portal.js").exists(), "Run python -m sojourn.foundation.ui.build first."
    with served(monkeypatch) as found:
        yield found


@pytest.fixture
def patient(clinic: Cast) -> Patient:
    return make_patient(clinic)


def clean_in_both_moods(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        clean(page, f"{name}-{scheme}")


@pytest.mark.alone
def test_a_slider_a_number_and_a_sitting_on_a_phone(browser: Browser, clinic: Cast, patient: Patient, address: str):
    by = clinic.actor("prescriber")
    due = timezone.now() + timedelta(days=2)
    with acting_as(by):
        row = own_scale_actions.load_own_scale(
            by=by, questionnaire=json.dumps(SLEEP), scoring={"score": "sum[1..3]"}, holder="We", statement="Contract 7"
        )
        request = measures_actions.request_measure(by=by, patient_id=patient.pk, scale_id=f"own-{row.pk}", due_at=due)
        rulebook_actions.adopt(by=by, rule_id="battery.ptsd", parameters=as_typed("battery.ptsd"))
        measure_session = measures_actions.request_battery(by=by, patient_id=patient.pk, indication="ptsd", due_at=due)
    context = browser.new_context(viewport={"width": 375, "height": 812}, base_url=address)
    sign_in(context, address, clinic.client("Alma"))
    page = context.new_page()
    page.goto(f"/today/measure-sessions/{measure_session.pk}/")
    expect(page.get_by_text("4 short questionnaires, about 8 minutes")).to_be_visible()
    clean_in_both_moods(page, "sitting-phone")
    page.goto(f"/today/measures/{request.pk}/1/")
    page.get_by_role("button", name="No").click()
    slider = page.get_by_role("slider")
    expect(slider).to_be_visible()
    clean_in_both_moods(page, "slider-phone")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Your answer")).to_have_value("51")
    page.get_by_label("Your answer").fill("70")
    expect(slider).to_have_value("70")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_text("Your answers are sent")).to_be_visible()
    with one_at_a_time, acting_as(by):
        assert QuestionnaireResponse.objects.get().score == 70
    context.close()


def test_the_clinics_forms_on_a_desk_and_on_a_phone(browser: Browser, clinic: Cast, patient: Patient, address: str):
    by = clinic.actor("prescriber")
    now = timezone.now()
    with acting_as(by):
        for days, total in ((30, 33), (20, 28), (5, 14)):
            safety_actions.enter_score(
                by=by, patient_id=patient.pk, scale_id="madrs", total=total, answers={"10": 1}, rater="Nora",
                taken_at=now - timedelta(days=days),
            )  # fmt: skip
        own_scale_actions.load_own_scale(
            by=by, questionnaire=json.dumps(SLEEP), scoring={"score": "sum[1..3]"}, holder="We", statement="Contract 7"
        )
        rulebook_actions.adopt(by=by, rule_id="battery.depression", parameters=as_typed("battery.depression"))
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    sign_in(context, address, clinic.client("prescriber"))
    page = context.new_page()
    wrong: list[str] = []
    for name, path in (
        ("measures", f"/clinic/patients/{patient.pk}/measures/"),
        ("enter", f"/clinic/patients/{patient.pk}/measures/cadss/score/"),
        ("columbia", f"/clinic/patients/{patient.pk}/measures/c-ssrs-screener/paper/"),
        ("own", "/clinic/measures/own/"),
    ):
        wrong += looked_over(page, name, path, (1280, "dark"), (375, "light"))
    context.close()
    assert wrong == []
