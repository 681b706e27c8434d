"""Who brings whom home: confirmed, not confirmed, declined; chased in one click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from django_stubs_ext import StrPromise

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination import ride_home_actions
from sojourn.care.coordination.queries import RideHome, RideHomeState
from sojourn.care.patients import queries as patients_queries
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import one_row
from sojourn.interfaces.console.fields import WordsField
from sojourn.interfaces.shared.pages import POST, PatientPage, patient_row_page
from sojourn.interfaces.shared.states import Word

LOOKED_AHEAD = timedelta(days=14)

_WORDS: dict[RideHomeState, tuple[StrPromise, str]] = {
    RideHomeState.CONFIRMED: (gettext_lazy("ride home confirmed"), "done"),
    RideHomeState.ASKED: (gettext_lazy("ride home not confirmed"), "wait"),
    RideHomeState.DECLINED: (gettext_lazy("ride home declined"), "stop"),
    RideHomeState.UNASKED: (gettext_lazy("ride home not requested yet"), "wait"),
    RideHomeState.NOBODY: (gettext_lazy("no escort named"), "wait"),
}


def ride_word(ride: RideHome) -> Word:
    """Where the ride home stands, in words."""
    return Word(*_WORDS[ride.state])


@dataclass(frozen=True, slots=True)
class RideHomeRow:
    """One session ahead and its ride home."""

    id: int
    at: datetime
    name: str
    url: str
    word: Word
    ride: RideHome
    chase: str
    hidden: bool


def _line(row: Appointment, ride: RideHome, hidden: frozenset[int]) -> RideHomeRow:
    secret = row.patient_id in hidden
    chase = ""
    if (
        ride.reachable
        and ride.state in {RideHomeState.UNASKED, RideHomeState.ASKED, RideHomeState.DECLINED}
        and not secret
    ):
        chase = _("Ask now") if ride.state == RideHomeState.UNASKED else _("Ask again")
    return RideHomeRow(
        row.pk, row.during.lower, _("Restricted record") if secret else row.patient.name,
        reverse("console:appointment", args=[row.pk]), ride_word(ride), ride, chase, secret,
    )  # fmt: skip


@allowed("appointment.book")
@require_GET
def rides_home(request: Request) -> HttpResponse:
    """The sessions of the next two weeks, those whose ride home is open first in each day."""
    now = timezone.now()
    rows = scheduling_queries.ahead(now, now + LOOKED_AHEAD)
    hidden = patients_queries.withheld(request.actor, [row.patient for row in rows], now)
    rides = coordination_queries.rides_home(rows)
    lines = [_line(row, rides[row.pk], hidden) for row in rows]
    still_open = [line for line in lines if line.ride.state != RideHomeState.CONFIRMED]
    context = {
        "open": still_open,
        "settled": [line for line in lines if line.ride.state == RideHomeState.CONFIRMED],
        "here": request.get_full_path(),
    }
    return render(request, "console/scheduling/rides_home.html", context)


class AnswerForm(forms.Form):
    """What the escort said on the phone. Silence is not a yes."""

    answer = forms.ChoiceField(choices=(("yes", ""), ("no", "")))
    note = WordsField(strip=False)


def _row(appointment_id: int) -> Appointment:
    return one_row(Appointment, appointment_id).select_related("patient").get()


def _back(request: Request, appointment_id: int) -> HttpResponse:
    onward = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}):
        return redirect(onward)
    return redirect("console:appointment", appointment_id)


@patient_row_page(_row, "appointment.book", methods=POST)
def chase(request: Request, scope: PatientPage, appointment: Appointment) -> HttpResponse:
    """Send the escort a link, or a fresh one."""
    try:
        link = ride_home_actions.ask(by=scope.actor, appointment_id=appointment.pk)
        messages.success(request, _("A letter is on its way to %(name)s.") % {"name": link.person.name})
    except ActionRefused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    return _back(request, appointment.pk)


@patient_row_page(_row, "appointment.book", methods=POST)
def write_answer(request: Request, scope: PatientPage, appointment: Appointment) -> HttpResponse:
    """Write down what the escort said on the phone."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    try:
        ride_home_actions.write_answer(
            by=scope.actor, appointment_id=appointment.pk, comes=form.cleaned_data["answer"] == "yes",
            note=form.cleaned_data["note"],
        )  # fmt: skip
    except ActionRefused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    return _back(request, appointment.pk)


urlpatterns = [
    path("ride-home/", rides_home, name="rides_home"),
    path("way-home/", rides_home),  # its address before
    path("appointments/<int:appointment_id>/ride-home/ask/", chase, name="ride_home_ask"),
    path("appointments/<int:appointment_id>/ride-home/answer/", write_answer, name="ride_home_answer"),
]
