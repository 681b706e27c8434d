"""Your agreements: what is open, read section by section, asked about, signed, kept and taken back."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from sojourn.care.consent import actions, paper, queries, texts
from sojourn.care.consent.models import Consent, Decision
from sojourn.care.consent.texts import Source, Text
from sojourn.care.safety import writing_actions as writing
from sojourn.care.session.withdrawal_actions import withdraw_consent
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.portal.agreements.desk import Desk, desk_of, document_of
from sojourn.interfaces.portal.agreements.presenters import Line, Tick, agreement_line, anchor, copy_of, reviews
from sojourn.interfaces.portal.pages import OwnScope, own_page, show
from sojourn.interfaces.shared.pages import FORM


@own_page("own.sign")
def agreements(request: Request, scope: OwnScope) -> HttpResponse:
    """What is open, what is signed, what is free to choose."""
    desk = desk_of(request)
    lines: list[Line] = []
    if desk.request is not None:
        asked = queries.questions(desk.asker.patient_id or 0)
        lines = [
            agreement_line(desk, document, asked)
            for document in texts.newest().values()
            if not document.is_pack
            and (
                document.needed_for(desk.request.route)
                or (document.optional and document.id in desk.shelf.adopted)
                or document.id in desk.standing.consents
            )
        ]
    return show(
        request,
        "portal/agreements/list.html",
        {
            "waiting": [each for each in lines if each.open],
            "done": [each for each in lines if not each.open and not each.optional],
            "chosen": [each for each in lines if each.optional],
            "note": desk.request.note if desk.request else "",
            "asked": desk.request is not None,
        },
        active="record",
    )


def _closed(request: Request, document: Source) -> HttpResponse:
    return show(request, "portal/agreements/closed.html", {"title": document.title[queries.reading_language()]})


@own_page("own.sign", methods=FORM)
def read(request: Request, scope: OwnScope, document_id: str, number: int) -> HttpResponse:
    """One section. A question about it can be asked here; the answer appears here too."""
    document = document_of(document_id)
    desk = desk_of(request)
    text = desk.text(document_id)
    if text is None:
        return _closed(request, document)
    if not 1 <= number <= len(text.parts):
        raise Http404
    part = text.parts[number - 1]
    errors: tuple[str, ...] = ()
    typed = ""
    if request.method == "POST":
        typed = request.POST.get("question", "")
        try:
            writing.ask_question(by=desk.asker, document_id=document_id, section_id=part.id, text=typed)
            return redirect(f"{reverse('portal:agreement_read', args=[document_id, number])}#questions")
        except Refused as refused:
            errors = tuple(str(each) for each in refused.reasons)
    last = number == len(text.parts)
    asked = [
        each
        for each in queries.questions(desk.asker.patient_id or 0, document_id)
        if each.question.section_id == part.id
    ]
    onward = ("portal:agreement_sign", [document_id]) if last else ("portal:agreement_read", [document_id, number + 1])
    return show(
        request,
        "portal/agreements/section.html",
        {
            "text": text,
            "part": part,
            "number": number,
            "total": len(text.parts),
            "asked": asked,
            "typed": typed,
            "errors": errors,
            "next_url": reverse(onward[0], args=onward[1]),
            "back_url": reverse("portal:agreement_read", args=[document_id, number - 1])
            if number > 1
            else reverse("portal:agreements"),
            "last": last,
            "reviews": reviews(text) if part.local else [],
        },
        nav=False,
        status=409 if errors else 200,
    )


@own_page("own.sign", methods=FORM)
def sign(request: Request, scope: OwnScope, document_id: str) -> HttpResponse:
    """Confirm, and sign by name or by drawing. What is missing is said at the top; what was typed stays."""
    document = document_of(document_id)
    desk = desk_of(request)
    refused: Refused | None = None
    if request.method == "POST":
        by_drawing = request.POST.get("how") == "draw"
        try:
            row = writing.sign(
                by=desk.asker,
                token=request.POST.get("token", ""),
                decision=request.POST.get("decision", "" if document.optional else Decision.PERMIT),
                statements=request.POST.getlist("statement"),
                signed_name="" if by_drawing else request.POST.get("signed_name", ""),
                drawn=request.POST.get("drawn", "") if by_drawing else "",
            )
            return redirect("portal:agreement", row.pk)
        except Refused as said:
            refused = said
    text = desk.text(document_id)
    if text is None:
        return _closed(request, document) if refused is None else _stopped(request, document, refused)
    if refused is not None and not _can_be_mended(refused):
        return _stopped(request, document, refused)
    waiting = queries.open_questions(desk.asker.patient_id or 0, document_id)
    return _form(request, desk, text, refused, waiting)


def _can_be_mended(refused: Refused) -> bool:
    """Whether something is missing in the form, rather than the form being of no use any more."""
    mended = ("statement:", "signature-", "name-", "drawing-", "decision-")
    return all(code.startswith(mended) for code in refused.codes)


def _stopped(request: Request, document: Source, refused: Refused) -> HttpResponse:
    return show(
        request,
        "portal/agreements/stopped.html",
        {
            "title": document.title[queries.reading_language()],
            "reasons": refused.reasons,
            "read_url": reverse("portal:agreement_read", args=[document.id, 1]),
            "again": not {"replayed", "already-signed", "not-asked", "day-of-dose"} & set(refused.codes),
        },
        status=409,
    )


def _form(request: Request, desk: Desk, text: Text, refused: Refused | None, waiting: int) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    ticked = sent.getlist("statement") if sent is not None else []
    drawn = sent.get("drawn", "") if sent is not None else ""
    before = desk.standing.consents.get(text.document_id)
    stands = desk.state(text.document_id) in ("", "not-countersigned")
    return show(
        request,
        "portal/agreements/sign.html",
        {
            "text": text,
            "statements": [Tick(each.id, each.text, each.id in ticked) for each in text.statements],
            "token": queries.signing_token(desk.asker.patient_id or 0, text),
            "again_at": queries.signs_again_at(desk.clinic, desk.asker.patient_id or 0, timezone.now()),
            "name": desk.asker.name,
            "signed_name": sent.get("signed_name", "") if sent is not None else "",
            "how": sent.get("how", "type") if sent is not None else "type",
            "drawn": drawn if drawn and actions.drawing_fault(drawn) is None else "",
            "decision": sent.get("decision", "") if sent is not None else "",
            "errors": [
                {"href": anchor(code), "text": reason}
                for code, reason in zip(refused.codes, refused.reasons, strict=True)
            ]
            if refused is not None
            else [],
            "waiting": waiting,
            "standing_url": reverse("portal:agreement", args=[before.pk]) if before is not None and stands else "",
            "reviews": reviews(text),
            "back_url": reverse("portal:agreement_read", args=[text.document_id, len(text.parts)]),
        },
        nav=False,
        status=409 if refused is not None else 200,
    )


def _found(consent_id: int) -> Consent:
    return get_object_or_404(Consent.objects.select_related("countersignature", "withdrawal", "patient"), pk=consent_id)


def _is_newest(consent: Consent) -> bool:
    newer = Consent.objects.filter(
        patient_id=consent.patient_id, document_id=consent.document_id, pk__gt=consent.pk
    ).exists()
    return not newer


@own_page("own.sign")
def agreement(request: Request, scope: OwnScope, consent_id: int) -> HttpResponse:
    """What was signed, exactly as it was shown."""
    consent = _found(consent_id)
    return show(
        request, "portal/agreements/copy.html", {"copy": copy_of(consent, _is_newest(consent))}, active="record"
    )


@own_page("own.sign")
def agreement_pdf(request: Request, scope: OwnScope, consent_id: int) -> HttpResponse:
    """The signed text as PDF, in the language in which it was signed."""
    assert request.clinic is not None
    consent = actions.open_copy(by=request.asker, consent=_found(consent_id))
    answer = HttpResponse(paper.pdf(consent, request.clinic), content_type="application/pdf")
    day = timezone.localdate(consent.signed_at)
    answer["Content-Disposition"] = f'inline; filename="agreement-{consent.document_id}-{day:%Y-%m-%d}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@own_page("own.sign", methods=FORM)
def withdraw(request: Request, scope: OwnScope, consent_id: int) -> HttpResponse:
    """What it means to take it back; then it is done."""
    asker = request.asker
    consent = _found(consent_id)
    errors: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            withdraw_consent(by=asker, consent_id=consent_id, reason=request.POST.get("reason", ""))
            return redirect("portal:agreement", consent_id)
        except Refused as refused:
            errors = tuple(str(each) for each in refused.reasons)
    elif queries.withdrawn(consent) is not None:
        return redirect("portal:agreement", consent_id)
    return show(
        request,
        "portal/agreements/withdraw.html",
        {
            "copy": copy_of(consent, True),
            "errors": errors,
            "reason": request.POST.get("reason", "") if request.method == "POST" else "",
        },
        nav=False,
        status=409 if errors else 200,
    )
