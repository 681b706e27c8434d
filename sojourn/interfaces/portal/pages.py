"""What every page of the portal has: navigation, and that the device remembers whose help it finds."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from sojourn.foundation.accounts.access import Request
from sojourn.foundation.ui.navigation import navigation
from sojourn.interfaces.help.remembering import remember


def show(
    request: Request,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    active: str = "",
    nav: bool = True,
    status: int = 200,
) -> HttpResponse:
    """Render a page of the portal. ``active`` is the entry of the navigation; ``nav`` False keeps to one thing."""
    clinic = request.clinic
    frame = {"nav": _nav(active) if nav else None, "home_url": reverse("portal:today")}
    return remember(request, render(request, template, frame | (context or {}), status=status), clinic)


def _nav(active: str) -> list[dict[str, Any]]:
    return [
        {
            "label": place.label, "url": reverse(place.name), "icon": place.icon,
            "active": place.name == f"portal:{active}", "count": 0,
        }
        for place in navigation("portal").places
    ]  # fmt: skip
