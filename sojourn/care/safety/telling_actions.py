"""Tell people of a flag by the channels that they agreed to, and keep a proof of every try.

A notice says that something waits, since when and until when, and where to read it. Who it is about and what was said
stands on the page alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from smtplib import SMTPException

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.safety import duty_queries
from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.models import (
    FlagNotice,
    FlagNoticeTry,
    FlagTurn,
    NoticeChannel,
    NoticeChoice,
    Purpose,
    Reach,
    TryOutcome,
)
from sojourn.care.safety.turns import by_key
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.action import action, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import local
from sojourn.foundation.columns import fitting
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters, sms
from sojourn.foundation.scope import FlagScope, one_row

FINAL = (TryOutcome.SENT, TryOutcome.NO_WAY, TryOutcome.NOT_NEEDED)


@action("flag.tell", locks=by_key("flag-turn", "turn_id"), audit="flag.told")
def plan_notices(*, by: Actor, turn_id: int, now: datetime | None = None) -> list[int]:
    """Write one notice for each person of a turn and each of their channels; the ids of those that are not told yet.

    The pages show an open flag to everybody who can answer it: that notice is told as it is written.
    """
    now = now or timezone.now()
    turn = one_row(FlagTurn, turn_id).select_related("clock").get()
    if not turn.notices.exists():
        people = _circle(turn)
        chosen = duty_queries.choices([each.pk for each in people])
        FlagNotice.objects.bulk_create(
            (
                FlagNotice(
                    clinic_id=by.own_clinic_id, flag_id=turn.flag_id, turn=turn, member=each, channel=channel, at=now
                )
                for each in people
                for channel in _channels(chosen.get(each.pk))
            ),
            ignore_conflicts=True,
        )
        for notice in turn.notices.filter(channel=NoticeChannel.PAGE):
            _prove(notice, TryOutcome.SENT, "", now)
        record(by, "flag.told", turn, reach=turn.reach, people=len(people))
    else:
        unchanged(None)
    return list(turn.notices.exclude(tries__outcome__in=FINAL).order_by("id").values_list("pk", flat=True))


def _circle(turn: FlagTurn) -> list[Membership]:
    """Who belongs to a turn. Nobody left on the list: everybody who can answer."""
    duty, asked = duty_queries.duty(), turn.clock.asked
    first = asked if asked is not None and duty_queries.answers_flags(asked) else duty.first_but()
    backup = duty.first_but(first.pk if first is not None else None)
    circles: dict[Reach, Sequence[Membership | None]] = {
        Reach.OWNER: [first],
        Reach.BACKUP: [backup],
        Reach.EVERYBODY: duty.contacts,
        Reach.ALL: [],
    }
    found = [each for each in circles[Reach(turn.reach)] if each is not None]
    return found or duty_queries.clinical_members(turn.clinic_id)


def _channels(chosen: NoticeChoice | None) -> Iterator[NoticeChannel]:
    yield NoticeChannel.PAGE
    if chosen is not None and chosen.by_email:
        yield NoticeChannel.EMAIL
    if chosen is not None and chosen.sms_number:
        yield NoticeChannel.SMS


@action("flag.tell", locks=by_key("flag-notice", "notice_id"), audit="flag.notice_tried")
def tell_one(*, by: Actor, notice_id: int, now: datetime | None = None) -> bool:
    """Try one notice, and write down what came of it; False where it must be tried again. One at a time: who waits
    for another finds it told."""
    now = now or timezone.now()
    notice = one_row(FlagNotice, notice_id).select_related("turn__clock", "member__person").get()
    if notice.tries.filter(outcome__in=FINAL).exists():
        return unchanged(True)
    outcome, detail = _try(notice)
    _prove(notice, outcome, detail, now)
    record(by, "flag.notice_tried", notice, patient_id=notice.turn.patient_id, channel=notice.channel, outcome=outcome)
    return outcome != TryOutcome.FAILED


def _prove(notice: FlagNotice, outcome: TryOutcome, detail: str, now: datetime) -> None:
    FlagNoticeTry.objects.create(
        clinic_id=notice.clinic_id, notice=notice, outcome=outcome, detail=fitting(FlagNoticeTry, "detail", detail),
        at=now,
    )  # fmt: skip


def _try(notice: FlagNotice) -> tuple[TryOutcome, str]:
    if not _still_waits(notice):
        return TryOutcome.NOT_NEEDED, ""
    return _mail(notice, notice.clinic) if notice.channel == NoticeChannel.EMAIL else _text(notice, notice.clinic)


def _still_waits(notice: FlagNotice) -> bool:
    """Whether what the notice asks for has not been done meanwhile, and whether its reader still works here."""
    if not duty_queries.answers_flags(notice.member):
        return False
    flag = safety_queries.flag(FlagScope(notice.flag_id))
    to_be_taken = notice.turn.clock.purpose == Purpose.TAKE
    return flag.waiting if to_be_taken else flag.waiting or flag.state == safety_queries.TAKEN


def _mail(notice: FlagNotice, clinic: Clinic) -> tuple[TryOutcome, str]:
    if not letters.can_send():
        return TryOutcome.NO_WAY, "no mail server"
    person = notice.member.person
    language = person.language or clinic.language
    with translation.override(language):
        said = _said(notice, clinic)
    letter = letters.write(person.email, "flag", language, name=notice.member.name, **said)
    try:
        letters.send(letter)
    except (OSError, SMTPException) as error:
        return TryOutcome.FAILED, type(error).__name__
    return TryOutcome.SENT, ""


def _text(notice: FlagNotice, clinic: Clinic) -> tuple[TryOutcome, str]:
    chosen = duty_queries.choices([notice.member_id]).get(notice.member_id)
    if chosen is None or not chosen.sms_number:
        return TryOutcome.NOT_NEEDED, ""
    if not sms.can_send():
        return TryOutcome.NO_WAY, "no carrier"
    with translation.override(notice.member.person.language or clinic.language):
        text = _("%(clinic)s: a flag waits for you since %(since)s. Open Sojourn: %(link)s") % _said(notice, clinic)
    try:
        receipt = sms.carrier().send(chosen.sms_number, text[: sms.LONGEST], f"flag-notice-{notice.pk}")
    except sms.Unreachable:
        return TryOutcome.FAILED, "Unreachable"
    except sms.Rejected:
        return TryOutcome.NO_WAY, "Rejected"
    return TryOutcome.SENT, receipt.id


def _said(notice: FlagNotice, clinic: Clinic) -> dict[str, str]:
    clock = notice.turn.clock
    by_when = clock.backup_at if notice.turn.reach == Reach.OWNER else None
    return {
        "clinic": clinic.name,
        "since": _clock(clock.begins_at, clinic),
        "by_when": _clock(by_when, clinic) if by_when is not None else "",
        "reach": notice.turn.reach,
        "link": address(Page.FLAG, notice.flag_id),
    }


def _clock(at: datetime, clinic: Clinic) -> str:
    return date_format(local(at, clinic), _("l j F Y, H:i"))
