"""What is typed on the pages of candidacy, read as what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from sojourn.care.candidacy import judging
from sojourn.care.candidacy.actions import Answer
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.clinical.eligibility import VOCABULARY, Value
from sojourn.clinical.numbers import NumberRefusal, read_amount
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.ui.numbers import number_words
from sojourn.interfaces.console.candidacy import signature as candidacy_signature

MOST_BYTES = 1_000_000  # of a laboratory's report


# ---------------------------------------------------------------- the page


@dataclass(frozen=True, slots=True)
class Typed:
    """What came back from the form of the decision."""

    kind: str = ""
    conditions: str = ""
    until_on: str = ""
    awaited: tuple[str, ...] = ()
    awaited_words: str = ""
    explanation: str = ""
    alternatives: str = ""
    would_change: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)


def typed_decision(data: QueryDict) -> Typed:
    return Typed(
        kind=data.get("kind", ""),
        conditions=data.get("conditions", ""),
        until_on=data.get("until_on", ""),
        awaited=tuple(data.getlist("awaited")),
        awaited_words=data.get("awaited_words", ""),
        explanation=data.get("explanation", ""),
        alternatives=data.get("alternatives", ""),
        would_change=data.get("would_change", ""),
        reasons=candidacy_signature.reasons_typed(data),
    )


def answer_of(typed: Typed) -> Answer:
    """Refused: not-a-day."""
    until = day_of(typed.until_on)
    if typed.until_on.strip() and until is None:
        raise Refused(_("Write the day until when you defer, like 2026-03-12."), codes=("not-a-day",))
    return Answer(
        kind=typed.kind,
        conditions=tuple(typed.conditions.splitlines()),
        until_on=until,
        awaited=typed.awaited,
        awaited_words=typed.awaited_words,
        explanation=typed.explanation,
        alternatives=typed.alternatives,
        would_change=typed.would_change,
        reasons=typed.reasons,
    )


def day_of(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except ValueError:
        return None


def way_of(data: QueryDict, newest: CandidacyDecision | None) -> tuple[str, str]:
    """The drug and route that the page is about: as asked, as decided last, else the first there is."""
    drug, _sep, route = data.get("way", "").partition("-")
    if (drug, route) in judging.WAYS:
        return drug, route
    return (newest.drug, newest.route) if newest is not None else judging.WAYS[0]


# ---------------------------------------------------------------- the views


def fact_value(name: str, text: str) -> Value:
    """What was typed as the value of a fact. Refused: what the one reader of numbers refuses."""
    word = VOCABULARY[name]
    if word.kind == "yes_no" and text in ("yes", "no"):
        return text == "yes"
    if word.kind == "number":
        value = read_amount(text, word.unit)
        if isinstance(value, NumberRefusal):
            raise Refused(f"{_(word.label)}: {number_words(value)}", codes=(value.why,))
        return float(value)
    day = day_of(text) if word.kind == "day" else None
    return text if day is None else day


def report_text(request: Request) -> str:
    """The report as text, pasted or in a file. Refused: both, too-long, unreadable."""
    file, pasted = request.FILES.get("file"), request.POST.get("report", "")
    if file is None:
        return pasted
    if pasted.strip():
        words = _("There is a pasted report and a file. Empty the field, or leave the file out.")
        raise Refused(words, codes=("both",))
    if (file.size or 0) > MOST_BYTES:
        raise Refused(_("The file is larger than a report should be: at most 1 MB."), codes=("too-long",))
    try:
        return bytes(file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        words = _("The file cannot be read as text. Save it as CSV in UTF-8, or as FHIR JSON.")
        raise Refused(words, codes=("unreadable",)) from None
