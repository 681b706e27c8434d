"""Write to your clinic: one thread, nothing in it is lost, and it is not for emergencies."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from sojourn.care.messaging import actions, queries
from sojourn.care.patients.models import Patient
from sojourn.care.safety.writing_actions import write_message
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.portal.danger import heard
from sojourn.interfaces.portal.pages import OwnScope, own_page, show
from sojourn.interfaces.shared.pages import FORM


def key_of(typed: str) -> UUID:
    """The key that came with the form; a new one where it is no key."""
    try:
        return UUID(typed)
    except ValueError:
        return uuid4()


@own_page("own.answer", methods=FORM)
def messages(request: Request, scope: OwnScope) -> HttpResponse:
    """The thread, and a place to write."""
    by = request.asker
    assert by.patient_id is not None
    typed, reasons, key = "", tuple[object, ...](), uuid4()
    if request.method == "POST":
        typed, key = request.POST.get("body", ""), key_of(request.POST.get("key", ""))
        try:
            write_message(by=by, patient_id=by.patient_id, body=typed, key=key)
            return redirect("portal:messages")
        except Patient.DoesNotExist:
            raise Http404 from None
        except Refused as refused:
            reasons = refused.reasons
    thread = queries.thread(by.patient_id)
    if thread.unread and thread.newest_id is not None:
        actions.mark_read(by=by, patient_id=by.patient_id, upto=thread.newest_id)
    return show(
        request,
        "portal/messages/messages.html",
        {
            "thread": thread,
            "typed": typed,
            "key": key,
            "errors": [{"href": "#body", "text": reason} for reason in reasons],
            "error": reasons[0] if reasons else "",
            "you": _("You"),
            "heard": heard.heard(by.patient_id),
        },
        active="messages",
        status=409 if reasons else 200,
    )
