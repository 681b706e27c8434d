"""Flags in words: the list in the order of risk, one flag, and what a home says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.models import FlagAnswer, FlagAnswerKind, FlagNotice, FlagOutcome, Reach, Severity
from sojourn.care.safety.queries import StandingFlag
from sojourn.foundation.clock import page_local
from sojourn.foundation.ui.templatetags.ui import age_in_words
from sojourn.interfaces.console.flags.words import said_in_words

WORDS: Final[Mapping[str, tuple[StrPromise, str]]] = {
    safety_queries.OPEN: (gettext_lazy("nobody has taken this"), "wait"),
    FlagAnswerKind.SEEN.value: (gettext_lazy("taken"), "active"),
    FlagAnswerKind.CONTACTED.value: (gettext_lazy("patient contacted"), "active"),
    FlagAnswerKind.CLOSED.value: (gettext_lazy("closed"), "done"),
}
HOW_SOON: Final[Mapping[Severity, tuple[StrPromise, str]]] = {
    Severity.EMERGENCY: (gettext_lazy("answer now"), "stop"),
    Severity.URGENT: (gettext_lazy("answer today"), "wait"),
    Severity.SOON: (gettext_lazy("answer soon"), "open"),
}
_CIRCLES: Final[Mapping[Reach, StrPromise]] = {
    Reach.BACKUP: gettext_lazy("the back-up is told"),
    Reach.EVERYBODY: gettext_lazy("everybody on duty is told"),
    Reach.ALL: gettext_lazy("every clinician is told"),
}
_AT_HOME_AT_MOST: Final = 8


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A line of the list. A withheld one says neither whose it is nor what was said."""

    url: str
    kind: str
    soon: StrPromise
    soon_look: str
    first_line: str
    name: str
    raised_at: datetime
    due_at: datetime | None
    is_late: bool
    word: StrPromise
    look: str
    who: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What was done, by whom."""

    label: str
    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Who was told, how, and what came of the newest try."""

    who: str
    channel: str
    circle: str
    word: str
    at: datetime


def row(flag: StandingFlag, now: datetime, *, withheld: bool) -> FlagRow:
    """A flag in the list."""
    soon, soon_look = HOW_SOON[flag.severity]
    word, look = WORDS[flag.state]
    return FlagRow(
        url=reverse("console:flag", args=[flag.id]), kind=str(flag.kind.label), soon=soon, soon_look=soon_look,
        first_line="" if withheld else said_in_words(flag.about, flag.detail),
        name=_("Restricted record") if withheld else flag.patient.name,
        raised_at=flag.raised_at, due_at=flag.due_at, is_late=flag.due_at is not None and flag.due_at <= now,
        word=word, look=look, who=who_has(flag),
    )  # fmt: skip


def who_has(flag: StandingFlag) -> str:
    """Whose it is: its owner, who was asked, and how wide the word has gone."""
    if flag.closed or flag.owner is not None:
        return str(flag.owner or flag.taker or "")
    asked = _("asked: %(name)s") % {"name": flag.asked} if flag.asked is not None else ""
    circle = _CIRCLES.get(flag.reach) if flag.reach is not None else None
    return "; ".join(str(each) for each in (asked, circle) if each)


def answer_row(answer: FlagAnswer) -> AnswerRow:
    """One answer, with what came of it, or to whom it went."""
    label = str(FlagAnswerKind(answer.kind).label)
    if answer.outcome:
        label += f": {FlagOutcome(answer.outcome).label}"
    if answer.to is not None:
        label += f": {answer.to}"
    return AnswerRow(label, answer.by_name or str(answer.by), answer.at, answer.note)


def notice_row(notice: FlagNotice) -> NoticeRow:
    """One notice with its newest proof."""
    proofs = notice.proofs  # type: ignore[attr-defined]  # prefetched by queries.notices
    newest = proofs[-1] if proofs else None
    return NoticeRow(
        who=str(notice.member), channel=notice.get_channel_display(), circle=notice.turn.get_reach_display(),
        word=newest.get_outcome_display() if newest is not None else _("not yet tried"),
        at=newest.at if newest is not None else notice.at,
    )  # fmt: skip


# --- homes ---

HomeLine = tuple[str, str, str]  # words, detail, address


def home_lines(flags: Sequence[StandingFlag], hidden: Collection[int], now: datetime) -> list[HomeLine]:
    """Every open flag for a clinician's home: how soon, what, whose, how old, by when."""
    lines = [_home_line(each, now, withheld=each.patient.pk in hidden) for each in flags[:_AT_HOME_AT_MOST]]
    more = len(flags) - len(lines)
    if more > 0:
        words = ngettext("%(n)d more flag is open", "%(n)d more flags are open", more) % {"n": more}
        lines.append((words, "", reverse("console:flags")))
    return lines


def _home_line(flag: StandingFlag, now: datetime, *, withheld: bool) -> HomeLine:
    shown = row(flag, now, withheld=withheld)
    parts = [shown.name, age_in_words(flag.raised_at, now), str(shown.word) if flag.waiting else "", shown.who]
    if flag.due_at is not None:
        by_when = formats.date_format(page_local(flag.due_at), "D H:i")
        parts.append((_("late since %(time)s") if shown.is_late else _("due %(time)s")) % {"time": by_when})
    words = _("%(kind)s: %(soon)s") % {"kind": shown.kind, "soon": shown.soon}
    return words, " · ".join(each for each in parts if each), shown.url


def outline(flags: Sequence[StandingFlag], now: datetime) -> list[HomeLine]:
    """The open flags for whoever may not know what they are about: how many, how old, whose."""
    if not flags:
        return []
    words = ngettext("%(n)d flag is open", "%(n)d flags are open", len(flags)) % {"n": len(flags)}
    oldest = age_in_words(min(each.raised_at for each in flags), now)
    parts = [_("the oldest: %(age)s") % {"age": oldest}]
    waiting = sum(each.waiting for each in flags)
    if waiting:
        parts.append(ngettext("nobody has taken %(n)d", "nobody has taken %(n)d", waiting) % {"n": waiting})
    owners = dict.fromkeys(str(each.owner) for each in flags if each.owner is not None)
    if owners:
        parts.append(_("with %(names)s") % {"names": ", ".join(owners)})
    return [(words, " · ".join(parts), "")]
