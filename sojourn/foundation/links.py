"""Where a letter leads to: pages by names of their own.

Care and foundation name a page; the interface that has it says which address that is, when its app is ready. Nobody
below the interfaces knows a route, and a page that nobody has is found when the house starts, not when the first letter
is written at night (``pages_have_addresses``, a system check).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.urls import NoReverseMatch, reverse

TAG = "sojourn"


class Page(Enum):
    """Every page that something below the interfaces leads to, in words, and what its address is made with."""

    PATIENT_MESSAGES = "the patient's messages", ()
    PATIENT_AGREEMENTS = "the patient's agreements", ()
    PATIENT_DECISION = "the decision on the patient's candidacy", ()
    EARLIER_TIME = "an earlier time, offered by a link", ("token",)
    RIDE_HOME = "the ride home, asked by a link", ("token",)
    DAY = "the days around an appointment, opened by a link", ("token",)
    FLAG = "a flag, for the clinic", ("flag_id",)
    CLINIC_HOME = "the clinic's first page", ()
    INVITATION = "an invitation", ("token",)
    UNCONFIRMED = "what somebody sees whom nobody has confirmed yet", ()
    NOWHERE = "what somebody sees who works in no clinic", ()

    def __init__(self, words: str, made_with: tuple[str, ...]) -> None:
        self.words = words
        self.made_with = made_with


class NoSuchPage(LookupError):
    """No interface has said where this page is."""


_routes: dict[Page, str] = {}


def register_pages(routes: Mapping[Page, str]) -> None:
    """Say which routes these pages have; for the ``ready`` of an interface's app. The same again changes nothing.

    Raises ValueError where another route is known already.
    """
    for page, route in routes.items():
        if _routes.setdefault(page, route) != route:
            raise ValueError(f"{page.words} is {_routes[page]} already and cannot be {route}")


def path(page: Page, *made_with: str | int) -> str:
    """The path of a page within this house. Raises NoSuchPage; NoReverseMatch where ``made_with`` does not fit."""
    if page not in _routes:
        raise NoSuchPage(page.words)
    return reverse(_routes[page], args=made_with)


def address(page: Page, *made_with: str | int) -> str:
    """The whole address of a page, as it stands in a letter. Raises as ``path`` does."""
    return str(settings.ENV.public_url) + path(page, *made_with)


@register(TAG)
def pages_have_addresses(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every page has an address, made with just what it says."""
    faults = []
    for page in Page:
        try:
            path(page, *("1" for _ in page.made_with))
        except NoSuchPage:
            faults.append(Error(f"No interface has {page.words} (links.Page.{page.name}).", id="sojourn.E001"))
        except NoReverseMatch as fault:
            faults.append(Error(f"{page.words} (links.Page.{page.name}): {fault}", id="sojourn.E002"))
    return list(faults)
