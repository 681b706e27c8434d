"""A patient's story as the clinic reads it, and writing it down on the patient's behalf."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.intake import actions, forms, queries, wording
from sojourn.care.intake.story import Question, story
from sojourn.care.intake.typed import told_of
from sojourn.care.patients import actions as patients
from sojourn.care.patients.models import Patient
from sojourn.care.patients.queries import people_of
from sojourn.care.safety import writing_actions as writing
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.rulebook.queries import interaction_rules
from sojourn.interfaces.console.intake.presenters import (
    chosen_values,
    differs,
    list_lines,
    look,
    options,
    said_line,
    typed_value,
    unit_of,
)
from sojourn.interfaces.shared.pages import closed
from sojourn.interfaces.shared.typed import whole

_CONTRADICTION = "contradiction:"


def _patient(request: Request, patient_id: int) -> Patient | HttpResponse:
    patient = get_object_or_404(Patient, pk=patient_id)
    return closed(request, patient) or patient


@allowed("intake.read")
@require_GET
def intake(request: Request, patient_id: int) -> HttpResponse:
    """Everything that was told, by section, and what changed since it was sent last."""
    patient = _patient(request, patient_id)
    if isinstance(patient, HttpResponse):
        return patient
    patients.open_record(by=request.asker, patient=patient, part="clinical")
    given, everything, people = queries.answers(patient.pk), queries.lists(patient.pk), people_of(patient.pk)
    sendings = queries.submissions(patient.pk)
    now = queries.snapshot(patient.sex, given, everything, people)
    told = {each.question_id: each.told for each in given.values()}
    shown = story().shown(told, patient.sex)
    since = queries.changes(sendings[0].content, now) if sendings else ()
    between = queries.changes(sendings[1].content, sendings[0].content) if len(sendings) > 1 else ()
    fresh = {(each.of, each.key) for each in (*since, *between)}
    rules = interaction_rules(patient.clinic_id)
    chapters = []
    for section in story().sections:
        said = [
            said_line(patient.pk, each, given.get(each.id), everything, people, fresh, rules)
            for each in shown
            if each.section == section.id
        ]
        if said:
            chapters.append((_(section.title), said))
    context = {
        "patient": patient,
        "chapters": chapters,
        "sendings": sendings,
        "unsent": [differs(each) for each in since],
        "between": [differs(each) for each in between],
        "answered": sum(each.id in given for each in shown),
        "total": len(shown),
        "unsure": sum(look(given.get(each.id)) == "wait" for each in shown),
        "unchecked": sum(not each.checked for each in everything.medicines),
        "may_enter": request.asker.may("intake.enter"),
    }
    return render(request, "console/intake/intake.html", context)


# ---------------------------------------------------------------- on the patient's behalf


def _known(topic: str) -> Question:
    question = story().by_id.get(topic)
    if question is None:
        raise Http404
    return question


@allowed("intake.enter")
@require_http_methods(["GET", "POST"])
def question(request: Request, patient_id: int, topic: str) -> HttpResponse:
    """One question, answered for the patient; the answer is marked so."""
    patient = _patient(request, patient_id)
    if isinstance(patient, HttpResponse):
        return patient
    found = _known(topic)
    refused: Refused | None = None
    if request.method == "POST":
        try:
            writing.answer_story(
                by=request.asker,
                patient_id=patient.pk,
                question_id=found.id,
                told=told_of(found, dict(request.POST.lists())),
                seen=whole(request.POST.get("seen")),
                confirmed=frozenset(request.POST.getlist("confirmed")),
            )
            return redirect("console:intake", patient.pk)
        except Refused as wrong:
            refused = wrong
    answer = queries.answers(patient.pk).get(found.id)
    doubts = [code.removeprefix(_CONTRADICTION) for code in refused.codes if code.startswith(_CONTRADICTION)] if (
        refused
    ) else []  # fmt: skip
    chosen = chosen_values(found, answer, request.POST)
    context = {
        "patient": patient,
        "question": found,
        "text": _(found.text),
        "hint": _(found.hint) if found.hint else "",
        "why": _(found.why),
        "seen": answer.id if answer else "",
        "standing": wording.said(found, answer.told) if answer else "",
        "typed": typed_value(found, answer, request.POST),
        "options": [(value, label, value in chosen) for value, label in options(found)],
        "rest_unsure": "rest_unsure" in chosen,
        "unit": request.POST.get("unit") or unit_of(found, answer),
        "errors": [{"href": "#answer", "text": str(reason)} for reason in refused.reasons] if refused else [],
        "doubts": doubts,
        "lines": list_lines(patient.pk, found),
    }
    return render(request, "console/intake/question.html", context, status=409 if refused else 200)


@allowed("intake.enter")
@require_http_methods(["GET", "POST"])
def add(request: Request, patient_id: int, topic: str) -> HttpResponse:
    """Add a line to one of the patient's lists."""
    return _write(request, patient_id, topic, None)


@allowed("intake.enter")
@require_http_methods(["GET", "POST"])
def line(request: Request, patient_id: int, topic: str, line_id: UUID) -> HttpResponse:
    """Change a line of one of the patient's lists, or take it off (``remove``)."""
    return _write(request, patient_id, topic, line_id)


def _write(request: Request, patient_id: int, topic: str, line_id: UUID | None) -> HttpResponse:
    patient = _patient(request, patient_id)
    if isinstance(patient, HttpResponse):
        return patient
    found = _known(topic)
    if found.kind != "list" or (line_id is not None and found.of == "people"):
        raise Http404
    row = None
    if line_id is not None:
        row = next((each for each in queries.lists(patient.pk).of(found.of) if each.line == str(line_id)), None)
        if row is None:
            raise Http404
        if request.POST.get("remove"):
            try:
                actions.remove_line(by=request.asker, patient_id=patient.pk, of=found.of, line=line_id)
            except ObjectDoesNotExist:
                raise Http404 from None
            return redirect("console:intake_question", patient.pk, found.id)
    start = forms.initial(found.of, row) if row is not None else None
    form = forms.FORMS[found.of](request.POST or None, initial=start)
    status, doubt = 200, False
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _save(request, patient.pk, found, form.values(), line_id)
                return redirect("console:intake_question", patient.pk, found.id)
            except Refused as refused:
                status, doubt = 409, "contradiction:still-current" in refused.codes
                forms.tell(form, refused)
    context = {"patient": patient, "question": found, "text": _(found.text), "form": form, "row": row, "doubt": doubt}
    return render(request, "console/intake/line.html", context, status=status)


def _save(request: Request, patient_id: int, found: Question, values: dict[str, Any], line_id: UUID | None) -> None:
    by = request.asker
    if found.of == "people":
        writing.name_person(by=by, patient_id=patient_id, **values)
        return
    writing.say_line(
        by=by,
        patient_id=patient_id,
        of=found.of,
        line=line_id,
        seen=whole(request.POST.get("seen")),
        sure=request.POST.get("sure") == "yes",
        **values,
    )
