"""What a clinic says of coming to it, as its patients read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils import translation
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.place import About, dialled, told, visit_words

TITLES: Final[Mapping[About, StrPromise]] = {
    "finding": gettext_lazy("How to find us"),
    "costs": gettext_lazy("What it costs"),
    "changing": gettext_lazy("If you want to move or cancel a visit"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """What the clinic says about one thing. ``language`` is said where it is not that of the page; ``text`` is empty
    where the clinic says nothing."""

    code: About
    title: StrPromise
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Coming:
    """Where the clinic is, and what it says of coming. ``hours``: when somebody answers the telephone."""

    address: str
    map_url: str
    parts: tuple[Part, ...]
    phone: str
    hours: str

    @property
    def is_told(self) -> bool:
        return any(each.text for each in self.parts)

    @property
    def dialled(self) -> str:
        return dialled(self.phone)


def coming(clinic: Clinic) -> Coming:
    """In the language of the page, as far as the clinic has written it in that. One query."""
    words = visit_words(clinic)
    language = (translation.get_language() or "en").partition("-")[0]
    parts = []
    for about, title in TITLES.items():
        found = told(words, about, clinic, language)
        other = found.language if found is not None and found.language != language else ""
        parts.append(Part(about, title, found.text if found is not None else "", other))
    map_url = words.map_url if words is not None else ""
    return Coming(clinic.address, map_url, tuple(parts), clinic.phone, clinic.phone_hours_in(language))
