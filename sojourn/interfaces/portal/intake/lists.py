"""The lists of the intake: a line added, changed, taken off; medicines found by name, and taken out of prose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import forms
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import Question
from sojourn.care.intake.models import ListItem
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.safety import writing_actions as writing
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook import medicines as shipped
from sojourn.interfaces.portal.intake.forms import PasteForm, Piece
from sojourn.interfaces.portal.intake.way import listed_question, question_named, section_of, url_of
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose
from sojourn.interfaces.shared.intake_forms import LineForm
from sojourn.interfaces.shared.pages import FORM, POST, form_action, opens, sent


def _form_page(
    request: Request, asked: Question, form: forms.LineForms, *, line: object, status: int, **more: object
) -> HttpResponse:
    context = {
        "question": asked,
        "section": section_of(asked),
        "text": _(asked.text),
        "why": _(asked.why),
        "form": form,
        "line": line,
        "back": url_of(asked.id),
        "search_url": reverse("portal:intake_search") if asked.of in {"medicines", "treatments"} else "",
    }
    return show(request, "portal/intake/line.html", context | more, nav=False, status=status)


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
@opens(listed_question)
def add(request: Request, scope: OwnPage, asked: Question) -> HttpResponse:
    """Add a line to a list."""
    return _write(request, scope, asked)


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A line of a list. ``row``: as it stands; None where it was taken off, or never was."""

    question: Question
    line_id: UUID
    row: ListItem | None


def _line(scope: OwnPage, topic: str, line_id: UUID) -> AskedLine:
    question = listed_question(scope, topic)
    if question.of == "people":
        raise Http404
    standing = intake_queries.lists(scope).of(question.of)
    return AskedLine(question, line_id, next((each for each in standing if each.line == str(line_id)), None))


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
@opens(_line)
def line(request: Request, scope: OwnPage, asked: AskedLine) -> HttpResponse:
    """Change a line of a list, or take it off (``remove``)."""
    if LineForm(request.POST).removes:
        return _remove(scope, asked.question, asked.line_id)
    if asked.row is None:
        raise Http404
    return _write(request, scope, asked.question, asked.line_id, asked.row)


def _remove(scope: OwnPage, asked: Question, line_id: UUID) -> HttpResponse:
    try:
        intake_actions.remove_line(by=scope.actor, patient_id=scope.patient_id, of=asked.of, line=line_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    return redirect(url_of(asked.id))


def _write(
    request: Request, scope: OwnPage, asked: Question, line_id: UUID | None = None, row: Any = None
) -> HttpResponse:
    """The form of a line. ``row``: the line as it stands, where one is changed."""

    def act(form: forms.LineForms) -> HttpResponse:
        try:
            _save(request, scope, asked, form.values(), line_id)
        except ActionRefused as refused:
            forms.tell(form, refused)
            doubt = "contradiction:still-current" in refused.codes
            return _form_page(request, asked, form, line=row, status=409, doubt=doubt)
        return redirect(url_of(asked.id))

    def show_form(form: forms.LineForms, status: int) -> HttpResponse:
        return _form_page(request, asked, form, line=row, status=status)

    start = forms.initial(asked.of, row) if row is not None else None
    return form_action(forms.FORMS[asked.of](sent(request), initial=start), act, show_form)


def _save(request: Request, scope: OwnPage, asked: Question, values: dict[str, Any], line: UUID | None) -> None:
    by, patient_id = scope.actor, scope.patient_id
    if asked.of == "people":
        writing.name_person(by=by, patient_id=patient_id, **values)
        return
    form = LineForm(request.POST)
    writing.say_line(
        by=by, patient_id=patient_id, of=asked.of, line=line, seen=form.seen_id, sure=form.is_sure, **values
    )


def _beside(scope: OwnPage, related_person_id: int) -> RelatedPerson:
    return scope.rows(RelatedPerson).get(pk=related_person_id)


@own_page("own.answer", methods=POST)
@opens(_beside)
def person(request: Request, scope: OwnPage, found: RelatedPerson) -> HttpResponse:
    """Take somebody off the list of those who bring one home."""
    intake_actions.end_person(by=scope.actor, patient_id=scope.patient_id, person_id=found.pk)
    return redirect(url_of("people"))


@own_page("own.answer")
def search(request: Request, scope: OwnPage) -> HttpResponse:
    """Medicines that what is typed may mean: a fragment of choices."""
    text = request.GET.get("name", "")[:200]
    found = shipped.find(text, 6) if request.GET.get("kind", "medicine") == "medicine" else ()
    return show(request, "portal/intake/found.html", {"found": found, "text": text})


# ---------------------------------------------------------------- a pasted list


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
def paste(request: Request, scope: OwnPage) -> HttpResponse:
    """A list of medicines written as prose: taken apart, and each piece confirmed by itself."""
    form = PasteForm(sent(request))
    if not form.is_bound:
        return _paste_page(request, "paste", form)
    if form.how_many:
        return _confirm(request, scope, form)
    if pieces := form.recognised:
        return _paste_page(request, "pieces", form, pieces=pieces)
    return _paste_page(request, "paste", form, status=409, empty=True)


def _paste_page(request: Request, name: str, form: PasteForm, *, status: int = 200, **more: object) -> HttpResponse:
    page = {"prose": form.text, "back": url_of("medicines"), "question": question_named("medicines"), **more}
    return show(request, f"portal/intake/{name}.html", page, nav=False, status=status)


def _confirm(request: Request, scope: OwnPage, form: PasteForm) -> HttpResponse:
    """Write the pieces that were confirmed. What stays without a choice is asked again; nothing is dropped."""
    pieces = form.confirmed
    if not all(each.is_settled for each in pieces):
        left = sum(not each.choice for each in pieces)
        return _paste_page(request, "pieces", form, status=409, pieces=pieces, open=left)
    try:
        for each in pieces:
            _keep(scope, each)
    except ActionRefused as refused:
        return _paste_page(request, "pieces", form, status=409, pieces=pieces, reasons=refused.reasons)
    return redirect(url_of("medicines"))


def _keep(scope: OwnPage, piece: Piece) -> None:
    if piece.choice == "no":
        return
    writing.say_line(
        by=scope.actor, patient_id=scope.patient_id, of="medicines", name=piece.name, current=piece.choice == "now",
        stopped_on=None, ingredient=piece.ingredient, dose="", how_often="", since="", sure=True,
    )  # fmt: skip
