"""Error pages: what was kept, what was not, and an id to quote."""

from __future__ import annotations

import logging
import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sojourn.interfaces.help.remembering import clinic_of
from sojourn.interfaces.help.shown import help_at_once

log = logging.getLogger("sojourn.errors")


def _page(request: HttpRequest, status: int) -> HttpResponse:
    quote = secrets.token_hex(4)
    if status >= 500:
        log.error("error %s on %s %s", quote, request.method, request.path)
    context = {"status": status, "quote": quote, "help_now": help_at_once(clinic_of(request))}
    return render(request, "help/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404)


def not_allowed(request: HttpRequest) -> HttpResponse:
    return _page(request, 405)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, 403)
