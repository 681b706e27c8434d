"""Name who is asked about a flag, and choose how one is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.safety.duty_queries import ANSWERS, FEWEST, clinical_members
from sojourn.care.safety.models import DutyContact, DutyList, NoticeChoice
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import NoLock, action
from sojourn.foundation.audit.actions import record

MOST = 12
_NUMBER = re.compile(r"\+[0-9]{7,15}")


@action("duty.manage", locks=NoLock("each list is a row of its own, and the newest counts"), audit="duty.named")
def name_duty(*, by: Actor, member_ids: Sequence[int], now: datetime | None = None) -> DutyList:
    """Say who is asked about a flag: the first, the back-up, then the others. It replaces the list before.

    Refused: too-few (one person cannot step in for themselves), too-many, twice (one person in two roles as well),
    cannot-answer (has left, is not confirmed, or holds a role that answers no flags).
    """
    wanted = list(member_ids)
    if len(wanted) != len(set(wanted)):
        raise ActionRefused(_("Each person can be on the list only once."), codes=["twice"])
    if len(wanted) < FEWEST:
        raise ActionRefused(_("Name at least two people: one who is asked, and one who steps in."), codes=["too-few"])
    if len(wanted) > MOST:
        raise ActionRefused(_("Name at most %(n)d people.") % {"n": MOST}, codes=["too-many"])
    here = {each.pk: each.person_id for each in clinical_members(by.own_clinic_id)}
    if not here.keys() >= set(wanted):
        raise ActionRefused(_("Somebody on the list does not work here as a clinician."), codes=["cannot-answer"])
    if len({here[each] for each in wanted}) < len(wanted):
        raise ActionRefused(_("Each person can be on the list only once."), codes=["twice"])
    row = DutyList.objects.create(
        clinic_id=by.own_clinic_id, decided_at=now or timezone.now(), decided_by_id=by.membership_id
    )  # fmt: skip
    DutyContact.objects.bulk_create(
        DutyContact(clinic_id=by.own_clinic_id, list=row, member_id=member_id, place=place)
        for place, member_id in enumerate(wanted, start=1)
    )
    record(by, "duty.named", row, people=len(wanted))
    return row


@action(ANSWERS, locks=NoLock("each choice is a row of its own, and the newest counts"), audit="duty.channels_chosen")
def choose_channels(
    *, by: Actor, by_email: bool, sms_number: str = "", now: datetime | None = None
) -> NoticeChoice:  # fmt: skip
    """Agree to be told of flags by e-mail, by text message, or on the pages alone. Refused: number."""
    number = "".join(each for each in sms_number if each not in " -().")
    if number and not _NUMBER.fullmatch(number):
        raise ActionRefused(
            _("Write the number with its country, as +1 555 010 0123."), codes=["number"]
        )  # fmt: skip
    row = NoticeChoice.objects.create(
        clinic_id=by.own_clinic_id,
        member_id=by.member,
        by_email=by_email,
        sms_number=number,
        decided_at=now or timezone.now(),
    )
    record(by, "duty.channels_chosen", row, email=by_email, sms=bool(number))
    return row
