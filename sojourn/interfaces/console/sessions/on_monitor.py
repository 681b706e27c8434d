"""Put a monitor on the patient, answer for what it sent, or take it off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.frame import common, refusal, to_session
from sojourn.interfaces.console.sessions.monitor_doubts import monitor_doubts
from sojourn.interfaces.console.sessions.step_forms import MonitorForm
from sojourn.interfaces.console.sessions.words import skew_word
from sojourn.interfaces.shared.sessions import FORM, SessionPage, session_page


@session_page("monitor.associate", methods=FORM)
def monitor(request: Request, scope: SessionPage) -> HttpResponse:
    """Put a monitor on the patient, or take it off."""
    if request.method != "POST":
        return _monitors_page(request, scope.session)
    asked = read(MonitorForm(request.POST))
    device = get_object_or_404(Device, pk=asked["device"] or 0)
    try:
        _do(scope, device, asked)
    except ActionRefused as error:
        return _monitors_page(request, scope.session, error)
    if asked["do"] in Whose.values and asked["do"] != Whose.THIS:
        # What was somebody else's is left where the monitor is taken off.
        messages.warning(request, _("Take %(name)s off this patient, and look at what it has charted here.") % {
            "name": device.name
        })  # fmt: skip
        return redirect("console:session_monitor", scope.session.id)
    return to_session(scope.session, "#monitor")


def _do(scope: SessionPage, device: Device, asked: Mapping[str, Any]) -> None:
    """What was pressed: whose the monitor's patient is, where it speaks from, whose a value was that it took back, off,
    or on."""
    by, session = scope.actor, scope.session
    match asked["do"]:
        case "this_patient":
            claiming_actions.confirm_patient(by=by, device_id=device.pk, encounter_id=session.id)
        case "line":
            claiming_actions.confirm_line(by=by, device_id=device.pk, host=asked["address"])
        case answer if answer in Whose.values:
            posted_wrong_actions.answer_whose(
                by=by, encounter_id=session.id, device_id=device.pk, answer=answer, upto=asked["upto"] or 0
            )
        case "off":
            if device.pk in {each.device_id for each in session.monitors}:
                vitals_actions.take_off(by=by, device_id=device.pk)
        case _:
            if device.retired_at is not None:
                raise ActionRefused(_("This monitor is out of use."), codes=("retired",))
            vitals_actions.put_on(by=by, device_id=device.pk, encounter_id=session.id)


def _monitors_page(request: Request, picture: Picture, refused: ActionRefused | None = None) -> HttpResponse:
    context = {
        **common(request, picture),
        "on": session_presenters.monitors(picture),
        "doubts": monitor_doubts(picture.id),
        "free": [
            session_presenters.MonitorLine(each.pk, each.name, each.last_seen_at, skew_word(each.clock_skew_s))
            for each in vitals_queries.free_monitors()
        ],
        "refused": refusal(picture, refused) if refused else [],
        "monitors_url": address("console:monitors") if request.actor.may("monitor.read") else "",
    }
    return render(request, "console/sessions/monitor.html", context, status=409 if refused else 200)


urlpatterns = [path("sessions/<int:encounter_id>/monitor/", monitor, name="session_monitor")]
