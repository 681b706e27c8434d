"""A patient's questionnaires: how they go over time, each answer, asking for one, entering one from paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.measures import actions as measures_actions
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.models import MeasureRequest, QuestionnaireResponse
from sojourn.care.measures.queries import Shelf, scale
from sojourn.care.patients import actions as patients_actions
from sojourn.care.patients import not_now
from sojourn.care.patients.models import Patient
from sojourn.care.safety import actions as safety_actions
from sojourn.care.safety.not_counted_actions import hear
from sojourn.clinical.scales import Scale, say
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import clinic_rows, one_row
from sojourn.interfaces.console.measures.forms import BatteryForm, PaperForm, RequestForm, ScoreForm
from sojourn.interfaces.console.measures.page import page_context
from sojourn.interfaces.console.measures.presenters import (
    response_context,
)
from sojourn.interfaces.console.measures.words import reading_language
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.rules.words import SHORT_MARKS
from sojourn.interfaces.shared.pages import (
    FORM,
    POST,
    PatientPage,
    form_action,
    opens,
    patient_page,
    patient_row_page,
    sent,
)


def _page(
    request: Request,
    scope: PatientPage,
    *,
    shelf: Shelf | None = None,
    form: RequestForm | None = None,
    battery: BatteryForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = page_context(scope, shelf or measures_queries.available_scales(), form, battery)
    return render(request, "console/measures/measures.html", context, status=status)


def _back(request: Request, patient: Patient) -> HttpResponse:
    """Where one goes on: the measures for those who may read them, else the patient's page."""
    name = "console:measures" if request.actor.may("measure.read") else "console:patient"
    return redirect(address(name, patient.pk) or "/")


@patient_page("measure.read")
def measures(request: Request, scope: PatientPage) -> HttpResponse:
    """How it goes over time, with the doses; what is open; what can be asked."""
    patients_actions.open_record(by=scope.actor, patient=scope.patient, part="clinical")
    return _page(request, scope)


# ---------------------------------------------------------------- asking


@patient_page("measure.request", methods=POST)
def ask(request: Request, scope: PatientPage) -> HttpResponse:
    """Ask the patient to answer a questionnaire."""
    patient, shelf = scope.patient, measures_queries.available_scales()

    def act(form: RequestForm) -> HttpResponse:
        measures_actions.request_measure(
            by=scope.actor, patient_id=patient.pk, scale_id=form.cleaned_data["scale_id"],
            due_at=form.due_at(scope.clinic.zone),
        )  # fmt: skip
        messages.success(request, _("Sent. The patient can see it now."))
        return _back(request, patient)

    def show(form: RequestForm, status: int) -> HttpResponse:
        if scope.actor.may("measure.read"):
            return _page(request, scope, form=form, shelf=shelf, status=status)
        context = {
            "patient": patient,
            "name": patient.name,
            "form": form,
            "patient_url": address("console:patient", patient.pk),
        }
        return render(request, "console/measures/ask.html", context, status=status)

    return form_action(RequestForm(shelf.askable, request.POST), act, show)


@patient_page("measure.request", methods=POST)
def ask_battery(request: Request, scope: PatientPage) -> HttpResponse:
    """Ask for everything that an indication begins with."""
    patient, shelf = scope.patient, measures_queries.available_scales()

    def act(form: BatteryForm) -> HttpResponse:
        measures_actions.request_battery(
            by=scope.actor, patient_id=patient.pk, indication=form.cleaned_data["indication"],
            due_at=form.due_at(scope.clinic.zone),
        )  # fmt: skip
        messages.success(request, _("Sent as one set. The patient can see it now."))
        return _back(request, patient)

    def show(form: BatteryForm, status: int) -> HttpResponse:
        if scope.actor.may("measure.read"):
            return _page(request, scope, battery=form, shelf=shelf, status=status)
        for reasons in form.errors.values():
            for text in reasons:
                messages.warning(request, str(text))
        return _back(request, patient)

    return form_action(BatteryForm(shelf.batteries, request.POST), act, show)


def _request(request_id: int) -> MeasureRequest:
    return one_row(MeasureRequest, request_id).select_related("patient").get()


@patient_row_page(_request, "measure.request", methods=POST)
def withdraw(request: Request, scope: PatientPage, row: MeasureRequest) -> HttpResponse:
    """Take a request back."""
    try:
        measures_actions.withdraw_request(by=scope.actor, request_id=row.pk)
        messages.success(request, _("Taken back. The patient is no longer asked."))
    except ActionRefused as refused:
        for reason in refused.reasons:
            messages.warning(request, str(reason))
    return _back(request, scope.patient)


# ---------------------------------------------------------------- entering


def _definition(scope: PatientPage, scale_id: str) -> Scale:
    try:
        return scale(scale_id)
    except KeyError:
        raise Http404 from None


@patient_page("measure.enter", methods=FORM)
@opens(_definition)
def enter_score(request: Request, scope: PatientPage, definition: Scale) -> HttpResponse:
    """Enter a score from the clinic's own licensed form."""
    patient, scale_id = scope.patient, definition.id
    if definition.rule.fixed.get("entry") == "items":
        return redirect("console:paper_measure", patient.pk, scale_id)

    def act(form: ScoreForm) -> HttpResponse:
        values, at = form.cleaned_data, form.rated_at(scope.clinic.zone)
        try:
            response = safety_actions.enter_score(
                by=scope.actor,
                patient_id=patient.pk,
                scale_id=scale_id,
                total=form.total,
                parts=form.parts,
                answers=form.safety,
                taken_at=at,
                rater=values["rater"],
                origin=values["origin"],
            )
        except ActionRefused as refused:
            _hear(request, patient, scale_id, form.safety, at, refused)
            raise
        return _entered(request, patient, response)

    def show(form: ScoreForm, status: int) -> HttpResponse:
        items = reverse("console:paper_measure", args=[patient.pk, definition.id])
        own, note = definition.licence.ships == "own", definition.licence.note
        context = {
            "patient": patient,
            "name": patient.name,
            "form": form,
            "title": say(definition.title, reading_language()),
            "statement": _(definition.rule.statement),
            "licence": note if own else _(note),
            "holder": definition.licence.holder,
            "mark": SHORT_MARKS[definition.rule.verification],
            "sources": definition.rule.sources,
            "items_url": items if definition.items and definition.formula is not None else "",
            "back_url": reverse("console:measures", args=[patient.pk]),
        }
        return render(request, "console/measures/enter.html", context, status=status)

    return form_action(ScoreForm(definition, scope.actor.name, sent(request)), act, show)


@patient_page("measure.enter", methods=FORM)
@opens(_definition)
def paper(request: Request, scope: PatientPage, definition: Scale) -> HttpResponse:
    """Enter a form that was filled in on paper."""
    patient, scale_id = scope.patient, definition.id

    def act(form: PaperForm) -> HttpResponse:
        answers, at = form.answers(form.cleaned_data), form.filled_in_at(scope.clinic.zone)
        try:
            response = safety_actions.enter_paper(
                by=scope.actor, patient_id=patient.pk, scale_id=scale_id, answers=answers, filled_in_at=at
            )
        except ActionRefused as refused:
            _hear(request, patient, scale_id, answers, at, refused)
            raise
        return _entered(request, patient, response)

    def show(form: PaperForm, status: int) -> HttpResponse:
        context = {
            "patient": patient,
            "name": patient.name,
            "form": form,
            "title": say(definition.title, reading_language()),
            "stem": say(definition.stem, reading_language()),
            "licence": "" if definition.ships_text else _(definition.licence.note),
            "back_url": reverse("console:measures", args=[patient.pk]),
        }
        return render(request, "console/measures/paper.html", context, status=status)

    return form_action(PaperForm(definition, sent(request)), act, show)


def _hear(
    request: Request,
    patient: Patient,
    scale_id: str,
    answers: Mapping[str, int | None],
    at: datetime,
    refused: ActionRefused,
) -> None:
    """Danger in answers that do not count, because they were given under a dose, is heard all the same."""
    about = f"not-now:{scale_id}:{at:%Y-%m-%dT%H:%M}"
    if not_now.CODE in refused.codes and hear(
        by=request.actor, patient_id=patient.pk, scale_id=scale_id, answers=answers, about=about
    ):
        messages.warning(
            request, _("It was not entered. The answer about thoughts of death or self-harm raises a flag.")
        )


def _entered(request: Request, patient: Patient, response: QuestionnaireResponse) -> HttpResponse:
    flag = response.flags.first()
    if flag is not None:
        messages.warning(request, _("Entered. The answer about thoughts of death or self-harm raises a flag."))
        if request.actor.may("flag.read"):
            return redirect("console:flag", flag.pk)
    else:
        messages.success(request, _("Entered."))
    return _back(request, patient)


# ---------------------------------------------------------------- one response


def _response(response_id: int) -> QuestionnaireResponse:
    completed = clinic_rows(QuestionnaireResponse).filter(completed_at__isnull=False)
    return completed.select_related("patient", "entered_by").get(pk=response_id)


@patient_row_page(_response, "measure.read")
def response(request: Request, scope: PatientPage, row: QuestionnaireResponse) -> HttpResponse:
    """Every answer of one questionnaire."""
    patients_actions.open_record(by=scope.actor, patient=scope.patient, part="clinical")
    return render(request, "console/measures/response.html", response_context(row))
