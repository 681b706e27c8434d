"""Calendar, proposal, visits and the escort's page in Chromium: axe clean, nothing wider than the screen.

``SOJOURN_PICTURES`` names a folder for pictures of each page, to be looked at.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from sojourn.care.coordination import ride_home_actions
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.ui.build import BUILT
from tests.conftest import Cast
from tests.interfaces.phone import looked_over, served, sign_in
from tests.interfaces.test_calendar_pages import (
    adopt,
    day_ahead,
    escort,
    open_weekdays,
    patient_client,
    shape,
)
from tests.interfaces.test_console_day import book, chair, course
from tests.interfaces.test_escort import asked

pytestmark = pytest.mark.browser
SCREENS = ((375, "dark"), (1280, "light"))


def test_every_page_is_clear(clinic: Cast, browser: Browser, monkeypatch: pytest.MonkeyPatch):
    assert (BUILT / "app.css").exists(), "Run python -m sojourn.foundation.ui.build first."
    open_weekdays(clinic)
    adopt(clinic, 3)
    first, link = asked(clinic)
    day = day_ahead(3).date().isoformat()
    two, three, bo = chair(clinic, "Chair 2"), chair(clinic, "Window"), course(clinic, "Bo")
    book(clinic, bo, two, day_ahead(3, 9))
    book(clinic, course(clinic, "Cy"), three, day_ahead(3, 13), escort_id=None)
    eve = course(clinic, "Eve")
    later = book(clinic, eve, three, day_ahead(4, 9), escort_id=escort(clinic, eve).pk)
    with acting_as(clinic.actor("front_desk")) as by:
        ride_home_actions.write_answer(by=by, appointment_id=later.pk, comes=True, note="by bus")
    portal = patient_client(clinic, first.care_plan)
    pages = {
        "front_desk": {
            "week": reverse("console:week") + f"?day={day}",
            "week-staff": reverse("console:week") + f"?day={day}&by=staff",
            "day": reverse("console:day") + f"?day={day}",
            "series": reverse("console:series", args=[bo.pk]) + "?" + urlencode(shape()),
            "rides-home": reverse("console:rides_home"),
            "appointment": reverse("console:appointment", args=[first.pk]),
            "waiting": reverse("console:waiting"),
        },
        "clinic_admin": {
            "hours": reverse("console:hours"),
            "rules": reverse("console:booking_rules"),
            "chairs": reverse("console:chairs"),
        },
        "patient": {
            "visits": reverse("portal:visits"),
            "visit-escort": reverse("portal:visit_escort", args=[first.pk]),
            "visit-times": reverse("portal:visits_times"),
            "visit-reminders": reverse("portal:visits_reminders"),
            "visit-feed": reverse("portal:visits_feed"),
        },
        "": {"escort": link},
    }
    wrong: list[str] = []
    with served(monkeypatch) as address:
        for role, addresses in pages.items():
            context = browser.new_context(base_url=address, reduced_motion="reduce")
            if role:
                sign_in(context, address, portal if role == "patient" else clinic.client(role))
            page = context.new_page()
            for name, path in addresses.items():
                wrong += looked_over(page, name, path, *SCREENS)
            if not role:
                page.goto(link)
                page.get_by_role("button", name="Yes, I bring Ana home").click()
                page.get_by_text("You said yes").wait_for()
                page.goto(link)
            context.close()
    assert wrong == []
