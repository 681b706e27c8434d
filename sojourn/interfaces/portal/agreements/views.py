"""Your agreements: what is open, read section by section, asked about, signed, kept and taken back."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import paper
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent.models import Consent
from sojourn.care.consent.texts import Source
from sojourn.care.safety import writing_actions as writing
from sojourn.care.session.withdrawal_actions import withdraw_consent
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_day
from sojourn.foundation.scope import PatientScope, one_row
from sojourn.interfaces.portal.agreements.desk import OpenedDocument, desk_of, document
from sojourn.interfaces.portal.agreements.forms import QuestionForm, SignForm, WithdrawForm
from sojourn.interfaces.portal.agreements.presenters import (
    copy_of,
    list_context,
    section_context,
    sign_context,
)
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.shared.pages import FORM, opens, require_valid, sent
from sojourn.interfaces.shared.paper import pdf_answer


@own_page("own.sign")
def agreements(request: Request, scope: OwnPage) -> HttpResponse:
    """What is open, what is signed, what is free to choose."""
    return show(request, "portal/agreements/list.html", list_context(desk_of(scope)), active="record")


def _closed(request: Request, document: Source) -> HttpResponse:
    return show(request, "portal/agreements/closed.html", {"title": document.title[consent_queries.reading_language()]})


@own_page("own.sign", methods=FORM)
@opens(document)
def read(request: Request, scope: OwnPage, opened: OpenedDocument) -> HttpResponse:
    """One section. A question about it can be asked here; the answer appears here too."""
    text, number, document_id = opened.text, opened.number, opened.document.id
    if text is None:
        return _closed(request, opened.document)
    form, reasons = QuestionForm(sent(request)), tuple[str, ...]()
    if form.is_bound:
        try:
            typed = require_valid(form).cleaned_data["question"]
            section_id = text.parts[number - 1].id
            writing.ask_question(by=scope.actor, document_id=document_id, section_id=section_id, text=typed)
            return redirect(f"{reverse('portal:agreement_read', args=[document_id, number])}#questions")
        except ActionRefused as refused:
            reasons = tuple(str(each) for each in refused.reasons)
    context = section_context(opened.desk, text, number) | {"typed": form["question"].value() or "", "errors": reasons}
    status = 409 if reasons else 200
    return show(request, "portal/agreements/section.html", context, nav=False, status=status)


@own_page("own.sign", methods=FORM)
@opens(document)
def sign(request: Request, scope: OwnPage, opened: OpenedDocument) -> HttpResponse:
    """Confirm, and sign by name or by drawing. What is missing is said at the top; what was typed stays."""
    form, refused = SignForm(sent(request), opened.document), None
    if form.is_bound:
        try:
            row = writing.sign(by=scope.actor, **form.signature)
            return redirect("portal:agreement", row.pk)
        except ActionRefused as said:
            refused = said
    text = opened.text
    if refused is not None and (text is None or not _can_be_mended(refused)):
        return _stopped(request, opened.document, refused)
    if text is None:
        return _closed(request, opened.document)
    context, status = sign_context(opened.desk, text, form, refused), 409 if refused else 200
    return show(request, "portal/agreements/sign.html", context, nav=False, status=status)


def _can_be_mended(refused: ActionRefused) -> bool:
    """Whether something is missing in the form, rather than the form being of no use any more."""
    mended = ("statement:", "signature-", "name-", "drawing-", "decision-")
    return all(code.startswith(mended) for code in refused.codes)


def _stopped(request: Request, document: Source, refused: ActionRefused) -> HttpResponse:
    return show(
        request,
        "portal/agreements/stopped.html",
        {
            "title": document.title[consent_queries.reading_language()],
            "reasons": refused.reasons,
            "read_url": reverse("portal:agreement_read", args=[document.id, 1]),
            "again": not {"replayed", "already-signed", "not-asked", "day-of-dose"} & set(refused.codes),
        },
        status=409,
    )


# ---------------------------------------------------------------- one decision


def _consent(scope: OwnPage, consent_id: int) -> Consent:
    return one_row(Consent, consent_id).select_related("countersignature", "withdrawal", "patient").get()


def _is_newest(consent: Consent) -> bool:
    newer = (
        PatientScope(consent.patient_id)
        .rows(Consent)
        .filter(document_id=consent.document_id, pk__gt=consent.pk)
        .exists()
    )
    return not newer


@own_page("own.sign")
@opens(_consent)
def agreement(request: Request, scope: OwnPage, consent: Consent) -> HttpResponse:
    """What was signed, exactly as it was shown."""
    context = {"copy": copy_of(consent, _is_newest(consent))}
    return show(request, "portal/agreements/copy.html", context, active="record")


@own_page("own.sign")
@opens(_consent)
def agreement_pdf(request: Request, scope: OwnPage, found: Consent) -> HttpResponse:
    """The signed text as PDF, in the language in which it was signed."""
    consent = consent_actions.open_copy(by=scope.actor, consent=found)
    day = page_day(consent.signed_at)
    return pdf_answer(paper.pdf(consent, scope.clinic), f"agreement-{consent.document_id}-{day:%Y-%m-%d}.pdf")


@own_page("own.sign", methods=FORM)
@opens(_consent)
def withdraw(request: Request, scope: OwnPage, consent: Consent) -> HttpResponse:
    """What it means to take it back; then it is done."""
    form = WithdrawForm(sent(request))
    reasons: tuple[str, ...] = ()
    if form.is_bound:
        try:
            typed = require_valid(form).cleaned_data["reason"]
            withdraw_consent(by=scope.actor, consent_id=consent.pk, reason=typed)
            return redirect("portal:agreement", consent.pk)
        except ActionRefused as refused:
            reasons = tuple(str(each) for each in refused.reasons)
    elif consent_queries.withdrawn(consent) is not None:
        return redirect("portal:agreement", consent.pk)
    context = {"copy": copy_of(consent, True), "errors": reasons, "reason": form["reason"].value() or ""}
    status = 409 if reasons else 200
    return show(request, "portal/agreements/withdraw.html", context, nav=False, status=status)
