"""The part of an article that a reader asks or says something about."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.urls import reverse

from sojourn.care.reading.actions import Passage
from sojourn.foundation.library import finding
from sojourn.interfaces.portal.library.frames import as_reader, language
from sojourn.interfaces.shared.typed import whole


def passage_of(request: HttpRequest, slug: str) -> Passage:
    """The article of the address in the reader's language, and its part behind the question mark. 404 where its reader
    is not shown it. At most two queries."""
    with as_reader(request):
        article = finding.article(slug, language())
    if article is None:
        raise Http404
    part = whole(request.GET.get("part")) or 0
    return Passage(article, part if part < len(article.sections) else 0)


def article_address(passage: Passage) -> str:
    """Where the article is read, at the part."""
    address = reverse("library:article", args=[passage.article.slug])
    return f"{address}#part-{passage.part}" if passage.heading else address
