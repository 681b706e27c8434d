"""Answer a flag: read it, take it, hand it over, say that the patient was reached, close it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.safety import duty_queries
from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.clock_actions import begin_acting, begin_taking
from sojourn.care.safety.models import Flag, FlagAnswer, FlagAnswerKind, FlagOutcome, FlagReading
from sojourn.care.safety.queries import StandingFlag
from sojourn.care.safety.turns import of_flag
from sojourn.clinical.written import says_something
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import NoLock, action, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import FlagScope, clinic_rows, one_row

_HELD = (FlagAnswerKind.SEEN, FlagAnswerKind.HANDED, FlagAnswerKind.CONTACTED, FlagAnswerKind.CLOSED)
_STEPS: Mapping[str, tuple[FlagAnswerKind, ...]] = {
    safety_queries.OPEN: (FlagAnswerKind.SEEN,),
    FlagAnswerKind.SEEN: _HELD,
    FlagAnswerKind.CONTACTED: _HELD,
    FlagAnswerKind.CLOSED: (),
}


@action("flag.answer", locks=NoLock("the database keeps one first reading a person"), audit="flag.read")
def note_reading(*, by: Actor, flag_id: int, now: datetime | None = None) -> FlagReading:
    """Somebody who can answer the flag has opened it: once for each person. The patient is told so."""
    flag = one_row(Flag, flag_id).get()
    row, new = clinic_rows(FlagReading).get_or_create(
        flag=flag,
        member_id=by.member,
        defaults={
            "clinic_id": by.own_clinic_id,
            "patient_id": flag.patient_id,
            "member_name": by.name,
            "at": now or timezone.now(),
        },
    )
    if not new:
        return unchanged(row)
    record(by, "flag.read", row)
    return row


@action("flag.answer", locks=of_flag("flag_id"), audit="flag.answered")
def answer_flag(
    *,
    by: Actor,
    flag_id: int,
    kind: str,
    note: str = "",
    outcome: str = "",
    to: int | None = None,
    after: int | None,
    now: datetime | None = None,
) -> FlagAnswer:
    """Say what is done about a flag: "seen" (I am taking this), "handed" (``to`` a membership, who must take it),
    "contacted", "closed" (needs an outcome and a note).

    ``after`` is the id of the newest answer that the actor saw, None for none: whoever was slower is told so. Refused:
    unknown_answer, closed, take_first, taken, note_missing, outcome_missing, cannot_take.
    """
    now = now or timezone.now()
    found = safety_queries.flag(FlagScope(flag_id))
    _must_be_newest(found, after)
    _must_fit(found, by, kind)
    receiver = _receiver(found, to) if kind == FlagAnswerKind.HANDED else None
    chosen, note = outcome if kind == FlagAnswerKind.CLOSED else "", note.strip()
    if kind == FlagAnswerKind.CLOSED:
        _must_say_what_came_of_it(chosen, note)
    row = FlagAnswer.objects.create(
        clinic_id=by.own_clinic_id, patient_id=found.row.patient_id, flag=found.row, kind=kind, outcome=chosen,
        note=note, at=now, by_id=by.member, by_name=by.name, to=receiver,
    )  # fmt: skip
    record(by, "flag.answered", found.row, kind=kind)
    _begin_clock(found, row, now)
    return row


def _must_be_newest(found: StandingFlag, after: int | None) -> None:
    if found.newest_id == after:
        return
    newest = found.newest
    if newest is None:
        raise Overtaken(_("This flag has changed. Look first; nothing of yours was written."), codes=("overtaken",))
    raise Overtaken(
        _("%(name)s answered this a moment ago: %(what)s. Look first; nothing of yours was written.")
        % {"name": newest.by, "what": FlagAnswerKind(newest.kind).label},
        codes=("overtaken",),
    )


def _must_fit(found: StandingFlag, by: Actor, kind: str) -> None:
    if kind not in FlagAnswerKind.values:
        raise ActionRefused(_("Choose one of the answers shown."), codes=("unknown_answer",))
    if found.closed:
        raise ActionRefused(_("This flag is closed."), codes=("closed",))
    if kind not in _STEPS[found.state]:
        raise ActionRefused(_("Somebody must take this flag before anything else."), codes=("take_first",))
    if kind == FlagAnswerKind.SEEN and found.owner is not None and found.owner.pk == by.membership_id:
        raise ActionRefused(_("You have taken this flag already."), codes=("taken",))


def _receiver(found: StandingFlag, to: int | None) -> Membership:
    here = duty_queries.clinical_members(found.row.clinic_id)
    chosen = next((each for each in here if each.pk == to), None)
    if chosen is None or (found.owner is not None and chosen.pk == found.owner.pk):
        raise ActionRefused(_("Choose another person who can answer flags."), codes=("cannot_take",))
    return chosen


def _must_say_what_came_of_it(outcome: str, note: str) -> None:
    reasons = {}
    if outcome not in FlagOutcome.values:
        reasons["outcome_missing"] = _("Choose the outcome.")
    if not says_something(note):
        reasons["note_missing"] = _("Write what was found and done before closing.")
    if reasons:
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))


def _begin_clock(found: StandingFlag, row: FlagAnswer, now: datetime) -> None:
    """Whoever takes it must reach the patient; whoever it was handed to must take it."""
    if row.kind == FlagAnswerKind.SEEN:
        begin_acting(found.row, found.severity, now, row.by)
    elif row.kind == FlagAnswerKind.HANDED:
        begin_taking(found.row, found.severity, now, first=row.to)
