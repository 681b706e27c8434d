"""Around the pages on which a reader of the library asks or says something: the portal for its patient, a calm page for
everybody else."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

from sojourn.care.reading.actions import Passage
from sojourn.foundation.accounts.access import with_actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.library.article import LANGUAGES, library
from sojourn.interfaces.help.remembering import remembered
from sojourn.interfaces.portal import pages
from sojourn.interfaces.shared.typed import whole


def clinic_at(request: HttpRequest) -> Clinic | None:
    """The clinic of whoever is signed in, or the one whose link was followed on this device."""
    return remembered(request)


def language() -> str:
    """The reader's language, of those in which the library is written."""
    spoken = (get_language() or LANGUAGES[0])[:2]
    return spoken if spoken in LANGUAGES else LANGUAGES[0]


def passage_of(request: HttpRequest, slug: str) -> Passage:
    """The article of the address in the reader's language, and its part behind the question mark. 404 without one."""
    article = library().get(slug, {}).get(language())
    if article is None:
        raise Http404
    part = whole(request.GET.get("part")) or 0
    return Passage(article, part if part < len(article.sections) else 0)


def article_address(passage: Passage) -> str:
    """Where the article is read, at the part; the library's own page where there is none of it."""
    try:
        address = reverse("library:article", args=[passage.article.slug])
    except NoReverseMatch:
        return "/"
    return f"{address}#part-{passage.part}" if passage.heading else address


def show(request: HttpRequest, template: str, context: Mapping[str, object], status: int = 200) -> HttpResponse:
    """Render a page in its reader's frame."""
    if with_actor(request).actor.patient_id is not None:
        framed = {"frame": "portal/page.html", "patient": True, **context}
        return pages.show(with_actor(request), template, framed, active="library", status=status)
    frame = {"frame": "ui/plain.html", "clinic": clinic_at(request)}
    return render(request, template, frame | dict(context), status=status)
