"""Put a monitor on the patient, answer for what it sent, or take it off."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals import claiming_actions, posted_wrong_actions
from sojourn.care.vitals import queries as vitals_queries
from sojourn.care.vitals.models import Device, Whose
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.frame import common as _common
from sojourn.interfaces.console.sessions.frame import refusal as _refusal
from sojourn.interfaces.console.sessions.frame import to_session as _to_session
from sojourn.interfaces.console.sessions.monitor_doubts import monitor_doubts
from sojourn.interfaces.console.sessions.words import skew_word
from sojourn.interfaces.console.typed import whole
from sojourn.interfaces.shared.sessions import FORM, SessionScope, session_page


@session_page("monitor.associate", methods=FORM)
def monitor(request: Request, scope: SessionScope) -> HttpResponse:
    """Put a monitor on the patient, or take it off."""
    picture = scope.session
    refused: list[dict[str, str]] = []
    if request.method == "POST":
        device = get_object_or_404(Device, pk=whole(request.POST.get("device")) or 0)
        try:
            if request.POST.get("do") == "this_patient":
                claiming_actions.confirm_patient(by=scope.asker, device_id=device.pk, encounter_id=picture.id)
            elif request.POST.get("do") == "line":
                host = request.POST.get("address", "")
                claiming_actions.confirm_line(by=scope.asker, device_id=device.pk, host=host)
            elif request.POST.get("do") in Whose.values:
                return _whose_answered(request, picture, device)
            elif request.POST.get("do") == "off":
                if device.pk in {each.device_id for each in picture.monitors}:
                    vitals_actions.take_off(by=scope.asker, device_id=device.pk)
            elif device.retired_at is not None:
                raise Refused(_("This monitor is out of use."), codes=("retired",))
            else:
                vitals_actions.put_on(by=scope.asker, device_id=device.pk, encounter_id=picture.id)
        except Refused as error:
            refused = _refusal(picture, error)
        else:
            return _to_session(picture, "#monitor")
    context = {
        **_common(request, picture),
        "on": session_presenters.monitors(picture),
        "doubts": monitor_doubts(picture.id),
        "free": [
            session_presenters.MonitorLine(each.pk, each.name, each.last_seen_at, skew_word(each.clock_skew_s))
            for each in vitals_queries.free_monitors()
        ],
        "refused": refused,
        "monitors_url": address("console:monitors") if scope.asker.may("monitor.read") else "",
    }
    return render(request, "console/sessions/monitor.html", context, status=409 if refused else 200)


def _whose_answered(request: Request, picture: Picture, device: Device) -> HttpResponse:
    """Whose a value was that the monitor took back. Who says somebody else's is left where it is taken off."""
    answer = request.POST["do"]
    posted_wrong_actions.answer_whose(
        by=request.asker, encounter_id=picture.id, device_id=device.pk, answer=answer,
        upto=whole(request.POST.get("upto")) or 0,
    )  # fmt: skip
    if answer == Whose.THIS:
        return _to_session(picture, "#monitor")
    messages.warning(request, _("Take %(name)s off this patient, and look at what it has charted here.") % {
        "name": device.name
    })  # fmt: skip
    return redirect("console:session_monitor", picture.id)


urlpatterns = [path("sessions/<int:encounter_id>/monitor/", monitor, name="session_monitor")]
