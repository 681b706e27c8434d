"""What a patient sends is read for words of danger, whatever the page: help is offered at once, and no page can forget
to ask for it.

The rows that keep a text raise their flags themselves (care/safety/writing_actions.py). Here stands what no row can do:
the offer of help after the sending, and a flag for what was sent and not kept, such as a form that was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from sojourn.care.safety.words_actions import heed_unkept
from sojourn.clinical.danger import read
from sojourn.foundation.accounts.access import Request
from sojourn.interfaces.portal.danger.heard import heard
from sojourn.interfaces.portal.pages import OwnPage, own_page, show

# What is sent beside the words, and why nobody need read it. Every other field of every form is read.
NOT_READ: Final[Mapping[str, str]] = {
    "csrfmiddlewaretoken": "made by the page",
    "key": "made by the page, so that a form counts once",
    "seen": "the number of the row that stood on the page",
    "token": "made by the page, so that a signature counts once",
    "drawn": "the strokes of a signature",
    "next": "an address of ours",
    "to": "the way back to the review",
    "password": "a secret, and never kept as it is typed",
    "oldpassword": "a secret, and never kept as it is typed",
    "password1": "a secret, and never kept as it is typed",
    "password2": "a secret, and never kept as it is typed",
    "code": "the figures of a second factor",
    "credential": "what a passkey answers",
}
_FORGED: Final = 403  # nobody knows who wrote it


def help_offer(after: str) -> HttpResponseRedirect:
    """To the page that offers help, and from there on to ``after``."""
    return redirect(f"{reverse('portal:words_sent')}?{urlencode({'next': after})}")


class Listening:
    """Reads what a patient sends. Stands behind WhoAsks, inside the request's one transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        actor = request.actor
        texts = tuple(_texts(request)) if request.method == "POST" and actor.patient_id is not None else ()
        found = any(read(each) is not None for each in texts)
        request.words_found = found  # type: ignore[attr-defined]  # a page that refuses the form offers help at its top
        response = self.get_response(request)
        if not found or actor.patient_id is None or response.status_code == _FORGED or response.status_code >= 500:
            return response
        heed_unkept(by=actor, patient_id=actor.patient_id, texts=texts, where=_where(request))
        return _offering(response)


def _texts(request: HttpRequest) -> Iterator[str]:
    for name, values in request.POST.lists():
        if name not in NOT_READ:
            yield from filter(None, values)


def _where(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match is not None else ""


def _offering(response: HttpResponse) -> HttpResponse:
    """Where a kept form leads on, the offer of help comes first."""
    if not isinstance(response, HttpResponseRedirect) or response.url.startswith(reverse("portal:words_sent")):
        return response
    offered = help_offer(response.url)
    offered.cookies.update(response.cookies)
    return offered


@own_page("own.read")
def words_sent(request: Request, scope: OwnPage) -> HttpResponse:
    """Help is offered after words of danger, and it is said that they were sent and who reads them. Without ``next``
    one came from a form that was not kept."""
    then = request.GET.get("next", "")
    kept = url_has_allowed_host_and_scheme(then, allowed_hosts=None)
    context = {
        "kept": kept,
        "next_url": then if kept else reverse("portal:today"),
        "heard": heard(scope.patient_id),
    }
    return show(request, "portal/danger/words_sent.html", context, nav=False)
