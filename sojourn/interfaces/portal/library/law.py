"""The law of a place, as far as somebody has read it: with its date, its sources and what has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django_stubs_ext import StrPromise

from sojourn.clinical.jurisdictions import NOTHING_SAID, Ending, Jurisdiction, Stale
from sojourn.foundation.accounts.access import public
from sojourn.foundation.clock import page_today
from sojourn.foundation.rulebook import jurisdictions
from sojourn.foundation.rulebook.differences import differences
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.interfaces.portal.library.frames import clinic_at, show
from sojourn.interfaces.portal.library.law_words import plain

PARTS: Final[Mapping[str, StrPromise]] = {
    "schedule": gettext_lazy("How strictly it is controlled"),
    "who_may_prescribe": gettext_lazy("Who may prescribe it"),
    "at_home": gettext_lazy("At home"),
    "esketamine": gettext_lazy("The nasal spray (esketamine)"),
    "records": gettext_lazy("What a clinic must write down"),
    "key_points": gettext_lazy("What else matters"),
    "fact_base": gettext_lazy("How far it was checked"),
}
STALE: Final[Mapping[Stale, StrPromise]] = {
    "lapsed": gettext_lazy("Something on this page has ended."),
    "review": gettext_lazy("It is time to read this law again."),
}


@dataclass(frozen=True, slots=True)
class Place:
    code: str
    slug: str
    title: str
    own: bool
    proposed: bool
    stale: tuple[str, ...]
    as_of: date


@dataclass(frozen=True, slots=True)
class Change:
    """One part of the page that was another in the version before."""

    part: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Page:
    place: Place
    parts: tuple[tuple[StrPromise, str], ...]
    ends: tuple[Ending, ...]
    review_on: date
    sources: tuple[str, ...]
    from_memory: bool
    version: int
    changes: tuple[Change, ...]


@public
@require_safe
@gzip_page
def places(request: HttpRequest) -> HttpResponse:
    """Every place that somebody has read about, the clinic's own first."""
    found = [_place(each, _own(request)) for each in jurisdictions.jurisdictions()]
    return show(request, "portal/library/law.html", {"places": sorted(found, key=lambda each: not each.own)})


@public
@require_safe
@gzip_page
def place(request: HttpRequest, place: str) -> HttpResponse:
    """One place, and the country above it, whose law holds there too."""
    found = jurisdictions.of_code(place.upper())
    if not found or found[0].code.lower() != place.lower():
        raise Http404
    nearest, *above = found
    own = _own(request)
    context = {"page": page(nearest, own), "above": [_place(each, own) for each in above]}
    return show(request, "portal/library/place.html", context)


def _own(request: HttpRequest) -> tuple[str, ...]:
    """The codes that hold at the reader's clinic, where it is known."""
    clinic = clinic_at(request)
    return tuple(each.code for each in jurisdictions.of_code(clinic.jurisdiction)) if clinic else ()


def _place(law: Jurisdiction, own: tuple[str, ...]) -> Place:
    stale = tuple(str(STALE[each]) for each in law.stale(page_today()))
    return Place(law.code, law.code.lower(), _(law.rule.title), law.code in own, law.proposed, stale, law.as_of)


def page(law: Jurisdiction, own: tuple[str, ...] = ()) -> Page:
    rule = law.rule
    return Page(
        place=_place(law, own),
        parts=tuple(
            (label, plain(text, part)) for part, label in PARTS.items() if (text := law.text(part)) != NOTHING_SAID
        ),
        ends=tuple(replace(each, what=plain(each.what)) for each in law.ends),
        review_on=law.review_on,
        sources=rule.sources,
        from_memory=rule.verification != "verified",
        version=rule.version,
        changes=tuple(_changes(law)),
    )


def _changes(law: Jurisdiction) -> Iterator[Change]:
    """What the version before said otherwise; nothing for a first version."""
    rule = law.rule
    before = released_rulebook().versions.get((rule.id, rule.version - 1))
    if before is None:
        return
    for each in differences(before, rule):
        name = each.part.removeprefix("fixed.")
        yield Change(_part(name), _written(each.before, name), _written(each.after, name))


def _part(name: str) -> str:
    return str(PARTS[name]) if name in PARTS else name.replace("_", " ")


def _written(value: object, part: str = "") -> str:
    if isinstance(value, tuple):
        return "; ".join(map(_written, value))
    if value is None:
        return "–"
    return plain(value, part) if isinstance(value, str) and value else str(value)
