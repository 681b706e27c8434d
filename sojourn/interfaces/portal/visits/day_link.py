"""The link that opens the days around the nearest visit without a sign-in: send it to oneself, take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect

from sojourn.care.coordination import day_link, day_link_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.shared.pages import POST, opens


@dataclass(frozen=True, slots=True)
class LinkView:
    """The nearest visit and its link. ``sent_at`` is None where none opens anything, ``opened_at`` where no device has
    it yet."""

    id: int
    at: datetime
    sent_at: datetime | None
    opened_at: datetime | None


def _nearest(scope: OwnPage) -> LinkView | None:
    """The visit whose days have begun, else the next one. Two queries."""
    rows = scope.rows(Appointment).filter(
        status=AppointmentStatus.BOOKED, during__endswith__gt=scope.now - day_link.CLOSES_AFTER
    )
    row = rows.order_by("during").first()
    if row is None:
        return None
    link = coordination_queries.day_links(scope).get(row.pk)
    return LinkView(row.pk, row.during.lower, link.sent_at if link else None, link.opened_at if link else None)


@own_page("own.visits")
def page(request: Request, scope: OwnPage) -> HttpResponse:
    """What the link shows and does not, and where it stands."""
    return _page(request, scope)


def _page(request: Request, scope: OwnPage, refused: ActionRefused | None = None) -> HttpResponse:
    context = {"visit": _nearest(scope), "reasons": refused.reasons if refused else ()}
    return show(request, "portal/visits/day_link.html", context, active="visits", status=409 if refused else 200)


def _own_visit(scope: OwnPage, visit_id: int) -> Appointment:
    return scope.rows(Appointment).get(pk=visit_id)


@own_page("own.visits", methods=POST)
@opens(_own_visit)
def change(request: Request, scope: OwnPage, row: Appointment) -> HttpResponse:
    """Send a fresh link, or take back the one there is."""
    act = day_link_actions.end if request.POST.get("do") == "end" else day_link_actions.send
    try:
        act(by=scope.actor, appointment_id=row.pk)
    except ActionRefused as refused:
        return _page(request, scope, refused)
    return redirect("portal:visits_day_link")
