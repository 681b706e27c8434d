"""Your agreements: what is open, read section by section, asked about, signed, kept and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.consent import actions, paper, queries, texts
from sojourn.care.consent.models import Consent, ConsentRequest, Decision
from sojourn.care.consent.queries import Shelf, Standing
from sojourn.care.consent.texts import Source, Text
from sojourn.care.safety import writing_actions as writing
from sojourn.care.session.withdrawal_actions import withdraw_consent
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_day
from sojourn.interfaces.portal.pages import show

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
class Line:
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


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages share: what is asked, the clinic's texts, what was decided."""

    asker: Asker
    clinic: Clinic
    request: ConsentRequest | None
    shelf: Shelf
    standing: Standing

    def text(self, document_id: str) -> Text | None:
        """What would be signed now, in the language of the page; None where there is nothing to sign."""
        if self.request is None:
            return None
        return self.shelf.text(document_id, self.request.route, queries.reading_language())

    def state(self, document_id: str) -> str:
        """The state of a document, "" where it stands, "refused" where the patient said no to the present text."""
        assert self.request is not None
        consent = self.standing.consents.get(document_id)
        if consent is not None and consent.decision == Decision.DENY:
            return "refused"
        return queries.state(self.shelf, consent, document_id, self.request.route) or ""


def _desk(request: HttpRequest) -> Desk:
    """Three queries."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    patient_id = asked.asker.patient_id or 0
    wanted = queries.asked(patient_id)
    own = queries.shelf(asked.clinic)
    judged = queries.judge(own, queries.newest_of(patient_id), wanted.route if wanted else "")
    return Desk(asked.asker, asked.clinic, wanted, own, judged)


def _document(document_id: str) -> Source:
    found = texts.newest().get(document_id)
    if found is None or found.is_pack:
        raise Http404
    return found


def _line(desk: Desk, document: Source, asked: list[queries.Asked]) -> Line:
    state = desk.state(document.id)
    word, kind, button = _WORDS[state]
    consent = desk.standing.consents.get(document.id)
    mine = [each for each in asked if each.question.document_id == document.id]
    language = queries.reading_language()
    return Line(
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


def next_open(patient_id: int, clinic: Clinic) -> tuple[int, str]:
    """How many agreements wait for the patient, and the address of the page ("" where none is asked). One query."""
    waiting = queries.open_for_patient(clinic.pk, patient_id)
    return (0, "") if waiting is None else (len(waiting), reverse("portal:agreements"))


@allowed("own.sign")
@require_GET
def agreements(request: HttpRequest) -> HttpResponse:
    """What is open, what is signed, what is free to choose."""
    desk = _desk(request)
    lines: list[Line] = []
    if desk.request is not None:
        asked = queries.questions(desk.asker.patient_id or 0)
        lines = [
            _line(desk, document, asked)
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


def _closed(request: HttpRequest, document: Source) -> HttpResponse:
    return show(request, "portal/agreements/closed.html", {"title": document.title[queries.reading_language()]})


def _reviews(text: Text) -> list[tuple[str, object]]:
    """The places whose clauses stand in the text, with the day by which they are reviewed."""
    titles = {each.id: each.title[text.language] for each in texts.jurisdictions()}
    return [
        (titles.get(f"pack:{place}", place), parse_date(review)) for place, _version, review in text.packs if review
    ]


@allowed("own.sign")
@require_http_methods(["GET", "POST"])
def read(request: HttpRequest, document_id: str, number: int) -> HttpResponse:
    """One section. A question about it can be asked here; the answer appears here too."""
    document = _document(document_id)
    desk = _desk(request)
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
            "reviews": _reviews(text) if part.local else [],
        },
        nav=False,
        status=409 if errors else 200,
    )


@dataclass(frozen=True, slots=True)
class Tick:
    """A statement to confirm."""

    id: str
    text: str
    ticked: bool


@allowed("own.sign")
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, document_id: str) -> HttpResponse:
    """Confirm, and sign by name or by drawing. What is missing is said at the top; what was typed stays."""
    document = _document(document_id)
    desk = _desk(request)
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


def _stopped(request: HttpRequest, document: Source, refused: Refused) -> HttpResponse:
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


def _anchor(code: str) -> str:
    if code.startswith("statement:"):
        return f"#statement-{code.partition(':')[2]}"
    if code.startswith("drawing-"):
        return "#drawing"
    return "#decision" if code == "decision-missing" else "#signed_name"


def _form(request: HttpRequest, desk: Desk, text: Text, refused: Refused | None, waiting: int) -> HttpResponse:
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
                {"href": _anchor(code), "text": reason}
                for code, reason in zip(refused.codes, refused.reasons, strict=True)
            ]
            if refused is not None
            else [],
            "waiting": waiting,
            "standing_url": reverse("portal:agreement", args=[before.pk]) if before is not None and stands else "",
            "reviews": _reviews(text),
            "back_url": reverse("portal:agreement_read", args=[text.document_id, len(text.parts)]),
        },
        nav=False,
        status=409 if refused is not None else 200,
    )


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


def _copy(consent: Consent, newest: bool) -> Copy:
    text = texts.read_text(consent.content)
    counter, taken = queries.countersigned(consent), queries.withdrawn(consent)
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


def _found(consent_id: int) -> Consent:
    return get_object_or_404(Consent.objects.select_related("countersignature", "withdrawal", "patient"), pk=consent_id)


def _is_newest(consent: Consent) -> bool:
    newer = Consent.objects.filter(
        patient_id=consent.patient_id, document_id=consent.document_id, pk__gt=consent.pk
    ).exists()
    return not newer


@allowed("own.sign")
@require_GET
def agreement(request: HttpRequest, consent_id: int) -> HttpResponse:
    """What was signed, exactly as it was shown."""
    consent = _found(consent_id)
    return show(request, "portal/agreements/copy.html", {"copy": _copy(consent, _is_newest(consent))}, active="record")


@allowed("own.sign")
@require_GET
def agreement_pdf(request: HttpRequest, consent_id: int) -> HttpResponse:
    """The signed text as PDF, in the language in which it was signed."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    consent = actions.open_copy(by=asked.asker, consent=_found(consent_id))
    answer = HttpResponse(paper.pdf(consent, asked.clinic), content_type="application/pdf")
    day = page_day(consent.signed_at)
    answer["Content-Disposition"] = f'inline; filename="agreement-{consent.document_id}-{day:%Y-%m-%d}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@allowed("own.sign")
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, consent_id: int) -> HttpResponse:
    """What it means to take it back; then it is done."""
    asker = cast(Request, request).asker
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
            "copy": _copy(consent, True),
            "errors": errors,
            "reason": request.POST.get("reason", "") if request.method == "POST" else "",
        },
        nav=False,
        status=409 if errors else 200,
    )
