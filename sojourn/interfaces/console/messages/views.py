"""Messages: who waits longest, what they wrote, and the answer."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.messaging import actions, queries
from sojourn.care.messaging.models import Communication
from sojourn.care.patients.models import Patient
from sojourn.care.patients.queries import withheld
from sojourn.care.safety.message_queries import waiting_by_risk
from sojourn.care.safety.writing_actions import write_message
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.console.messages.presenters import Row, thread_name, waiting_row
from sojourn.interfaces.shared.pages import closed
from sojourn.interfaces.shared.typed import whole


@allowed("message.read")
@require_GET
def inbox(request: Request) -> HttpResponse:
    """Who waits for an answer: the gravest first, then the longest wait; then the other threads."""
    waiting, recent = waiting_by_risk(flags_seen=request.asker.may("flag.read")), queries.recent()
    hidden = withheld(
        request.asker, [*(each.patient for each in waiting), *(each.patient for each in recent)], timezone.now()
    )
    first = {each.patient.pk for each in waiting}
    context = {
        "waiting": [waiting_row(each, hidden, request.asker) for each in waiting],
        "others": [
            Row(
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
    n = queries.waiting_count()
    words = ngettext("%(n)d patient waits for an answer", "%(n)d patients wait for an answer", n) % {"n": n}
    return render(request, "console/messages/waiting.html", {"words": words if n else ""})


def _key(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        return uuid4()


@allowed("message.read")
@require_http_methods(["GET", "POST"])
def thread(request: Request, patient_id: int) -> HttpResponse:
    """One patient's thread: read it, answer it, or note that it needs no answer."""
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, patient):
        return gate
    typed, key, reasons = "", uuid4(), tuple[object, ...]()
    if request.method == "POST":
        typed, key = request.POST.get("body", ""), _key(request.POST.get("key", ""))
        seen = whole(request.POST.get("seen")) or 0
        try:
            if request.POST.get("settle"):
                actions.settle(by=request.asker, patient_id=patient.pk, upto=seen)
            else:
                write_message(by=request.asker, patient_id=patient.pk, body=typed, key=key, seen=seen)
            return redirect("console:thread", patient.pk)
        except Communication.DoesNotExist:
            raise Http404 from None
        except Refused as refused:
            reasons = refused.reasons
    found = queries.thread(patient.pk)
    context = {
        "patient": patient,
        "thread": found,
        "typed": typed,
        "key": key,
        "may_write": request.asker.may("message.write"),
        "errors": [{"href": "#body", "text": str(reason)} for reason in reasons],
    }
    return render(request, "console/messages/thread.html", context, status=409 if reasons else 200)
