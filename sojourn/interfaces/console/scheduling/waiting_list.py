"""The waiting list: who would come earlier, and what became of the times that came free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination import waiting_actions
from sojourn.care.patients import queries as patients_queries
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import one_row
from sojourn.interfaces.shared.pages import POST, PatientPage, patient_row_page
from sojourn.interfaces.shared.states import Word


@dataclass(frozen=True, slots=True)
class Waiter:
    name: str
    url: str
    since: datetime
    course_id: int


@dataclass(frozen=True, slots=True)
class Offered:
    at: datetime
    chair: str
    name: str
    word: Word
    opens_at: datetime


def _word(answer: str, told: bool) -> Word:
    if answer == "accepted":
        return Word(_("said yes"), "done")
    if answer:
        return Word(_("let it go") if answer == "declined" else _("somebody else came first"), "off")
    return Word(_("was asked"), "active") if told else Word(_("is asked later"), "wait")


@allowed("appointment.book")
@require_GET
def waiting(request: Request) -> HttpResponse:
    """The list in its order, and the offers that run."""
    now = timezone.now()
    entries, offers = coordination_queries.waiting(), coordination_queries.offers_by_time(now)
    people = [row.patient for row in entries] + [row.patient for row in offers]
    hidden = patients_queries.withheld(request.actor, people, now)

    def named(patient_id: int, name: str) -> str:
        return _("Restricted record") if patient_id in hidden else name

    context = {
        "waiters": [
            Waiter(
                named(row.patient_id, row.patient.name), reverse("console:patient", args=[row.patient_id]),
                row.joined_at, row.care_plan_id,
            )
            for row in entries
        ],
        "offers": [
            Offered(
                row.during.lower, row.chair.name, named(row.patient_id, row.patient.name),
                _word(row.answer, row.told_at is not None), row.opens_at,
            )
            for row in offers
        ],
    }  # fmt: skip
    return render(request, "console/scheduling/waiting_list.html", context)


def _course(course_id: int) -> CarePlan:
    return one_row(CarePlan, course_id).select_related("patient").get()


@patient_row_page(_course, "appointment.book", methods=POST)
def wait(request: Request, scope: PatientPage, course: CarePlan) -> HttpResponse:
    """Put the patient of a course on the list, or take them off."""
    act = waiting_actions.leave if request.POST.get("do") == "leave" else waiting_actions.join
    try:
        act(by=scope.actor, care_plan_id=course.pk)
    except ActionRefused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    return redirect("console:waiting")


urlpatterns = [
    path("appointments/waiting/", waiting, name="waiting"),
    path("courses/<int:course_id>/wait/", wait, name="course_wait"),
]
