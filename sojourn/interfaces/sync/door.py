"""Lets a command in as the form that it is, and answers with a receipt or with why there is none.

``Door`` stands outside, where the request is still only read; ``Once`` stands inside, where it is known who asks. In
between a command is a form like every other: the same token, the same sign-in, the same view, the same ears for danger.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.access import Request
from sojourn.foundation.receipts import taking
from sojourn.foundation.receipts.arriving import Arrival
from sojourn.foundation.receipts.models import Receipt
from sojourn.interfaces.shared.commands import commands, reasons_of
from sojourn.interfaces.sync.entries import Entry, EntryInvalid, read

WHERE: Final = "/sync/commands/"
# Nobody in between says this: the page of a hotel's network is no receipt, nor is a proxy's.
RECEIPT: Final = "X-Sojourn-Receipt"
GetResponse = Callable[[HttpRequest], HttpResponse]


class Door:
    """Turns ``POST /sync/commands/<name>`` into the form of its page, and the page's answer into JSON."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(WHERE):
            return self.get_response(request)
        command = commands().get(request.path.removeprefix(WHERE).removesuffix("/"))
        if command is None:
            return _refused(HTTPStatus.NOT_FOUND, "no-command", "there is no such command")
        if request.method != "POST":
            return _refused(HTTPStatus.METHOD_NOT_ALLOWED, "not-sent", "a command is sent (POST)")
        try:
            entry = read(request.body, command)
            address = reverse(command.page, kwargs=entry.address)
        except EntryInvalid as wrong:
            return _refused(HTTPStatus.BAD_REQUEST, "malformed", *wrong.faults)
        except NoReverseMatch:
            return _refused(HTTPStatus.BAD_REQUEST, "malformed", "address names no page")
        _become_the_form(request, address, entry)
        return _in_json(request, self.get_response(request), entry)


def _become_the_form(request: HttpRequest, address: str, entry: Entry) -> None:
    request.path = request.path_info = address
    request.META["PATH_INFO"] = address
    request.META["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    request._post = entry.fields  # type: ignore[attr-defined]
    request._files = MultiValueDict()  # type: ignore[attr-defined]
    request.entry = entry  # type: ignore[attr-defined]


class Once:
    """Takes an entry once (foundation/receipts). Stands behind WhoAsks, around whatever reads the form."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        entry: Entry | None = getattr(request, "entry", None)
        if entry is None or request.actor.membership_id is None:
            return self.get_response(request)
        arrival = Arrival(entry.id, entry.command.name, entry.made_at, entry.sent_at, timezone.now())
        answer: list[HttpResponse] = []

        def act() -> str | None:
            answer.append(self.get_response(request))
            return _leads_to(answer[0])

        receipt = taking.take(arrival, request.actor, act)
        request.receipt = receipt  # type: ignore[attr-defined]
        return answer[0] if answer else HttpResponse(status=HTTPStatus.OK)


def _leads_to(response: HttpResponse) -> str | None:
    """Where a form that was taken leads on to; None for one that was not."""
    if response.status_code == HTTPStatus.NO_CONTENT:
        return ""
    if response.status_code not in (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER):
        return None
    return urlsplit(response["Location"])._replace(scheme="", netloc="").geturl()


# ---------------------------------------------------------------- in JSON


def _in_json(request: HttpRequest, response: HttpResponse, entry: Entry) -> HttpResponse:
    receipt: Receipt | None = getattr(request, "receipt", None)
    answer = _receipt(receipt) if receipt is not None and response.status_code < 500 else _why_not(response)
    answer.cookies.update(response.cookies)  # the session's, the page owner's
    return answer


def _receipt(receipt: Receipt) -> HttpResponse:
    answer = JsonResponse(
        {
            "receipt": {
                "entry": str(receipt.entry),
                "stored": True,
                "received_at": receipt.received_at.isoformat(),
                "leads_to": receipt.leads_to,
            }
        }
    )
    answer[RECEIPT] = str(receipt.entry)
    return answer


def _why_not(response: HttpResponse) -> HttpResponse:
    """A refusal of the page in words, with a code that says what a device does about it."""
    status = response.status_code
    if status in (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.UNAUTHORIZED):
        return _refused(HTTPStatus.UNAUTHORIZED, "signed-out", _("Sign in again, and it is sent."))
    known: dict[int, tuple[str, str]] = {
        HTTPStatus.FORBIDDEN: ("not-allowed", _("This may not be sent by you.")),
        HTTPStatus.NOT_FOUND: ("gone", _("What this belongs to is not there any more.")),
        HTTPStatus.PRECONDITION_FAILED: ("anothers", _("This belongs to somebody else.")),
        HTTPStatus.LOCKED: ("not-now", _("This waits until your session is over.")),
    }
    code, words = known.get(status, ("refused", _("The clinic could not take this.")))
    if status < 400:  # a page that asks back before it takes anything
        status = HTTPStatus.CONFLICT
    if status >= 500:
        code, words = "later", _("The clinic cannot be reached just now.")
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return _refused(status, code, *(reasons_of(response) or [words]))


def _refused(status: int, code: str, *reasons: str) -> HttpResponse:
    said: dict[str, Any] = {"refusal": {"code": code, "reasons": list(reasons)}}
    return JsonResponse(said, status=status)
