"""Today on a phone, at each stage, in both languages, light and dark: axe, narrow screens, large letters.

``SOJOURN_TODAY_PICTURES`` names a folder for a picture of each, as the phone shows it first: docs/screenshots/today.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from sojourn.care.companion.stages import STAGES, Stage
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from tests.browser import clean, settled
from tests.care.stage import Stage as Scene
from tests.care.stage import set_stage
from tests.conftest import Cast
from tests.environment import RunSettings
from tests.interfaces.phone import looked_over, served, sign_in
from tests.interfaces.test_portal import signed_in
from tests.interfaces.test_today_pages import at_stage, write

pytestmark = pytest.mark.browser
PICTURES = RunSettings.read().today_pictures
COMING = {
    "map_url": "https://maps.example/harbor", "finding": "Take the green door.\nThe lift is on the left.",
    "finding_other": "Entre por la puerta verde.\nEl ascensor está a la izquierda.", "costs": "A visit costs $400.",
    "costs_other": "Una cita cuesta $400.", "changing": "Tell us two days before, and it costs nothing.",
    "changing_other": "Avísenos dos días antes, y no cuesta nada.",
}  # fmt: skip


@pytest.fixture
def scene(clinic: Cast) -> Scene:
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(name="Harbor Light Clinic")
    write(clinic, **COMING)
    return set_stage(clinic, at=timezone.now() + timedelta(days=3))


@pytest.fixture
def phone(
    request: pytest.FixtureRequest, browser: Browser, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Page]:
    with served(monkeypatch) as address:
        context = browser.new_context(viewport={"width": 375, "height": 812}, base_url=address, reduced_motion="reduce")
        sign_in(context, address, signed_in(scene.cast, scene.patient))
        context.add_cookies([{"name": "django_language", "value": request.param, "url": address}])
        yield context.new_page()
        context.close()


@pytest.mark.parametrize("phone", ["en", "es"], indirect=True)
@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_on_a_phone(
    stage: Stage, phone: Page, scene: Scene, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    at_stage(stage, scene, monkeypatch)
    language = request.node.callspec.params["phone"]
    name = f"today-{stage}-{language}"
    faults = looked_over(phone, name, "/today/", (320, "light"), (375, "light"), (375, "dark"))
    assert faults == [], "\n".join(faults)
    phone.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    clean(phone, f"{name}-large")
    if PICTURES:
        for mood in ("light", "dark"):
            phone.emulate_media(color_scheme=mood)  # type: ignore[arg-type]
            phone.goto("/today/")
            settled(phone)
            phone.screenshot(path=PICTURES / f"{stage}-{language}-{mood}.png")


@pytest.mark.parametrize("phone", ["en", "es"], indirect=True)
def test_where_to_come_on_a_phone(phone: Page):
    faults = looked_over(phone, "coming", "/today/visits/coming/", (320, "light"), (375, "dark"))
    assert faults == [], "\n".join(faults)
