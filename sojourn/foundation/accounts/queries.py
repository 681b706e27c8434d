"""What people are, where."""

from __future__ import annotations

from collections.abc import Sequence

from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.roles import role, roles


def memberships_of(person_id: int) -> list[Membership]:
    """What the person is, in every clinic, with the clinics; ended ones left out. One query."""
    return list(
        Membership.objects.select_related("clinic")
        .filter(person_id=person_id, ended_at=None)
        .order_by("id")
    )


def choose(memberships: Sequence[Membership], wanted: object) -> Membership | None:
    """The membership that was chosen in this session, or the first."""
    for membership in memberships:
        if membership.pk == wanted:
            return membership
    return memberships[0] if memberships else None


def is_staff(code: str) -> bool:
    return code in roles() and role(code).staff


def asker_of(membership: Membership) -> Asker:
    """The asker that a membership makes of a person."""
    return Asker(
        person_id=membership.person_id,
        clinic_id=membership.clinic_id,
        role=membership.role,
        name=str(membership),
        patient_id=membership.patient_id,
        membership_id=membership.pk,
        permissions=role(membership.role).may if membership.role in roles() else frozenset(),
    )


def house(clinic_id: int | None = None, name: str = "Sojourn") -> Asker:
    """A process of the house, working in one clinic."""
    return Asker(clinic_id=clinic_id, role="house", name=name)
