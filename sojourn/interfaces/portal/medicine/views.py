"""How the medicine comes and goes: one calm curve for the patient's own route, in plain words."""

from __future__ import annotations

from django.http import HttpResponse

from sojourn.care.companion.queries import newest_course
from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries as plan_queries
from sojourn.clinical import pk
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import one_row
from sojourn.interfaces.portal.medicine.curve import last_session, long, picture, words
from sojourn.interfaces.portal.pages import OwnPage, own_page, show


@own_page("own.read")
def medicine(request: Request, scope: OwnPage) -> HttpResponse:
    """How the medicine of the patient's own course comes and goes."""
    course = newest_course(scope)
    protocol = plan_queries.protocol(course.protocol_id) if course else None
    drawn = last = None
    if protocol is not None:
        patient = one_row(Patient, scope.patient_id).get()
        age = patient.age_on(page_today())
        drawn = picture(protocol.drug, protocol.route, float(protocol.dose_minutes), age)
        last = last_session(patient.pk, scope.now, age)
    context = {
        "has_course": protocol is not None,
        "picture": drawn,
        "last": last,
        "words": words(drawn, pk.model_route(protocol.route), protocol.dose_minutes) if drawn and protocol else [],
        "given_words": long(protocol.dose_minutes) if protocol and protocol.dose_minutes else "",
    }
    return show(request, "portal/medicine/medicine.html", context, active="today")
