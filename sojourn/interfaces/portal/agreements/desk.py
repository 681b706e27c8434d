"""What the pages of the agreements share: what is asked of the patient, the clinic's texts, what was decided."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse

from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import ConsentRequest, Decision
from sojourn.care.consent.queries import ConsentStatus, Shelf
from sojourn.care.consent.texts import Source, Text
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.portal.pages import OwnPage


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages share: what is asked, the clinic's texts, what was decided."""

    patient_id: int
    actor: Actor
    clinic: Clinic
    request: ConsentRequest | None
    shelf: Shelf
    standing: ConsentStatus

    def text(self, document_id: str) -> Text | None:
        """What would be signed now, in the language of the page; None where there is nothing to sign."""
        if self.request is None:
            return None
        return self.shelf.text(document_id, self.request.route, consent_queries.reading_language())

    @property
    def documents(self) -> list[Source]:
        """What is needed for the treatment, what may be chosen, and what was decided once; none where none is asked."""
        if self.request is None:
            return []
        route, decided = self.request.route, self.standing.consents
        return [
            each
            for each in texts.newest().values()
            if not each.is_pack
            and (each.needed_for(route) or (each.optional and each.id in self.shelf.adopted) or each.id in decided)
        ]

    def state(self, document_id: str) -> str:
        """The state of a document, "" where it stands, "refused" where the patient said no to the present text."""
        assert self.request is not None
        consent = self.standing.consents.get(document_id)
        if consent is not None and consent.decision == Decision.DENY:
            return "refused"
        return consent_queries.state(self.shelf, consent, document_id, self.request.route) or ""


def desk_of(scope: OwnPage) -> Desk:
    """Three queries."""
    wanted = consent_queries.asked(scope)
    own = consent_queries.available_documents(scope.clinic)
    judged = consent_queries.evaluate_consents(own, consent_queries.newest_of(scope), wanted.route if wanted else "")
    return Desk(scope.patient_id, scope.actor, scope.clinic, wanted, own, judged)


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """One document on the patient's desk. ``text``: what would be signed now; ``number``: the section that is read."""

    document: Source
    desk: Desk
    text: Text | None
    number: int = 1


def document(scope: OwnPage, document_id: str, number: int = 1) -> OpenedDocument:
    """Three queries. 404 where there is no such document, or its text has no such section."""
    found = texts.newest().get(document_id)
    if found is None or found.is_pack:
        raise Http404
    desk = desk_of(scope)
    text = desk.text(document_id)
    if text is not None and not 1 <= number <= len(text.parts):
        raise Http404
    return OpenedDocument(found, desk, text, number)


def next_open(patient_id: int, clinic: Clinic) -> tuple[int, str]:
    """How many agreements wait for the patient, and the address of the page ("" where none is asked). One query."""
    waiting = consent_queries.open_for_patient(clinic.pk, PatientScope(patient_id))
    return (0, "") if waiting is None else (len(waiting), reverse("portal:agreements"))
