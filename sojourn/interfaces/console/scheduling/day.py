"""The page of one day, chair by chair."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.patients import queries as patients_queries
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.clock import page_today
from sojourn.interfaces.console.scheduling import visits
from sojourn.interfaces.console.scheduling.timeline import timeline
from sojourn.interfaces.shared import typed


def _long_day(day: date) -> str:
    return formats.date_format(day, _("l j F Y"))


@allowed("patient.find")
@require_GET
def day(request: Request) -> HttpResponse:
    """One day, chair by chair."""
    assert request.clinic is not None
    zone, now, today = request.clinic.zone, timezone.now(), page_today()
    shown = typed.day(request.GET.get("day"))
    rows = visits.on_day(shown, zone)
    hidden = patients_queries.withheld(request.actor, [row.appointment.patient for row in rows], now)
    booked = {row.appointment.chair_id for row in rows}
    chairs = [chair for chair in scheduling_queries.chairs(with_retired=True) if chair.in_use or chair.pk in booked]
    rides = coordination_queries.rides_home([row.appointment for row in rows])
    attending = {
        appointment_id: ", ".join(each.member.name for each in members)
        for appointment_id, members in scheduling_queries.attendances([row.appointment.pk for row in rows]).items()
    }
    quarters, lists = timeline(shown, zone, chairs, rows, request.actor, hidden, now, rides, attending)
    root = reverse("console:day")
    context = {
        "day": shown,
        "words": _long_day(shown),
        "today": shown == today,
        "before_url": f"{root}?day={(shown - timedelta(days=1)).isoformat()}",
        "after_url": f"{root}?day={(shown + timedelta(days=1)).isoformat()}",
        "today_url": root,
        "chairs": chairs,
        "quarters": quarters,
        "lists": lists,
        "count": len(rows),
        "may_manage": request.actor.may("chair.manage"),
        "may_book": request.actor.may("appointment.book"),
        "book_url": f"{reverse('console:appointment_book')}?day={shown.isoformat()}",
        "week_url": f"{reverse('console:week')}?day={shown.isoformat()}",
    }
    return render(request, "console/scheduling/day.html", context)
