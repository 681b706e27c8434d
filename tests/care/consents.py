"""Agreements on the stage: a clinic that has adopted its texts, and patients who have signed them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Membership, Person
from sojourn.foundation.accounts.queries import actor_of, system_actor
from sojourn.foundation.scope import PatientScope
from tests.conftest import Cast


def patient_actor(cast: Cast, patient: Patient) -> Actor:
    """The patient, signed in; the sign-in is made where there is none yet."""
    known = cast.members.get(patient.given_name)
    if known is not None and known.patient_id == patient.pk:
        return actor_of(known)
    key = f"patient {patient.pk}"
    if key not in cast.members:
        with acting_as(system_actor(cast.clinic.pk)):
            person = Person.objects.create_user(f"consent{patient.pk}@{cast.clinic.slug}.example")
            cast.members[key] = Membership.objects.create(
                clinic=cast.clinic, person=person, role="patient", name=patient.name, patient_id=patient.pk
            )
    return actor_of(cast.members[key])


def adopt_texts(cast: Cast, now: datetime | None = None) -> None:
    """The prescriber adopts every document and the packs of the clinic's place."""
    by = cast.actor("prescriber")
    with acting_as(by):
        for source in consent_queries.to_adopt(consent_queries.available_documents(cast.clinic)):
            consent_actions.adopt(by=by, text_id=source.id, text_hash=source.hash, now=now)


def ask(cast: Cast, patient: Patient, route: str = "iv", drug: str = "", now: datetime | None = None) -> None:
    by = cast.actor("nurse")
    with acting_as(by):
        consent_actions.ask(by=by, patient_id=patient.pk, route=route, drug=drug, now=now)


def token_for(cast: Cast, patient: Patient, document_id: str, language: str = "en") -> tuple[str, texts.Text]:
    """A form's token for the text as it is signed now, and the text."""
    request = consent_queries.asked(PatientScope(patient.pk))
    assert request is not None
    cast.clinic.refresh_from_db()
    text = consent_queries.available_documents(cast.clinic).text(document_id, request.route, language)
    assert text is not None
    return consent_queries.signing_token(PatientScope(patient.pk), text), text


def sign(
    cast: Cast, patient: Patient, document_id: str, *, language: str = "en", now: datetime | None = None
) -> Consent:
    """The patient signs one document by typing their name."""
    by = patient_actor(cast, patient)
    with acting_as(by):
        token, text = token_for(cast, patient, document_id, language)
        return consent_actions.sign(
            by=by, token=token, statements=[each.id for each in text.statements], signed_name=patient.name, now=now
        )


def countersign(cast: Cast, consent: Consent, now: datetime | None = None) -> None:
    by = cast.actor("prescriber")
    with acting_as(by):
        consent_actions.countersign(
            by=by, consent_id=consent.pk, capacity_confirmed=True, seen_hash=consent.content_hash, now=now
        )


def agree(
    cast: Cast,
    patient: Patient,
    route: str = "iv",
    drug: str = "",
    *,
    language: str = "en",
    documents: Iterable[str] | None = None,
    now: datetime | None = None,
) -> dict[str, Consent]:
    """The whole way: texts adopted, asked for, signed by the patient, counter-signed by the prescriber."""
    adopt_texts(cast, now)
    ask(cast, patient, route, drug, now)
    way = texts.way_of(route, drug)
    wanted = documents or [each.id for each in texts.newest().values() if each.needed_for(way)]
    signed = {each: sign(cast, patient, each, language=language, now=now) for each in wanted}
    for consent in signed.values():
        countersign(cast, consent, now)
    return signed
