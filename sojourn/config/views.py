"""The few pages that belong to no room: where one lands, switching clinics, language, and staying signed in."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language as django_set_language

from sojourn.config.processes import postbox
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import public, signed_in, with_actor
from sojourn.foundation.accounts.models import Person
from sojourn.foundation.ui import gallery as ui_gallery


@public
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Staff land in the clinic, patients at their day, strangers at the sign-in."""
    actor = with_actor(request).actor
    if not request.user.is_authenticated:
        return redirect("account_login")
    if not actor.role:
        return redirect("nowhere")
    return redirect("console:home" if accounts_queries.is_staff(actor.role) else "portal:today")


@signed_in
@require_GET
def nowhere(request: HttpRequest) -> HttpResponse:
    """Signed in, but in no clinic: say so, and what to do."""
    return render(request, "ui/nowhere.html")


@signed_in
@require_POST
def switch(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Go on as another of one's own memberships."""
    if membership_id not in {membership.pk for membership in with_actor(request).memberships}:
        raise Http404
    request.session["membership"] = membership_id
    return redirect("home")


@signed_in
@require_POST
def still_here(request: HttpRequest) -> HttpResponse:
    """The person answered the idle warning."""
    request.session["seen"] = int(time.time())
    return HttpResponse(status=204)


@public
@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """The demo's e-mails, newest first. Exists in the demo only, where every person is invented."""
    if not settings.DEMO:
        raise Http404
    return render(request, "ui/outbox.html", {"letters": postbox.letters()})


def _staff_or_development(request: HttpRequest) -> None:
    if not (settings.DEBUG or accounts_queries.is_staff(with_actor(request).actor.role)):
        raise Http404


@public
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Every part of the design system, for staff and developers."""
    _staff_or_development(request)
    return ui_gallery.gallery(request)


@public
@require_GET
def gallery_layout(request: HttpRequest, name: str) -> HttpResponse:
    """One base page of the design system."""
    _staff_or_development(request)
    return ui_gallery.layout(request, name)


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Set the language for this browser, and for the person where one is signed in."""
    response = django_set_language(request)
    assert isinstance(response, HttpResponseRedirect | HttpResponse)
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in {"en", "es"}:
        Person.objects.filter(pk=request.user.pk).update(language=language)
    return response
