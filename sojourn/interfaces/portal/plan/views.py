"""My plan: what, how often, with whom, towards what, and when it is looked at again, in plain words."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from sojourn.care.plan import queries
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.interfaces.portal.pages import show
from sojourn.interfaces.portal.plan.presenters import plan_shown


@allowed("own.read")
@require_GET
def plan(request: Request) -> HttpResponse:
    """The patient's own signed plans that hold now."""
    patient_id = request.asker.patient_id
    assert patient_id is not None
    plans = [plan_shown(each) for each in queries.in_force_of_patient(patient_id)]
    return show(request, "portal/plan/plan.html", {"plans": plans}, active="today")
