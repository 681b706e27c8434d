"""The console's navigation: what a role may open, and where one is. Each topic declares its places in its nav.py."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.ui.navigation import NavigationItem, navigation


def address(name: str, *args: object) -> str:
    """The address of a page of the house, or "" where this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def nav(request: Request) -> dict[str, Any]:
    """Context processor: ``nav`` for ui/console.html, on console pages only. No query."""
    actor = getattr(request, "actor", None)
    root = reverse("console:home")
    if actor is None or not actor.role or not request.path.startswith(root):
        return {}
    opened = [place for place in navigation("console").places if _is_open(place, actor)]
    places = [(place, url) for place in opened if (url := address(place.name))]
    here = _here(request, [url for _place, url in places])
    return {
        "nav": [
            {"label": place.label, "url": url, "icon": place.icon, "active": url == here, "count": 0}
            for place, url in places
        ],
        "home_url": root,
    }


def _is_open(place: NavigationItem, actor: Actor) -> bool:
    return not place.may or any(actor.may(each) for each in place.may)


def _here(request: Request, urls: list[str]) -> str:
    """The place to which the page belongs: as its topic says, or whose address its own begins with."""
    name = (request.resolver_match.url_name if request.resolver_match else None) or ""
    belongs = address(navigation("console").belongs.get(name.partition("_")[0], ""))
    return belongs if belongs in urls else max((each for each in urls if request.path.startswith(each)), key=len)
