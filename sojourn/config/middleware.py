"""What surrounds every page: one transaction, who asks, and the headers that keep a page to itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth import logout
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation

from sojourn.config.errors import bad_request, not_allowed
from sojourn.config.page_owner import forget_messages_of_another, sent_by_another
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import Request, to_the_door, with_actor
from sojourn.foundation.accounts.actor import NOBODY, Actor, current_actor, set_actor
from sojourn.foundation.accounts.models import Person
from sojourn.foundation.clock import page_begins, page_ends

GetResponse = Callable[[HttpRequest], HttpResponse]
LARGEST_REQUEST = 4_000_000  # bytes; the largest of ours is a laboratory's report of 1 MB

_POLICY = "; ".join((
    "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'self'", "form-action 'self'", "object-src 'none'",
))  # fmt: skip


class SecurityHeaders:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        headers = response.headers
        headers.setdefault("Content-Security-Policy", _POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path.startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")
        if settings.SECURE:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response


class NotTooLarge:
    """A request of more than any page of ours sends is refused unread: a stranger's upload would fill the disk, since
    its form is taken apart before anybody asks who sent it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = request.META.get("CONTENT_LENGTH") or "0"
        if not told.isdecimal() or int(told) > LARGEST_REQUEST:
            return bad_request(request)
        return self.get_response(request)


class NotThatWay:
    """An address that only takes what is sent, opened by its link or loaded again, is a page like every other: it says
    so, and help is one tap away."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or "text/html" not in request.headers.get("Accept", ""):
            return response
        page = not_allowed(request)
        page["Allow"] = response.get("Allow", "")
        return page


class OneTransaction:
    """A request is one transaction: the session, the reads and the action see and write one state of the world.

    An answer of 500 keeps nothing. A refusal (4xx) keeps what was written before it on purpose, such as the count
    of failed sign-ins; an action that refuses has rolled its own part back already.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not connection.in_atomic_block:
            set_actor(NOBODY)  # said before it begins, the transaction has nobody to take back
        with transaction.atomic():
            if current_actor() is not NOBODY:
                set_actor(NOBODY)
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response


def _asked_by_itself(request: HttpRequest) -> bool:
    """A page that reads on its own (a poll, a fragment, a script's fetch) is not a person at the keyboard.

    A person loads pages and sends forms; the page itself tells of typing and touching (``still_here``, a POST).
    """
    if hasattr(request, "entry"):  # an outbox tries again for as long as something waits in it
        return True
    if request.method not in {"GET", "HEAD"} or request.headers.get("HX-Boosted"):
        return False
    if "HX-Request" in request.headers:
        return True
    # A page that a service worker hands on has no destination either; a script's own fetch says "cors".
    return request.headers.get("Sec-Fetch-Dest") == "empty" and request.headers.get("Sec-Fetch-Mode", "cors") == "cors"


class WhoAsks:
    """Find what the signed-in person is in which clinic, and tell the database."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = with_actor(request)
        asked.actor, asked.clinic, asked.memberships = NOBODY, None, []
        if request.user.is_authenticated:
            if self._over(asked):
                logout(request)
                return to_the_door(request)
            self._name_the_actor(asked)
            if self._second_factor_missing(asked):
                return redirect("entry:second_factor")
        forget_messages_of_another(request)
        if (refused := sent_by_another(request)) is not None:
            return refused
        response = self.get_response(request)
        page_ends()
        return response

    def _name_the_actor(self, request: Request) -> None:
        assert request.user.pk is not None
        set_actor(Actor(person_id=request.user.pk))
        request.memberships = accounts_queries.memberships_of(request.user.pk)
        chosen = accounts_queries.choose(request.memberships, request.session.get("membership"))
        if chosen is None:
            return
        request.actor = accounts_queries.actor_of(chosen)
        request.clinic = chosen.clinic
        set_actor(request.actor)
        page_begins(chosen.clinic.zone)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and (language := getattr(request.user, "language", "")):
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language() or "en"

    def _over(self, request: Request) -> bool:
        """Whether the sign-in has ended: nobody at the keyboard for too long, or a day's work since it began."""
        now = int(time.time())
        # A session's own expiry begins anew each time it is saved; this does not.
        if now - request.session.setdefault("since", now) > settings.SESSION_COOKIE_AGE:
            return True
        seen = request.session.get("seen", now)
        if now - seen > request.session.get("idle_s", max(settings.SESSION_IDLE_S.values())):
            return True
        if "seen" in request.session and _asked_by_itself(request):
            return False
        if now - seen > 60 or "seen" not in request.session:
            request.session["seen"] = now
        return False

    def _second_factor_missing(self, request: Request) -> bool:
        """Staff outside the demo need a second factor; until they have one, only its set-up opens."""
        actor = request.actor
        staff = bool(actor.role) and accounts_queries.is_staff(actor.role)
        idle = settings.SESSION_IDLE_S["staff" if staff else "patient"]
        if request.session.get("idle_s") != idle:
            request.session["idle_s"] = idle
        if not staff or settings.DEMO or request.session.get("second_factor"):
            return False
        if request.path.startswith(("/accounts/", "/invitation/", "/language/", "/here/", "/as/")):
            return False
        from allauth.mfa.utils import is_mfa_enabled

        if is_mfa_enabled(cast(Person, request.user)):
            request.session["second_factor"] = True
            return False
        return True
