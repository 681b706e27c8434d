"""The page of the days around an appointment, by a link and without a sign-in: it can add and call.

It shows no name, drug, score or earlier word: a lost phone tells whoever finds it that somebody has an appointment.
What is added goes to the clinic marked as such, is read for danger, and is not shown here again. Opening the link
changes nothing, since mail scanners open links too: it opens on the one device on which somebody says so.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sojourn.care.coordination import day_link, day_link_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.queries import DayView, RideHomeState
from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.safety import writing_actions
from sojourn.foundation.accounts.access import public
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, acting_as, set_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_begins
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.escort.ride_home import zone_words
from sojourn.interfaces.help.remembering import remember
from sojourn.interfaces.help.shown import help_now
from sojourn.interfaces.shared.message_forms import MessageForm
from sojourn.interfaces.shared.today.coming import coming

DEVICE: Final = "day_device"  # sent to this link's own address alone


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def day(request: HttpRequest, token: str) -> HttpResponse:
    """What the link opens. Only a sent form changes anything."""
    by, device, now = Actor(token_hash=hash_of(token)), request.COOKIES.get(DEVICE, ""), timezone.now()
    set_actor(by)
    view = coordination_queries.day_view(by.token_hash)
    if view is None:
        return _page(request, None, {"standing": "unknown"}, 404)
    page_begins(view.clinic.zone)
    standing = view.standing(hash_of(device) if device else "", now)
    pressed = request.POST.get("do") if request.method == "POST" else None
    if pressed == "open" and standing == "unopened":
        return _open_here(request, by, view, token)
    if pressed == "write":
        return _write(request, by, view, device, token)
    if standing == "open":
        return _shown(request, by, view, MessageForm())
    return _page(request, view, {"standing": standing}, 200 if standing == "unopened" else 410)


def _open_here(request: HttpRequest, by: Actor, view: DayView, token: str) -> HttpResponse:
    """This device has it from now on."""
    device = secrets.token_urlsafe(32)
    try:
        day_link_actions.open_here(by=by, device=device)
    except ActionRefused as refused:  # another was quicker
        return _page(request, view, {"standing": refused.codes[0]}, 410)
    address = reverse("escort:day", args=[token])
    response = redirect(address)
    lasts = view.appointment.during.upper + day_link.CLOSES_AFTER - timezone.now()
    response.set_cookie(
        DEVICE, device, max_age=lasts, path=address, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return response


def _write(request: HttpRequest, by: Actor, view: DayView, device: str, token: str) -> HttpResponse:
    """Keep what was written. What cannot be kept any more is heard for danger all the same."""
    form = MessageForm(request.POST)
    try:
        found = writing_actions.write_by_link(by=by, device=device, body=form.typed, key=form.sent_key)
    except ActionRefused as refused:
        danger = writing_actions.heed_by_link(by=by, text=form.typed)
        if refused.codes[0] in {"nothing", "too-long"}:
            return _shown(request, by, view, form, reasons=refused.reasons, danger=danger is not None)
        said = {"standing": refused.codes[0], "typed": form.typed, "danger": danger is not None}
        return _page(request, view, said, 410)
    return redirect(f"{reverse('escort:day', args=[token])}?{'help' if found else 'kept'}=1")


def _shown(
    request: HttpRequest, by: Actor, view: DayView, form: MessageForm, *, reasons: tuple[Any, ...] = (),
    danger: bool = False,
) -> HttpResponse:  # fmt: skip
    during = view.appointment.during
    begins = during.lower.astimezone(view.clinic.zone)
    guest = Actor(clinic_id=view.link.clinic_id, patient_id=view.link.patient_id, role="guest")
    with acting_as(guest):
        written = messaging_queries.by_link_since(PatientScope(view.link.patient_id), view.link.sent_at)
        where = coming(view.clinic)
    context = {
        "standing": "open",
        "when": day_link.when(begins=begins, ends=during.upper, now=timezone.now()),
        "begins": during.lower,
        "zone": zone_words(view.clinic.zone, during.lower),
        "where": where,
        "ride": view.ride.state if view.ride.state in {RideHomeState.CONFIRMED, RideHomeState.ASKED} else "open",
        "written": written,
        "typed": form.typed,
        "key": form.sent_key,
        "errors": [{"href": "#body", "text": reason} for reason in reasons],
        "error": reasons[0] if reasons else "",
        "kept": request.GET.get("kept") == "1",
        "danger": danger or request.GET.get("help") == "1",
    }
    return _page(request, view, context, 409 if reasons else 200)


def _page(request: HttpRequest, view: DayView | None, context: dict[str, Any], status: int) -> HttpResponse:
    clinic = view.clinic if view is not None else None
    if clinic is not None:
        context = {"clinic": clinic, "help_now": help_now(clinic), **context}
    response = render(request, "escort/day.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return remember(request, response, clinic)
