"""C4: the bounds of a dose on the plan's page in Chromium, on a desk and on a phone."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from sojourn.foundation.ui.build import BUILT
from tests.browser import clean
from tests.care.ceilings import adopt_ceilings
from tests.cases.test_c4_ceilings_at_the_plan import check, known, person
from tests.conftest import Cast
from tests.interfaces.phone import one_at_a_time, served, sign_in
from tests.interfaces.test_plan_pages import again, saved

pytestmark = pytest.mark.browser
SCREENS = {"desk": (1280, 800), "phone": (375, 812)}


@pytest.mark.parametrize("screen", SCREENS)
def test_the_bounds_of_a_dose_change_as_one_types(
    clinic: Cast, browser: Browser, monkeypatch: pytest.MonkeyPatch, screen: str
):
    """C4: the warning with the adjusted weight, the ceiling and the part of it stand beside the dose; 1 mg/kg over 39
    minutes is refused while it is typed."""
    assert (BUILT / "app.css").exists(), "Run python -m sojourn.foundation.ui.build first."
    adopt_ceilings(clinic)
    who = person(clinic)
    known(clinic, who, height_cm=170, weight_kg=140)
    version = saved(clinic, who, weight_kg="140")
    width, height = SCREENS[screen]
    with served(monkeypatch) as address:
        context = browser.new_context(
            base_url=address, viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        sign_in(context, address, clinic.client("prescriber"))
        page = context.new_page()
        page.goto(reverse("console:plan_edit", args=[version.pk]))
        worked = page.locator("#worked")
        expect(worked).to_contain_text("By the adjusted weight of 94.1 kg instead of 140 kg the dose would be 47.1 mg.")
        expect(worked).to_contain_text("50 % of the highest dose in 40 minutes")
        clean(page, f"plan-bounds-{screen}")
        page.locator("#over_min").fill("39")
        page.locator("#per_kg").fill("1")
        page.locator("#per_kg").blur()
        expect(worked).to_contain_text("140 mg over 39 minutes is more than the highest dose in that time here, 70 mg.")
        expect(worked).to_contain_text("200 % of the highest dose in 39 minutes")
        clean(page, f"plan-above-{screen}")
        with one_at_a_time:
            check(clinic, again(clinic, version))
        page.goto(reverse("console:plan_sign", args=[version.pk]))
        expect(page.get_by_text("Dose checked by")).to_be_visible()
        expect(page.get_by_text("This rule is unverified: from memory.")).to_be_visible()
        clean(page, f"plan-sign-{screen}")
        context.close()
