"""Messages: who waits longest, what they wrote, and the answer."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.messaging import queries as messaging_queries
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.queries import withheld
from sojourn.care.safety.message_queries import waiting_by_risk
from sojourn.care.safety.writing_actions import write_message
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.messages.presenters import ThreadRow, thread_name, waiting_row
from sojourn.interfaces.shared.message_forms import MessageForm
from sojourn.interfaces.shared.pages import FORM, PatientPage, error_list, patient_page, require_valid, sent


@allowed("message.read")
@require_GET
def inbox(request: Request) -> HttpResponse:
    """Who waits for an answer: the gravest first, then the longest wait; then the other threads."""
    waiting, recent = waiting_by_risk(flags_seen=request.actor.may("flag.read")), messaging_queries.recent()
    hidden = withheld(
        request.actor, [*(each.patient for each in waiting), *(each.patient for each in recent)], timezone.now()
    )
    first = {each.patient.pk for each in waiting}
    context = {
        "waiting": [waiting_row(each, hidden, request.actor) for each in waiting],
        "others": [
            ThreadRow(
                reverse("console:thread", args=[each.patient.pk]),
                thread_name(each.patient, hidden),
                each.newest.sent_at,
                _("from the patient") if each.newest.from_patient else each.newest.sender_name,
            )
            for each in recent
            if each.patient.pk not in first
        ],
    }
    return render(request, "console/messages/inbox.html", context)


@allowed("message.read")
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """How many patients wait for an answer, for the first page of the clinic, which loads it after itself."""
    n = messaging_queries.waiting_count()
    words = ngettext("%(n)d patient waits for an answer", "%(n)d patients wait for an answer", n) % {"n": n}
    return render(request, "console/messages/waiting.html", {"words": words if n else ""})


@patient_page("message.read", methods=FORM)
def thread(request: Request, scope: PatientPage) -> HttpResponse:
    """One patient's thread: read it, answer it, or note that it needs no answer."""
    patient, form, refused = scope.patient, MessageForm(sent(request)), None
    if form.is_bound:
        try:
            _write(scope.actor, patient.pk, require_valid(form))
            return redirect("console:thread", patient.pk)
        except Communication.DoesNotExist:
            raise Http404 from None
        except ActionRefused as wrong:
            refused = wrong
    context = {
        "patient": patient,
        "thread": messaging_queries.thread(PatientScope(patient.pk)),
        "typed": form.typed,
        "key": form.sent_key,
        "may_write": scope.actor.may("message.write"),
        "errors": error_list(refused, "#body"),
    }
    return render(request, "console/messages/thread.html", context, status=409 if refused else 200)


def _write(by: Actor, patient_id: int, form: MessageForm) -> None:
    if form.cleaned_data["settle"]:
        messaging_actions.settle(by=by, patient_id=patient_id, upto=form.seen_id)
    else:
        write_message(by=by, patient_id=patient_id, body=form.typed, key=form.sent_key, seen=form.seen_id)
