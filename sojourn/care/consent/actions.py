"""Adopt the texts, ask for agreement, ask and answer questions, sign, counter-sign, withdraw."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.models import (
    Consent,
    ConsentAdoption,
    ConsentCountersignature,
    ConsentQuestion,
    ConsentReply,
    ConsentRequest,
    ConsentWithdrawal,
    Decision,
)
from sojourn.care.consent.texts import Text
from sojourn.care.patients.locks import THEMSELVES, patient_of
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.locks import OWN_CLINIC
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import NoLock, action, by_value, either, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.links import Page, address
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import PatientScope, clinic_rows, one_row

LONGEST_QUESTION: Final = 2000
LONGEST_NAME: Final = 120
LARGEST_DRAWING: Final = 20_000  # characters
WIDE, HIGH = 600.0, 200.0  # the box in which a signature is drawn
_SHORTEST_STROKE: Final = 40.0  # in the same units: less than this is a slip of the finger
PLACE: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166: a country, or a state of it
_ONE_PRESS: Final = timedelta(minutes=2)  # the same request again within this is a second press
_PATH: Final = re.compile(r"(?:M\d{1,3}(?:\.\d)? \d{1,3}(?:\.\d)?(?:L\d{1,3}(?:\.\d)? \d{1,3}(?:\.\d)?)*)+")
_POINT: Final = re.compile(r"([ML])([\d.]+) ([\d.]+)")


def _clinic(by: Actor) -> Clinic:
    return Clinic.objects.get(pk=by.own_clinic_id)


def _tell(patient: Patient, clinic: Clinic, what: str) -> None:
    """A notice by e-mail: that there is something to read, and where; never what it says."""
    if not patient.email:
        return
    link = address(Page.PATIENT_AGREEMENTS)
    letters.post(
        letters.write(
            patient.email, "agreements", patient.language or clinic.language, name=patient.given_name,
            clinic=clinic.name, phone=clinic.phone, what=what, link=link,
        )
    )  # fmt: skip


# ---------------------------------------------------------------- the clinic's texts


@action("consent.adopt", locks=OWN_CLINIC, audit="consent.adopted")
def adopt(*, by: Actor, text_id: str, text_hash: str, now: datetime | None = None) -> ConsentAdoption:
    """Make the newest version of a document or pack ("pack:US") the clinic's own.

    ``text_hash`` is of the version that the prescriber has read. The same again returns the row that stands.
    Refused: unknown-text, text-changed, not-in-effect.
    """
    at = now or timezone.now()
    source = texts.newest().get(text_id)
    if source is None:
        raise ActionRefused(_("There is no such text."), codes=("unknown-text",))
    if source.hash != text_hash:
        raise ActionRefused(_("This text has a newer version. Read it before you adopt it."), codes=("text-changed",))
    if source.effective_from > clinic_day(at, by):
        raise ActionRefused(_("This text may be used only from a later day."), codes=("not-in-effect",))
    standing = clinic_rows(ConsentAdoption).filter(text_id=text_id).order_by("-id").first()
    if standing is not None and (standing.version, standing.text_hash) == (source.version, source.hash):
        return unchanged(standing)
    adoption = ConsentAdoption.objects.create(
        clinic_id=by.own_clinic_id,
        text_id=source.id,
        version=source.version,
        text_hash=source.hash,
        adopted_at=at,
        adopted_by_id=by.member,
    )
    record(by, "consent.adopted", adoption, text=source.id, version=source.version, hash=source.hash)
    return adoption


@action("clinic.jurisdiction", locks=OWN_CLINIC, audit="clinic.jurisdiction_set")
def set_jurisdiction(*, by: Actor, code: str) -> Clinic:
    """Say where the clinic is ("US-CO"); its texts then carry the clauses of that place.

    What was signed with other clauses must be signed again. Refused: not-a-place.
    """
    place = code.strip().upper()
    if not PLACE.fullmatch(place):
        raise ActionRefused(
            _("Write the code of a country or state, for example US-CO or GB."), codes=("not-a-place",)
        )  # fmt: skip
    clinic = _clinic(by)
    if clinic.jurisdiction == place:
        return unchanged(clinic)
    before, clinic.jurisdiction = clinic.jurisdiction, place
    clinic.save(update_fields=["jurisdiction"])
    record(by, "clinic.jurisdiction_set", clinic, before=before, place=place)
    return clinic


# ---------------------------------------------------------------- asking


@action("consent.ask", locks=row(Patient, "patient_id"), audit="consent.requested")
def ask(
    *, by: Actor, patient_id: int, route: str, drug: str = "", note: str = "", now: datetime | None = None
) -> ConsentRequest:
    """Ask a patient for agreement to the medicine by a route of the rulebook, and tell them by e-mail.

    The same request again, while it is the newest and has no new note, returns the row that stands.
    Refused: unknown-route, not-adopted.
    """
    way = texts.way_of(route, drug)
    if way not in texts.WAYS:
        raise ActionRefused(_("Choose how the medicine is given."), codes=("unknown-route",))
    clinic = _clinic(by)
    own = consent_queries.available_documents(clinic)
    missing = [each for each in texts.newest().values() if each.needed_for(way) and not own.text(each.id, way, "en")]
    if missing:
        raise ActionRefused(
            _("A prescriber must adopt the clinic's texts first. Patients sign nothing before that."),
            codes=("not-adopted",),
        )
    patient = one_row(Patient, patient_id).get()
    said = note.strip()
    before = consent_queries.asked(PatientScope(patient.pk))
    at = now or timezone.now()
    if before is not None and (before.route, before.note) == (way, said) and at - before.requested_at < _ONE_PRESS:
        return unchanged(before)
    request = ConsentRequest.objects.create(
        clinic_id=by.own_clinic_id,
        patient=patient,
        route=way,
        note=said,
        requested_at=at,
        requested_by_id=by.membership_id,
    )
    record(by, "consent.requested", request, route=way)
    _tell(patient, clinic, "asked")
    return request


@action("own.sign", locks=THEMSELVES, audit="consent.question_asked")
def ask_question(
    *, by: Actor, document_id: str, section_id: str, text: str, now: datetime | None = None
) -> ConsentQuestion:
    """A patient asks about a section. The same open question again returns the row that stands.

    Refused: unknown-section, question-empty, question-too-long.
    """
    document = texts.newest().get(document_id)
    if document is None or section_id not in {each.id for each in document.sections}:
        raise ActionRefused(_("There is no such section."), codes=("unknown-section",))
    said = text.strip()
    if not said:
        raise ActionRefused(_("Write your question first."), codes=("question-empty",))
    if len(said) > LONGEST_QUESTION:
        raise ActionRefused(
            _("Please make it shorter: at most %(n)d letters.") % {"n": LONGEST_QUESTION}, codes=("question-too-long",)
        )
    patient = one_row(Patient, by.patient_id).get()
    same = (
        PatientScope(patient.pk)
        .rows(ConsentQuestion)
        .filter(document_id=document_id, section_id=section_id, text=said, replies=None)
        .first()
    )
    if same is not None:
        return unchanged(same)
    question = ConsentQuestion.objects.create(
        clinic_id=by.own_clinic_id,
        patient=patient,
        document_id=document_id,
        section_id=section_id,
        text=said,
        asked_at=now or timezone.now(),
    )
    record(by, "consent.question_asked", question, document=document_id, section=section_id)
    return question


@action(
    by_value("waived", {False: "consent.answer", True: "consent.countersign"}),
    locks=patient_of(ConsentQuestion, "question_id"),
    audit=("consent.question_answered", "consent.question_waived"),
)
def reply(*, by: Actor, question_id: int, text: str, waived: bool = False, now: datetime | None = None) -> ConsentReply:
    """Answer a question; or, as a prescriber, let it stand without an answer and say why (``waived``).

    The patient reads both, and is told by e-mail. Refused: reply-empty, reason-missing.
    """
    said = text.strip()
    if not said:
        if waived:
            raise ActionRefused(
                _("Say why this question needs no answer. The patient reads it."), codes=("reason-missing",)
            )
        raise ActionRefused(_("Write the answer first."), codes=("reply-empty",))
    question = one_row(ConsentQuestion, question_id).select_related("patient").get()
    newest = clinic_rows(ConsentReply).filter(question=question).order_by("-id").first()
    if newest is not None and (newest.text, newest.waived, newest.replied_by_id) == (said, waived, by.member):
        return unchanged(newest)
    told = ConsentReply.objects.create(
        clinic_id=by.own_clinic_id,
        patient=question.patient,
        question=question,
        text=said,
        waived=waived,
        replied_at=now or timezone.now(),
        replied_by_id=by.member,
        replier_name=by.name,
    )
    record(by, "consent.question_waived" if waived else "consent.question_answered", told, question=question.pk)
    _tell(question.patient, _clinic(by), "answered")
    return told


# ---------------------------------------------------------------- signing


def drawing_fault(path: str) -> str | None:
    """Why a drawn signature cannot be kept ("drawing-too-large", "drawing-invalid", "drawing-empty"), or None."""
    if len(path) > LARGEST_DRAWING:
        return "drawing-too-large"
    if not _PATH.fullmatch(path):
        return "drawing-invalid"
    points = [(letter, float(x), float(y)) for letter, x, y in _POINT.findall(path)]
    if any(x > WIDE or y > HIGH for _letter, x, y in points):
        return "drawing-invalid"
    strokes = (math.dist(here, there) for (_, *here), (letter, *there) in pairwise(points) if letter == "L")
    return None if sum(strokes) >= _SHORTEST_STROKE else "drawing-empty"


@action("own.sign", locks=THEMSELVES, audit=("consent.signed", "consent.refused"))
def sign(
    *,
    by: Actor,
    token: str,
    decision: str = Decision.PERMIT,
    statements: Collection[str] = (),
    signed_name: str = "",
    drawn: str = "",
    now: datetime | None = None,
) -> Consent:
    """A patient signs what the form showed, by a typed name or a drawn signature; or says no to an optional text.

    ``token`` comes with the form (``queries.signing_token``) and is good once, for this patient, for this very text.
    Between a dose and the next morning no agreement is signed; a no is. Refused: form-invalid, other-patient,
    replayed, not-asked, changed, already-signed, day-of-dose, decision-missing, statement:<id>,
    signature-missing, name-too-long, drawing-too-large, drawing-invalid, drawing-empty.
    """
    form, clinic = _form_of(by, token), _clinic(by)
    patient = one_row(Patient, form.patient_id).get()
    at = now or timezone.now()
    if clinic_rows(Consent).filter(nonce=form.nonce).exists():
        raise ActionRefused(
            _("You have sent this page before. It counts once, and nothing was signed a second time."),
            codes=("replayed",),
        )
    text = _text_of(clinic, form)
    _must_be_open(text, consent_queries.newest_of(PatientScope(patient.pk)).get(text.document_id), decision)
    agreed = decision == Decision.PERMIT
    if agreed:
        _must_be_awake(clinic, patient, at)
    name = " ".join(signed_name.split())
    _must_be_whole(text, decision, statements, name, drawn)
    said, typed, drawn = _as_agreed(text, name, drawn) if agreed else ([], "", "")
    consent = Consent.objects.create(
        clinic=clinic, patient=patient, document_id=text.document_id, document_version=text.version,
        language=text.language, route=text.way, jurisdiction=clinic.jurisdiction, content=text.content,
        content_hash=text.hash, decision=decision, nonce=form.nonce, signed_at=at, statements=said, signed_name=typed,
        drawn=drawn,
    )  # fmt: skip
    record(
        by, "consent.signed" if agreed else "consent.refused", consent, document=text.document_id,
        version=text.version, language=text.language, hash=text.hash, how=_how_signed(consent),
    )  # fmt: skip
    return consent


def _as_agreed(text: Text, name: str, drawn: str) -> tuple[list[str], str, str]:
    """What an agreement has and a no has not: the statements, and one signature, the typed or the drawn."""
    return [each.id for each in text.statements], "" if drawn else name, drawn


def _how_signed(consent: Consent) -> str:
    return "drawn" if consent.drawn else "typed" if consent.signed_name else ""


def _must_be_awake(clinic: Clinic, patient: Patient, at: datetime) -> None:
    again = consent_queries.signs_again_at(clinic, PatientScope(patient.pk), at)
    if again is None:
        return
    raise ActionRefused(
        _("You had a dose. Nothing is signed until the next morning. You can sign from %(when)s.")
        % {"when": date_format(again, _("l j F Y, H:i"))},
        codes=("day-of-dose",),
    )


def _form_of(by: Actor, token: str) -> consent_queries.Token:
    """What the form was made for, which must be this patient."""
    form = consent_queries.read_token(token)
    if form is None:
        raise ActionRefused(
            _("This page was open too long. Nothing was signed. Please read it again and sign then."),
            codes=("form-invalid",),
        )
    if form.patient_id != by.patient_id:
        raise ActionRefused(_("This page was made for somebody else. Nothing was signed."), codes=("other-patient",))
    return form


def _must_be_open(text: Text, newest: Consent | None, decision: str) -> None:
    """Raise Refused where the same answer stands, or an agreement that is to be withdrawn and not answered anew."""
    if newest is None or consent_queries.withdrawn(newest) is not None:
        return
    same = newest.content_hash == text.hash and newest.decision == decision
    turned = newest.decision == Decision.PERMIT and decision == Decision.DENY
    if same or turned:
        raise ActionRefused(_("You have answered this already. Nothing was changed."), codes=("already-signed",))


def _text_of(clinic: Clinic, form: consent_queries.Token) -> Text:
    """The text as it is signed now, which must be the one that the form showed."""
    request = consent_queries.asked(PatientScope(form.patient_id))
    if request is None:
        raise ActionRefused(_("The clinic has not asked you to sign this."), codes=("not-asked",))
    own = consent_queries.available_documents(clinic)
    for language in texts.LANGUAGES:
        text = own.text(form.document_id, request.route, language)
        if text is not None and text.hash == form.content_hash:
            return text
    raise ActionRefused(
        _("This text has changed since you opened it. Nothing was signed. Please read the new one."), codes=("changed",)
    )


def _must_be_whole(text: Text, decision: str, statements: Collection[str], name: str, drawn: str) -> None:
    """Raise Refused with everything that is missing at once."""
    missing: dict[str, str] = {}
    if decision not in Decision.values or (decision == Decision.DENY and not text.optional):
        missing["decision-missing"] = _("Choose yes or no.")
    elif decision == Decision.PERMIT:
        for each in text.statements:
            if each.id not in statements:
                missing[f"statement:{each.id}"] = _("Please confirm: %(text)s") % {"text": each.text}
        missing |= _signature_faults(name, drawn)
    if missing:
        raise ActionRefused(*missing.values(), codes=tuple(missing))


def _signature_faults(name: str, drawn: str) -> dict[str, str]:
    """What is wrong with a typed name or a drawn signature, in words by code."""
    wrong: dict[str, str] = {}
    fault = drawing_fault(drawn) if drawn else None
    if fault is not None:
        wrong[fault] = {
            "drawing-too-large": _("This drawing is too large. Draw it more simply, or type your name."),
            "drawing-invalid": _("This drawing could not be read. Draw it again, or type your name."),
            "drawing-empty": _("This is only a dot. Draw your signature, or type your name."),
        }[fault]
    if len(name) > LONGEST_NAME:
        wrong["name-too-long"] = _("This name is too long.")
    if not drawn and len(name) < 2:
        wrong["signature-missing"] = _("Type your name, or draw your signature.")
    return wrong


@action("consent.countersign", locks=patient_of(Consent, "consent_id"), audit="consent.countersigned")
def countersign(
    *,
    by: Actor,
    consent_id: int,
    capacity_confirmed: bool,
    seen_hash: str,
    note: str = "",
    now: datetime | None = None,
) -> ConsentCountersignature:
    """A prescriber confirms that the patient could decide, and signs beside them. The patient is told by e-mail.

    ``seen_hash`` is of the text on the prescriber's page. A second press returns the row that stands.
    Refused: not-agreed, withdrawn, changed, capacity-missing, open-questions.
    """
    consent = one_row(Consent, consent_id).select_related("patient").get()
    before = clinic_rows(ConsentCountersignature).filter(consent=consent).first()
    if before is not None:
        return unchanged(before)
    clinic = _clinic(by)
    reasons = _countersign_faults(consent, clinic, capacity_confirmed, seen_hash)
    if reasons:
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))
    signature = ConsentCountersignature.objects.create(
        clinic_id=by.own_clinic_id,
        patient=consent.patient,
        consent=consent,
        capacity_confirmed=True,
        note=note.strip(),
        signed_at=now or timezone.now(),
        signed_by_id=by.member,
        signer_name=by.name,
    )
    record(by, "consent.countersigned", signature, document=consent.document_id, hash=consent.content_hash)
    _tell(consent.patient, clinic, "copy")
    return signature


def _countersign_faults(consent: Consent, clinic: Clinic, capacity_confirmed: bool, seen_hash: str) -> dict[str, str]:
    """Why a prescriber cannot sign beside a patient, in words by code."""
    newest = consent_queries.newest_of(PatientScope(consent.patient_id))[consent.document_id]
    request = consent_queries.asked(PatientScope(consent.patient_id))
    way = request.route if request is not None else consent.route
    code = consent_queries.state(consent_queries.available_documents(clinic), newest, consent.document_id, way)
    reasons: dict[str, str] = {}
    if consent.decision != Decision.PERMIT:
        reasons["not-agreed"] = _("The patient said no. There is nothing to sign.")
    elif consent_queries.withdrawn(newest) is not None:
        reasons["withdrawn"] = _("The patient has withdrawn this agreement.")
    elif newest.pk != consent.pk or code != "not-countersigned" or seen_hash != consent.content_hash:
        reasons["changed"] = _("This is not what is agreed on now. Ask the patient to sign the present text.")
    if not capacity_confirmed:
        reasons["capacity-missing"] = _("Confirm that the patient was able to decide.")
    waiting = consent_queries.open_questions(PatientScope(consent.patient_id), consent.document_id)
    if waiting:
        reasons["open-questions"] = _("The patient has asked about this text and has no answer yet (%(n)d).") % {
            "n": waiting
        }
    return reasons


@action(either("own.sign", "consent.withdraw"), locks=patient_of(Consent, "consent_id"), audit="consent.withdrawn")
def withdraw(*, by: Actor, consent_id: int, reason: str = "", now: datetime | None = None) -> ConsentWithdrawal:
    """A patient takes an agreement back; or somebody of the clinic writes down that the patient has said so.

    A second press returns the row that stands. Refused: not-agreed, superseded, reason-missing (staff).
    """
    own = by.patient_id is not None
    consent = one_row(Consent, consent_id).get()
    before = clinic_rows(ConsentWithdrawal).filter(consent=consent).first()
    if before is not None:
        return unchanged(before)
    if consent.decision != Decision.PERMIT:
        raise ActionRefused(_("There is nothing to withdraw."), codes=("not-agreed",))
    if consent_queries.newest_of(PatientScope(consent.patient_id))[consent.document_id].pk != consent.pk:
        raise ActionRefused(_("There is a newer agreement. Withdraw that one."), codes=("superseded",))
    if not own and not reason.strip():
        raise ActionRefused(_("Write down when and how the patient said it."), codes=("reason-missing",))
    withdrawal = ConsentWithdrawal.objects.create(
        clinic_id=by.own_clinic_id,
        patient_id=consent.patient_id,
        consent=consent,
        reason=reason.strip(),
        withdrawn_at=now or timezone.now(),
        noted_by_id=None if own else by.member,
        noted_by_name="" if own else by.name,
    )
    record(by, "consent.withdrawn", withdrawal, document=consent.document_id, told=not own)
    return withdrawal


@action(either("own.sign", "consent.read"), locks=NoLock("looking changes nothing"), audit="consent.opened")
def open_copy(*, by: Actor, consent: Consent) -> Consent:
    """Read a signed agreement that was found, on the page or on paper; the audit keeps that it was opened."""
    record(by, "consent.opened", consent, document=consent.document_id)
    return consent
