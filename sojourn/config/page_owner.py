"""Tells the browser whose pages it shows, and refuses what a page of one person sends as another.

The cookie is for scripts: every tab reads it, so all of them learn of a sign-out or another sign-in at once, also one
that ended by itself. A service worker's pages are nobody's in particular and say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from sojourn.foundation.accounts.page_owner import COOKIE, ENDED, HEADER, RECEIVED, page_owner

# Not "storage": that would also take the help page off the device, which must open when nobody is signed in.
_ENDED = '"cache"'
_READ = frozenset({200, 302, 409, 422})
_RECEIPT_S = 300
_ENDED_S = 120


def owner_of(request: HttpRequest) -> str:
    """Who is signed in, as the page says it; "" for nobody."""
    if not request.user.is_authenticated:
        return ""
    actor = getattr(request, "actor", None)
    return page_owner(request.user.pk, actor.membership_id if actor is not None else None)


class PageOwner:
    """Keeps the cookie true, and receipts a form whose text the browser has kept. When a sign-in has ended, the browser
    is told to forget the pages that it holds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        came = request.user.pk
        response = self.get_response(request)
        _receipt(request, response)
        if request.user.is_authenticated and request.user.pk != came:
            return response  # a sign-in: as what, the next request finds
        before, owner = request.COOKIES.get(COOKIE, ""), owner_of(request)
        if owner and ENDED in request.COOKIES:
            response.delete_cookie(ENDED, samesite="Lax")
        if owner and owner != before:
            response.set_cookie(COOKIE, owner, secure=settings.SECURE, httponly=False, samesite="Lax")
        elif before and not owner:
            response.delete_cookie(COOKIE, samesite="Lax")
            if request.path != reverse("account_logout"):
                response.set_cookie(ENDED, "1", max_age=_ENDED_S, secure=settings.SECURE, httponly=True, samesite="Lax")
            response.headers["Clear-Site-Data"] = _ENDED
        return response


def _receipt(request: HttpRequest, response: HttpResponse) -> None:
    """Tell that a form was read: it was taken, or its page shows again what was typed."""
    if request.method != "POST" or response.status_code not in _READ:
        return
    number = request.POST.get("draft_number", "")
    if re.fullmatch(r"[0-9-]{1,40}", number):
        response.set_cookie(RECEIVED, number, max_age=_RECEIPT_S, secure=settings.SECURE, samesite="Lax")


def forget_messages_of_another(request: HttpRequest) -> None:
    """What was to be said to somebody else at their next page is said to nobody. It waits in a cookie."""
    if request.COOKIES.get(COOKIE, "") in {"", owner_of(request)}:
        return
    request.COOKIES.pop(CookieStorage.cookie_name, None)
    list(get_messages(request))  # read, and so taken back from the browser with this answer


def sent_by_another(request: HttpRequest) -> HttpResponse | None:
    """412 where a script sends from a page that is not of the person who is signed in now; nothing was done."""
    told = request.headers.get(HEADER, "")
    if not told or told == owner_of(request):
        return None
    words: dict[str, Any] = {"status": 403, "quote": ""}
    return render(request, "ui/error.html", words, status=412)
