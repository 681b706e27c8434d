"""Today: where I am on the way, one thing to do, and what is next."""

from __future__ import annotations

from django.http import HttpResponse

from sojourn.foundation.accounts.access import Request
from sojourn.interfaces.portal.danger import heard
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.shared.today.presenters import today_view


@own_page("own.read")
def today(request: Request, scope: OwnPage) -> HttpResponse:
    """The patient's first page."""
    return show(
        request,
        "portal/today/today.html",
        {
            "view": today_view(scope, scope.clinic, scope.now),
            "heard": heard.heard(scope.patient_id, scope.now),
            "given_name": scope.actor.name.split(" ")[0],
        },
        active="today",
    )
