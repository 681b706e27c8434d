"""A patient's agreements: where each stands, its history, what was asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, ConsentQuestion, ConsentRequest, Decision
from sojourn.care.consent.texts import Source
from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries as plan_queries
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.consents.presenters import ClauseLine, clause_line
from sojourn.interfaces.console.consents.words import STATES, WAYS, way_words


@dataclass(frozen=True, slots=True)
class ConsentRow:
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
    source, language = texts.newest().get(question.document_id), consent_queries.reading_language()
    if source is None:
        return question.document_id
    section = next((each.title[language] for each in source.sections if each.id == question.section_id), "")
    return " · ".join(each for each in (source.title[language], section) if each)


def state_of(own: consent_queries.Shelf, consent: Consent | None, document_id: str, way: str) -> str:
    if consent is not None and consent.decision == Decision.DENY:
        return "refused"
    return consent_queries.state(own, consent, document_id, way or (consent.route if consent else "iv")) or ""


def past_decision(consent: Consent, own: consent_queries.Shelf, way: str) -> Past:
    counter, taken = consent_queries.countersigned(consent), consent_queries.withdrawn(consent)
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
    course = next(iter(plan_queries.running(PatientScope(patient_id))), None)
    protocol = plan_queries.protocol(course.protocol_id) if course is not None else None
    return texts.way_of(protocol.route, protocol.drug) if protocol is not None else ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A patient's decisions beside the texts of the clinic. ``way``: how the drug is to be given, "" where nobody has
    said."""

    own: consent_queries.Shelf
    rows: list[Consent]
    planned: str
    asked: ConsentRequest | None

    @property
    def way(self) -> str:
        return self.planned or (self.asked.route if self.asked else "")

    @property
    def newest(self) -> dict[str, Consent]:
        """The newest decision about each document."""
        return {row.document_id: row for row in reversed(self.rows)}


def shelf_of(patient: Patient, clinic: Clinic) -> Shelf:
    """Four queries."""
    decided = PatientScope(patient.pk).rows(Consent).select_related("countersignature", "withdrawal")
    return Shelf(
        own=consent_queries.available_documents(clinic),
        rows=list(decided.defer("content", "drawn").order_by("-id")),
        planned=planned_way(patient.pk),
        asked=consent_queries.asked(PatientScope(patient.pk)),
    )


def document_lines(shelf: Shelf) -> list[ConsentRow]:
    """The documents that are needed by this way, those that may be signed, and those that once were."""
    newest = shelf.newest
    return [
        _document_line(document, newest.get(document.id), shelf)
        for document in texts.newest().values()
        if not document.is_pack
        and (document.optional or document.needed_for(shelf.way or "iv") or document.id in newest)
    ]


def _document_line(document: Source, newest: Consent | None, shelf: Shelf) -> ConsentRow:
    word, kind = STATES[state_of(shelf.own, newest, document.id, shelf.way)]
    return ConsentRow(
        id=document.id,
        title=document.title[consent_queries.reading_language()],
        word=word,
        kind=kind,
        needed=document.needed_for(shelf.way),
        optional=document.optional,
        history=[past_decision(each, shelf.own, shelf.way) for each in shelf.rows if each.document_id == document.id],
    )


def patient_context(patient: Patient, clinic: Clinic, actor: Actor) -> dict[str, object]:
    """Where each agreement of a patient stands, what the patient asked, and who may do what about it."""
    shelf = shelf_of(patient, clinic)
    way, own = shelf.way, shelf.own
    return {
        "patient": patient,
        "name": patient.name,
        "lines": document_lines(shelf),
        "standing": consent_queries.evaluate_consents(own, shelf.newest, way) if way else None,
        "questions": [
            (about_words(each.question), each) for each in consent_queries.questions(PatientScope(patient.pk))
        ],
        "stale": own.stale(page_today()),
        "has_pack": bool(texts.pack_ids(own.jurisdiction)),
        "no_email": not patient.email,
        "may_ask": actor.may("consent.ask"),
        "may_answer": actor.may("consent.answer"),
        "may_waive": actor.may("consent.countersign"),
        **_ways_context(shelf),
    }


def _ways_context(shelf: Shelf) -> dict[str, object]:
    """How the drug is to be given: as planned, as the patient was asked."""
    planned, asked = shelf.planned, shelf.asked
    return {
        "way": way_words(shelf.way) if shelf.way else "",
        "asked": asked,
        "asked_way": way_words(asked.route) if asked else "",
        "other_way": bool(asked and planned and asked.route != planned),
        "planned_way": way_words(planned) if planned else "",
        "ways": [(code, str(words)) for code, words in WAYS.items()],
        "chosen_way": shelf.way or "iv",
    }


# ---------------------------------------------------------------- one signed agreement


def _state_of_signed(found: Consent, clinic: Clinic) -> str:
    """Where a signed agreement stands; "superseded" where a newer one of the same text exists. Five queries."""
    asked, own = consent_queries.asked(PatientScope(found.patient_id)), consent_queries.available_documents(clinic)
    newest = consent_queries.newest_of(PatientScope(found.patient_id)).get(found.document_id, found)
    if newest.pk != found.pk:
        return "superseded"
    return state_of(own, newest, found.document_id, asked.route if asked else found.route)


def consent_context(found: Consent, clinic: Clinic, actor: Actor) -> dict[str, object]:
    """What was signed, exactly as it was shown, and what can be done with it."""
    shown, state = texts.read_text(found.content), _state_of_signed(found, clinic)
    word, kind = STATES.get(state, (_("A newer one exists"), "off"))
    permitted = found.decision == Decision.PERMIT
    withdrawable = permitted and state not in ("superseded", "withdrawn")
    return {
        "consent": found,
        "patient": found.patient,
        "name": found.patient.name,
        "shown": shown,
        "statements": [each.text for each in shown.statements if each.id in found.statements],
        "permitted": permitted,
        "counter": consent_queries.countersigned(found),
        "withdrawal": consent_queries.withdrawn(found),
        "state": state,
        "word": word,
        "kind": kind,
        "way": way_words(found.route) if found.route else "",
        "open_questions": consent_queries.open_questions(PatientScope(found.patient_id), found.document_id),
        "unverified": _unverified(found, shown.language),
        "may_countersign": state == "not-countersigned" and actor.may("consent.countersign"),
        "may_withdraw": withdrawable and actor.may("consent.withdraw"),
    }


def _unverified(found: Consent, language: str) -> list[ClauseLine]:
    """The clauses of what was signed whose facts nobody has read in a source."""
    source = texts.sources().get((found.document_id, found.document_version))
    doubtful = source.unverified if source is not None else ()
    return [clause_line(each, language) for each in doubtful if each.holds_for(found.route)]
