"""Help now, and the page that stands in for another without a connection. Both are anybody's and stay on the device."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sojourn.clinical import lines
from sojourn.foundation.accounts.access import public
from sojourn.interfaces.help import shown
from sojourn.interfaces.help.remembering import clinic_of, remember, remembered

# A page that stays on the device is nobody's: it says neither whose it is nor what somebody was to be told.
ANYBODYS: Final[dict[str, Any]] = {"idle_seconds": None, "page_owner": None, "messages": ()}


@public
@require_GET
def help_now(request: HttpRequest) -> HttpResponse:
    """Whom to call, for everybody: signed in, signed out, or without a connection.

    ``where``: the country that somebody chose without script; the clinic's own lines stay beside it.
    """
    chosen = request.GET.get("where", "")
    # A patient may tell the clinic as well. What it says of whoever holds the device is that somebody is signed in.
    actor = getattr(request, "actor", None)
    key = uuid4() if actor is not None and actor.patient_id is not None else None
    there = shown.place_of(lines.of(chosen, shown.reading())) if chosen else None
    where = lines.country_of(chosen) if chosen else ""
    return _page(request, "help/help.html", {"there": there, "where": where, "ask_key": key})


@public
@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What a device shows in the place of a page that it cannot fetch."""
    return _page(request, "help/offline.html", {})


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    clinic = remembered(request)
    frame = {"clinic": clinic, "help_now": shown.help_now(clinic), "crisis_url": "", **ANYBODYS}
    return remember(request, render(request, template, frame | context), clinic_of(request))
