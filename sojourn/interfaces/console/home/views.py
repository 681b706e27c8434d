"""The clinic's first page: today, and what waits for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.audit import queries as audit_queries
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.clock import page_today
from sojourn.interfaces.console.audit.details import sentence
from sojourn.interfaces.console.home.today import Today, lead_words, session_lines
from sojourn.interfaces.console.home.waits import WAITS_OF_ROLES
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.scheduling import visits

STAFF = sorted({each for role in roles().values() if role.staff for each in role.may})


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the audit."""

    at: datetime
    text: str


def _event(row: AuditEvent) -> Event:
    return Event(row.at, sentence(row.action, who=row.name, patient="", detail=row.detail))


@allowed(*STAFF)
@require_GET
def home(request: Request) -> HttpResponse:
    """Today's chairs with one clear next step each, and what waits for this role."""
    assert request.clinic is not None
    actor, sees_patients = request.actor, request.actor.may("patient.find")
    rows = visits.on_day(page_today(), request.clinic.zone) if sees_patients else []
    today = Today(actor, timezone.now(), rows)
    context = {
        "title": formats.date_format(page_today(), _("l j F")),
        "lead": lead_words(rows) if sees_patients else "",
        "sees_patients": sees_patients,
        "may_book": actor.may("appointment.book"),
        **_lines_context(today),
        **_waits_context(today),
        **_later_context(actor),
        **_audit_context(actor),
    }
    return render(request, "console/home/home.html", context)


def _lines_context(today: Today) -> dict[str, object]:
    lines = session_lines(today)
    return {"lines": [line for line in lines if not line.over], "over": [line for line in lines if line.over]}


def _waits_context(today: Today) -> dict[str, object]:
    """What waits for the role of the actor, what comes first apart."""
    parts = WAITS_OF_ROLES.get(today.actor.role, ())
    waits = [wait for part in parts for wait in part(today)]
    return {
        "first": [wait for wait in waits if wait.is_first],
        "waits": [wait for wait in waits if not wait.is_first],
        "waits_here": bool(parts),
    }


def _later_context(actor: Actor) -> dict[str, object]:
    """Where the page loads after itself what takes longer to count."""
    candidacy, messages = actor.may("candidacy.read"), actor.may("message.read")
    return {
        "decisions_url": address("console:candidacies_waiting") if candidacy else "",
        "eve_url": address("console:eve_waiting") if candidacy else "",
        "messages_url": address("console:messages_waiting") if messages else "",
        "reading_url": address("console:reader_questions_waiting") if actor.may("reading.answer") else "",
    }


def _audit_context(actor: Actor) -> dict[str, object]:
    """An auditor's first page is what was done last."""
    auditor = actor.role == "auditor"
    return {
        "auditor": auditor,
        "events": [_event(row) for row in audit_queries.events()[:15]] if auditor else [],
        "audit_url": address("console:audit"),
    }
