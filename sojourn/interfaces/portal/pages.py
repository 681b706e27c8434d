"""What every page of the portal has: navigation, and that the device remembers whose help it finds."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.access import Request
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
    entries = (
        ("today", _("Today"), "sunset"),
        ("visits", _("Visits"), "calendar"),
        ("progress", _("Progress"), "trending-up"),
        ("messages", _("Messages"), "message-circle"),
        ("record", _("My record"), "file-text"),
    )
    return [
        {"label": label, "url": reverse(f"portal:{name}"), "icon": icon, "active": name == active, "count": 0}
        for name, label, icon in entries
    ]
