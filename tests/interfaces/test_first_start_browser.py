"""From ``sojourn init`` to the first dose, on the desk: a fresh clinic, its first people, what its prescriber decides.

What the command line does is called by its own functions; the people work in a browser. The sitting is left half-way
and taken up by another day. A run that is told to take pictures takes the pictures under docs/screenshots.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sojourn.care.encounter.queries import current_state
from sojourn.config import installation
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.actor import NOBODY, Actor, acting_as, set_actor
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import actions as rulebook_actions
from sojourn.foundation.rulebook import queries as rulebook_queries
from sojourn.foundation.rulebook.first_start import first_start
from sojourn.foundation.scope import SessionScope
from tests.browser import clean
from tests.care.adopting import as_typed, typed_each
from tests.care.stage import arrive, check_dose, pass_checks, set_stage
from tests.care.test_accounts import accept, invite
from tests.conftest import Cast
from tests.environment import RunSettings
from tests.interfaces.phone import one_at_a_time, served, sign_in
from tests.stated import FLOORS

pytestmark = pytest.mark.browser

PASSWORD = "four lamps beside the quiet river"
PICTURES = Path("docs/screenshots")
PEOPLE = {"prescriber": "Dr. Amara Nwosu", "nurse": "Ilse Brandt"}
FLOOR_FIELDS = {
    "floor.spo2": {"Saturation at least": "85"},
    "floor.sbp": {"Systolic pressure at least": "80"},
    "floor.hr": {"Heart rate at least": "35", "Heart rate at most": "150"},
    "floor.rr": {"Breaths at least": "8", "Breaths at most": "30"},
    "floor.temp": {"Temperature at least": "35"},
}
ADOPT = "I have read it and adopt it for this clinic"


@pytest.fixture
def address(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with served(monkeypatch) as found:
        yield found
    set_actor(NOBODY)


@pytest.fixture
def as_shipped(db: None) -> Iterator[None]:
    """The database as every installation has it: nobody is born confirmed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sojourn.as_shipped', 'yes', false)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sojourn.as_shipped', '', false)")


def picture(page: Page, name: str) -> None:
    if RunSettings.read().pictures:
        page.screenshot(path=PICTURES / f"first-start-{name}.png")


def desk(browser: Browser, address: str) -> BrowserContext:
    return browser.new_context(
        base_url=address, bypass_csp=True, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )


def comes_in(context: BrowserContext, link: str) -> Page:
    """Take up an invitation: a password, and a second factor as if it had been set up."""
    page = context.new_page()
    page.goto("/" + link.split("/", 3)[3])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Save and set up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up your second factor")
    key = next(each["value"] for each in context.cookies() if each["name"] == settings.SESSION_COOKIE_NAME)
    with one_at_a_time:
        session = SessionStore(key)
        session["second_factor"] = True
        session.save()
    return page


def invites(page: Page, role: str, label: str) -> str:
    """The administrator invites somebody; the link that this house without a mail server shows once."""
    page.goto("/clinic/people/")
    form = page.locator("form", has=page.get_by_role("button", name="Send the invitation"))
    form.get_by_label("Name", exact=True).fill(PEOPLE[role])
    form.get_by_label("E-mail address").fill(f"{role}@fresh.example")
    form.get_by_label("Role").select_option(label=label)
    form.get_by_role("button", name="Send the invitation").click()
    return page.get_by_text("/invitation/").inner_text().strip()


def cast_of(emails: dict[str, str]) -> Cast:
    """The clinic and its people as the other helpers of the tests know them."""
    members = {}
    for role, email in emails.items():
        person = accounts_queries.person_by_email(email)
        assert person is not None
        with acting_as(Actor(person_id=person.pk)):
            members[role] = accounts_queries.memberships_of(person.pk)[0]
    clinic_id = members["nurse"].clinic_id
    with acting_as(accounts_queries.system_actor(clinic_id)):
        return Cast(Clinic.objects.get(pk=clinic_id), members)


def states(page: Page, rule_id: str) -> None:
    """The prescriber types the limits of one rule and adopts it."""
    for label, value in FLOOR_FIELDS[rule_id].items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name=ADOPT).click()


def decide_the_rest(cast: Cast, but: str) -> None:
    """What is still open, each value typed, apart from one rule."""
    by = cast.actor("prescriber")
    with acting_as(by):
        walk = first_start(rulebook_queries.standings(cast.clinic.pk))
        left = {each.newest.id: each.newest.hash for group in walk.groups for each in group.open}
        left.pop(but)
        rulebook_actions.adopt_set(by=by, shown=left, signature=by.name, parameters=typed_each(left))


@pytest.mark.usefixtures("as_shipped")
def test_from_init_to_the_first_dose(browser: Browser, address: str):
    link = installation.first_clinic(
        name="Fresh Clinic", time_zone="America/Denver", jurisdiction="US-CO", admin_email="admin@fresh.example",
        admin_name="Rosa Lindt",
    )  # fmt: skip
    boss, doctor, ward = (desk(browser, address) for _ in range(3))
    admin = comes_in(boss, link)
    links = {role: invites(admin, role, label) for role, label in (("prescriber", "Prescriber"), ("nurse", "Nurse"))}

    # Nobody is there to confirm the first of a role: whoever runs the machine does.
    page, nurse = comes_in(doctor, links["prescriber"]), comes_in(ward, links["nurse"])
    page.goto("/clinic/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your role waits to be confirmed")
    expect(page.get_by_text("sojourn confirm prescriber@fresh.example prescriber")).to_be_visible()
    clean(page, "unconfirmed")
    picture(page, "1-unconfirmed")
    with one_at_a_time:
        for role in PEOPLE:
            installation.confirm_first(email=f"{role}@fresh.example", role=role)

    # The home says what does not act, and leads to where it is decided.
    page.goto("/clinic/")
    expect(page.get_by_text("Limits that nobody passes: 0 of 5 decided")).to_be_visible()
    picture(page, "2-home")
    page.get_by_role("link", name="No dose can be given yet").click()
    expect(page.get_by_text(re.compile("^0 of 8 groups; 0 of "))).to_be_visible()
    clean(page, "first-start")
    picture(page, "3-groups")
    page.get_by_role("link", name="Go on with the next rule").click()

    # A number is typed; what cannot be is refused, and nothing is lost.
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hard floor of oxygen saturation")
    expect(page.get_by_text("NEWS2 gives its most points, 3, at 91 % or less")).to_be_visible()
    assert page.get_by_label("Saturation at least").input_value() == ""
    page.get_by_label("Saturation at least").fill("850")
    page.get_by_role("button", name=ADOPT).click()
    expect(page.get_by_text("Nothing was decided. What you typed is still here.")).to_be_visible()
    assert page.get_by_label("Saturation at least").input_value() == "850"
    clean(page, "first-start-rule")
    picture(page, "4-mistyped")
    for rule_id in ("floor.spo2", "floor.sbp", "floor.hr"):
        states(page, rule_id)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hard limits of breathing")

    # Left half-way: what was decided stays, both homes say what is missing, and the sitting goes on where it was left.
    nurse.goto("/clinic/")
    expect(nurse.get_by_text("Limits that nobody passes: 3 of 5 decided")).to_be_visible()
    expect(nurse.get_by_text(f"A prescriber decides: {PEOPLE['prescriber']}")).to_be_visible()
    picture(nurse, "5-nurse-home")
    page.goto("/clinic/")
    page.get_by_role("link", name="No dose can be given yet").click()
    page.get_by_role("link", name="Go on with the next rule").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hard limits of breathing")
    for rule_id in ("floor.rr", "floor.temp"):
        states(page, rule_id)
    expect(page.get_by_role("heading", level=1)).to_contain_text("decides before its first dose")

    cast = cast_of({role: f"{role}@fresh.example" for role in PEOPLE})
    with one_at_a_time:
        decide_the_rest(cast, but="spo2.low")
        with acting_as(cast.actor("nurse")):
            stage, now = set_stage(cast), timezone.now()
            arrive(stage, now)
            pass_checks(stage, now)
            check_dose(stage, now)
            with pytest.raises(ActionRefused) as refused:
                stage.step("start_dose", now=now)
        assert refused.value.codes == ("alarms-not-adopted",)

    # The last alarm, typed; and the dose may begin.
    page.goto("/clinic/first-start/groups/alarms/")
    picture(page, "6-alarms")
    page.get_by_role("link", name="Go on with the next rule").click()
    for name, value in as_typed("spo2.low").items():
        page.locator(f'[name="number:spo2.low:{name}"]').fill(f"{value:g}")
    picture(page, "7-alarm")
    page.get_by_role("button", name=ADOPT).click()
    expect(page.get_by_text("Everything is decided")).to_be_visible()
    picture(page, "8-done")
    page.goto("/clinic/")
    expect(page.get_by_text("No dose can be given yet")).to_have_count(0)
    with one_at_a_time, acting_as(cast.actor("nurse")):
        stage.step("start_dose", now=timezone.now())
        assert current_state(SessionScope(stage.id)).state == "dosing"
        acting = rulebook_queries.acting_rules(cast.clinic.pk)
        assert {each: dict(FLOORS[each]) for each in FLOORS} == {
            each: {name: number.value for name, number in acting[each].parameters.items()} for each in FLOORS
        }
    for context in (boss, doctor, ward):
        context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_a_nurse_confirms_a_newcomer(browser: Browser, address: str, clinic: Cast, width: int, scheme: str):
    waits = accept(invite(clinic).link)
    context = browser.new_context(
        base_url=address, bypass_csp=True, viewport={"width": width, "height": 800}, color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )  # fmt: skip
    sign_in(context, address, clinic.client("nurse"))
    page = context.new_page()
    page.goto("/clinic/")
    page.get_by_role("link", name="A newcomer to confirm").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Does Noor Haddad work here?")
    clean(page, f"newcomer-{width}")
    page.get_by_role("button", name="I know this person: confirm").click()
    expect(page.get_by_text("Noor Haddad is confirmed.")).to_be_visible()
    context.close()
    with one_at_a_time, acting_as(clinic.actor("nurse")):
        assert Membership.objects.get(pk=waits.pk).unconfirmed_since is None
