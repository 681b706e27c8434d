"""Make a database ready: roles, database, migrations, grants. Safe to run again at any time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from sojourn.config import moved_rooms
from sojourn.config.environment import database, environment

if TYPE_CHECKING:
    from sojourn.foundation.accounts.models import Membership

_SHARED_TABLES = ("accounts_person",)
_SHARED_PREFIXES = ("account_", "mfa_", "usersessions_", "django_session", "house_cache", "procrastinate_")


class CannotPrepare(Exception):
    """The database cannot be made ready; the message says what a person must do."""


def prepare(say: Callable[[str], None]) -> None:
    """Roles, database, migrations and grants, each step said through ``say``. Raises CannotPrepare."""
    make_roles_and_database()
    say("Bringing the tables up to date")
    with psycopg.connect(database("owner").conninfo(), autocommit=True) as connection:
        moved_rooms.rename(connection)
    _migrate()
    _check()
    _grants()


def make_roles_and_database() -> None:
    """The roles, and for the embedded server the database. Raises CannotPrepare."""
    env, admin = environment(), database("admin")
    if env.embedded:
        with psycopg.connect(host=admin.host, user="postgres", dbname="postgres", autocommit=True) as connection:
            for role in ("sojourn_owner", "sojourn_app", "sojourn_signals"):
                _ensure_role(connection, role, "")
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (env.database_name,))
            if not exists.fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER sojourn_owner").format(sql.Identifier(env.database_name))
                )
        return
    try:
        with psycopg.connect(admin.conninfo(), autocommit=True) as connection:
            for role in ("app", "signals"):
                target = database(role)
                _ensure_role(connection, target.user, target.password)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CannotPrepare(
            "The user of DATABASE_URL may not create roles. Either let it (ALTER ROLE ... CREATEROLE), or create"
            " sojourn_app and sojourn_signals yourself, with the passwords that stand in SOJOURN_HOME."
        ) from error


def _ensure_role(connection: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS").format(sql.Identifier(role))
        )
    if password:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))


def _migrate() -> None:
    os.environ["SOJOURN_OWNER_ALIAS"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sojourn.config.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    if "owner" not in settings.DATABASES:
        raise CannotPrepare("this process was started without the owner's connection")
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    call_command("createcachetable", "house_cache", database="owner", verbosity=0)


def _check() -> None:
    """What the rooms expect of each other must be there before the first page, not be missed by the first letter."""
    from django.core.checks import run_checks

    from sojourn.foundation import links

    if faults := run_checks(tags=[links.TAG]):
        raise CannotPrepare("\n".join(str(fault.msg) for fault in faults))


def _grants() -> None:
    """Tables that belong to no clinic (sign-in, sessions, jobs, cache): the web and job role works on them."""
    with psycopg.connect(database("owner").conninfo(), autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC, sojourn_app, sojourn_signals")
        connection.execute("GRANT USAGE ON SCHEMA public TO sojourn_app, sojourn_signals")
        tables = [
            name
            for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            if name in _SHARED_TABLES or name.startswith(_SHARED_PREFIXES)
        ]
        for name in tables:
            connection.execute(
                sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO sojourn_app").format(sql.Identifier(name))
            )
        connection.execute("GRANT SELECT ON django_migrations, django_content_type TO sojourn_app")
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sojourn_app")


def first_clinic(
    *, name: str, time_zone: str, jurisdiction: str, admin_email: str, admin_name: str,
    details: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """Make a clinic and invite its first administrator; the link that lets them in. Raises CannotPrepare.

    ``details``: its telephone and address where they are known now (see ``place_actions.set_details``). Whoever leaves
    them out writes them on the clinic's own page, before the first patient is invited.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from django.db import IntegrityError, connection
    from django.utils.text import slugify

    from sojourn.care.consent.actions import PLACE
    from sojourn.foundation.accounts import actions as accounts_actions
    from sojourn.foundation.accounts import place_actions
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.queries import system_actor
    from sojourn.foundation.accounts.refused import ActionRefused

    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CannotPrepare(f"{time_zone} is no time zone; write it like America/Denver") from error
    place = jurisdiction.strip().upper()
    if not PLACE.fullmatch(place):  # the texts that patients sign hang on it
        raise CannotPrepare(f"{jurisdiction} is no country or state; write its code, like US-CO or GB")
    slug = slugify(name)[:50] or "clinic"
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_clinic', 'id'))")
        clinic_id = cursor.fetchone()[0]
    founder = replace(
        system_actor(clinic_id, "sojourn init"),
        permissions=frozenset({"clinic.make", "staff.manage", "clinic.details"}),
    )
    try:
        with acting_as(founder):
            place_actions.make_clinic(by=founder, name=name, slug=slug, time_zone=time_zone, jurisdiction=place)
            if details:
                place_actions.set_details(by=founder, **details)
            invited = accounts_actions.invite(by=founder, email=admin_email, name=admin_name, role="clinic_admin")
    except IntegrityError as error:
        raise CannotPrepare(
            f"There is a clinic called {slug} already; it invites its people on its own pages."
        ) from error
    except ActionRefused as error:
        raise CannotPrepare(str(error)) from error
    return invited.link


def country_by_clock(time_zone: str) -> str:
    """Where a clinic is that has not said so: the country of its time zone, else the United States."""
    from sojourn.clinical import lines

    return next((code for code, each in lines.countries().items() if time_zone in each.zones), "US")


def lines_of(jurisdiction: str) -> list[str]:
    """What Help now shows first in a place, a line each: for whoever sets the clinic up."""
    from sojourn.clinical import lines

    found = lines.of(jurisdiction, "en")
    if not found.emergency:
        return [f"No lines were collected for {jurisdiction}: the administrator writes its emergency number."]
    return [f"{each.name}: {each.shown}" for each in (*found.buttons, *found.first)]


def owner_says(membership_ids: Iterable[int]) -> None:
    """The machine's owner's own word that these are who they say: written over the owner's connection, which no runtime
    role has. The confirmation itself is an action, and audited."""
    with psycopg.connect(database("owner").conninfo(), autocommit=True) as connection:
        for membership_id in membership_ids:
            connection.execute(
                "INSERT INTO accounts_owner_word (membership_id) VALUES (%s) ON CONFLICT DO NOTHING", (membership_id,)
            )


def _memberships(email: str, role: str, clinic: str) -> list[Membership]:
    """Where somebody holds a role, in one clinic or in all. Raises CannotPrepare where nowhere."""
    from sojourn.foundation.accounts import queries as accounts_queries
    from sojourn.foundation.accounts.actor import Actor, acting_as

    person = accounts_queries.person_by_email(email)
    if person is None:
        raise CannotPrepare(f"Nobody signs in as {email}. Whoever is invited accepts first.")
    with acting_as(Actor(person_id=person.pk)):
        theirs = [each for each in accounts_queries.memberships_of(person.pk) if each.role == role]
    found = [each for each in theirs if not clinic or each.clinic.slug == clinic]
    if not found:
        raise CannotPrepare(f"{email} is no {role}" + (f" of {clinic}." if clinic else "."))
    return found


def _unconfirmed(email: str, role: str, clinic: str) -> Membership:
    """The one membership that waits to be confirmed. Raises CannotPrepare where there is none, or more than one."""
    waiting = [each for each in _memberships(email, role, clinic) if each.unconfirmed_since is not None]
    if not waiting:
        raise CannotPrepare(f"{email} is confirmed as {role} already.")
    if len(waiting) > 1:
        slugs = ", ".join(each.clinic.slug for each in waiting)
        raise CannotPrepare(f"{email} waits in several clinics: say --clinic, one of {slugs}")
    return waiting[0]


def confirm_first(*, email: str, role: str, clinic: str = "") -> str:
    """The machine's owner confirms the first holder of a clinical role. Who it was, and where. Raises CannotPrepare."""
    from sojourn.foundation.accounts import confirmation_actions
    from sojourn.foundation.accounts import queries as accounts_queries
    from sojourn.foundation.accounts.actor import acting_as
    from sojourn.foundation.accounts.refused import ActionRefused

    newcomer = _unconfirmed(email, role, clinic)
    by = replace(
        accounts_queries.system_actor(newcomer.clinic_id, "sojourn confirm"),
        permissions=frozenset({confirmation_actions.OWNER}),
    )
    owner_says([newcomer.pk])
    try:
        with acting_as(by):
            confirmation_actions.confirm_first(by=by, membership_id=newcomer.pk)
    except ActionRefused as error:
        raise CannotPrepare(str(error)) from error
    return f"{newcomer}, {role} of {newcomer.clinic.name}"
