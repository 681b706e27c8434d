"""Two clinics with one person in every role: the cast of every test that needs people."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.test import Client, override_settings
from django.utils import timezone, translation
from hypothesis import settings as laws
from xdist.scheduler import LoadScopeScheduling

from sojourn.foundation.accounts import actor as actors
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic, Membership, Person
from sojourn.foundation.accounts.queries import actor_of
from sojourn.foundation.accounts.roles import roles
from tests import crowded, placed, postgres_server
from tests.clock import DENVER

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.interfaces.web import Web

laws.register_profile("house", deadline=None)  # a busy machine is no fault of what is tested
laws.load_profile("house")
# What stays in one worker, for the sake of what it sets up; and what takes long. Both begin first: begun last, they
# would leave the other workers without work.
TOGETHER = (
    "tests/care/test_actions.py", "tests/care/test_demo_scenario.py", "tests/interfaces/test_board.py",
    "tests/interfaces/test_live.py",
)  # fmt: skip
SOURCES = "tests/repo/"
LONG = ("tests/journeys/", "tests/repo/test_wheel.py", "tests/interfaces/devices/test_fuzz.py")


class _Scheduling(LoadScopeScheduling):
    """Test by test, but some files whole, and all that walks the parsed sources in one worker. (xdist's groups write
    into a test's id, which pytest no longer lets them.)"""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(SOURCES) and not nodeid.startswith(LONG):
            return SOURCES
        return nodeid.partition("::")[0] if nodeid.startswith(TOGETHER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduling:
    return _Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith((*LONG, *TOGETHER)))


@dataclass
class Cast:
    """A clinic and its people. ``actor("nurse")`` asks as that role; ``client("nurse")`` is signed in as it."""

    clinic: Clinic
    members: dict[str, Membership] = field(default_factory=dict)

    def actor(self, role: str) -> Actor:
        return actor_of(self.members[role])

    def client(self, role: str) -> Client:
        """The one row that a sign-in of the role leaves, its second factor said; ``force_login`` asks twenty statements
        for it."""
        member = self.members[role]
        session = SessionStore()
        session.update({
            SESSION_KEY: str(member.person_id), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: member.person.get_session_auth_hash(), "second_factor": True, "membership": member.pk,
        })  # fmt: skip
        session.create()
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return client


def make_clinic(slug: str, *, on_duty: bool = True) -> Cast:
    """A clinic with one member of every staff role, made through the owner-less role that the product uses.

    ``on_duty``: its nurse and its prescriber are named to be asked about flags."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_clinic', 'id'))")
        clinic_id = cursor.fetchone()[0]
    with acting_as(Actor(clinic_id=clinic_id, role="house", name="test")):
        clinic = Clinic.objects.create(
            id=clinic_id, name=f"Clinic {slug}", slug=slug, time_zone=DENVER.key, **placed.DETAILS
        )
        staff = {code: role for code, role in roles().items() if role.staff}
        people = [Person(email=f"{code}@{slug}.example", password="!") for code in staff]  # "!": no password opens it
        members = [
            Membership(clinic=clinic, person=person, role=code, name=f"{role.label} {slug}")
            for person, (code, role) in zip(Person.objects.bulk_create(people), staff.items(), strict=True)
        ]
        cast = Cast(clinic, dict(zip(staff, Membership.objects.bulk_create(members), strict=True)))
        placed.lines_checked(clinic, cast.members["clinic_admin"])
        if on_duty:
            name_on_duty(cast, "nurse", "prescriber")
        return cast


def name_on_duty(cast: Cast, *names: str) -> None:
    """These of the cast are asked about flags, in this order."""
    from sojourn.care.safety.models import DutyContact, DutyList

    with acting_as(Actor(clinic_id=cast.clinic.pk, role="house", name="test")):
        listed = DutyList.objects.create(clinic=cast.clinic, decided_at=timezone.now())
        DutyContact.objects.bulk_create(
            DutyContact(clinic=cast.clinic, list=listed, member=cast.members[name], place=place)
            for place, name in enumerate(names, start=1)
        )


@pytest.fixture
def lasting(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """A clinic whose rows are committed, so that several connections meet in it. They stay in the test database."""
    with django_db_blocker.unblock():
        yield make_clinic(f"lasting-{time.time_ns()}")
        connections.close_all()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """In the place of pytest-django's: our databases are made by the product's own ``installation``."""
    with django_db_blocker.unblock():
        postgres_server.make_database()
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture(scope="session", autouse=True)
def _a_quick_hasher() -> Iterator[None]:
    """Hashing is slow on purpose (scrypt: a sixth of a second each), and no test here is about hashing."""
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(PASSWORD_HASHERS=[quick, *settings.PASSWORD_HASHERS]):
        yield


@pytest.fixture(autouse=True)
def _as_nobody() -> Iterator[None]:
    """Nobody asks at the beginning of a test, whoever asked in the one before it."""
    token = actors._asking.set(actors.NOBODY)
    yield
    actors._asking.reset(token)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Every test begins in the source language, whatever the one before it asked for."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def _crowd(django_db_setup: None, django_db_blocker: Any) -> Cast:
    with django_db_blocker.unblock():
        return crowded.make(make_clinic("crowd"))


@pytest.fixture
def clinic(request: pytest.FixtureRequest, _crowd: Cast, db: None) -> Cast:
    """A clinic in which somebody else is treated too (tests/crowded.py): what is done for one leaves the other alone.
    A test that counts what a clinic has says ``@pytest.mark.alone``, and nobody is there."""
    if request.node.get_closest_marker("alone"):
        return make_clinic(f"north-{timezone.now().timestamp():.6f}".replace(".", "-"))
    return copy.deepcopy(_crowd)


@pytest.fixture
def other_clinic(db: None) -> Cast:
    return make_clinic(f"south-{timezone.now().timestamp():.6f}".replace(".", "-"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for every folder: its loop runs in this thread, beside which Django would refuse the database."""
    from playwright.sync_api import expect, sync_playwright

    from tests.browser import launch_options

    expect.set_options(timeout=15_000)  # a busy machine is no fault of the page

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(**launch_options())  # type: ignore[arg-type]
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def web_process(django_db_setup: None) -> Iterator[Web]:
    """The real web process before the worker's database, one for every file that asks for it: to collect its files and
    to start it takes seconds. A test that stops it starts it again."""
    from tests.interfaces.web import HOME, Web

    server = Web(str(HOME))
    server.collect()
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _the_connection_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A connection outside any block that does not commit by itself begins no transaction, and nobody says who asks."""
    yield
    monkeypatch.undo()
    connection = connections["default"]
    if connection.connection is not None and not connection.in_atomic_block and not connection.autocommit:
        connection.close()
        pytest.fail("the connection was left without autocommit")
