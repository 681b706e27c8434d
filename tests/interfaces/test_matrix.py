"""Every URL of the house with every role, with strangers, and with the ids of another clinic and another patient.

The URLs are discovered; what is expected comes from each view's own ``permissions`` (``@allowed``, ``@signed_in``,
``@public``). A new page is covered without a line here, unless its address has a parameter that this file cannot
make: then it fails and names the parameter. Add it to ``BOUND`` of tests/rows.py (rows of a clinic) or to ``FREE`` here
(everything else).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern

from sojourn.config import errors
from sojourn.foundation.accounts.actor import NOBODY, set_actor
from sojourn.foundation.accounts.roles import role as role_of
from sojourn.foundation.accounts.roles import roles
from tests.care.stage import adopt_everything
from tests.conftest import make_clinic
from tests.rows import BOUND, Rows

STRANGER = "stranger"
EVERYBODY = (STRANGER, *roles())
# Views of others carry no declaration of ours: allauth guards its own, and test_entry.py meets them.
FOREIGN = ("allauth.", "django.views.i18n")

DONE = {200, 204, 302, 303, 304}
BAD_INPUT = {400, 409, 410, 422, 429}
WRONG_METHOD, NOT_THERE, FORBIDDEN = 405, 404, 403


# ---------------------------------------------------------------- what stands in an address


# Everything else: words that mean the same in every clinic.
FREE: dict[str, object] = {
    "token": "no-such-token",
    "topic": "medicines",
    "number": 1,
    "scale_id": "phq-9",
    "rule_id": "iv_racemic_40min",
    "protocol_id": "iv_racemic_40min",
    "item_id": "padss",
    "name": "portal",
    "code": "hr",
    "group_code": "alarms",
    "line_code": "us-988",
    "document_id": "driving",
    "text_id": "driving",
    "of": "reading",
    "slug": "is-it-safe",
    "clinic_slug": "matrix-north",
    "entry_id": "EV001",
    "place": "us-ca",
}
# Where the same word means something else at one address.
AT: dict[tuple[str, str], object] = {
    ("clinic/sessions/<int:encounter_id>/score/<slug:scale_id>/", "scale_id"): "padss",
    ("clinic/patients/<int:patient_id>/candidacy/clearances/<slug:finding>/<slug:kind>/", "kind"): "clearance",
}
# What is typed where the form itself names a thing that must be there.
TYPED: dict[str, dict[str, Any]] = {
    "clinic/sessions/<int:encounter_id>/events/": {"kind": "music"},
    "clinic/sessions/<int:encounter_id>/withdraw/": {"consent": lambda rows: rows.consent.pk, "reason": "said so"},
    "clinic/place/lines/<slug:line_code>/": {"number": "988", "works": "yes"},
    "clinic/sessions/<int:encounter_id>/check/": {"item": "consent", "outcome": "passed"},
}
# Addresses that have nothing to show by an ordinary visit: a token is a secret, the demo is off, and so on.
NOTHING_THERE = (
    "ride-home/", "way-home/", "earlier/", "day/",
    "clinic/feeds/", "today/feeds/", "invitation/", "outbox/", "accounts/", "ui/",
)  # fmt: skip


# ---------------------------------------------------------------- the addresses


@dataclass(frozen=True)
class Page:
    route: str
    view: Callable[..., Any]
    parameters: tuple[str, ...] = field(default=())

    @property
    def permissions(self) -> Any:
        return getattr(self.view, "permissions", "MISSING")

    def may(self, role: str) -> bool:
        if role == STRANGER:
            return self.permissions is None
        if self.permissions is None or self.permissions == "signed in":
            return True
        return bool(self.permissions & role_of(role).may)

    def address(self, rows: Rows, **elsewhere: Rows) -> str:
        """The page's address with the ids of ``rows``, or of others for the parameters that are named."""
        address = f"/{self.route}"
        for name in self.parameters:
            if (self.route, name) in AT:
                value = AT[self.route, name]
            elif name in BOUND:
                value = BOUND[name][0](elsewhere.get(name, rows))
            else:
                value = FREE[name]
            start = address.index("<")
            address = f"{address[:start]}{value}{address[address.index('>') + 1 :]}"
        return address


def pages(patterns: Any = None, before: str = "") -> Iterator[Page]:
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = before + str(pattern.pattern)
        if not isinstance(pattern, URLPattern):
            yield from pages(pattern.url_patterns, route)
        elif not pattern.callback.__module__.startswith(FOREIGN):
            assert isinstance(pattern.pattern, RoutePattern), f"{route} is a regular expression; write it as a path"
            names = [part.split(">")[0].rsplit(":", 1)[-1] for part in route.split("<")[1:]]
            yield Page(route, pattern.callback, tuple(names))


PAGES = sorted(pages(), key=lambda page: page.route)


# ---------------------------------------------------------------- the people


@dataclass
class World:
    here: Rows
    neighbour: Rows
    there: Rows
    clients: dict[str, Client] = field(default_factory=dict)
    wrong: set[tuple[str, str]] = field(default_factory=set)

    def ask(self, role: str, method: str, address: str, typed: dict[str, str]) -> int:
        """The status of the answer; what the page did is undone."""
        client = self.clients[role]
        with transaction.atomic():
            response = client.post(address, typed) if method == "post" else client.get(address)
            transaction.set_rollback(True)
        set_actor(NOBODY)
        return int(response.status_code)

    def both(self, role: str, page: Page, address: str) -> dict[str, int]:
        """The answers to both methods. A method that the view has not is tried by one of those who may open it: the
        view's decorator looks at nothing else. Who may not open it tries everything."""
        found = {}
        for method in ("get", "post"):
            if page.may(role) and (page.route, method) in self.wrong:
                continue
            typed = TYPED.get(page.route, {}).items()
            typed = {name: each(self.here) if callable(each) else each for name, each in typed}
            found[method] = self.ask(role, method, address, typed)
            if found[method] == WRONG_METHOD:
                self.wrong.add((page.route, method))
        return found


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Two clinics, made once; each request is rolled back by itself, everything at the end."""
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        # Thousands of refusals need no page each.
        patch.setattr(errors, "_page", lambda request, status: HttpResponse(status=status))
        north, south = make_clinic("matrix-north"), make_clinic("matrix-south")
        here, neighbour, there = Rows(north, 1, ""), Rows(north, 11, "2"), Rows(south, 21, "")
        for cast in (north, south):
            adopt_everything(cast)
        for rows in (here, neighbour, there):
            assert rows.people
            for make, _bound in BOUND.values():
                make(rows)
        world = World(here, neighbour, there)
        for role in EVERYBODY:
            client = Client() if role == STRANGER else north.client(role)
            client.raise_request_exception = False
            if role != STRANGER:
                # What the first request writes down, which here is undone, so that none of them has to write it.
                session, now = client.session, int(time.time())
                idle_s = settings.SESSION_IDLE_S["staff" if role_of(role).staff else "patient"]
                session.update({"since": now, "seen": now + 24 * 3600, "idle_s": idle_s})
                session.save()
            world.clients[role] = client
        set_actor(NOBODY)
        yield world
        set_actor(NOBODY)
        transaction.set_rollback(True)


# ---------------------------------------------------------------- the laws


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"/{page.route}")
def test_every_page_says_who_may_open_it(page: Page):
    assert page.permissions != "MISSING", f"{page.view.__module__}.{page.view.__name__} has no @allowed or @public"
    if isinstance(page.permissions, frozenset):
        known = frozenset().union(*(role.may for role in roles().values()))
        assert page.permissions <= known, f"no role holds {set(page.permissions - known)}"


def test_every_parameter_can_be_made():
    unknown = {
        (name, page.route)
        for page in PAGES
        for name in page.parameters
        if name not in BOUND and name not in FREE and (page.route, name) not in AT
    }
    assert not unknown, "say in BOUND or FREE how to make these"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"/{page.route}")
def test_roles(page: Page, world: World):
    """Own rows: those who may, do; those who may not get 403; strangers are asked to sign in; nobody gets a 500."""
    address = page.address(world.here)
    really_there = False
    for role in EVERYBODY:
        found = world.both(role, page, address)
        said = f"{role}: {found}"
        answers = set(found.values()) - {WRONG_METHOD}
        assert answers, f"{said}: answers neither GET nor POST"
        if page.may(role):
            assert answers <= DONE | BAD_INPUT | {NOT_THERE, FORBIDDEN}, said
            if isinstance(page.permissions, frozenset) and len(page.permissions) == 1:
                # A page of several permissions, or of none, looks closer at who asks; this one has been told enough.
                assert answers != {FORBIDDEN}, said
            really_there |= bool(answers & (DONE | BAD_INPUT))
        elif role == STRANGER:
            assert answers == {302}, said
            client = world.clients[role]
            where = client.get(address)
            if where.status_code != WRONG_METHOD:
                assert where["Location"].startswith("/accounts/login/"), said
        else:
            assert answers == {FORBIDDEN}, said
    assert really_there or page.route.startswith(NOTHING_THERE), (
        "nobody who may open it finds it: is its id made right?"
    )


WITH_IDS = [page for page in PAGES if any(name in BOUND for name in page.parameters)]


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_IDS, ids=lambda page: f"/{page.route}")
def test_another_clinics_ids(page: Page, world: World):
    """404 to whoever may open the page, 403 to whoever may not, in each place of the address; never a trace."""
    for name in page.parameters:
        if name not in BOUND:
            continue
        address = page.address(world.here, **{name: world.there})
        for role in EVERYBODY:
            found = world.both(role, page, address)
            answers = set(found.values()) - {WRONG_METHOD}
            if page.may(role):
                expected = {NOT_THERE}
            else:
                expected = {302} if role == STRANGER else {FORBIDDEN}
            assert answers == expected, f"{name} of another clinic, {role}: {found}"


OF_PATIENTS = [page for page in WITH_IDS if page.may("patient") or page.may("support_person")]


@pytest.mark.slow
@pytest.mark.parametrize("page", OF_PATIENTS, ids=lambda page: f"/{page.route}")
def test_another_patients_ids(page: Page, world: World):
    """A patient, and whoever supports them, meets another patient of the same clinic nowhere."""
    for name in page.parameters:
        if name not in BOUND or not BOUND[name][1]:
            continue
        address = page.address(world.here, **{name: world.neighbour})
        for role in ("patient", "support_person"):
            found = world.both(role, page, address)
            expected = {NOT_THERE} if page.may(role) else {FORBIDDEN}
            assert set(found.values()) - {WRONG_METHOD} == expected, f"{name} of another patient, {role}: {found}"
