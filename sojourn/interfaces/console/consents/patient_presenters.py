"""A patient's agreements: where each stands, its history, what was asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django_stubs_ext import StrPromise

from sojourn.care.consent import queries, texts
from sojourn.care.consent.models import Consent, ConsentQuestion, Decision
from sojourn.care.plan import queries as plan


@dataclass(frozen=True, slots=True)
class Line:
    """One document of a patient. ``history``: every decision about it, the newest first."""

    id: str
    title: str
    word: StrPromise | str
    kind: str
    needed: bool
    optional: bool
    history: list[Past]


@dataclass(frozen=True, slots=True)
class Past:
    url: str
    version: int
    language: str
    decided_at: datetime
    permitted: bool
    countersigned_by: str
    withdrawn_at: datetime | None
    same: bool


def about_words(question: ConsentQuestion) -> str:
    """The text and its section, as titles."""
    source, language = texts.newest().get(question.document_id), queries.reading_language()
    if source is None:
        return question.document_id
    section = next((each.title[language] for each in source.sections if each.id == question.section_id), "")
    return " · ".join(each for each in (source.title[language], section) if each)


def state_of(own: queries.Shelf, consent: Consent | None, document_id: str, way: str) -> str:
    if consent is not None and consent.decision == Decision.DENY:
        return "refused"
    return queries.state(own, consent, document_id, way or (consent.route if consent else "iv")) or ""


def past_decision(consent: Consent, own: queries.Shelf, way: str) -> Past:
    counter, taken = queries.countersigned(consent), queries.withdrawn(consent)
    now = own.text(consent.document_id, way or consent.route, consent.language)
    return Past(
        url=reverse("console:consent", args=[consent.pk]),
        version=consent.document_version,
        language=consent.language,
        decided_at=consent.signed_at,
        permitted=consent.decision == Decision.PERMIT,
        countersigned_by=counter.signer_name if counter else "",
        withdrawn_at=taken.withdrawn_at if taken else None,
        same=now is not None and now.hash == consent.content_hash,
    )


def planned_way(patient_id: int) -> str:
    """The way of the newest running course, "" without one. One query."""
    course = next(iter(plan.running(patient_id)), None)
    protocol = plan.protocol(course.protocol_id) if course is not None else None
    return texts.way_of(protocol.route, protocol.drug) if protocol is not None else ""
