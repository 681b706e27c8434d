"""The checklist item by item, and the recovery scores."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.session import actions as session_actions
from sojourn.care.session import next_dose, score_actions
from sojourn.care.session.weighing_actions import weigh
from sojourn.clinical import recovery
from sojourn.clinical.protocol import State
from sojourn.clinical.recovery import RecoveryScale
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.sessions import preflight, weighing
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.forms import ScoreForm
from sojourn.interfaces.console.sessions.frame import common, refusal, seen, status, to_session
from sojourn.interfaces.console.sessions.page import main_step, scale_field, show_session
from sojourn.interfaces.console.sessions.step_forms import CheckForm
from sojourn.interfaces.shared.pages import opens
from sojourn.interfaces.shared.sessions import FORM, POST, SessionPage, session_or_404, session_page


@session_page("session.check", methods=POST)
def check(request: Request, scope: SessionPage) -> HttpResponse:
    """One item, passed or not, with a note; saved at once. Answers with the row for htmx, else with the page."""
    picture = scope.session
    form = CheckForm(request.POST)
    whole, item = form.is_valid(), form.cleaned_data["item"]
    if not whole or session_presenters.item_row(picture, item) is None:
        raise Http404
    try:
        encounter_actions.lock_session(SessionScope(picture.id), seen(request))
        _same_answer_seen(picture.id, item, form.cleaned_data["last"])
        _answer(scope, form)
    except ActionRefused as refused:
        if not request.htmx:
            return show_session(request, picture, refused=refused)
        return _item(request, picture.id, item, refused, status=422)
    if not request.htmx:
        return to_session(picture, f"#item-{item}")
    return _item(request, picture.id, item, None, status=200)


def _answer(scope: SessionPage, form: CheckForm) -> None:
    """Write the answer down. A weight is answered by what the scale shows, never by a tick; a note beside it leaves it
    as it is."""
    picture, typed = scope.session, form.cleaned_data
    weighs = typed["item"] == weighing.ITEM and form.passed
    before = picture.checks.get(weighing.ITEM)
    kept = before.value if weighs and before is not None and not form.has_weight else ""
    if weighs and not kept:
        weigh(
            by=scope.actor, encounter_id=picture.id, kg=weighing.kilograms_of(typed["kg"]), sure=typed["sure"]
        )  # fmt: skip
        return
    session_actions.check(
        by=scope.actor, encounter_id=picture.id, item_id=typed["item"], passed=form.passed, value=kept,
        note=typed["note"],
    )  # fmt: skip


def _same_answer_seen(encounter_id: int, item: str, last: str) -> None:
    """Refuse to write over an answer that the person has not seen."""
    newest = session_or_404(encounter_id).checks.get(item)
    if newest is not None and str(newest.id) != last:
        raise Overtaken(
            _("%(name)s has answered this in the meantime. Look at it before you change it.") % {"name": newest.by},
            codes=("overtaken",),
        )


def _item(request: Request, encounter_id: int, item: str, refused: ActionRefused | None, status: int) -> HttpResponse:
    """The row, and beside it the list of what is still missing."""
    picture = session_or_404(encounter_id)
    row = session_presenters.item_row(picture, item)
    if row is not None and picture.state is State.ARRIVED:
        row = preflight.with_facts(preflight.read(picture), row)
    context = {
        **common(request, picture),
        "row": row,
        "errors": [str(each) for each in refused.reasons] if refused else [],
        "scale": scale_field(request, picture, refused) if item == weighing.ITEM else None,
        **main_step(request, picture, next_dose.ask_the_road(picture)),
        "seen": picture.seq,
        "entries": len(picture.prepared),
        "may_check": True,
        "aside": True,
    }
    return render(request, "console/sessions/_item_answer.html", context, status=status)


def _scale(scope: SessionPage, scale_id: str) -> tuple[str, RecoveryScale]:
    """A recovery score with the name that it has in the address."""
    if scale_id not in recovery.SCALES:
        raise Http404
    return scale_id, score_actions.scale_of(scale_id)


@session_page("session.check", methods=FORM)
@opens(_scale)
def score(request: Request, scope: SessionPage, asked: tuple[str, RecoveryScale]) -> HttpResponse:
    """A recovery score, item by item with its anchors; the sum is made by the rule."""
    picture, (scale_id, scale) = scope.session, asked
    form = ScoreForm(request.POST or None, scale=scale)
    refused: list[dict[str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            score_actions.score(
                by=scope.actor, encounter_id=picture.id, scale_id=scale_id, answers=form.answers(),
                before=form.before(), seen=seen(request),
            )  # fmt: skip
        except ActionRefused as error:
            if not form.keep(error):
                refused = refusal(picture, error)
        else:
            return to_session(picture, "#scores")
    context = {**common(request, picture), "form": form, "scale": scale, "title": _(scale.rule.title),
               "statement": _(scale.rule.statement), "refused": refused}  # fmt: skip
    return render(request, "console/sessions/score.html", context, status=status(request, form, refused))


_ONE = "sessions/<int:encounter_id>/"

urlpatterns = [
    path(f"{_ONE}check/", check, name="session_check"),
    path(f"{_ONE}score/<slug:scale_id>/", score, name="session_score"),
]
