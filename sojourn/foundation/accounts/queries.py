"""What people are, where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal, Protocol

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import QuerySet

from sojourn.foundation.accounts.actor import Actor, acting_as, set_actor
from sojourn.foundation.accounts.models import BreakGlass, Clinic, Invitation, Membership, Person
from sojourn.foundation.accounts.roles import role, roles
from sojourn.foundation.scope import PatientScope, clinic_rows

# On which the database says that a sign-in or a person's role has changed (migration 0005).
SIGN_IN_CHANNEL: Final = "sojourn_sign_in"

Standing = Literal["open", "expired", "used", "withdrawn"]


class Restrictable(Protocol):
    """A patient record as this floor sees it."""

    pk: int
    restricted: bool


def memberships_of(person_id: int) -> list[Membership]:
    """What the person is, in every clinic, with the clinics; ended ones left out. One query."""
    return list(
        clinic_rows(Membership).select_related("clinic").filter(person_id=person_id, ended_at=None).order_by("id")
    )


def choose(memberships: Sequence[Membership], wanted: object) -> Membership | None:
    """The membership that was chosen in this session, or the first."""
    for membership in memberships:
        if membership.pk == wanted:
            return membership
    return next(iter(memberships), None)


def sign_in_names(session_key: str, person_id: int | None) -> frozenset[str]:
    """What a notification on ``SIGN_IN_CHANNEL`` calls a sign-in: by its session, and by its person."""
    return frozenset((f"s:{sha256(session_key.encode()).hexdigest()}", f"p:{person_id}"))


def is_staff(code: str) -> bool:
    return code in roles() and role(code).staff


def actor_of(membership: Membership) -> Actor:
    """The actor that a membership makes of a person."""
    return Actor(
        person_id=membership.person_id,
        clinic_id=membership.clinic_id,
        role=membership.role,
        name=str(membership),
        patient_id=membership.patient_id,
        membership_id=membership.pk,
        permissions=_holds(membership),
        unconfirmed=membership.unconfirmed_since is not None,
        time_zone=membership.clinic.time_zone if Membership.clinic.is_cached(membership) else "",
    )


def _holds(membership: Membership) -> frozenset[str]:
    if membership.unconfirmed_since is not None or membership.role not in roles():
        return frozenset()
    return role(membership.role).may


def system_actor(clinic_id: int | None = None, name: str = "Sojourn") -> Actor:
    """A process of Sojourn itself, working in one clinic. Its role's code stands in the audit's chain as "house"."""
    return Actor(clinic_id=clinic_id, role="house", name=name)


def person_by_email(email: str) -> Person | None:
    """The sign-in with that address, in any clinic; people belong to no clinic."""
    return Person.objects.filter(email__iexact=email.strip()).first()


def staff(clinic_id: int) -> list[Membership]:
    """The clinic's staff with their sign-ins: those at work first, then those who left, each by name. One query."""
    rows = (
        clinic_rows(Membership)
        .select_related("person")
        .filter(clinic_id=clinic_id, role__in=[code for code, each in roles().items() if each.staff])
    )
    return sorted(rows, key=lambda row: (row.ended_at is not None, row.name.casefold(), row.pk))


def at_work(clinic_id: int, code: str) -> list[Membership]:
    """Who holds a role in the clinic now, confirmed, with their sign-ins, by name. One query."""
    rows = clinic_rows(Membership).select_related("person").filter(clinic_id=clinic_id, role=code, ended_at=None)
    return list(rows.filter(unconfirmed_since=None).order_by("name", "pk"))


def newcomers(clinic_id: int) -> list[Membership]:
    """Who waits to be confirmed in a clinical role, with their sign-ins, the longest first. One query."""
    rows = clinic_rows(Membership).select_related("person").filter(clinic_id=clinic_id, ended_at=None)
    return list(rows.filter(unconfirmed_since__isnull=False).order_by("unconfirmed_since", "pk"))


def invited(membership: Membership) -> list[Invitation]:
    """The invitations by which somebody joined in this role, with who sent them, the newest first. One query."""
    rows = (
        clinic_rows(Invitation)
        .select_related("sent_by")
        .filter(role=membership.role, email__iexact=membership.person.email)
    )
    return list(rows.exclude(accepted_at=None).order_by("-accepted_at", "-pk"))


def inviters(membership: Membership) -> frozenset[int]:
    """The people who invited somebody into their role. One query."""
    return frozenset(each.sent_by.person_id for each in invited(membership) if each.sent_by is not None)


def who_confirms(newcomer: Membership) -> list[Membership]:
    """Who can confirm somebody: those who hold the role and did not send the invitation, by name. Three queries."""
    others = inviters(newcomer) | {newcomer.person_id}
    return [each for each in at_work(newcomer.clinic_id, newcomer.role) if each.person_id not in others]


def addresses_of(person_id: int) -> frozenset[str]:
    """Every address of a person, in small letters. Two queries."""
    own = Person.objects.filter(pk=person_id).values_list("email", flat=True)
    more = EmailAddress.objects.filter(user_id=person_id).values_list("email", flat=True)
    return frozenset(each.lower() for each in (*own, *more))


def invitations(clinic_id: int) -> list[Invitation]:
    """Invitations to the staff that nobody has used or withdrawn, newest first. One query."""
    return list(_waiting(clinic_rows(Invitation), clinic_id).filter(patient_id=None))


def invitations_of_patient(clinic_id: int, of: PatientScope) -> list[Invitation]:
    """The same to one patient's page."""
    return list(_waiting(of.rows(Invitation), clinic_id))


def _waiting(sent: QuerySet[Invitation], clinic_id: int) -> QuerySet[Invitation]:
    waiting = sent.filter(clinic_id=clinic_id, accepted_at=None, withdrawn_at=None)
    return waiting.select_related("sent_by").order_by("-sent_at", "-pk")


def accounts_of_patient(clinic_id: int, of: PatientScope) -> list[Membership]:
    """Who signs in for this patient: the patient and support persons, with their addresses. One query."""
    return list(
        of.rows(Membership).select_related("person").filter(clinic_id=clinic_id, ended_at=None).order_by("role", "pk")
    )


def second_factors(person_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """Which second factors each person has set up: "totp", "webauthn", "recovery_codes". One query."""
    found: dict[int, set[str]] = {person_id: set() for person_id in person_ids}
    for person_id, kind in Authenticator.objects.filter(user_id__in=list(found)).values_list("user_id", "type"):
        found[person_id].add(kind)
    return {person_id: frozenset(kinds) for person_id, kinds in found.items()}


def invitation_by(token_hash: str) -> tuple[Invitation, Clinic] | None:
    """The invitation that a link opens, and its clinic. Row-level security opens this one row to the token alone."""
    with acting_as(Actor(token_hash=token_hash)):
        invitation = clinic_rows(Invitation).filter(token_hash=token_hash).first()
        if invitation is None:
            return None
        set_actor(system_actor(invitation.clinic_id))
        return invitation, invitation.clinic


def standing(invitation: Invitation, now: datetime) -> Standing:
    """What an invitation's link is worth."""
    if invitation.accepted_at is not None:
        return "used"
    if invitation.withdrawn_at is not None:
        return "withdrawn"
    return "open" if now < invitation.expires_at else "expired"


def glass_broken(actor: Actor, of: PatientScope, now: datetime) -> bool:
    """Whether this actor has opened this restricted record with a reason, and the hour is not over."""
    return actor.membership_id is not None and (
        of.rows(BreakGlass).filter(membership_id=actor.membership_id, until_at__gt=now).exists()
    )


def may_open(actor: Actor, patient: Restrictable, now: datetime) -> bool:
    """Whether the actor may see the inside of this record. At most one query, and none for an ordinary record."""
    if not patient.restricted or actor.may("patient.restricted") or actor.patient_id == patient.pk:
        return True
    return glass_broken(actor, PatientScope(patient.pk), now)


def openings(of: PatientScope) -> list[BreakGlass]:
    """Who opened this restricted record, when and why, newest first. The patient may ask too. One query."""
    return list(of.rows(BreakGlass).order_by("-opened_at", "-pk"))
