"""The console's navigation: what a role may open, and where one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from sojourn.foundation.accounts.access import Request


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation. ``may``: any of these permissions opens it; none of them: every role."""

    label: StrPromise
    name: str
    icon: str
    may: tuple[str, ...] = ()


PLACES = (
    Place(_("Home"), "console:home", "house"),
    Place(_("Board"), "console:board", "layout-dashboard", ("board.watch",)),
    Place(_("Patients"), "console:patients", "users", ("patient.find",)),
    Place(_("Appointments"), "console:day", "calendar", ("patient.find",)),
    Place(_("Messages"), "console:messages", "message-circle", ("message.read",)),
    Place(_("Way home"), "console:ways_home", "car", ("appointment.book",)),
    Place(_("Flags"), "console:flags", "flag", ("flag.read",)),
    Place(_("Who is told"), "console:duty", "shield-alert", ("duty.manage",)),
    Place(_("Agreements"), "console:consents", "signature", ("consent.read", "consent.adopt", "clinic.jurisdiction")),
    Place(_("Chairs"), "console:chairs", "bed", ("chair.manage",)),
    Place(_("Hours"), "console:hours", "clock", ("hours.manage",)),
    Place(_("Clinic and lines"), "console:place", "phone", ("clinic.read",)),
    Place(_("Staff"), "console:staff", "user-check", ("staff.manage",)),
    Place(_("Monitors"), "console:monitors", "monitor", ("monitor.read", "monitor.manage")),
    Place(_("Own questionnaires"), "console:own_scales", "clipboard-list", ("measure.define",)),
    Place(_("Rules"), "console:rules", "scale", ("rules.read",)),
    Place(_("Audit"), "console:audit", "history", ("audit.read",)),
)


# Pages whose address does not begin with that of the place they belong to, by the first word of their name.
_BELONGS = {
    "series": "console:day",
    "session": "console:board",
    "first": "console:rules",
    **dict.fromkeys(("course", "candidacies", "response", "record"), "console:patients"),
}


def address(name: str, *args: object) -> str:
    """The address of a page of the house, or "" where this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def nav(request: Request) -> dict[str, Any]:
    """Context processor: ``nav`` for ui/console.html, on console pages only. No query."""
    asker = getattr(request, "asker", None)
    root = reverse("console:home")
    if asker is None or not asker.role or not request.path.startswith(root):
        return {}
    places = [
        (place, url)
        for place in PLACES
        if (not place.may or any(asker.may(each) for each in place.may)) and (url := address(place.name))
    ]
    name = (request.resolver_match.url_name if request.resolver_match else None) or ""
    belongs = address(_BELONGS.get(name.partition("_")[0], ""))
    urls = [url for _place, url in places]
    here = belongs if belongs in urls else max((each for each in urls if request.path.startswith(each)), key=len)
    return {
        "nav": [
            {"label": place.label, "url": url, "icon": place.icon, "active": url == here, "count": 0}
            for place, url in places
        ],
        "home_url": root,
    }
