"""Whether the treatment fits a patient: what the rules find, what is missing, the decision, overrides, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import file_queries, waiting_queries
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.actions import DecisionInput
from sojourn.care.candidacy.file_queries import File
from sojourn.care.candidacy.models import CandidacyDecision, Override
from sojourn.care.intake import entry_actions
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.patients import actions as patients_actions
from sojourn.care.safety import fact_actions
from sojourn.clinical.eligibility import VOCABULARY
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import PatientScope, one_row
from sojourn.interfaces.console.candidacy import signature as candidacy_signature
from sojourn.interfaces.console.candidacy.clearances import ClearanceForm
from sojourn.interfaces.console.candidacy.forms import (
    DecisionForm,
    FactsForm,
    OverrideForm,
    ReportForm,
    StrikeForm,
    Typed,
    way_of,
)
from sojourn.interfaces.console.candidacy.page import NOTHING_RETURNED, Returned, judge_file, page_context
from sojourn.interfaces.console.candidacy.presenters import error_links, report_words, waiting_lines
from sojourn.interfaces.console.candidacy.words import DECISIONS, value_words, way_words
from sojourn.interfaces.shared.pages import (
    FORM,
    POST,
    PatientPage,
    patient_row_page,
    require_valid,
    sent,
)

HOW_MANY = 50


# ---------------------------------------------------------------- the page


def _file(patient_id: int) -> File:
    return file_queries.file_of(PatientScope(patient_id))


def _page(request: Request, file: File, returned: Returned = NOTHING_RETURNED) -> HttpResponse:
    """The whole page. Four queries more."""
    drug, route = way_of(request.POST or request.GET, file.newest)
    judged = judge_file(file, drug, route, page_today())
    status = 409 if returned.refused else 200
    return render(request, "console/candidacy/page.html", page_context(judged, request.actor, returned), status=status)


def _back(request: Request, file: File) -> HttpResponse:
    """Back to the findings, with the way that was asked about."""
    drug, route = way_of(request.POST, file.newest)
    return redirect(f"{reverse('console:candidacy', args=[file.patient.pk])}?way={drug}-{route}#findings")


@patient_row_page(_file, "candidacy.read")
def candidacy(request: Request, scope: PatientPage, file: File) -> HttpResponse:
    """What the rules say, what is missing, what was decided; the form of the decision."""
    patients_actions.open_record(by=scope.actor, patient=scope.patient, part="clinical")
    return _page(request, file)


# ---------------------------------------------------------------- the decision


@patient_row_page(_file, "candidacy.decide", methods=POST)
def decide(request: Request, scope: PatientPage, file: File) -> HttpResponse:
    """Show what the patient will read (step "preview"), go back ("change"), or sign ("sign")."""
    form = DecisionForm(request.POST)
    step = form.as_typed("step")
    if step == "change":
        return _page(request, file, Returned(typed=form.typed))
    try:
        seen = _seen(form)
        answer = require_valid(form).answer
        if step == "sign":
            return _sign(request, scope, form.typed, answer, seen)
        row = candidacy_actions.draft(signer=scope.actor, patient_id=scope.patient.pk, answer=answer, seen=seen)
        return _preview(request, row, form.typed)
    except ActionRefused as refused:
        return _page(request, file, Returned(refused, typed=form.typed))


def _seen(form: DecisionForm) -> dict[str, Any]:
    """What the page showed when the decision was made. Refused: stale."""
    seen = candidacy_queries.read_seen(form.as_typed("seen"))
    if seen is None:
        raise Overtaken(
            _("This page was open for too long. Look at it again; what you typed is still here."), codes=("stale",)
        )
    return seen


def _sign(
    request: Request, scope: PatientPage, typed: Typed, answer: DecisionInput, seen: dict[str, Any]
) -> HttpResponse:
    """Sign; where something is missing that is typed beside the signature, record it, or show that page again."""
    by = scope.actor
    signing: dict[str, Any] = {"patient_id": scope.patient.pk, "answer": answer, "seen": seen}
    try:
        return _done(request, candidacy_actions.decide(by=by, **signing))
    except ActionRefused as missing:
        if not candidacy_signature.is_mended_here(missing):
            raise
        refused = missing
    row = candidacy_actions.draft(signer=by, **signing)
    recorded, wrong = candidacy_signature.record_typed(request, row)
    if recorded and not wrong:
        try:
            return _done(request, candidacy_actions.decide(by=by, **signing))
        except ActionRefused as missing:
            refused, row = missing, candidacy_actions.draft(signer=by, **signing)
    return _preview(request, row, typed, refused=refused, wrong=wrong)


def _done(request: Request, row: CandidacyDecision) -> HttpResponse:
    messages.success(request, _("Signed. The patient can read it now."))
    return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}?way={row.drug}-{row.route}")


def _preview(
    request: Request,
    row: CandidacyDecision,
    typed: Typed,
    *,
    refused: ActionRefused | None = None,
    wrong: Sequence[ClearanceForm] = (),
) -> HttpResponse:
    word, look = DECISIONS[row.kind]
    shown = {
        "word": word,
        "look": look,
        "way": f"{row.drug}-{row.route}",
        "way_words": way_words(row.drug, row.route),
        "typed": typed,
        "seen": request.POST["seen"],
    }
    found = candidacy_signature.eyes(row, typed.reasons, value_words, wrong)
    return candidacy_signature.page(request, row, shown, found, refused, wrong)


# ---------------------------------------------------------------- facts


@patient_row_page(_file, "fact.enter", methods=POST)
def enter(request: Request, scope: PatientPage, file: File) -> HttpResponse:
    """Enter the facts of one panel, all of them or none. Fields left empty say nothing."""
    form = FactsForm(request.POST)
    try:
        told = require_valid(form).cleaned_data
        fact_actions.enter_facts(
            by=scope.actor, patient_id=scope.patient.pk, values=form.values, on=told["observed_on"],
            source_note=told["source_note"], sure=told["sure"],
        )  # fmt: skip
    except ActionRefused as refused:
        return _page(request, file, Returned(refused, form.place, panel=form.panel_id, values=form.typed))
    messages.success(request, _("Entered. The findings below know it."))
    return _back(request, file)


@patient_row_page(_file, "fact.enter", methods=POST)
def take_report(request: Request, scope: PatientPage, file: File) -> HttpResponse:
    """Take a laboratory's report, whole or not at all. What was sent comes back where a line of it is refused."""
    form = ReportForm(request.POST, request.FILES)
    try:
        told = require_valid(form).cleaned_data
        found = fact_actions.import_facts(
            by=scope.actor, patient_id=scope.patient.pk, text=told["report"], source_note=told["source_note"],
            sure=told["sure"],
        )  # fmt: skip
    except ActionRefused as refused:
        return _page(request, file, Returned(refused, "report", report=form.typed))
    messages.success(request, report_words(len(found.taken), found.known))
    return _back(request, file)


def _fact(fact_id: int) -> ClinicalFact:
    return one_row(ClinicalFact, fact_id).select_related("patient").get(retracts=None)


@patient_row_page(_fact, "fact.enter", methods=FORM)
def strike(request: Request, scope: PatientPage, row: ClinicalFact) -> HttpResponse:
    """Strike a fact as entered in error, with the reason; it stays readable. Struck already: back to the page."""
    form, refused = StrikeForm(sent(request)), None
    if form.is_bound:
        try:
            entry_actions.retract_fact(
                by=scope.actor, fact_id=row.pk, reason=require_valid(form).cleaned_data["reason"]
            )
        except ActionRefused as wrong:
            refused = wrong
        else:
            messages.success(request, _("Struck. It stays readable and counts for nothing any more."))
            return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}#days")
    context = {
        "patient": row.patient,
        "what": f"{_(VOCABULARY[row.name].label)}: {value_words(row.name, row.value)}",
        "row": row,
        "reason": form["reason"].value() or "",
        "errors": error_links(refused, "reason"),
    }
    return render(request, "console/candidacy/strike.html", context, status=409 if refused else 200)


# ---------------------------------------------------------------- overrides


@patient_row_page(_file, "candidacy.decide", methods=POST)
def override(request: Request, scope: PatientPage, file: File) -> HttpResponse:
    """The first signature of an override."""
    form = OverrideForm(request.POST)
    drug = way_of(request.POST, file.newest)[0]
    try:
        told = require_valid(form).cleaned_data
        candidacy_actions.override(by=scope.actor, patient_id=scope.patient.pk, drug=drug, **told)
    except ActionRefused as refused:
        typed = (form["finding"].value() or "", form["reason"].value() or "")
        return _page(request, file, Returned(refused, "findings", reason=typed))
    messages.success(request, _("Signed. It takes effect when another prescriber signs too."))
    return _back(request, file)


def _override(override_id: int) -> Override:
    return one_row(Override, override_id).select_related("patient").get()


@patient_row_page(_override, "candidacy.decide", methods=POST)
def second(request: Request, scope: PatientPage, row: Override) -> HttpResponse:
    """The second signature of an override."""
    file = file_queries.file_of(scope)
    try:
        candidacy_actions.second_sign(by=scope.actor, override_id=row.pk)
    except ActionRefused as refused:
        return _page(request, file, Returned(refused, "findings"))
    messages.success(request, _("Signed second. This no longer prevents it."))
    return _back(request, file)


# ---------------------------------------------------------------- what waits


@allowed("candidacy.read")
@require_http_methods(["GET"])
def candidacies(request: Request) -> HttpResponse:
    """Intakes without a decision, deferrals that are due, overrides that wait for a second signature."""
    actor = request.actor

    def deferred(row: CandidacyDecision) -> str:
        return _("until %(day)s") % {"day": date_format(row.until_on, "j F Y")} if row.until_on else _("told again")

    undecided = waiting_queries.undecided().select_related("patient").defer("content").order_by("said_at")[:HOW_MANY]
    due = waiting_queries.due(page_today()).select_related("patient").defer("basis").order_by("until_on")[:HOW_MANY]
    half = waiting_queries.half_signed().select_related("patient").order_by("signed_at")[:HOW_MANY]
    context = {
        "undecided": waiting_lines(actor, undecided, lambda row: "", "said_at"),
        "due": waiting_lines(actor, due, deferred, "decided_at"),
        "half": waiting_lines(
            actor, half, lambda row: f"{_(row.shown['title'])}, {row.signer_name}", "signed_at"
        ),
    }  # fmt: skip
    return render(request, "console/candidacy/list.html", context)


@allowed("candidacy.read")
@require_GET
def waiting(request: Request) -> HttpResponse:
    """How much waits, for the first page of the clinic, which loads it after itself."""
    assert request.clinic is not None
    found = waiting_queries.waiting(request.clinic.pk, page_today(), request.actor.membership_id)
    lines = []
    if found.half_signed and request.actor.may("candidacy.decide"):
        words = ngettext("%(n)d override to sign second", "%(n)d overrides to sign second", found.half_signed)
        lines.append(("signature", words % {"n": found.half_signed}))
    if found.undecided:
        words = ngettext("%(n)d intake sent, not decided", "%(n)d intakes sent, not decided", found.undecided)
        lines.append(("notebook-pen", words % {"n": found.undecided}))
    if found.due:
        words = ngettext("%(n)d deferral is due", "%(n)d deferrals are due", found.due)
        lines.append(("calendar-clock", words % {"n": found.due}))
    return render(request, "console/candidacy/waiting.html", {"lines": lines})
