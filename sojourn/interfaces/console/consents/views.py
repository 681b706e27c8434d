"""Agreements in the clinic: the texts and their adoption, a patient's agreements, questions, counter-signing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_stubs_ext import StrPromise

from sojourn.care.consent import actions, paper, queries, texts
from sojourn.care.consent.models import Consent, ConsentAdoption, ConsentQuestion, Decision
from sojourn.care.consent.texts import Clause, Source
from sojourn.care.patients import queries as patients
from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries as plan
from sojourn.care.session.withdrawal_actions import withdraw_consent
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_day, page_today
from sojourn.interfaces.console.patients.views import closed
from sojourn.interfaces.console.rules.views import SHORT_MARKS

# Withdrawals stay on the first page for this long, or until the patient agrees again.
WITHDRAWN_FOR = timedelta(days=30)
HOW_MANY = 50

WAYS: Mapping[str, StrPromise] = {
    "iv": gettext_lazy("Ketamine into a vein (IV)"),
    "im": gettext_lazy("Ketamine into a muscle (IM)"),
    "sc": gettext_lazy("Ketamine under the skin (SC)"),
    "in": gettext_lazy("Ketamine as a nasal spray"),
    "in_esketamine": gettext_lazy("Esketamine as a nasal spray, as labelled"),
    "sl": gettext_lazy("Ketamine under the tongue (SL)"),
    "oral": gettext_lazy("Ketamine by mouth"),
}
_STATES: Mapping[str, tuple[StrPromise, str]] = {
    "": (gettext_lazy("Stands"), "done"),
    "not-countersigned": (gettext_lazy("Waits for a prescriber’s signature"), "wait"),
    "not-signed": (gettext_lazy("Not signed"), "open"),
    "changed": (gettext_lazy("Changed since it was signed"), "wait"),
    "withdrawn": (gettext_lazy("Withdrawn"), "stop"),
    "not-adopted": (gettext_lazy("Text not adopted"), "off"),
    "refused": (gettext_lazy("Said no"), "off"),
}


def way_words(way: str) -> str:
    return str(WAYS.get(way, way))


# ---------------------------------------------------------------- the clinic's page


@dataclass(frozen=True, slots=True)
class Waits:
    """A line of what waits: who, what, since when."""

    name: str
    title: str
    at: datetime
    url: str
    detail: str


@dataclass(frozen=True, slots=True)
class TextLine:
    """A text with what the clinic decided about it. ``review_on`` is a pack's."""

    id: str
    title: str
    kind: StrPromise | str
    url: str
    version: int
    adopted_version: int | None
    adopted_at: datetime | None
    adopted_by: str
    hash: str
    waits: bool
    unverified: int
    as_of: str
    review_on: date | None
    stale: bool
    lapsed: tuple[str, ...]
    optional: bool


def _text_lines(request: Request, own: queries.Shelf) -> list[TextLine]:
    """The documents and the packs of this place. One query."""
    rows = ConsentAdoption.objects.select_related("adopted_by").order_by("text_id", "-id").distinct("text_id")
    decided = {each.text_id: each for each in rows}
    places, today = texts.pack_ids(own.jurisdiction), page_today()
    language = queries.reading_language()
    waiting = {each.id for each in queries.to_adopt(own)}
    found = []
    for source in texts.newest().values():
        if source.is_pack and source.id not in places:
            continue
        row, used = decided.get(source.id), own.adopted.get(source.id)
        acting = used or source
        found.append(
            TextLine(
                id=source.id,
                title=source.title[language],
                kind=_("Local clauses") if source.is_pack else _("Document"),
                url=reverse("console:consent_text", args=[source.id]),
                version=source.version,
                adopted_version=used.version if used else None,
                adopted_at=row.adopted_at if row and used else None,
                adopted_by=str(row.adopted_by) if row and used else "",
                hash=source.hash,
                waits=source.id in waiting,
                unverified=len(source.unverified),
                as_of=acting.as_of,
                review_on=acting.review_on,
                stale=acting.stale(today),
                lapsed=tuple(each.text[language] for each in acting.lapsed(today)),
                optional=source.optional,
            )
        )
    return found


def _titles() -> dict[str, str]:
    return {each.id: each.title[queries.reading_language()] for each in texts.newest().values()}


def _waits(request: Request, rows: Iterable[Consent | ConsentQuestion], what: str) -> list[Waits]:
    """Lines for rows with their patients; records that this asker may not open are left nameless. One query."""
    found = list(rows)
    hidden = patients.withheld(request.asker, [each.patient for each in found], timezone.now())
    titles = _titles()
    lines = []
    for each in found:
        secret = each.patient_id in hidden
        url = reverse("console:patient_consents", args=[each.patient_id])
        if isinstance(each, Consent) and what == "countersign":
            url = reverse("console:consent", args=[each.pk])
        when = each.asked_at if isinstance(each, ConsentQuestion) else each.signed_at
        if what == "withdrawn" and isinstance(each, Consent):
            taken = queries.withdrawn(each)
            when = taken.withdrawn_at if taken else when
        detail = each.text[:160] if isinstance(each, ConsentQuestion) and not secret else ""
        lines.append(
            Waits(
                name=_("Restricted record") if secret else each.patient.name,
                title="" if secret else titles.get(each.document_id, each.document_id),
                at=when,
                url=url,
                detail=detail,
            )
        )
    return lines


def _first(rows: QuerySet[Consent]) -> QuerySet[Consent]:
    return rows.select_related("patient", "withdrawal").defer("content", "drawn").order_by("signed_at")[:HOW_MANY]


@allowed("consent.read", "consent.adopt", "clinic.jurisdiction")
@require_GET
def consents(request: HttpRequest) -> HttpResponse:
    """What waits, and the texts that the clinic uses."""
    return _clinic_page(cast(Request, request))


def _clinic_page(request: Request, reasons: tuple[str, ...] = (), place: str | None = None) -> HttpResponse:
    assert request.clinic is not None
    own = queries.shelf(request.clinic)
    reads = request.asker.may("consent.read")
    now = timezone.now()
    unanswered = queries.unanswered().select_related("patient").order_by("asked_at")[:HOW_MANY]
    lines, titles = _text_lines(request, own), _titles()
    context = {
        "errors": [{"href": "", "text": each} for each in reasons],
        "reads": reads,
        "countersign": _waits(request, _first(queries.to_countersign()), "countersign") if reads else [],
        "questions": _waits(request, unanswered, "question") if reads else [],
        "withdrawn": _waits(request, _first(queries.taken_back(now - WITHDRAWN_FOR)), "withdrawn") if reads else [],
        "texts": lines,
        "to_adopt": [each for each in lines if each.waits],
        "stale": [each for each in lines if each.stale],
        "may_adopt": request.asker.may("consent.adopt"),
        "may_place": request.asker.may("clinic.jurisdiction"),
        "place": own.jurisdiction if place is None else place,
        "has_pack": bool(texts.pack_ids(own.jurisdiction)),
        "places": [(each.id.removeprefix("pack:"), titles[each.id]) for each in texts.jurisdictions()],
    }
    return render(request, "console/consents/clinic.html", context, status=409 if reasons else 200)


@allowed("consent.adopt")
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """Adopt the ticked texts, all or none."""
    asked = cast(Request, request)
    chosen = request.POST.getlist("text")
    if not chosen:
        return _clinic_page(asked, (_("Tick the texts that you have read."),))
    try:
        with transaction.atomic():
            for text_id in chosen:
                actions.adopt(by=asked.asker, text_id=text_id, text_hash=request.POST.get(f"hash:{text_id}", ""))
    except Refused as refused:
        return _clinic_page(asked, tuple(str(each) for each in refused.reasons))
    messages.success(request, _("Adopted. Patients sign these texts from now on."))
    return redirect("console:consents")


@allowed("clinic.jurisdiction")
@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Say where the clinic is."""
    asked = cast(Request, request)
    typed = request.POST.get("place", "")
    try:
        actions.set_jurisdiction(by=asked.asker, code=typed)
    except Refused as refused:
        return _clinic_page(asked, tuple(str(each) for each in refused.reasons), typed)
    messages.success(request, _("Noted. A prescriber adopts the clauses of this place."))
    return redirect("console:consents")


# ---------------------------------------------------------------- one text


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """A clause with its sources. ``firm``: all of its facts were read in a source, or it states none."""

    text: str
    ways: str
    firm: bool
    mark: StrPromise | str
    sources: tuple[tuple[str, StrPromise, str], ...]
    ends_on: date | None


def _clause(clause: Clause, language: str) -> ClauseLine:
    mark = clause.mark
    return ClauseLine(
        text=clause.text[language],
        ways=", ".join(way_words(each) for each in texts.WAYS if each in clause.ways),
        firm=mark in (None, "verified"),
        mark=SHORT_MARKS[mark] if mark else "",
        sources=tuple((each.fact, SHORT_MARKS[each.mark], each.note) for each in clause.cites),
        ends_on=clause.ends_on,
    )


def _groups(source: Source, language: str) -> list[tuple[str, list[ClauseLine]]]:
    groups: list[tuple[str, Iterable[Clause]]] = [
        *((each.title[language], each.clauses) for each in source.sections),
        (_("What the patient confirms"), source.statements),
        (_("What stops on withdrawal"), source.stops),
        (_("What stays on withdrawal"), source.stays),
        (_("Clauses"), source.clauses),
        (_("For the clinic only"), source.staff_notes),
    ]
    return [(title, lines) for title, some in groups if (lines := [_clause(each, language) for each in some])]


@allowed("consent.read", "consent.adopt", "clinic.jurisdiction")
@require_GET
def text(request: HttpRequest, text_id: str) -> HttpResponse:
    """The whole text with its sources, what is not verified, its versions and what the newest one changes."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    source = texts.newest().get(text_id)
    if source is None:
        raise Http404
    language = request.GET.get("language", queries.reading_language())
    language = language if language in texts.LANGUAGES else "en"
    used = queries.shelf(asked.clinic).adopted.get(text_id)
    versions = sorted((each for each in texts.sources().values() if each.id == text_id), key=lambda each: -each.version)
    rows = ConsentAdoption.objects.filter(text_id=text_id).select_related("adopted_by").order_by("-id")
    older = versions[1] if len(versions) > 1 else None
    before = used if used is not None and used.version != source.version else older
    context = {
        "source": source,
        "title": source.title[language],
        "summary": source.summary[language],
        "language": language,
        "languages": texts.LANGUAGES,
        "groups": _groups(source, language),
        "unverified": len(source.unverified),
        "stale": source.stale(page_today()),
        "adopted": used,
        "current": used is source,
        "adoptions": list(rows),
        "versions": versions,
        "before": before,
        "difference": texts.difference(before, source, language) if before else [],
        "needed": ", ".join(way_words(each) for each in texts.WAYS if source.needed_for(each)),
        "may_adopt": asked.asker.may("consent.adopt"),
    }
    return render(request, "console/consents/text.html", context)


# ---------------------------------------------------------------- a patient's agreements


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


def _patient_page(request: Request, patient: Patient, reasons: tuple[str, ...] = (), **typed: object) -> HttpResponse:
    assert request.clinic is not None
    own = queries.shelf(request.clinic)
    wanted = queries.asked(patient.pk)
    planned = _planned_way(patient.pk)
    way = planned or (wanted.route if wanted else "")
    decided = Consent.objects.filter(patient=patient).select_related("countersignature", "withdrawal")
    rows = list(decided.defer("content", "drawn").order_by("-id"))
    newest: dict[str, Consent] = {}
    for row in rows:
        newest.setdefault(row.document_id, row)
    standing = queries.judge(own, newest, way) if way else None
    language = queries.reading_language()
    lines = [
        Line(
            id=document.id,
            title=document.title[language],
            word=_STATES[state][0],
            kind=_STATES[state][1],
            needed=document.needed_for(way),
            optional=document.optional,
            history=[_past(each, own, way) for each in rows if each.document_id == document.id],
        )
        for document in texts.newest().values()
        if not document.is_pack and (document.optional or document.needed_for(way or "iv") or document.id in newest)
        for state in (_state(own, newest.get(document.id), document.id, way),)
    ]
    context = {
        "patient": patient,
        "name": patient.name,
        "errors": [{"href": "", "text": each} for each in reasons],
        "lines": lines,
        "standing": standing,
        "way": way_words(way) if way else "",
        "asked": wanted,
        "asked_way": way_words(wanted.route) if wanted else "",
        "other_way": bool(wanted and planned and wanted.route != planned),
        "planned_way": way_words(planned) if planned else "",
        "questions": [(_about(each.question), each) for each in queries.questions(patient.pk)],
        "ways": [(code, str(words)) for code, words in WAYS.items()],
        "chosen_way": typed.get("way", way or "iv"),
        "typed": typed,
        "may_ask": request.asker.may("consent.ask"),
        "may_answer": request.asker.may("consent.answer"),
        "may_waive": request.asker.may("consent.countersign"),
        "stale": own.stale(page_today()),
        "has_pack": bool(texts.pack_ids(own.jurisdiction)),
        "no_email": not patient.email,
    }
    return render(request, "console/consents/patient.html", context, status=409 if reasons else 200)


def _about(question: ConsentQuestion) -> str:
    """The text and its section, as titles."""
    source, language = texts.newest().get(question.document_id), queries.reading_language()
    if source is None:
        return question.document_id
    section = next((each.title[language] for each in source.sections if each.id == question.section_id), "")
    return " · ".join(each for each in (source.title[language], section) if each)


def _state(own: queries.Shelf, consent: Consent | None, document_id: str, way: str) -> str:
    if consent is not None and consent.decision == Decision.DENY:
        return "refused"
    return queries.state(own, consent, document_id, way or (consent.route if consent else "iv")) or ""


def _past(consent: Consent, own: queries.Shelf, way: str) -> Past:
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


def _planned_way(patient_id: int) -> str:
    """The way of the newest running course, "" without one. One query."""
    course = next(iter(plan.running(patient_id)), None)
    protocol = plan.protocol(course.protocol_id) if course is not None else None
    return texts.way_of(protocol.route, protocol.drug) if protocol is not None else ""


def _open(request: Request, patient_id: int) -> Patient | HttpResponse:
    patient = get_object_or_404(Patient, pk=patient_id)
    return closed(request, patient) or patient


@allowed("consent.read")
@require_GET
def patient_consents(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Where each agreement stands, what the patient asked, and the way to ask for them."""
    asked = cast(Request, request)
    found = _open(asked, patient_id)
    return found if isinstance(found, HttpResponse) else _patient_page(asked, found)


@allowed("consent.ask")
@require_POST
def ask(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Ask the patient for agreement."""
    asked = cast(Request, request)
    found = _open(asked, patient_id)
    if isinstance(found, HttpResponse):
        return found
    way, note = request.POST.get("way", ""), request.POST.get("note", "")
    try:
        actions.ask(by=asked.asker, patient_id=patient_id, route=way, note=note)
    except Refused as refused:
        return _patient_page(asked, found, tuple(str(each) for each in refused.reasons), way=way, note=note)
    messages.success(request, _("Asked. The patient finds it under Your agreements."))
    return redirect("console:patient_consents", patient_id)


@allowed("consent.answer")
@require_POST
def answer(request: HttpRequest, question_id: int) -> HttpResponse:
    """Answer a patient's question, or let it stand with a reason."""
    asked = cast(Request, request)
    question = get_object_or_404(ConsentQuestion.objects.select_related("patient"), pk=question_id)
    if gate := closed(asked, question.patient):
        return gate
    typed, waived = request.POST.get("text", ""), request.POST.get("outcome") == "waive"
    if waived and not asked.asker.may("consent.countersign"):
        why = _("Only a prescriber lets a question stand without an answer.")
        return _patient_page(asked, question.patient, (why,), question=question_id, text=typed)
    try:
        actions.reply(by=asked.asker, question_id=question_id, text=typed, waived=waived)
    except Refused as refused:
        reasons = tuple(str(each) for each in refused.reasons)
        return _patient_page(asked, question.patient, reasons, question=question_id, text=typed)
    return redirect(f"{reverse('console:patient_consents', args=[question.patient_id])}#questions")


# ---------------------------------------------------------------- one signed agreement


def _consent(request: Request, consent_id: int) -> Consent | HttpResponse:
    found = get_object_or_404(
        Consent.objects.select_related("patient", "countersignature", "withdrawal"), pk=consent_id
    )
    return closed(request, found.patient) or found


def _consent_page(request: Request, found: Consent, reasons: tuple[str, ...] = (), **typed: object) -> HttpResponse:
    assert request.clinic is not None
    shown = texts.read_text(found.content)
    wanted = queries.asked(found.patient_id)
    own = queries.shelf(request.clinic)
    newest = queries.newest_of(found.patient_id).get(found.document_id, found)
    way = wanted.route if wanted else found.route
    state = _state(own, newest, found.document_id, way) if newest.pk == found.pk else "superseded"
    source = texts.sources().get((found.document_id, found.document_version))
    doubtful = source.unverified if source is not None else ()
    context = {
        "consent": found,
        "patient": found.patient,
        "name": found.patient.name,
        "shown": shown,
        "errors": [{"href": "", "text": each} for each in reasons],
        "statements": [each.text for each in shown.statements if each.id in found.statements],
        "permitted": found.decision == Decision.PERMIT,
        "counter": queries.countersigned(found),
        "withdrawal": queries.withdrawn(found),
        "state": state,
        "word": _STATES[state][0] if state in _STATES else _("A newer one exists"),
        "kind": _STATES[state][1] if state in _STATES else "off",
        "way": way_words(found.route) if found.route else "",
        "open_questions": queries.open_questions(found.patient_id, found.document_id),
        "unverified": [_clause(each, shown.language) for each in doubtful if each.holds_for(found.route)],
        "may_countersign": state == "not-countersigned" and request.asker.may("consent.countersign"),
        "may_withdraw": found.decision == Decision.PERMIT
        and state not in ("superseded", "withdrawn")
        and request.asker.may("consent.withdraw"),
        "typed": typed,
    }
    return render(request, "console/consents/consent.html", context, status=409 if reasons else 200)


@allowed("consent.read")
@require_GET
def consent(request: HttpRequest, consent_id: int) -> HttpResponse:
    """What was signed, exactly as it was shown, and the place for the prescriber's signature."""
    asked = cast(Request, request)
    found = _consent(asked, consent_id)
    if isinstance(found, HttpResponse):
        return found
    actions.open_copy(by=asked.asker, consent=found)
    return _consent_page(asked, found)


@allowed("consent.countersign")
@require_POST
def countersign(request: HttpRequest, consent_id: int) -> HttpResponse:
    """Sign beside the patient."""
    asked = cast(Request, request)
    found = _consent(asked, consent_id)
    if isinstance(found, HttpResponse):
        return found
    capacity, note = request.POST.get("capacity") == "yes", request.POST.get("note", "")
    try:
        actions.countersign(
            by=asked.asker,
            consent_id=consent_id,
            capacity_confirmed=capacity,
            seen_hash=request.POST.get("seen", ""),
            note=note,
        )
    except Refused as refused:
        reasons = tuple(str(each) for each in refused.reasons)
        return _consent_page(asked, found, reasons, capacity=capacity, note=note)
    messages.success(request, _("Signed."))
    return redirect("console:patient_consents", found.patient_id)


@allowed("consent.withdraw")
@require_http_methods(["POST"])
def withdraw(request: HttpRequest, consent_id: int) -> HttpResponse:
    """Write down that the patient has withdrawn."""
    asked = cast(Request, request)
    found = _consent(asked, consent_id)
    if isinstance(found, HttpResponse):
        return found
    reason = request.POST.get("reason", "")
    try:
        withdraw_consent(by=asked.asker, consent_id=consent_id, reason=reason)
    except Refused as refused:
        return _consent_page(asked, found, tuple(str(each) for each in refused.reasons), reason=reason)
    return redirect("console:consent", consent_id)


@allowed("consent.read")
@require_GET
def consent_pdf(request: HttpRequest, consent_id: int) -> HttpResponse:
    """The signed text as PDF, in the language in which it was signed."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    found = _consent(asked, consent_id)
    if isinstance(found, HttpResponse):
        return found
    row = actions.open_copy(by=asked.asker, consent=found)
    reply = HttpResponse(paper.pdf(row, asked.clinic), content_type="application/pdf")
    day = page_day(row.signed_at)
    reply["Content-Disposition"] = f'inline; filename="agreement-{row.document_id}-{day:%Y-%m-%d}.pdf"'
    reply["Cache-Control"] = "private, no-store"
    return reply


urlpatterns = [
    path("consents/", consents, name="consents"),
    path("consents/adopt/", adopt, name="consents_adopt"),
    path("consents/place/", place, name="consents_place"),
    path("consents/texts/<str:text_id>/", text, name="consent_text"),
    path("consents/questions/<int:question_id>/", answer, name="consent_answer"),
    path("consents/<int:consent_id>/", consent, name="consent"),
    path("consents/<int:consent_id>/countersign/", countersign, name="consent_countersign"),
    path("consents/<int:consent_id>/withdraw/", withdraw, name="consent_withdraw"),
    path("consents/<int:consent_id>/copy.pdf", consent_pdf, name="consent_pdf"),
    path("patients/<int:patient_id>/consents/", patient_consents, name="patient_consents"),
    path("patients/<int:patient_id>/consents/ask/", ask, name="consent_ask"),
]
