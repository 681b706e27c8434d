"""End a session before its time: whoever watches stops it, whoever may cancel cancels it before a dose."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path

from sojourn.care.encounter.actions import PERMISSIONS
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.care.session.step_actions import advance_session
from sojourn.clinical import protocol
from sojourn.clinical.protocol import UNDER_WAY
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.interfaces.console.sessions.forms import ReasonForm
from sojourn.interfaces.console.sessions.frame import common, refusal, seen, status, to_session
from sojourn.interfaces.console.sessions.page import repeated, show_session
from sojourn.interfaces.console.sessions.pump import is_done, less_in
from sojourn.interfaces.shared.sessions import FORM, SessionPage, session_page

WAYS = ("stop_early", "cancel")


@session_page(*(PERMISSIONS[each] for each in WAYS), methods=FORM)
def stop(request: Request, scope: SessionPage) -> HttpResponse:
    """Stop the session, from whatever state it has got to, or cancel it before a dose; either needs a reason until the
    dose runs."""
    picture = scope.session
    form = ReasonForm(request.POST or None, needed=picture.state not in UNDER_WAY)
    if request.method != "POST":
        return _asked(request, scope, form)
    transition = request.POST.get("how", "stop_early")
    if transition not in WAYS:
        raise Http404
    if is_done(picture, transition):
        return to_session(picture)
    if not form.is_valid():
        return _asked(request, scope, form)
    reason = form.cleaned_data["reason"]
    try:
        _end(request, picture, transition, reason)
    except Overtaken as overtaken:
        if not repeated(request, picture, transition):
            return show_session(request, picture, refused=overtaken, typed={"reason": reason})
    except ActionRefused as error:
        return _asked(request, scope, form, error)
    return to_session(picture)


def _asked(request: Request, scope: SessionPage, form: ReasonForm, error: ActionRefused | None = None) -> HttpResponse:
    """The page that asks how the session ends, and why."""
    picture, may = scope.session, scope.actor.may
    refused = refusal(picture, error) if error else []
    allowed = {each.name for each in protocol.allowed(picture.state)}
    ways = {each for each in WAYS if each in allowed and may(PERMISSIONS[each])}
    context = {**common(request, picture), "form": form, "refused": refused, "ways": ways}
    return render(request, "console/sessions/stop.html", context, status=status(request, form, refused))


def _end(request: Request, picture: Picture, transition: str, reason: str) -> None:
    if transition == "stop_early":
        less_in(request, picture, transition, reason=reason)
        return
    advance_session(
        by=request.actor, encounter_id=picture.id, transition=transition, seen=seen(request), reason=reason
    )  # fmt: skip


urlpatterns = [path("sessions/<int:encounter_id>/stop/", stop, name="session_stop")]
