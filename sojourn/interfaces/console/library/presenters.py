"""The library as its editor sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.library import evidence_actions, queries
from sojourn.foundation.library.models import (
    ClinicRule,
    DecisionKind,
    EvidenceDecision,
    EvidenceEntry,
    ImportNote,
    ImportProgress,
)
from sojourn.foundation.library.queries import ClinicEntry
from sojourn.interfaces.console.library.forms import ApproveForm, EndForm, EntryForm

FRONT_MATTER: Final = """+++
title = ""
summary = ""
stage = "prepare"
topics = ["J01"]
reviewed_on = 2026-01-31
review_by = 2026-12-31
+++

"""
# How what became of a record is told.
_CODES: Final = {
    "broken": gettext_lazy("It is not written as its format asks."),
    "no-end": gettext_lazy("It has no end: the file was cut, or the next record begins within it."),
    "no-beginning": gettext_lazy("It has an end and no beginning."),
    "outside": gettext_lazy("This stands outside of any record."),
    "too-long": gettext_lazy("It is longer than a record can be."),
    "encoding": gettext_lazy("Its letters are neither UTF-8 nor of Windows."),
    "no-title": gettext_lazy("It has no title."),
    "notice": gettext_lazy("It is a notice of retraction; what it retracts was marked, where it is here."),
    "doi": gettext_lazy("The library has it, by its DOI:"),
    "pmid": gettext_lazy("The library has it, by its PMID:"),
    "title": gettext_lazy("The library has it, by its title:"),
    "says-so": gettext_lazy("The file says that it was retracted:"),
}


def state_words(state: str) -> str:
    return _("proposed") if state == "proposed" else str(DecisionKind(state).label)


def entry_page(
    found: tuple[list[EvidenceEntry], list[EvidenceDecision]], now: datetime, actor: Actor, form: EntryForm
) -> dict[str, Any]:
    """An entry with its history, what is missing of it, and the forms to decide about it."""
    versions, decisions = found
    shown = ClinicEntry(versions[0], decisions[0] if decisions else None)
    today = clinic_day(now, actor)
    return {
        "shown": shown,
        "entry": versions[0],
        "state_words": state_words(shown.state),
        "overdue": shown.overdue(today),
        "versions": versions,
        "decisions": decisions,
        "missing": [form.fields[name].label for name in evidence_actions.missing(versions[0])],
        "approve": ApproveForm(initial={"review_by": today + timedelta(days=365)}),
        "end": EndForm(),
        "may_approve": shown.state in ("proposed", DecisionKind.WITHDRAWN) or shown.overdue(today),
        "may_end": shown.state not in (DecisionKind.WITHDRAWN, DecisionKind.RETRACTED),
    }


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """How far a file has come. ``percent``: of its bytes."""

    of: Any
    percent: int
    moved: ImportProgress

    @property
    def ended(self) -> bool:
        return self.moved.ended_at is not None


def progress_row(moved: ImportProgress) -> ProgressRow:
    return ProgressRow(moved.of, round(100 * moved.place / moved.size) if moved.size else 100, moved)


def note_rows(notes: Sequence[ImportNote]) -> list[tuple[int, str, str]]:
    """The number of each record, what became of it, and what the reader saw."""
    return [(each.number, str(_CODES.get(each.code, each.code)), each.detail) for each in notes]


@dataclass(frozen=True, slots=True)
class OurRow:
    """One of our articles, as it stands here."""

    slug: str
    title: str
    hidden: bool
    has_rule: bool
    overdue: bool


def our_rows(
    language: str, hidden: Collection[str], rules: Mapping[tuple[str, str], ClinicRule], today: date
) -> list[OurRow]:
    with_rule = {slug for slug, _language in rules}
    found = {slug: each.get(language) or next(iter(each.values())) for slug, each in sorted(queries.ours().items())}
    return [
        OurRow(slug, article.title, slug in hidden, slug in with_rule, article.review_by < today)
        for slug, article in found.items()
    ]
