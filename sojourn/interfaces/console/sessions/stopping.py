"""End a session before its time: whoever watches stops it, whoever may cancel cancels it before a dose."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path

from sojourn.care.encounter.actions import PERMISSIONS
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.care.session.step_actions import advance_session
from sojourn.clinical import protocol
from sojourn.clinical.protocol import UNDER_WAY
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.interfaces.console.sessions.forms import ReasonForm
from sojourn.interfaces.console.sessions.frame import common, refusal, seen, status, to_session
from sojourn.interfaces.console.sessions.page import repeated as _repeated
from sojourn.interfaces.console.sessions.page import show_session as _page
from sojourn.interfaces.console.sessions.pump import is_done, less_in
from sojourn.interfaces.shared.sessions import FORM, SessionScope, session_page

WAYS = ("stop_early", "cancel")


@session_page(*(PERMISSIONS[each] for each in WAYS), methods=FORM)
def stop(request: Request, scope: SessionScope) -> HttpResponse:
    """Stop the session, from whatever state it has got to, or cancel it before a dose; either needs a reason until the
    dose runs."""
    picture = scope.session
    ways = {each.name for each in protocol.allowed(picture.state) if each.name in WAYS}
    ways = {each for each in ways if scope.asker.may(PERMISSIONS[each])}
    form = ReasonForm(request.POST or None, needed=picture.state not in UNDER_WAY)
    refused: list[dict[str, str]] = []
    if request.method == "POST":
        transition = request.POST.get("how", "stop_early")
        if transition not in WAYS:
            raise Http404
        if not scope.asker.may(PERMISSIONS[transition]):
            raise PermissionDenied
        if is_done(picture, transition):
            return to_session(picture)
        if form.is_valid():
            try:
                _end(request, picture, transition, form.cleaned_data["reason"])
            except Overtaken as overtaken:
                if _repeated(request, picture, transition):
                    return to_session(picture)
                return _page(request, picture, refused=overtaken, typed={"reason": form.cleaned_data["reason"]})
            except Refused as error:
                refused = refusal(picture, error)
            else:
                return to_session(picture)
    context = {**common(request, picture), "form": form, "refused": refused, "ways": ways}
    return render(request, "console/sessions/stop.html", context, status=status(request, form, refused))


def _end(request: Request, picture: Picture, transition: str, reason: str) -> None:
    if transition == "stop_early":
        less_in(request, picture, transition, reason=reason)
        return
    advance_session(
        by=request.asker, encounter_id=picture.id, transition=transition, seen=seen(request), reason=reason
    )  # fmt: skip


urlpatterns = [path("sessions/<int:encounter_id>/stop/", stop, name="session_stop")]
