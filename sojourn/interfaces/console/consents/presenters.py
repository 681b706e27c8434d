"""Agreements as the pages show them: what waits, the texts, a patient's documents and their history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, ConsentAdoption, ConsentQuestion
from sojourn.care.consent.texts import Clause, Source
from sojourn.care.patients import queries as patients_queries
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import clinic_rows
from sojourn.interfaces.console.consents.words import way_words
from sojourn.interfaces.console.rules.words import SHORT_MARKS

# Withdrawals stay on the first page for this long, or until the patient agrees again.
WITHDRAWN_FOR = timedelta(days=30)

HOW_MANY = 50


# ---------------------------------------------------------------- the clinic's page

AnyRow = TypeVar("AnyRow", Consent, ConsentQuestion)


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


def text_lines(own: consent_queries.Shelf) -> list[TextLine]:
    """The documents and the packs of this place. One query."""
    rows = clinic_rows(ConsentAdoption).select_related("adopted_by").order_by("text_id", "-id").distinct("text_id")
    decided = {each.text_id: each for each in rows}
    places = texts.pack_ids(own.jurisdiction)
    waiting = {each.id for each in consent_queries.to_adopt(own)}
    return [
        _text_line(source, own.adopted.get(source.id), decided.get(source.id), waits=source.id in waiting)
        for source in texts.newest().values()
        if not source.is_pack or source.id in places
    ]


def _text_line(source: Source, used: Source | None, row: ConsentAdoption | None, *, waits: bool) -> TextLine:
    """``used``: the version that the clinic has adopted, ``row`` the newest decision about the text."""
    language, today = consent_queries.reading_language(), page_today()
    acting, adopted = used or source, row if used else None
    return TextLine(
        id=source.id,
        title=source.title[language],
        kind=_("Local clauses") if source.is_pack else _("Document"),
        url=reverse("console:consent_text", args=[source.id]),
        version=source.version,
        adopted_version=used.version if used else None,
        adopted_at=adopted.adopted_at if adopted else None,
        adopted_by=str(adopted.adopted_by) if adopted else "",
        hash=source.hash,
        waits=waits,
        unverified=len(source.unverified),
        as_of=acting.as_of,
        review_on=acting.review_on,
        stale=acting.stale(today),
        lapsed=tuple(each.text[language] for each in acting.lapsed(today)),
        optional=source.optional,
    )


def titles_of_texts() -> dict[str, str]:
    return {each.id: each.title[consent_queries.reading_language()] for each in texts.newest().values()}


def _named(actor: Actor, rows: Iterable[AnyRow]) -> Iterator[tuple[AnyRow, str, str]]:
    """Rows with the name of the patient and the title of the text; both "" where this actor may not open the record.

    One query.
    """
    found = list(rows)
    hidden = patients_queries.withheld(actor, [each.patient for each in found], timezone.now())
    titles = titles_of_texts()
    for each in found:
        if each.patient_id in hidden:
            yield each, "", ""
        else:
            yield each, each.patient.name, titles.get(each.document_id, each.document_id)


def _nameless() -> str:
    return _("Restricted record")


def _patient_url(row: Consent | ConsentQuestion) -> str:
    return reverse("console:patient_consents", args=[row.patient_id])


def countersign_lines(actor: Actor) -> list[Waits]:
    """Agreements that wait for a prescriber's signature. Two queries."""
    return [
        Waits(name or _nameless(), title, each.signed_at, reverse("console:consent", args=[each.pk]), "")
        for each, name, title in _named(actor, _first(consent_queries.to_countersign()))
    ]


def withdrawn_lines(actor: Actor, since: datetime) -> list[Waits]:
    """Agreements that were withdrawn and not given again. Two queries."""
    return [
        Waits(name or _nameless(), title, taken.withdrawn_at if taken else each.signed_at, _patient_url(each), "")
        for each, name, title in _named(actor, _first(consent_queries.taken_back(since)))
        for taken in (consent_queries.withdrawn(each),)
    ]


def question_lines(actor: Actor) -> list[Waits]:
    """Questions before signing that nobody has answered. Two queries."""
    rows = consent_queries.unanswered().select_related("patient").order_by("asked_at")[:HOW_MANY]
    return [
        Waits(name or _nameless(), title, each.asked_at, _patient_url(each), each.text[:160] if name else "")
        for each, name, title in _named(actor, rows)
    ]


def _first(rows: QuerySet[Consent]) -> QuerySet[Consent]:
    return rows.select_related("patient", "withdrawal").defer("content", "drawn").order_by("signed_at")[:HOW_MANY]


def clinic_context(clinic: Clinic, actor: Actor, now: datetime) -> dict[str, object]:
    """What waits, for whoever reads agreements, and the texts that the clinic uses."""
    own, reads = consent_queries.available_documents(clinic), actor.may("consent.read")
    lines, titles = text_lines(own), titles_of_texts()
    return {
        "reads": reads,
        "countersign": countersign_lines(actor) if reads else [],
        "questions": question_lines(actor) if reads else [],
        "withdrawn": withdrawn_lines(actor, now - WITHDRAWN_FOR) if reads else [],
        "texts": lines,
        "to_adopt": [each for each in lines if each.waits],
        "stale": [each for each in lines if each.stale],
        "may_adopt": actor.may("consent.adopt"),
        "may_place": actor.may("clinic.jurisdiction"),
        "place": own.jurisdiction,
        "has_pack": bool(texts.pack_ids(own.jurisdiction)),
        "places": [(each.id.removeprefix("pack:"), titles[each.id]) for each in texts.jurisdictions()],
    }


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


def text_context(source: Source, language: str, used: Source | None, adopter: Actor) -> dict[str, object]:
    """The newest version of a text, and what it changes. ``used``: the version that the clinic has adopted."""
    versions = sorted(
        (each for each in texts.sources().values() if each.id == source.id), key=lambda each: -each.version
    )
    rows = clinic_rows(ConsentAdoption).filter(text_id=source.id).select_related("adopted_by").order_by("-id")
    before = _compared(source, used, versions)
    return {
        "source": source,
        "title": source.title[language],
        "summary": source.summary[language],
        "language": language,
        "languages": texts.LANGUAGES,
        "groups": clause_groups(source, language),
        "unverified": len(source.unverified),
        "stale": source.stale(page_today()),
        "adopted": used,
        "current": used is source,
        "adoptions": list(rows),
        "versions": versions,
        "before": before,
        "difference": texts.difference(before, source, language) if before else [],
        "needed": ", ".join(way_words(each) for each in texts.WAYS if source.needed_for(each)),
        "may_adopt": adopter.may("consent.adopt"),
    }


def _compared(source: Source, used: Source | None, versions: Sequence[Source]) -> Source | None:
    """What the newest version is compared with: the adopted one, or the one before it."""
    if used is not None and used.version != source.version:
        return used
    return versions[1] if len(versions) > 1 else None
