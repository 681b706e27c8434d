"""A patient's intake as the clinic reads it, and writing it down on the patient's behalf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import forms
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import Question, intake_form
from sojourn.care.intake.models import ListItem
from sojourn.care.intake.typed import told_of
from sojourn.care.patients import actions as patients_actions
from sojourn.care.safety import writing_actions as writing
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.intake.presenters import (
    doubts_of,
    list_lines,
    question_context,
    told_context,
)
from sojourn.interfaces.shared.intake_forms import AnswerForm, LineForm
from sojourn.interfaces.shared.pages import FORM, PatientPage, error_list, form_action, opens, patient_page, sent

_CONTRADICTION = "contradiction:"


@patient_page("intake.read")
def intake(request: Request, scope: PatientPage) -> HttpResponse:
    """Everything that was told, by section, and what changed since it was sent last."""
    patient = scope.patient
    patients_actions.open_record(by=scope.actor, patient=patient, part="clinical")
    context = told_context(patient) | {"patient": patient, "may_enter": scope.actor.may("intake.enter")}
    return render(request, "console/intake/intake.html", context)


# ---------------------------------------------------------------- on the patient's behalf


def _question(scope: PatientPage, topic: str) -> Question:
    found = intake_form().by_id.get(topic)
    if found is None:
        raise Http404
    return found


def _listed(scope: PatientPage, topic: str) -> Question:
    found = _question(scope, topic)
    if found.kind != "list":
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A line of one of the patient's lists as it stands."""

    question: Question
    id: UUID
    row: ListItem


def _line(scope: PatientPage, topic: str, line_id: UUID) -> ListedLine:
    found = _listed(scope, topic)
    if found.of == "people":
        raise Http404
    lines = intake_queries.lists(scope).of(found.of)
    row = next((each for each in lines if each.line == str(line_id)), None)
    if row is None:
        raise Http404
    return ListedLine(found, line_id, row)


@patient_page("intake.enter", methods=FORM)
@opens(_question)
def question(request: Request, scope: PatientPage, found: Question) -> HttpResponse:
    """One question, answered for the patient; the answer is marked so."""
    patient = scope.patient
    refused: ActionRefused | None = None
    if request.method == "POST":
        form = AnswerForm(request.POST)
        try:
            writing.answer_intake(
                by=scope.actor,
                patient_id=patient.pk,
                question_id=found.id,
                told=told_of(found, dict(request.POST.lists())),
                seen=form.seen_id,
                confirmed=form.confirmed_doubts,
            )
            return redirect("console:intake", patient.pk)
        except ActionRefused as wrong:
            refused = wrong
    answer = intake_queries.answers(PatientScope(patient.pk)).get(found.id)
    context = question_context(found, answer, request.POST) | {
        "patient": patient,
        "errors": error_list(refused, "#answer"),
        "doubts": doubts_of(refused),
        "lines": list_lines(patient.pk, found),
    }
    return render(request, "console/intake/question.html", context, status=409 if refused else 200)


@patient_page("intake.enter", methods=FORM)
@opens(_listed)
def add(request: Request, scope: PatientPage, found: Question) -> HttpResponse:
    """Add a line to one of the patient's lists."""
    return _write(request, scope, found)


@patient_page("intake.enter", methods=FORM)
@opens(_line)
def line(request: Request, scope: PatientPage, found: ListedLine) -> HttpResponse:
    """Change a line of one of the patient's lists, or take it off (``remove``)."""
    if not LineForm(request.POST).removes:
        return _write(request, scope, found.question, found.id, found.row)
    patient_id, of = scope.patient.pk, found.question.of
    intake_actions.remove_line(by=scope.actor, patient_id=patient_id, of=of, line=found.id)
    return redirect("console:intake_question", patient_id, found.question.id)


def _write(
    request: Request, scope: PatientPage, found: Question, line_id: UUID | None = None, row: Any = None
) -> HttpResponse:
    """The form of a line. ``row``: the line as it stands, where one is changed."""
    patient = scope.patient

    def act(form: forms.LineForms) -> HttpResponse:
        try:
            _save(request, patient.pk, found, form.values(), line_id)
        except ActionRefused as refused:
            forms.tell(form, refused)
            return show(form, 409, doubt="contradiction:still-current" in refused.codes)
        return redirect("console:intake_question", patient.pk, found.id)

    def show(form: forms.LineForms, status: int, *, doubt: bool = False) -> HttpResponse:
        context = {"patient": patient, "question": found, "text": _(found.text), "form": form, "row": row}
        return render(request, "console/intake/line.html", context | {"doubt": doubt}, status=status)

    start = forms.initial(found.of, row) if row is not None else None
    return form_action(forms.FORMS[found.of](sent(request), initial=start), act, show)


def _save(request: Request, patient_id: int, found: Question, values: dict[str, Any], line_id: UUID | None) -> None:
    by = request.actor
    if found.of == "people":
        writing.name_person(by=by, patient_id=patient_id, **values)
        return
    form = LineForm(request.POST)
    writing.say_line(
        by=by, patient_id=patient_id, of=found.of, line=line_id, seen=form.seen_id, sure=form.is_sure, **values
    )
