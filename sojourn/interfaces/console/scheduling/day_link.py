"""The link that opens the days around an appointment on the patient's phone: sent, opened, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _

from sojourn.care.coordination import day_link, day_link_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope, one_row
from sojourn.interfaces.shared.pages import POST, PatientPage, patient_row_page


@dataclass(frozen=True, slots=True)
class DayLinkView:
    """``open``: it can be sent. ``sent_at`` is None where none opens anything."""

    open: bool
    sent_at: datetime | None = None
    opened_at: datetime | None = None


def day_link_view(scope: PatientPage, found: Appointment) -> DayLinkView:
    """For whoever books, until the days after are over. At most one query."""
    over = scope.now >= found.during.upper + day_link.CLOSES_AFTER
    if over or found.status != AppointmentStatus.BOOKED or not scope.actor.may("appointment.book"):
        return DayLinkView(open=False)
    link = coordination_queries.day_links(PatientScope(found.patient_id)).get(found.pk)
    return DayLinkView(True, link.sent_at, link.opened_at) if link is not None else DayLinkView(open=True)


def _row(appointment_id: int) -> Appointment:
    return one_row(Appointment, appointment_id).select_related("patient").get()


@patient_row_page(_row, "appointment.book", methods=POST)
def change(request: Request, scope: PatientPage, appointment: Appointment) -> HttpResponse:
    """Send the patient a fresh link, or take back the one there is."""
    try:
        if request.POST.get("do") == "end":
            day_link_actions.end(by=scope.actor, appointment_id=appointment.pk)
            messages.success(request, _("The link opens nothing any more."))
        else:
            day_link_actions.send(by=scope.actor, appointment_id=appointment.pk)
            messages.success(request, _("The link is on its way to the patient's own address."))
    except ActionRefused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    return redirect("console:appointment", appointment.pk)


urlpatterns = [path("appointments/<int:appointment_id>/day-link/", change, name="day_link")]
