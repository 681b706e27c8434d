"""Nobody makes himself a clinician: a clinical role is confirmed by another person who holds it.

The first of a role has nobody to ask. There the machine's owner confirms on the command line (``sojourn confirm``), and
the database believes it by the owner's own word (``config.installation``), which no runtime role can write.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Membership, RoleConfirmation
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.accounts.roles import role as role_of
from sojourn.foundation.action import action, row, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import MemberScope, one_row

OWNER: Final = "staff.confirm_first"  # held by the command line alone


@action("staff.confirm", locks=row(Membership, "membership_id"), audit="person.confirmed")
def confirm(*, by: Actor, membership_id: int, now: datetime | None = None) -> RoleConfirmation:
    """A present holder of a clinical role confirms a newcomer to it. Twice changes nothing.

    Raises NotAllowed (no clinical role, or an unconfirmed one) and Refused: unknown, ended, own (the same person,
    whatever other role they hold), other-role, inviter (one person alone would bring somebody in).
    """
    newcomer = _waiting(by, membership_id)
    before = MemberScope(newcomer.pk).rows(RoleConfirmation).first()
    if before is not None:
        return unchanged(before)
    if newcomer.person_id == by.person_id:
        raise ActionRefused(_("You cannot confirm yourself. Another person who holds this role does."), codes=["own"])
    if newcomer.role != by.role:
        raise ActionRefused(_("Only somebody who holds this role confirms it."), codes=["other-role"])
    if by.person_id in accounts_queries.inviters(newcomer):
        raise ActionRefused(
            _("You invited this person yourself. Another holder confirms, or whoever runs this installation."),
            codes=["inviter"],
        )
    _must_wait(newcomer)
    return _confirmed(by, newcomer, by.member, now)


@action(OWNER, locks=(turn("first_confirmation"), row(Membership, "membership_id")), audit="person.confirmed")
def confirm_first(*, by: Actor, membership_id: int, now: datetime | None = None) -> RoleConfirmation:
    """The machine's owner confirms the first holder of a clinical role in a clinic, whose word is in the database.

    Raises NotAllowed and Refused: unknown, ended, has-holder (somebody is there who can confirm).
    """
    newcomer = _waiting(by, membership_id)
    before = MemberScope(newcomer.pk).rows(RoleConfirmation).first()
    if before is not None:
        return unchanged(before)
    _must_wait(newcomer)
    if holders := accounts_queries.who_confirms(newcomer):
        names = ", ".join(str(each) for each in holders)
        raise ActionRefused(
            _("%(names)s holds this role already, and confirms it.") % {"names": names}, codes=["has-holder"]
        )
    return _confirmed(by, newcomer, None, now)


def _waiting(by: Actor, membership_id: int) -> Membership:
    try:
        return one_row(Membership, membership_id).get(clinic_id=by.own_clinic_id)
    except Membership.DoesNotExist as error:
        raise ActionRefused(_("There is no such person in the clinic."), codes=["unknown"]) from error


def _must_wait(newcomer: Membership) -> None:
    if newcomer.ended_at is not None or newcomer.unconfirmed_since is None:
        raise ActionRefused(_("This role does not wait for anybody."), codes=["ended"])


def _confirmed(by: Actor, newcomer: Membership, holder_id: int | None, now: datetime | None) -> RoleConfirmation:
    confirmed = RoleConfirmation.objects.create(
        clinic_id=newcomer.clinic_id, membership=newcomer, confirmed_by_id=holder_id, confirmed_at=now or timezone.now()
    )
    newcomer.unconfirmed_since = None
    newcomer.save(update_fields=["unconfirmed_since"])
    record(by, "person.confirmed", newcomer, role=newcomer.role, name=str(newcomer))
    return confirmed


def tell(newcomer: Membership) -> None:
    """Write to those who hold the role, and to every prescriber, that somebody waits to be confirmed."""
    clinic = newcomer.clinic
    told = {
        each.person_id: each
        for code in ("prescriber", newcomer.role)
        for each in accounts_queries.at_work(clinic.pk, code)
    }
    link = address(Page.CLINIC_HOME)
    for each in told.values():
        language = each.person.language or clinic.language
        with translation.override(language):
            role = str(role_of(newcomer.role).label)
        letters.post(
            letters.write(
                each.person.email, "newcomer", language,
                name=each.name, newcomer=str(newcomer), role=role, clinic=clinic.name, link=link,
                confirms=each.role == newcomer.role,
            )
        )  # fmt: skip
