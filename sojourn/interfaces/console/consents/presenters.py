"""Agreements as the pages show them: what waits, the texts, a patient's documents and their history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from sojourn.care.consent import queries, texts
from sojourn.care.consent.models import Consent, ConsentAdoption, ConsentQuestion
from sojourn.care.consent.texts import Clause, Source
from sojourn.care.patients import queries as patients
from sojourn.foundation.accounts.access import Request
from sojourn.interfaces.console.consents.words import way_words
from sojourn.interfaces.console.rules.views import SHORT_MARKS

# Withdrawals stay on the first page for this long, or until the patient agrees again.
WITHDRAWN_FOR = timedelta(days=30)

HOW_MANY = 50


# ---------------------------------------------------------------- the clinic's page


@dataclass(frozen=True, slots=True)
class Waits:
    """A line of what waits: who, what, since when."""

    name: str
    title: str
    at: datetime
    url: str
    detail: str


@dataclass(frozen=True, slots=True)
class TextLine:
    """A text with what the clinic decided about it. ``review_on`` is a pack's."""

    id: str
    title: str
    kind: StrPromise | str
    url: str
    version: int
    adopted_version: int | None
    adopted_at: datetime | None
    adopted_by: str
    hash: str
    waits: bool
    unverified: int
    as_of: str
    review_on: date | None
    stale: bool
    lapsed: tuple[str, ...]
    optional: bool


def text_lines(request: Request, own: queries.Shelf) -> list[TextLine]:
    """The documents and the packs of this place. One query."""
    rows = ConsentAdoption.objects.select_related("adopted_by").order_by("text_id", "-id").distinct("text_id")
    decided = {each.text_id: each for each in rows}
    places, today = texts.pack_ids(own.jurisdiction), timezone.localdate()
    language = queries.reading_language()
    waiting = {each.id for each in queries.to_adopt(own)}
    found = []
    for source in texts.newest().values():
        if source.is_pack and source.id not in places:
            continue
        row, used = decided.get(source.id), own.adopted.get(source.id)
        acting = used or source
        found.append(
            TextLine(
                id=source.id,
                title=source.title[language],
                kind=_("Local clauses") if source.is_pack else _("Document"),
                url=reverse("console:consent_text", args=[source.id]),
                version=source.version,
                adopted_version=used.version if used else None,
                adopted_at=row.adopted_at if row and used else None,
                adopted_by=str(row.adopted_by) if row and used else "",
                hash=source.hash,
                waits=source.id in waiting,
                unverified=len(source.unverified),
                as_of=acting.as_of,
                review_on=acting.review_on,
                stale=acting.stale(today),
                lapsed=tuple(each.text[language] for each in acting.lapsed(today)),
                optional=source.optional,
            )
        )
    return found


def titles_of_texts() -> dict[str, str]:
    return {each.id: each.title[queries.reading_language()] for each in texts.newest().values()}


def waiting_lines(request: Request, rows: Iterable[Consent | ConsentQuestion], what: str) -> list[Waits]:
    """Lines for rows with their patients; records that this asker may not open are left nameless. One query."""
    found = list(rows)
    hidden = patients.withheld(request.asker, [each.patient for each in found], timezone.now())
    titles = titles_of_texts()
    lines = []
    for each in found:
        secret = each.patient_id in hidden
        url = reverse("console:patient_consents", args=[each.patient_id])
        if isinstance(each, Consent) and what == "countersign":
            url = reverse("console:consent", args=[each.pk])
        when = each.asked_at if isinstance(each, ConsentQuestion) else each.signed_at
        if what == "withdrawn" and isinstance(each, Consent):
            taken = queries.withdrawn(each)
            when = taken.withdrawn_at if taken else when
        detail = each.text[:160] if isinstance(each, ConsentQuestion) and not secret else ""
        lines.append(
            Waits(
                name=_("Restricted record") if secret else each.patient.name,
                title="" if secret else titles.get(each.document_id, each.document_id),
                at=when,
                url=url,
                detail=detail,
            )
        )
    return lines


def first_rows(rows: QuerySet[Consent]) -> QuerySet[Consent]:
    return rows.select_related("patient", "withdrawal").defer("content", "drawn").order_by("signed_at")[:HOW_MANY]


# ---------------------------------------------------------------- one text


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """A clause with its sources. ``firm``: all of its facts were read in a source, or it states none."""

    text: str
    ways: str
    firm: bool
    mark: StrPromise | str
    sources: tuple[tuple[str, StrPromise, str], ...]
    ends_on: date | None


def clause_line(clause: Clause, language: str) -> ClauseLine:
    mark = clause.mark
    return ClauseLine(
        text=clause.text[language],
        ways=", ".join(way_words(each) for each in texts.WAYS if each in clause.ways),
        firm=mark in (None, "verified"),
        mark=SHORT_MARKS[mark] if mark else "",
        sources=tuple((each.fact, SHORT_MARKS[each.mark], each.note) for each in clause.cites),
        ends_on=clause.ends_on,
    )


def clause_groups(source: Source, language: str) -> list[tuple[str, list[ClauseLine]]]:
    groups: list[tuple[str, Iterable[Clause]]] = [
        *((each.title[language], each.clauses) for each in source.sections),
        (_("What the patient confirms"), source.statements),
        (_("What stops on withdrawal"), source.stops),
        (_("What stays on withdrawal"), source.stays),
        (_("Clauses"), source.clauses),
        (_("For the clinic only"), source.staff_notes),
    ]
    return [(title, lines) for title, some in groups if (lines := [clause_line(each, language) for each in some])]
