"""The evidence: what ships and what a clinic has brought in, to be searched, and each entry on a page of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from sojourn.foundation.accounts.access import public
from sojourn.foundation.clock import page_today
from sojourn.foundation.library import finding
from sojourn.interfaces.portal.library.entries import matches, shown
from sojourn.interfaces.portal.library.forms import SearchForm
from sojourn.interfaces.portal.library.frames import language, not_here, read_at_the_clinic, show

AT_ONCE = 40


@public
@require_safe
@gzip_page
@read_at_the_clinic
def search(request: HttpRequest) -> HttpResponse:
    """Every entry that matches, the first of them at once."""
    words = SearchForm(request.GET).words
    found = finding.entries_that_match(words, language(), AT_ONCE)
    context = {
        "words": words, "count": len(found.entries), "at_once": AT_ONCE,
        "found": matches(found.entries[:AT_ONCE], found.gone, language()),
    }  # fmt: skip
    return show(request, "portal/library/evidence.html", context)


@public
@require_safe
@gzip_page
@read_at_the_clinic
def entry(request: HttpRequest, entry_id: str) -> HttpResponse:
    found = finding.entry_by_id(entry_id)
    if found is None:
        return not_here(request)
    told = shown(found, language(), finding.gone(entry_id), page_today())
    citations = finding.citations(entry_id, language())
    return show(request, "portal/library/entry.html", {"entry": told, "citations": citations})
