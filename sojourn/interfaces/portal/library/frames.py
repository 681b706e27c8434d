"""Around a page of the library: the portal for its patient, a calm page for everybody else.

A clinic's link names the clinic (``/library/at/<clinic>/``). That it does so in the path and not behind a question mark
has its reasons: it is what stands on a letter and is typed, it survives a programme that shortens links, and the pages
themselves keep one address each, which is shared and kept on a device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from sojourn.foundation.accounts.access import with_actor
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.library.article import LANGUAGES
from sojourn.foundation.library.reader import clinic_of_link, reader
from sojourn.interfaces.help.remembering import clinic_of, remember, remembered
from sojourn.interfaces.help.views import ANYBODYS
from sojourn.interfaces.portal import pages
from sojourn.interfaces.portal.pages import for_the_device

COOKIE: Final = "library_at"
MAY_STAY: Final = "X-May-Stay"  # on an answer that a device may keep
_signer = Signer(salt="sojourn.library.at")
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def language() -> str:
    """The reader's language, of those in which the library is written."""
    spoken = (get_language() or LANGUAGES[0])[:2]
    return spoken if spoken in LANGUAGES else LANGUAGES[0]


def is_patient(request: HttpRequest) -> bool:
    return with_actor(request).actor.patient_id is not None and not for_the_device(request)


@contextmanager
def as_reader(request: HttpRequest) -> Iterator[None]:
    """Ask as a stranger who reads the library of the clinic whose link was followed. Whoever is signed in reads that of
    their own clinic by what they are there, and without a clinic there is what ships."""
    clinic = clinic_at(request)
    if clinic is None or with_actor(request).actor.clinic_id is not None:
        yield
        return
    with acting_as(reader(clinic)):
        yield


def read_at_the_clinic(view: View[P]) -> View[P]:
    """Show the view as its reader is shown it (``as_reader``)."""

    @wraps(view)
    def read(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        with as_reader(request):
            return view(request, *args, **kwargs)

    return read


def show(request: HttpRequest, template: str, context: Mapping[str, object], status: int = 200) -> HttpResponse:
    """Render a page of the library in its reader's frame."""
    clinic = clinic_at(request)
    if is_patient(request):
        framed = {"frame": "portal/page.html", "patient": True, "clinic": clinic, **context}
        return pages.show(with_actor(request), template, framed, active="library", status=status)
    frame: dict[str, object] = {"frame": "ui/plain.html", "home_url": reverse("library:index"), "clinic": clinic}
    if for_the_device(request):
        frame |= ANYBODYS | {"device": True}
    return render(request, template, frame | dict(context), status=status)


def show_to_keep(request: HttpRequest, template: str, context: Mapping[str, object]) -> HttpResponse:
    """The same, of a page that may stay on the device: an article, and the list of them. No other page says so."""
    response = show(request, template, context)
    if for_the_device(request):
        response[MAY_STAY] = "1"
    return response


def not_here(request: HttpRequest, languages: tuple[str, ...] = ()) -> HttpResponse:
    """What stands in the place of an article or an entry that is not shown here: it is not there, the clinic hides it,
    or it is there in other ``languages`` only."""
    return show(request, "portal/library/not_here.html", {"languages": languages}, status=404)


def clinic_at(request: HttpRequest) -> Clinic | None:
    """The clinic of whoever is signed in, the one whose link was followed, or the one this device belonged to. One
    query, once a request."""
    if not hasattr(request, "library_clinic"):
        request.library_clinic = clinic_of(request) or _followed(request) or remembered(request)  # type: ignore[attr-defined]
    found: Clinic | None = request.library_clinic  # type: ignore[attr-defined]
    return found


def _followed(request: HttpRequest) -> Clinic | None:
    try:
        return clinic_of_link(_signer.unsign(request.COOKIES.get(COOKIE, "")))
    except BadSignature:
        return None


def name_the_clinic(request: HttpRequest, response: HttpResponseBase, clinic: Clinic) -> None:
    """The pages that follow carry the clinic's name, until the browser is closed. Whom to call in danger changes only
    on a device that belonged to no clinic."""
    signed = _signer.sign(clinic.slug)
    response.set_cookie(COOKIE, signed, httponly=True, samesite="Lax", secure=request.is_secure())
    if remembered(request) is None:
        remember(request, response, clinic)
