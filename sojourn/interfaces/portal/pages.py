"""What every page of the portal has: whose it is, navigation, and that the device remembers whose help it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.scope import PatientScope
from sojourn.foundation.ui.navigation import navigation
from sojourn.interfaces.help.remembering import remember
from sojourn.interfaces.shared.commands import say_why
from sojourn.interfaces.shared.pages import GET, Guarded

P = ParamSpec("P")
TO_KEEP: Final = "X-To-Keep"  # on what a service worker asks for itself


@dataclass(frozen=True, slots=True)
class OwnPage(PatientScope):
    """Whose page it is: the patient who asks, where, and the moment at which the page was asked for."""

    clinic: Clinic
    actor: Actor
    now: datetime


def own_page(
    *permissions: str, methods: Sequence[str] = GET
) -> Callable[[Callable[Concatenate[Request, OwnPage, P], HttpResponseBase]], Guarded[P]]:
    """Open the view to a patient who holds any of ``permissions``, with the patient's own scope. No query."""

    def decorate(view: Callable[Concatenate[Request, OwnPage, P], HttpResponseBase]) -> Guarded[P]:
        @wraps(view)
        def opened(request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            return view(request, own_scope(request), *args, **kwargs)

        return allowed(*permissions)(require_http_methods(list(methods))(opened))

    return decorate


def own_scope(request: Request) -> OwnPage:
    actor, clinic = request.actor, request.clinic
    if actor.patient_id is None or clinic is None:
        raise PermissionDenied
    return OwnPage(actor.patient_id, clinic, actor, timezone.now())


def for_the_device(request: HttpRequest) -> bool:
    """Whether a service worker asks for a page to keep: what stays on the device is nobody's. It says so itself, since
    by all else a page that it only hands on looks the same."""
    return TO_KEEP in request.headers


def show(
    request: Request,
    template: str,
    context: Mapping[str, object] | None = None,
    *,
    active: str = "",
    nav: bool = True,
    status: int = 200,
) -> HttpResponse:
    """Render a page of the portal. ``active`` is the entry of the navigation; ``nav`` False keeps to one thing."""
    clinic = request.clinic
    frame = {"nav": _nav(active) if nav else None, "home_url": reverse("portal:today")}
    page = render(request, template, {**frame, **(context or {})}, status=status)
    return remember(request, say_why(page, context or {}), clinic)


def _nav(active: str) -> list[dict[str, Any]]:
    return [
        {
            "label": place.label, "url": reverse(place.name), "icon": place.icon,
            "active": place.name == f"portal:{active}", "count": 0,
        }
        for place in navigation("portal").places
    ]  # fmt: skip
