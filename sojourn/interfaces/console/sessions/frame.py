"""What every page of a session has in common: how it is opened, who is on it, and how a refusal is shown."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions import presenters as session_presenters
from sojourn.interfaces.console.sessions.minute import minute
from sojourn.interfaces.console.sessions.words import STATES


def seen(request: HttpRequest) -> int:
    """The number of the state that the person looked at; a form without it was not ours."""
    text = request.POST.get("seen", "")
    number = small(text, -1)
    if number < 0:
        raise ActionRefused(_("This form is incomplete. Open the session again."), codes=("no-seen",))
    return number


def seen_if_told(request: HttpRequest) -> int | None:
    """The same for a step that lets less in: None where the form does not say it, for such a step never waits."""
    number = small(request.POST.get("seen", ""), -1)
    return None if number < 0 else number


def small(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise


def to_session(picture: Picture, anchor: str = "") -> HttpResponse:
    return redirect(reverse("console:session", args=[picture.id]) + anchor)


def common(request: Request, picture: Picture) -> dict[str, Any]:
    """What every page of a session shows: who, where it stands, and the fragment that refreshes itself."""
    patient = picture.encounter.patient
    return {
        "picture": picture,
        "patient": patient,
        "patient_url": address("console:patient", patient.pk) if request.actor.may("patient.find") else "",
        "chair": picture.encounter.chair,
        "protocol_title": _(picture.protocol.rule.title),
        "session_url": reverse("console:session", args=[picture.id]),
        "state_word": STATES[picture.state],
        "seq": picture.seq,
        **minute(request, picture),
    }


def refusal(picture: Picture, refused: ActionRefused) -> list[dict[str, str]]:
    """Every reason with what to do about it, for the top of the page."""
    rows = []
    for number, reason in enumerate(refused.reasons):
        code = refused.codes[number] if number < len(refused.codes) else ""
        to_do, where = session_presenters.advice(picture, code)
        rows.append({"text": str(reason), "to_do": to_do, "href": where})
    return rows


def status(request: Request, form: Any, refused: Any) -> int:
    return 409 if refused else 422 if request.method == "POST" and form.errors else 200
