"""Which role may open which page. Views declare it; a test walks every URL with every role."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from sojourn.foundation.accounts.actor import NOBODY, Actor
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.links import Page, path

View = Callable[..., HttpResponseBase]


class Request(HttpRequest):
    """A request after the WhoAsks middleware: it carries the actor and the clinic."""

    actor: Actor
    clinic: Clinic | None
    memberships: list[Membership]
    htmx: Any


def with_actor(request: HttpRequest) -> Request:
    """The request as the WhoAsks middleware has handed it on: the one place that says so."""
    return cast(Request, request)


def to_the_door(request: HttpRequest, *, then: str = "") -> HttpResponse:
    """The sign-in page, which leads back to ``then``: a path without its query, which may hold what somebody typed, and
    somebody else may sign in. A part of a page that asked for its next picture must not show it
    in its own frame."""
    if "HX-Request" in request.headers:
        return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
    return redirect_to_login(then) if then else redirect(settings.LOGIN_URL)


def allowed(*permissions: str) -> Callable[[View], View]:
    """Open the view to roles that hold any of ``permissions``; others get 403, strangers the sign-in page, and whoever
    waits to be confirmed the page that says so."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor = with_actor(request).actor
            if actor is NOBODY or actor.clinic_id is None:
                if request.user.is_authenticated:
                    return redirect(path(Page.NOWHERE))
                return to_the_door(request, then=request.path)
            if actor.unconfirmed and request.method in ("GET", "HEAD"):
                return redirect(path(Page.UNCONFIRMED))
            if not any(actor.may(permission) for permission in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.permissions = frozenset(permissions)  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: View) -> View:
    """Open to everybody, on purpose: said aloud, so that the test can tell it from a forgotten guard."""
    view.permissions = None  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Open to everybody who is signed in, whatever their role."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_the_door(request, then=request.path)
        return view(request, *args, **kwargs)

    guarded.permissions = "signed in"  # type: ignore[attr-defined]
    return guarded
