"""The evidence: what ships and what a clinic has brought in, to be searched, and each entry on a page of its own."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from sojourn.foundation.accounts.access import public
from sojourn.foundation.library import finding
from sojourn.interfaces.portal.library.entries import matches, shown
from sojourn.interfaces.portal.library.forms import SearchForm
from sojourn.interfaces.portal.library.frames import language, show

AT_ONCE = 40


@public
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Every entry that matches, the first of them at once."""
    words = SearchForm(request.GET).words
    found = finding.entries_that_match(words, language())
    context = {"words": words, "count": len(found), "found": matches(found[:AT_ONCE], language()), "at_once": AT_ONCE}
    return show(request, "portal/library/evidence.html", context)


@public
@require_safe
def entry(request: HttpRequest, entry_id: str) -> HttpResponse:
    found = finding.entry_by_id(entry_id)
    if found is None:
        raise Http404
    citations = finding.citations(entry_id, language())
    return show(request, "portal/library/entry.html", {"entry": shown(found, language()), "citations": citations})
