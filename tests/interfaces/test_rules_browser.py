"""A prescriber reads a group of rules and signs for all of them, at a desk and on a phone; axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from sojourn.foundation.accounts.asker import NOBODY, as_asker, set_asker
from sojourn.foundation.rulebook.models import RuleAdoption
from tests.browser import clean
from tests.conftest import Cast
from tests.interfaces.phone import one_at_a_time, served, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with served(monkeypatch) as found:
        yield found
    set_asker(NOBODY)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_a_group_is_read_and_signed(browser: Browser, address: str, clinic: Cast, width: int, scheme: str):
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
    page.goto("/clinic/rules/?show=waits")
    page.locator("section", has=page.get_by_role("heading", name="Medicines beside ketamine")).get_by_role(
        "link", name="Read and adopt"
    ).click()
    page.get_by_text("What it does").first.click()
    clean(page, f"adopt-{width}")
    page.get_by_label("Sign with your name").fill(clinic.asker("prescriber").name)
    page.get_by_role("button", name="I have read them: adopt all").click()
    page.get_by_text("rules act in this clinic now").wait_for()
    with one_at_a_time, as_asker(clinic.asker("prescriber")):
        assert RuleAdoption.objects.count() == 14
    context.close()
