"""Agreements as the patient reads them: the list, a section, the signature, a copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import Consent, Decision
from sojourn.care.consent.texts import Source, Text
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.portal.agreements.desk import Desk
from sojourn.interfaces.portal.agreements.forms import SignForm

# What the list says of each state: words, the look of the pill, what the button says ("" where nothing is to do).
_WORDS = {
    "": (gettext_lazy("Signed by you and by the clinic"), "done", ""),
    "not-countersigned": (gettext_lazy("Signed by you. The clinic signs next."), "active", ""),
    "not-signed": (gettext_lazy("Open"), "open", gettext_lazy("Read and sign")),
    "changed": (gettext_lazy("It has changed since you signed"), "wait", gettext_lazy("Read the new one")),
    "withdrawn": (gettext_lazy("You withdrew it"), "off", gettext_lazy("Read and sign again")),
    "not-adopted": (gettext_lazy("The clinic still prepares it"), "off", ""),
    "refused": (gettext_lazy("You said no"), "off", gettext_lazy("Change my answer")),
}


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One agreement in the list. ``answered``: questions of the patient that have a reply."""

    title: str
    summary: str
    word: str
    kind: str
    url: str
    button: str
    copy_url: str
    optional: bool
    open: bool
    questions: int
    answered: int


def agreement_line(desk: Desk, document: Source, asked: list[consent_queries.ConsentQuestionView]) -> AgreementRow:
    state = desk.state(document.id)
    word, kind, button = _WORDS[state]
    consent = desk.standing.consents.get(document.id)
    mine = [each for each in asked if each.question.document_id == document.id]
    language = consent_queries.reading_language()
    return AgreementRow(
        title=document.title[language],
        summary=document.summary[language],
        word=str(word),
        kind=kind,
        url=reverse("portal:agreement_read", args=[document.id, 1]),
        button=str(button),
        copy_url=reverse("portal:agreement", args=[consent.pk]) if consent is not None else "",
        optional=document.optional,
        open=state in ("not-signed", "changed", "withdrawn") and not document.optional,
        questions=len(mine),
        answered=sum(not each.open for each in mine),
    )


def reviews(text: Text) -> list[tuple[str, object]]:
    """The places whose clauses stand in the text, with the day by which they are reviewed."""
    titles = {each.id: each.title[text.language] for each in texts.jurisdictions()}
    return [
        (titles.get(f"pack:{place}", place), parse_date(review)) for place, _version, review in text.packs if review
    ]


@dataclass(frozen=True, slots=True)
class Tick:
    """A statement to confirm."""

    id: str
    text: str
    ticked: bool


def anchor(code: str) -> str:
    if code.startswith("statement:"):
        return f"#statement-{code.partition(':')[2]}"
    if code.startswith("drawing-"):
        return "#drawing"
    return "#decision" if code == "decision-missing" else "#signed_name"


@dataclass(frozen=True, slots=True)
class Copy:
    """A decision as the patient reads it."""

    id: int
    text: Text
    decided_at: datetime
    permitted: bool
    signed_name: str
    drawn: str
    statements: tuple[str, ...]
    clinic_name: str
    clinic_at: datetime | None
    withdrawn_at: datetime | None
    newest: bool
    hash: str


def copy_of(consent: Consent, newest: bool) -> Copy:
    text = texts.read_text(consent.content)
    counter, taken = consent_queries.countersigned(consent), consent_queries.withdrawn(consent)
    return Copy(
        id=consent.pk,
        text=text,
        decided_at=consent.signed_at,
        permitted=consent.decision == Decision.PERMIT,
        signed_name=consent.signed_name,
        drawn=consent.drawn,
        statements=tuple(each.text for each in text.statements if each.id in consent.statements),
        clinic_name=counter.signer_name if counter else "",
        clinic_at=counter.signed_at if counter else None,
        withdrawn_at=taken.withdrawn_at if taken else None,
        newest=newest,
        hash=consent.content_hash,
    )


# ---------------------------------------------------------------- the pages


def list_context(desk: Desk) -> dict[str, object]:
    """What is open, what is signed, what is free to choose."""
    asked = consent_queries.questions(PatientScope(desk.patient_id)) if desk.request is not None else []
    lines = [agreement_line(desk, document, asked) for document in desk.documents]
    return {
        "waiting": [each for each in lines if each.open],
        "done": [each for each in lines if not each.open and not each.optional],
        "chosen": [each for each in lines if each.optional],
        "note": desk.request.note if desk.request else "",
        "asked": desk.request is not None,
    }


def section_context(desk: Desk, text: Text, number: int) -> dict[str, object]:
    """One section of a text, what the patient asked about it, and where one goes on. One query."""
    document_id, part, last = text.document_id, text.parts[number - 1], number == len(text.parts)
    asked = consent_queries.questions(PatientScope(desk.patient_id), document_id)
    before = reverse("portal:agreement_read", args=[document_id, number - 1]) if number > 1 else None
    sign, onward = "portal:agreement_sign", "portal:agreement_read"
    return {
        "text": text,
        "part": part,
        "number": number,
        "total": len(text.parts),
        "asked": [each for each in asked if each.question.section_id == part.id],
        "next_url": reverse(sign, args=[document_id]) if last else reverse(onward, args=[document_id, number + 1]),
        "back_url": before or reverse("portal:agreements"),
        "last": last,
        "reviews": reviews(text) if part.local else [],
    }


def sign_context(desk: Desk, text: Text, form: SignForm, refused: ActionRefused | None) -> dict[str, object]:
    """The statements and the signature, with what was typed."""
    before = desk.standing.consents.get(text.document_id)
    stands = desk.state(text.document_id) in ("", "not-countersigned")
    drawn = form.typed("drawn")
    return {
        "text": text,
        "statements": [Tick(each.id, each.text, each.id in form.ticked) for each in text.statements],
        "token": consent_queries.signing_token(PatientScope(desk.patient_id), text),
        "again_at": consent_queries.signs_again_at(desk.clinic, PatientScope(desk.patient_id), timezone.now()),
        "name": desk.actor.name,
        "signed_name": form.typed("signed_name"),
        "how": form.typed("how", "type"),
        "drawn": drawn if drawn and consent_actions.drawing_fault(drawn) is None else "",
        "decision": form.typed("decision"),
        "errors": _sign_errors(refused),
        "waiting": consent_queries.open_questions(PatientScope(desk.patient_id), text.document_id),
        "standing_url": reverse("portal:agreement", args=[before.pk]) if before is not None and stands else "",
        "reviews": reviews(text),
        "back_url": reverse("portal:agreement_read", args=[text.document_id, len(text.parts)]),
    }


def _sign_errors(refused: ActionRefused | None) -> list[dict[str, object]]:
    """What is missing, each with the place where it is mended."""
    if refused is None:
        return []
    return [{"href": anchor(code), "text": reason} for code, reason in zip(refused.codes, refused.reasons, strict=True)]
