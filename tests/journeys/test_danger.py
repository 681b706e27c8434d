"""P2, P11: words of danger go by the one door, from a patient's message to the clinician who has looked after it.

By what is on the screens: the patient on a phone or a tablet, the clinic at a desk; everybody in English, everybody in
Spanish.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from playwright.sync_api import Browser, Page, expect

from tests.browser import clean
from tests.care.flagged import Flagged, flagged
from tests.interfaces.conftest import _nowhere, _plain_assets
from tests.interfaces.phone import served, sign_in

__all__ = ["_nowhere", "_plain_assets", "flagged"]

pytestmark = pytest.mark.browser
PHONE, TABLET, DESK = (375, 812), (820, 1180), (1280, 800)
SAID = {
    "en": "Thanks for yesterday. I am going to kill myself tonight.",
    "es": "Gracias por lo de ayer. Esta noche me mato.",
}
UNREAD = {"en": "Nobody has read it yet", "es": "Todavía no lo ha leído nadie"}


@contextmanager
def before(browser: Browser, address: str, client: Client, size: tuple[int, int], language: str) -> Iterator[Page]:
    """Somebody before a screen, signed in."""
    width, height = size
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": height}, reduced_motion="reduce",
        locale={"en": "en-US", "es": "es-MX"}[language],
    )  # fmt: skip
    sign_in(context, address, client)
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    page = context.new_page()
    page.route("**/live/**", lambda route: None)  # the stream is another process's; it keeps still here
    yield page
    context.close()


@pytest.mark.parametrize(("language", "size"), [("en", PHONE), ("es", TABLET)])
def test_from_the_words_to_whoever_looked_after_them(
    flagged: Flagged, browser: Browser, monkeypatch: pytest.MonkeyPatch, language: str, size: tuple[int, int]
):
    flagged.decide()
    alma, nurse = flagged.cast.client("Alma"), flagged.cast.client("nurse")
    named = flagged.cast.members["nurse"].name
    with (
        served(monkeypatch) as address,
        translation.override(language),
        before(browser, address, alma, size, language) as patient,
        before(browser, address, nurse, DESK, language) as clinic,
    ):
        patient.goto(reverse("portal:messages"))
        expect(patient.locator("[data-words-read]")).to_be_visible()
        patient.get_by_role("textbox", name=_("Your message")).fill(SAID[language])
        patient.get_by_role("button", name=_("Send to the clinic")).click()
        expect(patient.get_by_role("heading", name=_("You do not have to carry this alone"))).to_be_visible()
        expect(patient.locator("a[href='tel:911']").first).to_be_visible()
        expect(patient.locator("a[href='tel:988']").first).to_be_visible()
        clean(patient, f"danger-help-{language}")
        patient.get_by_role("link", name=_("Go on")).click()
        heard = patient.get_by_role("status").filter(has_text=UNREAD[language])
        expect(heard).to_be_visible()
        expect(patient.get_by_text(SAID[language])).to_be_visible()  # it is sent all the same

        clinic.goto(reverse("console:home"))
        waits = clinic.get_by_role("region", name=_("Waits for you"))
        waits.get_by_role("link").first.click()
        expect(clinic.get_by_role("main")).to_contain_text(flagged.patient.name)
        clean(clinic, f"danger-flag-{language}")
        patient.reload()
        expect(patient.get_by_role("status").filter(has_text=named)).to_be_visible()  # who has read it
        clinic.get_by_role("button", name=_("I am taking this")).click()
        expect(clinic.get_by_role("main")).to_contain_text(_("You have taken this."))
        clinic.get_by_role("button", name=_("Patient contacted")).click()
        clinic.get_by_label(_("Note")).fill("Spoken with on the telephone; her sister is with her.")
        clinic.locator("select[name=outcome]").select_option("safe")
        clinic.get_by_role("button", name=_("Close"), exact=True).click()
        clinic.goto(reverse("console:home"))
        expect(clinic.get_by_text(flagged.patient.name)).to_have_count(0)
        patient.reload()
        expect(patient.get_by_role("status").filter(has_text=named)).to_be_visible()
        clean(patient, f"danger-heard-{language}")
