"""Asked for agreements, questions answered, signed and countersigned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, ConsentCountersignature, Decision
from sojourn.config.demo.clinic_settings import demo_maker
from sojourn.config.demo.walk import DRUG, ROUTE, Walk
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, action, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import PatientScope


def ask_consent(walk: Walk) -> None:
    consent_actions.ask(by=walk.nurse, patient_id=walk.patient.pk, route=ROUTE, drug=DRUG, now=walk.at("asked"))


def ask_question(walk: Walk, *, answered: bool = True) -> None:
    """The patient asks about a section before signing."""
    words = ("I take the bus. May I go home by bus if my daughter sits beside me?",
             "Yo voy en autobús. ¿Puedo volver en autobús si mi hija va a mi lado?")  # fmt: skip
    question = consent_actions.ask_question(
        by=walk.speaker, document_id="driving", section_id="home", text=walk.tale.say(words), now=walk.at("question")
    )
    if answered:
        reply = ("Yes, if she stays beside you all the way and for the evening.",
                 "Sí, si va a su lado todo el camino y se queda por la noche.")  # fmt: skip
        at = walk.at("question", timedelta(minutes=40))
        consent_actions.reply(by=walk.nurse, question_id=question.pk, text=walk.tale.say(reply), now=at)


def agree(walk: Walk) -> list[Consent]:
    """Every document that the way of giving the medicine needs, read and signed one after the other."""
    signed = []
    for number, text in enumerate(_texts(walk)):
        row = consent_actions.sign(
            by=walk.speaker, token=consent_queries.signing_token(PatientScope(walk.patient.pk), text),
            statements=[each.id for each in text.statements], signed_name=walk.patient.name,
            now=walk.at("agreed", timedelta(minutes=6 * number)),
        )  # fmt: skip
        signed.append(row)
    return signed


def agree_long_ago(walk: Walk) -> None:
    """The same as rows, for those whose agreement is history: signed by the patient, then by the prescriber."""
    clinic, by = walk.team.clinic, walk.prescriber
    signed = [
        Consent(
            clinic=clinic, patient=walk.patient, document_id=text.document_id, document_version=text.version,
            language=text.language, route=text.way, jurisdiction=clinic.jurisdiction, content=text.content,
            content_hash=text.hash, decision=Decision.PERMIT, statements=[each.id for each in text.statements],
            signed_name=walk.patient.name, nonce=f"{walk.own.getrandbits(128):032x}",
            signed_at=walk.at("agreed", timedelta(minutes=6 * number)),
        )
        for number, text in enumerate(_texts(walk))
    ]  # fmt: skip
    write_agreements(by=demo_maker(walk.speaker), rows=signed)
    ConsentCountersignature.objects.bulk_create(
        ConsentCountersignature(
            clinic=clinic, patient=walk.patient, consent=row, capacity_confirmed=True, signed_by_id=by.member,
            signer_name=by.name, signed_at=walk.at("countersigned", timedelta(minutes=2 * number)),
        )
        for number, row in enumerate(signed)
    )  # fmt: skip


@action("demo.make", locks=NoLock("the demo is made by one process at a time"), audit="consent.signed")
def write_agreements(*, by: Actor, rows: list[Consent]) -> None:
    """Write agreements that a patient gave long ago, and in the audit what was signed, as the room's action does."""
    if not rows:
        return unchanged(None)
    for each in Consent.objects.bulk_create(rows):
        record(
            by, "consent.signed", each, document=each.document_id, version=each.document_version,
            language=each.language, hash=each.content_hash, how="typed",
        )  # fmt: skip
    return None


def _texts(walk: Walk) -> list[texts.Text]:
    way, team, language = texts.way_of(ROUTE, DRUG), walk.team, walk.patient.language
    if language not in team.forms:
        own = consent_queries.available_documents(team.clinic)
        found = [own.text(each.id, way, language) for each in texts.newest().values() if each.needed_for(way)]
        team.forms[language] = [each for each in found if each is not None]
    return team.forms[language]


def countersign(walk: Walk, signed: Sequence[Consent]) -> None:
    for number, row in enumerate(signed):
        consent_actions.countersign(
            by=walk.prescriber, consent_id=row.pk, capacity_confirmed=True, seen_hash=row.content_hash,
            now=walk.at("countersigned", timedelta(minutes=2 * number)),
        )  # fmt: skip
