"""Today: where I am on the way, what is next, what is open."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse

from sojourn.care.measures import queries as measures_queries
from sojourn.foundation.accounts.access import Request
from sojourn.interfaces.portal import reads
from sojourn.interfaces.portal.agreements import desk as agreements
from sojourn.interfaces.portal.danger import heard
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.portal.session import not_now
from sojourn.interfaces.portal.today import path
from sojourn.interfaces.portal.today.presenters import next_visit, waiting_sheets


@own_page("own.read")
def today(request: Request, scope: OwnPage) -> HttpResponse:
    """The patient's first page."""
    now = scope.now
    to_sign, to_sign_url = agreements.next_open(scope.patient_id, scope.clinic)
    way = reads.way(scope, now)
    news = reads.news(scope)
    rests = way.running_id is not None and not_now.dosed(request)
    waiting = [] if rests else waiting_sheets(measures_queries.open_requests(scope), now)
    return show(
        request,
        "portal/today/today.html",
        {
            "stages": path.stages(replace(way.facts, decision=news.decision)),
            "next": next_visit(way.next, scope.clinic.address) if way.next else None,
            "waiting": waiting,
            "answered": news.decision,
            "to_sign": 0 if rests else to_sign,
            "to_sign_url": to_sign_url,
            "in_session": way.running_id is not None,
            "intake_open": way.next is None and not news.sent,
            "unread": news.unread,
            "heard": heard.heard(scope.patient_id, now),
            "given_name": scope.actor.name.split(" ")[0],
        },
        active="today",
    )
