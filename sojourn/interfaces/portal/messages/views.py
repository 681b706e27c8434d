"""Write to your clinic: one thread, nothing in it is lost, and it is not for emergencies."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.patients.models import Patient
from sojourn.care.safety.writing_actions import write_message
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.portal.danger import heard
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.shared.message_forms import MessageForm
from sojourn.interfaces.shared.pages import FORM, sent


@own_page("own.answer", methods=FORM)
def messages(request: Request, scope: OwnPage) -> HttpResponse:
    """The thread, and a place to write."""
    form, reasons = MessageForm(sent(request)), tuple[object, ...]()
    if form.is_bound:
        try:
            write_message(by=scope.actor, patient_id=scope.patient_id, body=form.typed, key=form.sent_key)
            return redirect("portal:messages")
        except Patient.DoesNotExist:
            raise Http404 from None
        except ActionRefused as refused:
            reasons = refused.reasons
    thread = messaging_queries.thread(scope)
    if thread.unread and thread.newest_id is not None:
        messaging_actions.mark_read(by=scope.actor, patient_id=scope.patient_id, upto=thread.newest_id)
    return show(
        request,
        "portal/messages/messages.html",
        {
            "thread": thread,
            "typed": form.typed,
            "key": form.sent_key,
            "errors": [{"href": "#body", "text": reason} for reason in reasons],
            "error": reasons[0] if reasons else "",
            "you": _("You"),
            "heard": heard.heard(scope.patient_id),
        },
        active="messages",
        status=409 if reasons else 200,
    )
