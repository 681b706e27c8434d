"""What every page of the portal has: navigation, help one tap away, and the clinic's own numbers."""

from __future__ import annotations

import re
from typing import Any, cast

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.asker import as_asker
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import house

CLINIC_COOKIE = "help_clinic"
_COOKIE_S = 180 * 24 * 3600
_signer = Signer(salt="sojourn.portal.help")
_NOT_DIALLED = re.compile(r"[^0-9+*#]")


def show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    active: str = "",
    nav: bool = True,
    status: int = 200,
) -> HttpResponse:
    """Render a page of the portal. ``active`` is the entry of the navigation; ``nav`` False keeps to one thing."""
    clinic = cast(Request, request).clinic
    frame = {
        "nav": _nav(active) if nav else None,
        "home_url": reverse("portal:today"),
        "crisis_url": reverse("portal:help"),
        "help_lines": help_lines(clinic),
    }
    response = render(request, template, frame | (context or {}), status=status)
    if clinic is not None:
        _remember(request, response, clinic)
    return response


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


def dialled(number: str) -> str:
    """A ``tel:`` address of a number as people write it."""
    return "tel:" + _NOT_DIALLED.sub("", number)


def help_lines(clinic: Clinic | None) -> list[dict[str, str]]:
    """The clinic's crisis line and its phone, as far as the clinic has given them, ready for ``c-crisis``."""
    if clinic is None:
        return []
    lines = []
    if clinic.crisis_phone:
        name = clinic.crisis_name or _("the crisis line")
        label = _("Call %(name)s: %(number)s") % {"name": name, "number": clinic.crisis_phone}
        lines.append({"label": label, "href": dialled(clinic.crisis_phone), "icon": "phone"})
    if clinic.phone:
        label = _("Call the clinic: %(number)s") % {"number": clinic.phone}
        lines.append({"label": label, "href": dialled(clinic.phone), "icon": "phone"})
    return lines


def _remember(request: HttpRequest, response: HttpResponse, clinic: Clinic) -> None:
    """Let this device find the clinic's numbers again without a sign-in. The cookie names the clinic only."""
    signed = _signer.sign(str(clinic.pk))
    if request.COOKIES.get(CLINIC_COOKIE) != signed:
        response.set_cookie(CLINIC_COOKIE, signed, max_age=_COOKIE_S, httponly=True, samesite="Lax",
                            secure=request.is_secure())  # fmt: skip


def remembered(request: HttpRequest) -> Clinic | None:
    """The clinic of whoever is signed in, or the one that this device belonged to last."""
    signed_in = cast(Request, request).clinic
    if signed_in is not None:
        return signed_in
    try:
        clinic_id = int(_signer.unsign(request.COOKIES.get(CLINIC_COOKIE, "")))
    except (BadSignature, ValueError):
        return None
    with as_asker(house(clinic_id)):
        return Clinic.objects.filter(pk=clinic_id).first()
