"""Which clinic a device belonged to last, so that its numbers are found again without a sign-in."""

from __future__ import annotations

from typing import Final, TypeVar

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.queries import system_actor

CLINIC_COOKIE: Final = "help_clinic"
_COOKIE_S: Final = 180 * 24 * 3600
_signer = Signer(salt="sojourn.portal.help")
Answer = TypeVar("Answer", bound=HttpResponseBase)


def remember(request: HttpRequest, response: Answer, clinic: Clinic | None) -> Answer:
    """Let this device find the clinic's numbers again; the answer comes back. The cookie names the clinic, nobody."""
    if clinic is None:
        return response
    signed = _signer.sign(str(clinic.pk))
    if request.COOKIES.get(CLINIC_COOKIE) != signed:
        response.set_cookie(CLINIC_COOKIE, signed, max_age=_COOKIE_S, httponly=True, samesite="Lax",
                            secure=request.is_secure())  # fmt: skip
    return response


def clinic_of(request: HttpRequest) -> Clinic | None:
    """The clinic of whoever is signed in, without a query; None for a stranger, and before anybody was asked for."""
    found: Clinic | None = getattr(request, "clinic", None)
    return found


def remembered(request: HttpRequest) -> Clinic | None:
    """The clinic of whoever is signed in, or the one that this device belonged to last. At most one query."""
    if (signed_in := clinic_of(request)) is not None:
        return signed_in
    try:
        clinic_id = int(_signer.unsign(request.COOKIES.get(CLINIC_COOKIE, "")))
    except (BadSignature, ValueError):
        return None
    with acting_as(system_actor(clinic_id)):
        return Clinic.objects.filter(pk=clinic_id).first()
