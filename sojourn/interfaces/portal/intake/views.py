"""Your intake: one question a screen, saved as one goes, gone on with on any device, sent to the clinic at the end."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from sojourn.care.intake import actions as intake_actions
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import Question
from sojourn.care.intake.queries import Answered
from sojourn.care.intake.typed import told_of
from sojourn.care.safety import writing_actions as writing
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.portal.danger.heard import heard
from sojourn.interfaces.portal.danger.listening import help_offer
from sojourn.interfaces.portal.intake.presenters import (
    question_context,
    review_context,
)
from sojourn.interfaces.portal.intake.way import (
    REVIEW,
    IntakeProgress,
    chapters_of,
    question_named,
    url_after,
    url_of,
    way_of,
)
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose
from sojourn.interfaces.shared.intake_forms import AnswerForm
from sojourn.interfaces.shared.pages import FORM, opens

# ---------------------------------------------------------------- overview


@own_page("own.answer")
@waits_under_a_dose()
@opens(way_of)
def overview(request: Request, scope: OwnPage, way: IntakeProgress) -> HttpResponse:
    """Every section, how far one is, and the way on."""
    first_open = way.first_open
    return show(
        request,
        "portal/intake/overview.html",
        {
            "way": way,
            "chapters": chapters_of(way),
            "next_url": url_of(first_open.id) if first_open else reverse("portal:intake_review"),
            "finished": first_open is None,
            "sent": intake_queries.latest_submission(scope),
            "heard": heard(scope.patient_id),
        },
    )


# ---------------------------------------------------------------- one question


def _on_the_way(scope: OwnPage, topic: str) -> tuple[Question, IntakeProgress]:
    """The question of the address, and what has been answered."""
    return question_named(topic), way_of(scope)


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
@opens(_on_the_way)
def question(request: Request, scope: OwnPage, found: tuple[Question, IntakeProgress]) -> HttpResponse:
    """One question. Each answer is saved by itself, and the next question comes."""
    asked, way = found
    to_review = REVIEW in (request.POST.get("to"), request.GET.get("to"))
    if request.method == "POST":
        return _take(request, way, asked, to_review)
    if asked not in way.shown:
        return redirect("portal:intake_review" if to_review else "portal:intake")
    return _ask(request, way, asked, to_review)


def _take(request: Request, way: IntakeProgress, asked: Question, to_review: bool) -> HttpResponse:
    form = AnswerForm(request.POST)
    try:
        told = told_of(asked, dict(request.POST.lists()))
        kept = writing.answer_intake(
            by=request.actor,
            patient_id=way.patient.pk,
            question_id=asked.id,
            told=told,
            seen=form.seen_id,
            confirmed=form.confirmed_doubts,
        )
    except ActionRefused as refused:
        return _ask(request, way, asked, to_review, refused)
    row = kept.row
    given = dict(way.given) | {
        asked.id: Answered(row.pk, asked.id, told, row.said_at, row.on_behalf, tuple(row.confirmed))
    }
    target = url_after(IntakeProgress(way.patient, given), asked, to_review)
    return help_offer(target) if kept.alarming else redirect(target)


def _ask(
    request: Request, way: IntakeProgress, asked: Question, to_review: bool, refused: ActionRefused | None = None
) -> HttpResponse:
    jurisdiction = request.clinic.jurisdiction if request.clinic else ""
    typed = dict(request.POST.lists()) if refused else {}
    context = question_context(way, asked, jurisdiction, to_review=to_review, typed=typed, refused=refused)
    return show(request, "portal/intake/question.html", context, nav=False, status=409 if refused else 200)


# ---------------------------------------------------------------- all of it


@own_page("own.answer", methods=FORM)
@waits_under_a_dose()
@opens(way_of)
def review(request: Request, scope: OwnPage, way: IntakeProgress) -> HttpResponse:
    """Everything that was said, to change and to send."""
    reasons: tuple[object, ...] = ()
    if request.method == "POST":
        try:
            intake_actions.send(by=scope.actor, patient_id=scope.patient_id)
            return redirect("portal:intake_sent")
        except ActionRefused as refused:
            reasons = refused.reasons
    context, status = review_context(way) | {"reasons": reasons}, 409 if reasons else 200
    return show(request, "portal/intake/review.html", context, nav=False, status=status)


@own_page("own.answer")
def sent(request: Request, scope: OwnPage) -> HttpResponse:
    """Sent: what happens next."""
    latest = intake_queries.latest_submission(scope)
    if latest is None:
        return redirect("portal:intake")
    return show(request, "portal/intake/sent.html", {"sent": latest})
