"""Who comes in, who leaves, and who opens a restricted record: everything that changes what people may do."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.foundation.accounts import confirmation_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.actor import NOBODY, Actor, acting_as
from sojourn.foundation.accounts.locks import OWN_CLINIC
from sojourn.foundation.accounts.models import BreakGlass, Clinic, Invitation, Membership, Person
from sojourn.foundation.accounts.readiness import refuse_unready
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.accounts.roles import role as role_of
from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.action import LINK, Arguments, Choice, NoLock, action, part, row, rows, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import local
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import PatientScope, clinic_rows, one_row

STAFF_LINK_LIVES = timedelta(days=7)
PATIENT_LINK_LIVES = timedelta(days=14)
RENEWABLE = timedelta(days=30)  # how long after it ran out a link still offers a fresh one by itself
GLASS_STAYS_OPEN = timedelta(minutes=60)
SHORTEST_REASON = 10


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation and its link. The link exists here and in the letter; the database keeps a hash of it."""

    invitation: Invitation
    link: str


def hash_of(token: str) -> str:
    """What the database keeps of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _over(whose: Callable[[Actor, Arguments], str | None]) -> Choice:
    """``staff.manage`` over the staff, ``patient.edit`` over patients and whoever supports them. Where there is nobody
    either will do, and the action says so."""
    either_of = ("staff.manage", "patient.edit")

    def choose(by: Actor, asked: Arguments) -> str:
        role = whose(by, asked)
        if role is None:
            return next(filter(by.may, either_of))
        return "staff.manage" if accounts_queries.is_staff(role) else "patient.edit"

    return Choice(either_of, choose)


def _role_wanted(_by: Actor, asked: Arguments) -> str | None:
    wanted: str = asked["role"]
    return wanted if wanted in roles() else None


def _role_invited(_by: Actor, asked: Arguments) -> str | None:
    return one_row(Invitation, asked["invitation_id"]).values_list("role", flat=True).first()


def _role_held(by: Actor, asked: Arguments) -> str | None:
    found = one_row(Membership, asked["membership_id"]).filter(clinic_id=by.own_clinic_id)
    return found.values_list("role", flat=True).first()


def _sent_before(_by: Actor, asked: Arguments) -> QuerySet[Invitation]:
    """What waits to be taken up for the patient who is invited now."""
    if asked["role"] != "patient":
        return clinic_rows(Invitation).none()
    return _waiting(PatientScope(asked["patient_id"] or 0))


def _waiting(of: PatientScope) -> QuerySet[Invitation]:
    return of.rows(Invitation).filter(role="patient", accepted_at=None, withdrawn_at=None)


@action(
    _over(_role_wanted),
    locks=(OWN_CLINIC, rows(Invitation, "role", "patient_id", where=_sent_before)),
    audit=("person.invited", "person.invitation_withdrawn"),
)
def invite(
    *,
    by: Actor,
    email: str,
    name: str,
    role: str,
    patient_id: int | None = None,
    credentials: str = "",
    language: str = "",
    now: datetime | None = None,
) -> Invited:
    """Invite somebody into the actor's clinic by e-mail.

    Staff need ``staff.manage`` in the actor; a patient or support person needs ``patient.edit`` and ``patient_id``,
    which the caller has found in the clinic. A patient has one link: a new one to another address withdraws those that
    went to a wrong one. Refuses with codes ``unknown_role``, ``no_patient``, ``bad_email``, ``no_name``,
    ``own``, ``already_member``, ``patient_has_account`` or ``already_invited``; for whoever is no staff also with what
    the clinic lacks before it invites patients (see ``readiness``).
    """
    if role not in roles():
        raise ActionRefused(_("There is no such role."), codes=["unknown_role"])
    staff = role_of(role).staff
    _must_be_for_another(by, email)
    now = now or timezone.now()
    email, name = email.strip().lower(), " ".join(name.split())
    # One at a time in a clinic, so that a double press sends one invitation.
    clinic = Clinic.objects.get(pk=by.own_clinic_id)
    patient_id = None if staff else patient_id
    _must_be_invitable(clinic, email, name, role, patient_id, now)
    if not staff:
        refuse_unready(clinic)
    if role == "patient":
        _withdraw_others(by, patient_id, now)
    token = secrets.token_urlsafe()
    invitation = Invitation.objects.create(
        clinic=clinic,
        email=email,
        name=name,
        role=role,
        credentials=" ".join(credentials.split()) if staff else "",
        patient_id=patient_id,
        token_hash=hash_of(token),
        sent_at=now,
        sent_by_id=by.membership_id,
        expires_at=now + (STAFF_LINK_LIVES if staff else PATIENT_LINK_LIVES),
    )
    link = _send(invitation, clinic, token, language)
    record(by, "person.invited", invitation, role=role)
    return Invited(invitation, link)


def _must_be_for_another(by: Actor, email: str) -> None:
    """Nobody grants themselves anything, by whichever of their addresses."""
    if by.person_id is not None and email.strip().lower() in accounts_queries.addresses_of(by.person_id):
        raise ActionRefused(_("You cannot invite yourself. Ask another administrator."), codes=["own"])


def _must_be_invitable(clinic: Clinic, email: str, name: str, role: str, patient_id: int | None, now: datetime) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise ActionRefused(
            _("Enter an e-mail address that can receive the invitation."), codes=["bad_email"]
        ) from error
    if not name:
        raise ActionRefused(_("Enter the name of the person."), codes=["no_name"])
    if not role_of(role).staff and patient_id is None:
        raise ActionRefused(_("Say which patient this account is for."), codes=["no_patient"])
    here = clinic_rows(Membership).filter(clinic=clinic, role=role, ended_at=None)
    if here.filter(person__email__iexact=email).exists():
        raise ActionRefused(
            _("%(email)s has this role in the clinic already.") % {"email": email}, codes=["already_member"]
        )
    if role == "patient" and PatientScope(patient_id or 0).within(here).exists():
        raise ActionRefused(_("This patient has an account already."), codes=["patient_has_account"])
    if (
        clinic_rows(Invitation)
        .filter(email__iexact=email, role=role, accepted_at=None, withdrawn_at=None, expires_at__gt=now)
        .exists()
    ):
        raise ActionRefused(
            _("An invitation to %(email)s is open already. You can send it again from the list.") % {"email": email},
            codes=["already_invited"],
        )


def _withdraw_others(by: Actor, patient_id: int | None, now: datetime) -> None:
    """Make worthless what was sent for this patient before, perhaps into a stranger's mailbox."""
    for other in _waiting(PatientScope(patient_id or 0)):
        other.withdrawn_at = now
        other.save(update_fields=["withdrawn_at"])
        record(by, "person.invitation_withdrawn", other, role=other.role)


def _send(invitation: Invitation, clinic: Clinic, token: str, language: str = "") -> str:
    """Write the letter in the language that the person reads, and queue it. Returns the link."""
    link = address(Page.INVITATION, token)
    person = accounts_queries.person_by_email(invitation.email)
    language = (person.language if person else "") or language or clinic.language
    with translation.override(language):
        until = date_format(local(invitation.expires_at, clinic), "DATE_FORMAT")
        role = str(role_of(invitation.role).label)
    letters.post(
        letters.write(
            invitation.email,
            "invitation",
            language,
            name=invitation.name,
            clinic=clinic.name,
            phone=clinic.phone,
            role=role,
            patient=not role_of(invitation.role).staff,
            link=link,
            until=until,
        )
    )
    return link


@action(_over(_role_invited), locks=row(Invitation, "invitation_id"), audit="person.invited_again")
def resend(*, by: Actor, invitation_id: int, language: str = "", now: datetime | None = None) -> Invited:
    """Send a fresh link; the old one stops working. Refuses with code ``used`` or ``withdrawn``."""
    now = now or timezone.now()
    invitation = _invitation(invitation_id)
    _must_stand(invitation, now, {"used", "withdrawn"})
    return _renew(by, invitation, now, language)


@part(locks=row(Invitation, "invitation_id"), audit="person.invited_again")
def renew_link(*, by: Actor, invitation_id: int, now: datetime) -> Invited:
    """A fresh link in the place of one that ran out. Refuses as ``renew`` does."""
    invitation = _invitation(invitation_id)
    _must_stand(invitation, now, {"used", "withdrawn", "open"})
    if now - invitation.expires_at > RENEWABLE:
        name = invitation.clinic.name
        raise ActionRefused(
            _("This invitation ran out long ago. Call %(clinic)s for a new one.") % {"clinic": name}, codes=["too_old"]
        )
    return _renew(by, invitation, now)


@action(LINK, locks=NoLock("the invitation is held where its link is renewed"), through=(renew_link,))
def renew(*, by: Actor, now: datetime | None = None) -> Invited:
    """The holder of a link that ran out asks for a fresh one; it goes to the same address and nowhere else.

    ``by`` asks with the link's ``token_hash``. Refuses with ``unknown``, ``used``, ``withdrawn``, ``open`` (the link
    still works) or ``too_old``.
    """
    invitation = _opened_by(by)
    with acting_as(_guest(invitation)) as guest:
        return renew_link(by=guest, invitation_id=invitation.pk, now=now or timezone.now())


def _opened_by(by: Actor) -> Invitation:
    """The invitation whose link asks, as it is now; whoever changes it holds it first."""
    found = accounts_queries.invitation_by(by.token_hash)
    if found is None:
        raise ActionRefused(_("This link opens nothing."), codes=["unknown"])
    return found[0]


def _renew(by: Actor, invitation: Invitation, now: datetime, language: str = "") -> Invited:
    clinic = invitation.clinic
    if not role_of(invitation.role).staff:
        refuse_unready(clinic)
    token = secrets.token_urlsafe()
    lives = STAFF_LINK_LIVES if role_of(invitation.role).staff else PATIENT_LINK_LIVES
    invitation.token_hash, invitation.sent_at, invitation.expires_at = hash_of(token), now, now + lives
    invitation.save(update_fields=["token_hash", "sent_at", "expires_at"])
    link = _send(invitation, clinic, token, language)
    record(by, "person.invited_again", invitation, role=invitation.role)
    return Invited(invitation, link)


@action(_over(_role_invited), locks=row(Invitation, "invitation_id"), audit="person.invitation_withdrawn")
def withdraw(*, by: Actor, invitation_id: int, now: datetime | None = None) -> Invitation:
    """Make an invitation's link worthless. Refuses with code ``used`` or ``withdrawn``."""
    now = now or timezone.now()
    invitation = _invitation(invitation_id)
    _must_stand(invitation, now, {"used", "withdrawn"})
    invitation.withdrawn_at = now
    invitation.save(update_fields=["withdrawn_at"])
    record(by, "person.invitation_withdrawn", invitation, role=invitation.role)
    return invitation


@part(locks=row(Invitation, "invitation_id"), audit="person.joined")
def join(*, by: Actor, invitation_id: int, holder: Actor, password: str, language: str, now: datetime) -> Membership:
    """Whoever holds the link becomes what they were invited as. Refuses as ``accept`` does."""
    invitation = _invitation(invitation_id)
    _must_stand(invitation, now, {"used", "withdrawn", "expired"})
    person = _person_for(invitation, holder, password, language)
    membership = _join(invitation, person, now)
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    joined = accounts_queries.actor_of(membership)
    record(joined, "person.joined", membership, invitation=invitation.pk, role=membership.role)
    if membership.unconfirmed_since is not None:
        confirmation_actions.tell(membership)
    return membership


@action(LINK, locks=NoLock("the invitation is held where it is taken up"), through=(join,))
def accept(*, by: Actor, password: str = "", language: str = "", now: datetime | None = None) -> Membership:
    """Take up an invitation, once. A clinical role is worth nothing until another holder confirms it.

    ``by`` asks with the link's ``token_hash``; ``by.person_id`` is whoever is signed in. A stranger gives a
    ``password`` and becomes a person; an existing person signs in first and joins. Refuses with ``unknown``,
    ``expired``, ``used``, ``withdrawn``, ``sign_in_first``, ``other_person``, ``weak_password``, ``own``,
    ``already_member`` or ``patient_has_account``.
    """
    invitation = _opened_by(by)
    with acting_as(_guest(invitation)) as guest:
        return join(
            by=guest, invitation_id=invitation.pk, holder=by, password=password, language=language,
            now=now or timezone.now(),
        )  # fmt: skip


def _guest(invitation: Invitation) -> Actor:
    """The holder of a link, in the clinic that invited them, for as long as the invitation is handled."""
    return Actor(clinic_id=invitation.clinic_id, role="guest", name=invitation.name)


def _invitation(invitation_id: int) -> Invitation:
    try:
        return one_row(Invitation, invitation_id).get()
    except Invitation.DoesNotExist as error:
        raise ActionRefused(_("There is no such invitation."), codes=["unknown"]) from error


def _must_stand(invitation: Invitation, now: datetime, refused: set[str]) -> None:
    standing = accounts_queries.standing(invitation, now)
    reasons = {
        "used": _("This invitation was used already."),
        "withdrawn": _("This invitation was withdrawn."),
        "expired": _("This invitation has run out."),
        "open": _("This link still works."),
    }
    if standing in refused:
        raise ActionRefused(reasons[standing], codes=[standing])


def _person_for(invitation: Invitation, by: Actor, password: str, language: str) -> Person:
    person = accounts_queries.person_by_email(invitation.email)
    if by.person_id is not None and (person is None or by.person_id != person.pk):
        raise ActionRefused(
            _("You are signed in as somebody else. This invitation is for %(email)s.") % {"email": invitation.email},
            codes=["other_person"],
        )
    if person is not None:
        if by.person_id is None:
            raise ActionRefused(_("This address has an account already. Sign in to join."), codes=["sign_in_first"])
        return person
    try:
        validate_password(password, Person(email=invitation.email))
    except ValidationError as error:
        raise ActionRefused(*error.messages, codes=["weak_password"]) from error
    person = Person.objects.create_user(invitation.email, password)
    if language:
        person.language = language
        person.save(update_fields=["language"])
    # The letter reached this address, so it is proved; security notices go there.
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def _join(invitation: Invitation, person: Person, now: datetime) -> Membership:
    if invitation.sent_by is not None and invitation.sent_by.person_id == person.pk:
        raise ActionRefused(_("You sent this invitation yourself. Ask another administrator."), codes=["own"])
    if clinic_rows(Membership).filter(person=person, role=invitation.role, ended_at=None).exists():
        raise ActionRefused(_("You have this role in the clinic already."), codes=["already_member"])
    if (
        invitation.role == "patient"
        and PatientScope(invitation.patient_id or 0).rows(Membership).filter(role="patient", ended_at=None).exists()
    ):
        raise ActionRefused(_("This patient has an account already."), codes=["patient_has_account"])
    return Membership.objects.create(
        clinic_id=invitation.clinic_id,
        person=person,
        role=invitation.role,
        name=invitation.name,
        credentials=invitation.credentials,
        patient_id=invitation.patient_id,
        unconfirmed_since=now if role_of(invitation.role).clinical else None,
    )


@action(_over(_role_held), locks=row(Membership, "membership_id"), audit="person.access_ended")
def end_membership(*, by: Actor, membership_id: int, now: datetime | None = None) -> Membership:
    """End what a person is in the clinic, at once: their open sessions end too, on every device.

    Staff need ``staff.manage`` in the actor, patients and support persons ``patient.edit``. Refuses with ``unknown``,
    ``ended`` or ``own`` (nobody locks the clinic by leaving it alone).
    """
    try:
        membership = one_row(Membership, membership_id).get(clinic_id=by.own_clinic_id)
    except Membership.DoesNotExist as error:
        raise ActionRefused(_("There is no such person in the clinic."), codes=["unknown"]) from error
    if membership.ended_at is not None:
        raise ActionRefused(_("This access has ended already."), codes=["ended"])
    if membership.person_id == by.person_id:
        raise ActionRefused(_("You cannot end your own access. Ask another administrator."), codes=["own"])
    membership.ended_at = now or timezone.now()
    membership.save(update_fields=["ended_at"])
    for session in UserSession.objects.filter(user_id=membership.person_id):
        session.end()
    record(by, "person.access_ended", membership, role=membership.role)
    return membership


@action(
    "patient.clinical",
    locks=rows(Membership, where=lambda by, _asked: one_row(Membership, by.membership_id)),
    audit="record.glass_broken",
)
def open_restricted(*, by: Actor, patient_id: int, reason: str, now: datetime | None = None) -> BreakGlass:
    """Open a restricted record for an hour, with a reason that the patient and the auditor read.

    Needs ``patient.clinical``. The caller has found the patient in the clinic. Refuses with code ``no_reason``. Open
    already, it stays open until its hour ends: the same row is returned.
    """
    now = now or timezone.now()
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise ActionRefused(
            _("Say why you need this record, in at least %(n)d characters.") % {"n": SHORTEST_REASON},
            codes=["no_reason"],
        )
    # One at a time for a person, so that a double press opens it once.
    membership = one_row(Membership, by.membership_id).get()
    still_open = PatientScope(patient_id).rows(BreakGlass).filter(membership=membership, until_at__gt=now).first()
    if still_open is not None:
        return unchanged(still_open)
    opened = BreakGlass.objects.create(
        clinic_id=membership.clinic_id,
        membership=membership,
        opener_name=by.name,
        opener_role=by.role,
        patient_id=patient_id,
        reason=reason,
        opened_at=now,
        until_at=now + GLASS_STAYS_OPEN,
    )
    record(by, "record.glass_broken", opened, reason=reason, until=opened.until_at)
    return opened


def door_keeper() -> Actor:
    """The system actor, as it writes down what people do at the door."""
    return replace(accounts_queries.system_actor(), permissions=frozenset({"sign_in.note"}))


@action("sign_in.note", locks=NoLock("a row more, by which nothing is judged"), audit="person.signed_in")
def note_sign_in(*, by: Actor, person: Person, membership_id: object = None, ip: str = "") -> None:
    """Write that a person signed in: in the chain of the clinic where they land, or in the house's own."""
    _note(person, "person.signed_in", membership_id, ip=ip)


@action(
    "sign_in.note",
    locks=NoLock("a row more, by which nothing is judged"),
    audit=(
        "person.signed_out", "password.changed", "password.reset", "second_factor.added", "second_factor.removed",
        "second_factor.codes_renewed",
    ),
)  # fmt: skip
def note_account_change(*, by: Actor, person: Person, verb: str, membership_id: object = None, **detail: str) -> None:
    """Write what a person did to their own sign-in; ``verb`` is "person.signed_out", "password.changed" or the like."""
    _note(person, verb, membership_id, **detail)


def _note(person: Person, verb: str, membership_id: object, **detail: str) -> None:
    with acting_as(Actor(person_id=person.pk)):
        chosen = accounts_queries.choose(accounts_queries.memberships_of(person.pk), membership_id)
    by = accounts_queries.actor_of(chosen) if chosen else Actor(person_id=person.pk)
    with acting_as(by):
        record(by, verb, None, patient_id=None, **detail)


@action("sign_in.note", locks=NoLock("a row more, by which nothing is judged"), audit="person.sign_in_failed")
def note_failed_sign_in(*, by: Actor, email: str, why: str, ip: str = "") -> None:
    """Write a failed sign-in into the house's own chain (clinic 0).

    ``why`` is "password", "second_factor" or "locked". What was typed is not kept, since a password is easily typed
    into the wrong field: a known address becomes its person, an unknown one a fingerprint.
    """
    person = accounts_queries.person_by_email(email) if email else None
    mark = "" if person or not email else hashlib.sha256(email.strip().lower().encode()).hexdigest()[:12]
    with acting_as(NOBODY):
        record(Actor(person_id=person.pk if person else None), "person.sign_in_failed", why=why, ip=ip, address=mark)
