"""My plan: what, how often, with whom, towards what, and when it is looked at again, in plain words."""

from __future__ import annotations

from django.http import HttpResponse

from sojourn.care.plan import queries as plan_queries
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.portal.plan.presenters import plan_shown


@own_page("own.read")
def plan(request: Request, scope: OwnPage) -> HttpResponse:
    """The patient's own signed plans that hold now."""
    patient_id = scope.patient_id
    plans = [plan_shown(each) for each in plan_queries.in_force_of_patient(PatientScope(patient_id))]
    return show(request, "portal/plan/plan.html", {"plans": plans}, active="today")
