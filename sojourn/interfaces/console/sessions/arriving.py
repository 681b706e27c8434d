"""Before a session: the patient arrives, does not attend, or the session is cancelled."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import one_row
from sojourn.interfaces.console.fields import read
from sojourn.interfaces.console.sessions.step_forms import ReasonGivenForm
from sojourn.interfaces.shared.pages import POST, ClinicPage, clinic_page, opens
from sojourn.interfaces.shared.sessions import READ


def _appointment(scope: ClinicPage, appointment_id: int) -> Appointment:
    """One that the actor may open: a press on a list leads to no restricted record."""
    appointment = one_row(Appointment, appointment_id).select_related("patient", "chair").get()
    if not accounts_queries.may_open(scope.actor, appointment.patient, scope.now):
        raise PermissionDenied
    return appointment


def _opened(request: Request, appointment: Appointment, transition: str, reason: str = "") -> HttpResponse:
    try:
        encounter = encounter_actions.open_session(
            by=request.actor, appointment_id=appointment.pk, transition=transition, reason=reason
        )
    except ActionRefused as refused:
        return _not_coming(request, appointment, refused=refused, reason=reason)
    if request.actor.may("session.read"):
        return redirect("console:session", encounter.pk)
    messages.success(request, _("%(name)s: noted.") % {"name": appointment.patient.name})
    return redirect("home")


@clinic_page("session.arrive", methods=POST)
@opens(_appointment)
def arrive(request: Request, scope: ClinicPage, appointment: Appointment) -> HttpResponse:
    """The patient is here. A second press finds the session that the first one opened."""
    return _opened(request, appointment, "arrive")


@clinic_page("session.arrive", methods=POST)
@opens(_appointment)
def did_not_attend(request: Request, scope: ClinicPage, appointment: Appointment) -> HttpResponse:
    """The patient did not come."""
    return _opened(request, appointment, "did_not_attend", read(ReasonGivenForm(request.POST))["reason"])


@clinic_page("session.stop", methods=POST)
@opens(_appointment)
def cancel_planned(request: Request, scope: ClinicPage, appointment: Appointment) -> HttpResponse:
    """The session does not take place, for a reason."""
    return _opened(request, appointment, "cancel", read(ReasonGivenForm(request.POST))["reason"])


@clinic_page("session.arrive", methods=READ)
@opens(_appointment)
def not_coming(request: Request, scope: ClinicPage, appointment: Appointment) -> HttpResponse:
    """Choose between "did not attend" and "cancelled", with a reason."""
    return _not_coming(request, appointment)


def _not_coming(
    request: Request, appointment: Appointment, *, refused: ActionRefused | None = None, reason: str = ""
) -> HttpResponse:
    context = {
        "appointment": appointment,
        "patient": appointment.patient,
        "reason": reason,
        "ahead": appointment.during.lower > timezone.now(),
        "may_cancel": request.actor.may("session.stop"),
        "may_arrive": request.actor.may("session.arrive"),
        "refused": [{"text": str(each), "to_do": "", "href": ""} for each in refused.reasons] if refused else [],
    }
    return render(request, "console/sessions/not_coming.html", context, status=409 if refused else 200)


_AHEAD = "appointments/<int:appointment_id>/"

urlpatterns = [
    path(f"{_AHEAD}arrive/", arrive, name="arrive"),
    path(f"{_AHEAD}not-coming/", not_coming, name="not_coming"),
    path(f"{_AHEAD}did-not-attend/", did_not_attend, name="did_not_attend"),
    path(f"{_AHEAD}cancel-session/", cancel_planned, name="cancel_planned"),
]
