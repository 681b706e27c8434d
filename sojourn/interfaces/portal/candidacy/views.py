"""Your care team's answer: whether the treatment fits, why, what else could help, and what comes next."""

from __future__ import annotations

from django.http import HttpResponse

from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy import wording
from sojourn.care.candidacy.models import Kind
from sojourn.foundation.accounts.access import Request
from sojourn.interfaces.portal.pages import OwnPage, own_page, show


@own_page("own.read")
def decision(request: Request, scope: OwnPage) -> HttpResponse:
    """The newest decision in the patient's words; before there is one, what happens until then."""
    found = candidacy_queries.latest(scope)
    return show(
        request,
        "portal/candidacy/decision.html",
        {
            "decision": found,
            "reading": wording.reading(found) if found else None,
            "accepted": found is not None and found.kind in (Kind.ACCEPT, Kind.CONDITIONS),
        },
        active="today",
    )
