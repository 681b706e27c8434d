"""Around a page of the library: the portal for its patient, a calm page for everybody else.

A clinic's link names the clinic (``/library/at/<clinic>/``). That it does so in the path and not behind a question mark
has its reasons: it is what stands on a letter and is typed, it survives a programme that shortens links, and the pages
themselves keep one address each, which is shared and kept on a device.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from sojourn.foundation.accounts.access import with_actor
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.library.article import LANGUAGES
from sojourn.interfaces.help.remembering import clinic_of, remember, remembered
from sojourn.interfaces.help.views import ANYBODYS
from sojourn.interfaces.portal import pages

COOKIE: Final = "library_at"
_signer = Signer(salt="sojourn.library.at")


def language() -> str:
    """The reader's language, of those in which the library is written."""
    spoken = (get_language() or LANGUAGES[0])[:2]
    return spoken if spoken in LANGUAGES else LANGUAGES[0]


def is_patient(request: HttpRequest) -> bool:
    return with_actor(request).actor.patient_id is not None and not for_the_device(request)


def for_the_device(request: HttpRequest) -> bool:
    """Whether the service worker asks: what it keeps on the device is nobody's."""
    return request.headers.get("Sec-Fetch-Dest") == "empty"


def show(request: HttpRequest, template: str, context: Mapping[str, object], status: int = 200) -> HttpResponse:
    """Render a page of the library in its reader's frame."""
    if is_patient(request):
        framed = {"frame": "portal/page.html", "patient": True, **context}
        return pages.show(with_actor(request), template, framed, active="library", status=status)
    clinic = clinic_at(request)
    frame: dict[str, object] = {"frame": "ui/plain.html", "home_url": reverse("library:index"), "clinic": clinic}
    if for_the_device(request):
        frame |= ANYBODYS
    return render(request, template, frame | dict(context), status=status)


def clinic_at(request: HttpRequest) -> Clinic | None:
    """The clinic of whoever is signed in, the one whose link was followed, or the one this device belonged to."""
    if (own := clinic_of(request)) is not None:
        return own
    try:
        clinic_id = int(_signer.unsign(request.COOKIES.get(COOKIE, "")))
    except (BadSignature, ValueError):
        return remembered(request)
    with acting_as(system_actor(clinic_id)):
        return Clinic.objects.filter(pk=clinic_id).first()


def name_the_clinic(request: HttpRequest, response: HttpResponseBase, clinic: Clinic) -> None:
    """The pages that follow carry the clinic's name, until the browser is closed. Whom to call in danger changes only
    on a device that belonged to no clinic."""
    signed = _signer.sign(str(clinic.pk))
    response.set_cookie(COOKIE, signed, httponly=True, samesite="Lax", secure=request.is_secure())
    if remembered(request) is None:
        remember(request, response, clinic)
