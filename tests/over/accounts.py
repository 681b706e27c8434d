"""Rows of accounts that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sojourn.foundation.accounts.models import BreakGlass, Membership, Person
from tests.furnished import Furnished
from tests.over.copies import again, of


def _invitation(rows: Furnished, now: datetime) -> None:
    again(rows.invitation, withdrawn_at=now)
    again(rows.patients_invitation, accepted_at=now, patient_id=rows.running.patient.pk)


def _member(rows: Furnished, now: datetime) -> None:
    person = Person.objects.create_user("left@two.example")
    Membership.objects.create(clinic=rows.cast.clinic, person=person, role="nurse", name="Left", ended_at=now)


def _newcomer_who_left(rows: Furnished, now: datetime) -> None:
    person = Person.objects.create_user("gone@two.example")
    Membership.objects.create(
        clinic=rows.cast.clinic, person=person, role="nurse", name="Gone", unconfirmed_since=now, ended_at=now
    )


def _colleague(rows: Furnished, now: datetime) -> None:
    person = Person.objects.create_user("auditor@two.example")
    Membership.objects.create(clinic=rows.cast.clinic, person=person, role="auditor", name="Second")


def _other_invitation(rows: Furnished, now: datetime) -> None:
    again(rows.patients_invitation)


def _unconfirmed(rows: Furnished, now: datetime) -> None:
    person = Person.objects.create_user("new@two.example")
    Membership.objects.create(clinic=rows.cast.clinic, person=person, role="nurse", name="New", unconfirmed_since=now)


def _account(rows: Furnished, now: datetime) -> None:
    again(rows.people[1], ended_at=now)


def _opened(rows: Furnished, now: datetime) -> None:
    again(of(BreakGlass, rows), until_at=now - timedelta(hours=1))


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "invitations that were withdrawn or taken up": _invitation,
    "a member who left": _member,
    "a member whom nobody has confirmed": _unconfirmed,
    "a newcomer who left before anybody confirmed them": _newcomer_who_left,
    "another auditor": _colleague,
    "what was sent to another patient": _other_invitation,
    "an account that ended": _account,
    "a restricted record that was opened before": _opened,
}
TELLS: Final[dict[str, set[str]]] = {
    "a member who left": {"foundation.accounts.queries.staff"},
    "a member whom nobody has confirmed": {
        "foundation.accounts.queries.staff", "foundation.accounts.queries.newcomers",
    },
    "a newcomer who left before anybody confirmed them": {"foundation.accounts.queries.staff"},
    "another auditor": {"foundation.accounts.queries.staff"},
    "a restricted record that was opened before": {"foundation.accounts.queries.openings"},
}  # fmt: skip
