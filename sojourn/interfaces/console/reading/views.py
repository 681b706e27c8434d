"""What readers of the library ask without their name, the answer for everybody, and which parts were not clear."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from sojourn.care.reading import actions as reading_actions
from sojourn.care.reading import queries as reading_queries
from sojourn.care.reading.queries import Asked
from sojourn.foundation.accounts.access import Request, allowed, with_actor
from sojourn.foundation.accounts.actor import Actor
from sojourn.interfaces.console.reading import presenters
from sojourn.interfaces.console.reading.forms import DecideForm
from sojourn.interfaces.shared.pages import FORM, ClinicPage, clinic_page, form_action, opens, sent


@allowed("reading.read")
@require_GET
def questions(request: HttpRequest) -> HttpResponse:
    """The questions that wait, those with words of danger first; then those that were decided."""
    context = {
        "may_moderate": with_actor(request).actor.may("voice.moderate"),
        "waiting": [presenters.question_row(each) for each in reading_queries.waiting_questions()],
        "decided": [presenters.question_row(each) for each in reading_queries.decided_questions()],
    }
    return render(request, "console/reading/questions.html", context)


@allowed("reading.answer")
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """How many questions wait, for the first page of the clinic, which loads it after itself."""
    n = reading_queries.waiting_question_count()
    words = ngettext("%(n)d question of a reader waits", "%(n)d questions of readers wait", n) % {"n": n}
    return render(request, "console/reading/waiting.html", {"words": words if n else ""})


@allowed("reading.read")
@require_GET
def clarity(request: HttpRequest) -> HttpResponse:
    """Which parts readers found unclear, with their words."""
    context = {"rows": presenters.clarity_rows(reading_queries.clarity_by_part())}
    return render(request, "console/reading/clarity.html", context)


def _asked(_scope: ClinicPage, reader_question_id: int) -> Asked:
    return reading_queries.asked(reader_question_id)


@clinic_page("reading.read", methods=FORM)
@opens(_asked)
def question(request: Request, scope: ClinicPage, asked: Asked) -> HttpResponse:
    """One question: answer it for everybody, set it aside, or take an answer back."""

    def act(form: DecideForm) -> HttpResponse:
        _decide(scope.actor, asked.question.pk, form)
        return redirect("console:reader_questions")

    def show(form: DecideForm, status: int) -> HttpResponse:
        context = {
            "asked": asked,
            "row": presenters.question_row(asked),
            "form": form,
            "may_answer": scope.actor.may("reading.answer"),
        }
        return render(request, "console/reading/question.html", context, status=status)

    fields = {"no-question": "question_text", "no-answer": "text", "no-reason": "reason"}
    return form_action(DecideForm(sent(request), initial=_initial(asked)), act, show, fields=fields)


def _initial(asked: Asked) -> dict[str, object]:
    published = asked.newest if asked.published else None
    return {
        "question_text": published.question_text if published is not None else asked.question.text,
        "text": published.text if published is not None else "",
        "seen": asked.seen,
    }


def _decide(by: Actor, reader_question_id: int, form: DecideForm) -> None:
    told, seen = form.cleaned_data, form.cleaned_data["seen"] or 0
    if told["do"] == "aside":
        reading_actions.set_aside(by=by, reader_question_id=reader_question_id, seen=seen, reason=told["reason"])
    elif told["do"] == "back":
        reading_actions.take_back(by=by, reader_question_id=reader_question_id, seen=seen)
    else:
        reading_actions.publish_answer(
            by=by, reader_question_id=reader_question_id, seen=seen, question_text=told["question_text"],
            text=told["text"],
        )  # fmt: skip
