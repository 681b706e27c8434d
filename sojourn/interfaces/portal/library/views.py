"""The library's first page, an article, and a clinic's own link to either."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from sojourn.care.companion.queries import found as found_of
from sojourn.care.companion.stages import stage_of
from sojourn.foundation.accounts.access import public, with_actor
from sojourn.foundation.clock import page_today
from sojourn.foundation.library import finding
from sojourn.foundation.library.reader import clinic_of_link
from sojourn.interfaces.portal.library import presenters
from sojourn.interfaces.portal.library.forms import SearchForm
from sojourn.interfaces.portal.library.frames import (
    is_patient,
    language,
    name_the_clinic,
    not_here,
    read_at_the_clinic,
    show_to_keep,
)
from sojourn.interfaces.portal.pages import own_scope


@public
@require_safe
@gzip_page
@read_at_the_clinic
def index(request: HttpRequest) -> HttpResponse:
    """What there is, by where one is on the way; or what matches the words that were looked for."""
    form = SearchForm(request.GET)
    words = form.words
    return show_to_keep(
        request,
        "portal/library/index.html",
        {
            "words": words,
            "found": presenters.cards(finding.articles_that_match(words, language())) if words else (),
            "shelves": () if words else presenters.shelves(finding.articles(language()), _stage(request)),
        },
    )


def _stage(request: HttpRequest) -> str:
    """The stage that a patient is offered first, by what their pages know anyway; "" for a stranger. Three queries."""
    if not is_patient(request):
        return ""
    scope = own_scope(with_actor(request))
    facts = found_of(scope, scope.clinic, scope.now).facts
    return presenters.shelf_of(stage_of(facts, scope.now), facts)


@public
@require_safe
@gzip_page
@read_at_the_clinic
def article(request: HttpRequest, slug: str) -> HttpResponse:
    found = finding.reading(slug, language())
    if found is None:
        return not_here(request, tuple(finding.languages_of(slug)))
    shown = presenters.article(found, language(), page_today())
    return show_to_keep(request, "portal/library/article.html", {"article": shown})


@public
@require_safe
def at_clinic(request: HttpRequest, clinic_slug: str, slug: str = "") -> HttpResponseBase:
    """A clinic's own link: the pages that follow are its library, under its name."""
    clinic = clinic_of_link(clinic_slug)
    if clinic is None:
        return not_here(request)
    response = redirect("library:article", slug) if slug else redirect("library:index")
    name_the_clinic(request, response, clinic)
    return response
