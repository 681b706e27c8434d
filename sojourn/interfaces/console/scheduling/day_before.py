"""The next day's sessions, and what changed in the medicines of those who come: for the evening before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from sojourn.care.patients import queries as patients_queries
from sojourn.care.session.eve import Eve, EveLine, eve
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.clock import page_today
from sojourn.interfaces.console.medicines import changed as medicines_changed
from sojourn.interfaces.console.medicines.beside import SinceLine, since_lines
from sojourn.interfaces.console.sessions.words import drug_word, route_word


@dataclass(frozen=True, slots=True)
class Comes:
    """One patient of the next day. ``lines`` and ``changed`` are empty where the record is restricted."""

    at: datetime
    name: str
    url: str
    way: str
    changed: tuple[str, ...]
    lines: tuple[SinceLine, ...]
    holds: bool


def _comes(each: EveLine, *, hidden: bool) -> Comes:
    patient = each.appointment.patient
    way = ", ".join(filter(None, (drug_word(each.drug), route_word(each.route))))
    if hidden:
        url = reverse("console:restricted", args=[patient.pk])
        return Comes(each.appointment.during.lower, _("Restricted record"), url, "", (), (), False)
    return Comes(
        at=each.appointment.during.lower,
        name=patient.name,
        url=reverse("console:candidacy", args=[patient.pk]),
        way=way,
        changed=tuple(medicines_changed.sentences(each.medicines.changed)),
        lines=since_lines(each.medicines),
        holds=bool(each.medicines.reasons),
    )


def _found(asked: Request) -> Eve:
    assert asked.clinic is not None
    return eve(asked.clinic.pk, asked.clinic.zone, page_today())


@allowed("candidacy.read")
@require_GET
def page(request: Request) -> HttpResponse:
    """Everybody who comes on the next day with sessions, those whose medicines changed first."""
    found = _found(request)
    hidden = patients_queries.withheld(
        request.actor, [each.appointment.patient for each in found.lines], timezone.now()
    )
    changed = [_comes(each, hidden=each.appointment.patient_id in hidden) for each in found.changed]
    context = {
        "day": found.day,
        "changed": changed,
        "same": len(found.lines) - len(changed),
        "total": len(found.lines),
    }
    return render(request, "console/scheduling/day_before.html", context)


@allowed("candidacy.read")
@require_GET
def waiting(request: Request) -> HttpResponse:
    """One line for the clinic's first page; nothing where no medicine changed."""
    found = _found(request)
    changed = found.changed
    words = detail = ""
    if changed and found.day is not None:
        words = ngettext(
            "%(day)s: the medicines of %(n)d patient changed", "%(day)s: the medicines of %(n)d patients changed",
            len(changed),
        ) % {"n": len(changed), "day": formats.date_format(found.day, _("l j F"))}  # fmt: skip
        holds = sum(bool(each.medicines.reasons) for each in changed)
        if holds:
            detail = ngettext(
                "%(n)d of them waits for a prescriber", "%(n)d of them wait for a prescriber", holds
            ) % {"n": holds}  # fmt: skip
    return render(request, "console/scheduling/day_before_waiting.html", {"words": words, "detail": detail})


urlpatterns = [
    path("next-day/", page, name="eve"),
    path("next-day/waiting/", waiting, name="eve_waiting"),
]
