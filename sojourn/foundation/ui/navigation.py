"""The navigation of an interface: each topic declares its own places in ``<topic>/nav.py``, here they are ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from django_stubs_ext import StrPromise

from sojourn.foundation.registry import declared


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """A page of the navigation. ``order``: the lower, the earlier. ``may``: any of these permissions opens it; none of
    them: everybody."""

    label: StrPromise
    name: str
    icon: str
    order: int
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nav:
    """What a topic declares as ``NAV``: its places, and by the first word of their names the pages whose address does
    not begin with that of the place they belong to."""

    places: tuple[NavigationItem, ...] = ()
    belongs: Mapping[str, str] = field(default_factory=dict)


@cache
def navigation(interface: str) -> Nav:
    """All places of an interface in their order, and what belongs where."""
    found = declared("nav", Nav, (f"interfaces/{interface}/*",)).values()
    places = sorted((place for each in found for place in each.places), key=lambda place: place.order)
    return Nav(tuple(places), {page: place for each in found for page, place in each.belongs.items()})
