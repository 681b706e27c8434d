"""A prescriber reads the rules at a desk and on a phone, and adopts one with its numbers typed; axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from sojourn.foundation.accounts.actor import NOBODY, acting_as, set_actor
from sojourn.foundation.rulebook.models import RuleAdoption
from tests.browser import clean
from tests.conftest import Cast
from tests.interfaces.phone import one_at_a_time, served, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with served(monkeypatch) as found:
        yield found
    set_actor(NOBODY)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_a_rule_is_read_and_typed(browser: Browser, address: str, clinic: Cast, width: int, scheme: str):
    context = browser.new_context(
        base_url=address, bypass_csp=True, viewport={"width": width, "height": 800}, color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )  # fmt: skip
    sign_in(context, address, clinic.client("prescriber"))
    page = context.new_page()
    page.goto("/clinic/rules/?q=memantine")
    clean(page, f"rules-{width}")
    page.goto("/clinic/rules/RC-HTN-BASE/")
    clean(page, f"rule-{width}")
    page.goto("/clinic/rules/floor.spo2/")
    clean(page, f"floor-{width}")
    page.get_by_label("Saturation at least").fill("88")
    page.get_by_role("button", name="I have read it and adopt it for this clinic").click()
    page.get_by_text("acts in this clinic now").wait_for()
    with one_at_a_time, acting_as(clinic.actor("prescriber")):
        assert RuleAdoption.objects.get().parameters == {"at_least": 88}
    context.close()
