"""The page of one patient's candidacy, and the list of what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.candidacy import open_eyes, wording
from sojourn.care.candidacy.models import CandidacyDecision, Kind
from sojourn.care.candidacy.queries import Assessed
from sojourn.care.patients import queries as patients_queries
from sojourn.clinical.eligibility import VOCABULARY
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_day
from sojourn.interfaces.console.candidacy.words import DECISIONS, value_words, way_words

MOST_MOMENTS = 60


# ---------------------------------------------------------------- the page

# Where each fault of a decision is mended.
_PLACES: Mapping[str, str] = {
    "unknown-kind": "kind", "conditions-missing": "conditions", "conditions-not-kept": "conditions",
    "until-missing": "until", "until-not-kept": "until", "past": "until", "not-a-day": "until",
    "explanation-missing": "explanation", "alternatives-missing": "alternatives", "blocked": "findings",
    "changed": "findings", "decided-meanwhile": "so-far",
}  # fmt: skip


def error_links(refused: ActionRefused | None, place: str = "") -> list[dict[str, str]]:
    if refused is None:
        return []
    codes = [*refused.codes, *[""] * len(refused.reasons)]
    return [
        {"href": f"#{place or _PLACES.get(code, 'decide')}", "text": str(reason)}
        for reason, code in zip(refused.reasons, codes, strict=False)
    ]


def arrived(newest: CandidacyDecision | None, assessed: Assessed) -> list[str]:
    """What a deferral waits for and is known now."""
    if newest is None or newest.kind != Kind.DEFER:
        return []
    day = page_day(newest.decided_at)
    return [
        f"{_(VOCABULARY[name].label)}: {value_words(name, assessed.facts[name].value)}"
        for name in newest.awaited
        if name in assessed.facts and assessed.facts[name].on >= day
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision that can be chosen, and which fields of the form it opens."""

    value: str
    label: str
    opens: str
    chosen: bool


def kind_choices(chosen: str) -> list[Choice]:
    kinds = (
        (Kind.ACCEPT, _("Accept"), "nothing"),
        (Kind.CONDITIONS, _("Accept with conditions"), "conditions"),
        (Kind.DEFER, _("Defer: not yet"), "until"),
        (Kind.DECLINE, _("Decline: this treatment does not fit"), "nothing"),
    )
    return [Choice(kind.value, label, opens, kind.value == chosen) for kind, label, opens in kinds]


@dataclass(frozen=True, slots=True)
class Past:
    """A decision of before."""

    word: str
    look: str
    way: str
    at: datetime
    by: str
    reading: wording.Reading
    overrides: tuple[tuple[str, str, str, str], ...]  # rule, reason, by, second
    in_spite_of: tuple[str, ...]  # what it was given in spite of, with the reasons
    hash: str


def past_decision(row: CandidacyDecision) -> Past:
    word, look = DECISIONS[row.kind]
    return Past(
        word=str(word),
        look=look,
        way=way_words(row.drug, row.route),
        at=row.decided_at,
        by=row.decider_name,
        reading=wording.reading(row),
        overrides=tuple((each["rule_id"], each["reason"], each["by"], each["second"]) for each in row.overrides),
        in_spite_of=tuple(open_eyes.in_spite_of(row.open_eyes)),
        hash=row.content_hash,
    )


def report_words(taken: int, known: int) -> str:
    """How many results of a report were taken, and how many were there already."""
    said = ngettext("%(n)d result was taken from the report.", "%(n)d results were taken from the report.", taken)
    said = said % {"n": taken}
    if known:
        words = ngettext("%(n)d was known already.", "%(n)d were known already.", known)
        said = f"{said} {words % {'n': known}}"
    return said


# ---------------------------------------------------------------- what waits


@dataclass(frozen=True, slots=True)
class Waits:
    name: str
    url: str
    at: datetime
    detail: str


def waiting_lines(actor: Actor, rows: Iterable[Any], detail: Callable[[Any], str], at: str) -> list[Waits]:
    """Lines for rows with their patients; records that this actor may not open are left nameless. One query."""
    found = list(rows)
    hidden = patients_queries.withheld(actor, [each.patient for each in found], timezone.now())
    return [
        Waits(
            name=_("Restricted record") if each.patient_id in hidden else each.patient.name,
            url=reverse("console:candidacy", args=[each.patient_id]),
            at=getattr(each, at),
            detail="" if each.patient_id in hidden else detail(each),
        )
        for each in found
    ]
