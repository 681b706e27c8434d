"""The door in a real browser: a stranger becomes a nurse with a passkey, leaves, and comes back with it alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from sojourn.foundation.accounts.actor import NOBODY, acting_as, set_actor
from sojourn.foundation.audit.models import AuditEvent
from tests.browser import clean
from tests.care.test_accounts import GOOD, invite
from tests.conftest import Cast
from tests.interfaces.phone import one_at_a_time, served, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def address(clinic: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with served(monkeypatch) as found:
        yield found.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, never to a number
    set_actor(NOBODY)


@pytest.fixture
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser with a fingerprint reader inside. Anything that the security policy stops fails the test."""
    width = getattr(request, "param", 375)
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 812}, reduced_motion="reduce")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    page.authenticator = devtools.send(  # type: ignore[attr-defined]
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )["authenticatorId"]
    page.devtools = devtools  # type: ignore[attr-defined]
    yield page
    context.close()
    assert not wrong


@pytest.mark.parametrize("page", [375, 1280], indirect=True)
def test_a_stranger_becomes_a_nurse_with_a_passkey(page: Page, clinic: Cast):
    link = "/" + invite(clinic, credentials="RN").link.split("/", 3)[3]
    page.goto(link)
    password = page.get_by_label("Password", exact=True)
    rule = page.locator('[data-rule="length"] [data-met]')
    password.fill("four lamps")
    expect(rule).to_be_hidden()
    expect(page.locator("[data-count]")).to_have_text("(10)")
    password.fill("new@north.example")
    expect(page.locator('[data-rule="own"] [data-met]')).to_be_hidden()
    password.fill(GOOD)
    for name in ("length", "letters", "own"):
        expect(page.locator(f'[data-rule="{name}"] [data-met]')).to_be_visible()
    page.get_by_role("button", name="Show the password").click()
    assert password.get_attribute("type") == "text"
    clean(page, "invitation")
    page.get_by_role("button", name="Save and set up").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Set up your second factor")
    clean(page, "second-factor")
    page.get_by_role("link", name="An app on your phone").click()
    expect(page.get_by_role("img", name="A square code")).to_be_visible()
    clean(page, "app")
    page.get_by_role("link", name="Choose another way").click()
    page.get_by_role("link", name="A passkey").click()
    page.get_by_label("Name").fill("My phone")
    page.get_by_label("Let it open the door alone").check()
    clean(page, "passkey")
    page.get_by_role("button", name="Ask my device").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep these recovery codes")
    assert page.locator("[data-codes] li").count() == 10
    clean(page, "recovery-codes")
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/accounts/unconfirmed/")  # until another nurse confirms it
    clean(page, "unconfirmed")

    page.goto("/accounts/2fa/")
    clean(page, "security")
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("rowheader", name="My phone")).to_be_visible()
    clean(page, "passkeys")
    page.goto("/accounts/sessions/")
    clean(page, "sessions")
    page.goto("/accounts/logout/")
    clean(page, "sign-out")
    page.locator("main").get_by_role("button", name="Sign out").click()

    page.goto("/accounts/login/")
    clean(page, "sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/accounts/unconfirmed/")
    with one_at_a_time, acting_as(clinic.actor("auditor")):
        done = list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))
    assert done.count("person.signed_in") == 2
    assert {"person.invited", "person.joined", "second_factor.added", "person.signed_out"} <= set(done)


def test_a_passkey_stands_behind_the_password_too_and_says_when_it_fails(page: Page, clinic: Cast):
    page.goto("/" + invite(clinic).link.split("/", 3)[3])
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_role("button", name="Save and set up").click()
    page.get_by_role("link", name="A passkey").click()
    page.get_by_role("button", name="Ask my device").click()
    page.get_by_role("link", name="I have kept them").click()
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill("new@north.example")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Now your second factor")
    clean(page, "factor")
    devtools, authenticator = page.devtools, page.authenticator  # type: ignore[attr-defined]
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    devtools.send("WebAuthn.clearCredentials", {"authenticatorId": authenticator})
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("alert").filter(has_text="The passkey was not used")).to_be_visible(timeout=70_000)


def test_a_passkeys_button_waits_until_it_is_heard(page: Page, clinic: Cast):
    """On a slow line the page is there before its scripts are."""
    page.goto("/" + invite(clinic).link.split("/", 3)[3])
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_role("button", name="Save and set up").click()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/entry/entry*.js", hold)
    page.get_by_role("link", name="A passkey").click()
    button = page.get_by_role("button", name="Ask my device")
    expect(button).to_be_disabled()
    held.pop().continue_()
    button.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep these recovery codes")


@pytest.mark.parametrize("page", [375, 1280], indirect=True)
def test_the_administrators_pages_are_fair(page: Page, clinic: Cast, address: str):
    invite(clinic)
    sign_in(page.context, address, clinic.client("clinic_admin"))
    page.goto("/clinic/people/")
    clean(page, "staff")
    page.goto("/clinic/audit/?verify=1")
    clean(page, "audit")
