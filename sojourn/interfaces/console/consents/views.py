"""Agreements in the clinic: the texts and their adoption, a patient's agreements, questions, counter-signing."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import paper, texts
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent.models import Consent, ConsentQuestion
from sojourn.care.consent.texts import Source
from sojourn.care.session.withdrawal_actions import withdraw_consent
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_day
from sojourn.foundation.scope import one_row
from sojourn.interfaces.console.consents.forms import (
    AdoptForm,
    AnswerForm,
    AskForm,
    CountersignForm,
    PlaceForm,
    WithdrawForm,
)
from sojourn.interfaces.console.consents.patient_presenters import (
    consent_context,
    patient_context,
)
from sojourn.interfaces.console.consents.presenters import (
    clinic_context,
    text_context,
)
from sojourn.interfaces.shared.pages import (
    POST,
    ClinicPage,
    PatientPage,
    clinic_page,
    error_list,
    opens,
    patient_page,
    patient_row_page,
    require_valid,
)
from sojourn.interfaces.shared.paper import pdf_answer

# ---------------------------------------------------------------- the clinic's page


@allowed("consent.read", "consent.adopt", "clinic.jurisdiction")
@require_GET
def consents(request: Request) -> HttpResponse:
    """What waits, and the texts that the clinic uses."""
    return _clinic_page(request)


def _clinic_page(request: Request, refused: ActionRefused | None = None, **typed: str) -> HttpResponse:
    assert request.clinic is not None
    context = clinic_context(request.clinic, request.actor, timezone.now())
    context |= {"errors": error_list(refused), **typed}
    return render(request, "console/consents/clinic.html", context, status=409 if refused else 200)


@allowed("consent.adopt")
@require_POST
def adopt(request: Request) -> HttpResponse:
    """Adopt the ticked texts, all or none."""
    form = AdoptForm(request.POST)
    if not form.hashes:
        return _clinic_page(request, ActionRefused(_("Tick the texts that you have read.")))
    try:
        with transaction.atomic():
            for text_id, text_hash in form.hashes.items():
                consent_actions.adopt(by=request.actor, text_id=text_id, text_hash=text_hash)
    except ActionRefused as refused:
        return _clinic_page(request, refused)
    messages.success(request, _("Adopted. Patients sign these texts from now on."))
    return redirect("console:consents")


@allowed("clinic.jurisdiction")
@require_POST
def place(request: Request) -> HttpResponse:
    """Say where the clinic is."""
    form = PlaceForm(request.POST)
    try:
        consent_actions.set_jurisdiction(by=request.actor, code=require_valid(form).cleaned_data["place"])
    except ActionRefused as refused:
        return _clinic_page(request, refused, place=form["place"].value() or "")
    messages.success(request, _("Noted. A prescriber adopts the clauses of this place."))
    return redirect("console:consents")


# ---------------------------------------------------------------- one text


def _text(scope: ClinicPage, text_id: str) -> Source:
    source = texts.newest().get(text_id)
    if source is None:
        raise Http404
    return source


@clinic_page("consent.read", "consent.adopt", "clinic.jurisdiction")
@opens(_text)
def text(request: Request, scope: ClinicPage, source: Source) -> HttpResponse:
    """The whole text with its sources, what is not verified, its versions and what the newest one changes."""
    language = request.GET.get("language", consent_queries.reading_language())
    used = consent_queries.available_documents(scope.clinic).adopted.get(source.id)
    context = text_context(source, language if language in texts.LANGUAGES else "en", used, scope.actor)
    return render(request, "console/consents/text.html", context)


# ---------------------------------------------------------------- a patient's agreements


def _patient_page(
    request: Request, scope: PatientPage, refused: ActionRefused | None = None, **typed: object
) -> HttpResponse:
    context = patient_context(scope.patient, scope.clinic, scope.actor)
    context |= {"errors": error_list(refused), "typed": typed}
    if "way" in typed:
        context["chosen_way"] = typed["way"]
    return render(request, "console/consents/patient.html", context, status=409 if refused else 200)


@patient_page("consent.read")
def patient_consents(request: Request, scope: PatientPage) -> HttpResponse:
    """Where each agreement stands, what the patient asked, and the way to ask for them."""
    return _patient_page(request, scope)


@patient_page("consent.ask", methods=POST)
def ask(request: Request, scope: PatientPage) -> HttpResponse:
    """Ask the patient for agreement."""
    form = AskForm(request.POST)
    try:
        told = require_valid(form).cleaned_data
        consent_actions.ask(by=scope.actor, patient_id=scope.patient.pk, route=told["way"], note=told["note"])
    except ActionRefused as refused:
        typed = {"way": form["way"].value() or "", "note": form["note"].value() or ""}
        return _patient_page(request, scope, refused, **typed)
    messages.success(request, _("Asked. The patient finds it under Your agreements."))
    return redirect("console:patient_consents", scope.patient.pk)


def _question(question_id: int) -> ConsentQuestion:
    return one_row(ConsentQuestion, question_id).select_related("patient").get()


@patient_row_page(_question, "consent.answer", methods=POST)
def answer(request: Request, scope: PatientPage, question: ConsentQuestion) -> HttpResponse:
    """Answer a patient's question, or let it stand with a reason."""
    form = AnswerForm(request.POST)
    try:
        told = require_valid(form).cleaned_data
        if form.waived and not scope.actor.may("consent.countersign"):
            raise ActionRefused(_("Only a prescriber can leave a question unanswered."))
        consent_actions.reply(by=scope.actor, question_id=question.pk, text=told["text"], waived=form.waived)
    except ActionRefused as refused:
        return _patient_page(request, scope, refused, question=question.pk, text=form["text"].value() or "")
    return redirect(f"{reverse('console:patient_consents', args=[question.patient_id])}#questions")


# ---------------------------------------------------------------- one signed agreement


def _consent(consent_id: int) -> Consent:
    return one_row(Consent, consent_id).select_related("patient", "countersignature", "withdrawal").get()


def _consent_page(
    request: Request, scope: PatientPage, found: Consent, refused: ActionRefused | None = None, **typed: object
) -> HttpResponse:
    context = consent_context(found, scope.clinic, scope.actor)
    context |= {"errors": error_list(refused), "typed": typed}
    return render(request, "console/consents/consent.html", context, status=409 if refused else 200)


@patient_row_page(_consent, "consent.read")
def consent(request: Request, scope: PatientPage, found: Consent) -> HttpResponse:
    """What was signed, exactly as it was shown, and the place for the prescriber's signature."""
    consent_actions.open_copy(by=scope.actor, consent=found)
    return _consent_page(request, scope, found)


@patient_row_page(_consent, "consent.countersign", methods=POST)
def countersign(request: Request, scope: PatientPage, found: Consent) -> HttpResponse:
    """Sign beside the patient."""
    form = CountersignForm(request.POST)
    try:
        told = require_valid(form).cleaned_data
        consent_actions.countersign(
            by=scope.actor, consent_id=found.pk, capacity_confirmed=told["capacity"] == "yes",
            seen_hash=told["seen"], note=told["note"],
        )  # fmt: skip
    except ActionRefused as refused:
        return _consent_page(request, scope, found, refused, **form.typed)
    messages.success(request, _("Signed."))
    return redirect("console:patient_consents", found.patient_id)


@patient_row_page(_consent, "consent.withdraw", methods=POST)
def withdraw(request: Request, scope: PatientPage, found: Consent) -> HttpResponse:
    """Write down that the patient has withdrawn."""
    form = WithdrawForm(request.POST)
    try:
        reason = require_valid(form).cleaned_data["reason"]
        withdraw_consent(by=scope.actor, consent_id=found.pk, reason=reason)
    except ActionRefused as refused:
        return _consent_page(request, scope, found, refused, reason=form["reason"].value() or "")
    return redirect("console:consent", found.pk)


@patient_row_page(_consent, "consent.read")
def consent_pdf(request: Request, scope: PatientPage, found: Consent) -> HttpResponse:
    """The signed text as PDF, in the language in which it was signed."""
    row = consent_actions.open_copy(by=scope.actor, consent=found)
    day = page_day(row.signed_at)
    return pdf_answer(paper.pdf(row, scope.clinic), f"agreement-{row.document_id}-{day:%Y-%m-%d}.pdf")
