"""An earlier time offered to somebody who waits: yes or no, by the link of the letter.

Opening the link changes nothing, since mail scanners open links too.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination import waiting_actions
from sojourn.care.coordination.models import OfferAnswer
from sojourn.foundation.accounts.access import public
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, set_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_begins
from sojourn.interfaces.help.remembering import remember


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def earlier(request: HttpRequest, token: str) -> HttpResponse:
    """Take the earlier time, or let it go."""
    by = Actor(token_hash=hash_of(token))
    set_actor(by)
    found = coordination_queries.offer_by(by.token_hash)
    if found is None:
        return _page(request, {"standing": "unknown"}, 404)
    offer, clinic = found
    page_begins(clinic.zone)
    context: dict[str, Any] = {"clinic": clinic, "begins": offer.during.lower, "ends": offer.during.upper}
    if request.method == "POST":
        try:
            if request.POST.get("answer") == "yes":
                waiting_actions.accept_by_link(by=by)
            elif request.POST.get("answer") == "no":
                waiting_actions.decline_by_link(by=by)
            return redirect("escort:earlier", token)
        except ActionRefused as refused:
            standing = "gone" if "gone" in refused.codes else "refused"
            return _page(request, {**context, "standing": standing, "reasons": refused.reasons}, 409)
    standing = offer.answer or ("open" if offer.during.lower > timezone.now() else OfferAnswer.GONE)
    return _page(request, {**context, "standing": str(standing)}, 410 if standing == OfferAnswer.GONE else 200)


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "escort/earlier.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return remember(request, response, context.get("clinic"))
