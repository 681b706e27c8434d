"""The week, by chair or by staff; and a calendar feed for whoever works here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.booking import feed_actions, hours, queries
from sojourn.care.booking.icalendar import Event, calendar
from sojourn.care.booking.models import Appointment, Attendance
from sojourn.care.booking.queries import Feed, Way, WayHome
from sojourn.care.patients import queries as patients
from sojourn.foundation.accounts.access import Request, allowed, public
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.clock import page_today
from sojourn.interfaces.console import typed
from sojourn.interfaces.console.patients.views import Word
from sojourn.interfaces.console.scheduling.ride_home import way_word


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment in the week. ``way`` only while it is open."""

    begins: datetime
    ends: datetime
    name: str
    where: str
    url: str
    way: Word | None


@dataclass(frozen=True, slots=True)
class Day:
    iso: str
    words: str
    url: str
    today: bool
    closed: str
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """A chair or a member of the staff, and what is booked on each day."""

    name: str
    cells: tuple[tuple[Day, tuple[Entry, ...]], ...]


def _entry(row: Appointment, way: Way, who: str, secret: bool, now: datetime) -> Entry:
    open_way = row.during.lower > now and not hasattr(row, "encounter") and way.state != WayHome.CONFIRMED
    return Entry(
        row.during.lower,
        row.during.upper,
        _("Restricted record") if secret else row.patient.name,
        who,
        reverse("console:appointment", args=[row.pk]),
        way_word(way) if open_way else None,
    )


@allowed("patient.find")
@require_GET
def week(request: HttpRequest) -> HttpResponse:
    """Seven days as a table, one row for each chair or each member of the staff."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    zone, now, today = asked.clinic.zone, timezone.now(), page_today()
    shown = typed.day(request.GET.get("day"))
    first = shown - timedelta(days=shown.weekday())
    dates = hours.days_between(first, first + timedelta(days=6))
    by = "staff" if request.GET.get("by") == "staff" else "chair"
    rows = queries.between(first, dates[-1], zone)
    hidden = patients.withheld(asked.asker, [row.patient for row in rows], now)
    ways = queries.ways_home(rows)
    attending = queries.attendances([row.pk for row in rows])
    closed = queries.closed_days(first, dates[-1])
    local = {row.pk: row.during.lower.astimezone(zone).date() for row in rows}
    days = [
        Day(
            each.isoformat(), formats.date_format(each, _("D j M")), f"{reverse('console:day')}?day={each.isoformat()}",
            each == today, _("closed") if each in closed else "",
            sum(day == each for day in local.values()),
        )
        for each in dates
    ]  # fmt: skip
    days = [
        day for day in days if day.count or date.fromisoformat(day.iso).weekday() < 5
    ]  # an empty weekend is not shown

    def cells(mine: Sequence[Appointment], by_staff: bool) -> tuple[tuple[Day, tuple[Entry, ...]], ...]:
        return tuple(
            (
                day,
                tuple(
                    _entry(row, ways[row.pk], row.chair.name if by_staff else _names(attending.get(row.pk, [])),
                           row.patient_id in hidden, now)
                    for row in mine
                    if local[row.pk].isoformat() == day.iso
                ),
            )
            for day in days
        )  # fmt: skip

    if by == "chair":
        chairs = queries.chairs(with_retired=True)
        used = {row.chair_id for row in rows}
        table = [
            Row(chair.name if chair.room is None else f"{chair.name}, {chair.room.name}",
                cells([row for row in rows if row.chair_id == chair.pk], by_staff=False))
            for chair in chairs
            if chair.in_use or chair.pk in used
        ]  # fmt: skip
    else:
        whose = {row.pk: {each.member_id for each in attending.get(row.pk, [])} for row in rows}
        members = {member.pk: member.name for member in queries.attending_staff()}
        table = [
            Row(name, cells([row for row in rows if pk in whose[row.pk]], by_staff=True))
            for pk, name in members.items()
        ]
        alone = [row for row in rows if not whose[row.pk] & members.keys()]  # also where who was named has left
        if alone:
            table.append(Row(_("Nobody named"), cells(alone, by_staff=True)))
    root = reverse("console:week")
    context = {
        "words": _("%(first)s to %(last)s")
        % {"first": formats.date_format(first, _("j F")), "last": formats.date_format(dates[-1], _("j F Y"))},
        "days": days,
        "rows": table,
        "count": len(rows),
        "by": by,
        "this_week": first <= today <= dates[-1],
        "before_url": f"{root}?day={(first - timedelta(days=7)).isoformat()}&by={by}",
        "after_url": f"{root}?day={(first + timedelta(days=7)).isoformat()}&by={by}",
        "now_url": f"{root}?by={by}",
        "chair_url": f"{root}?day={shown.isoformat()}",
        "staff_url": f"{root}?day={shown.isoformat()}&by=staff",
        "day": shown,
        "may_book": asked.asker.may("appointment.book"),
        "may_feed": asked.asker.may("calendar.feed"),
    }
    return render(request, "console/scheduling/week.html", context)


def _names(rows: Sequence[Attendance]) -> str:
    return ", ".join(row.member.name for row in rows)


# ---------------------------------------------------------------- the feed


@allowed("calendar.feed")
@never_cache
@require_http_methods(["GET", "POST"])
def my_feed(request: HttpRequest) -> HttpResponse:
    """Open a secret calendar address, shown once, or end it."""
    asked = cast(Request, request)
    link = ""
    if request.method == "POST":
        if request.POST.get("do") == "close":
            feed_actions.close_feed(by=asked.asker)
            return redirect("console:my_feed")
        opened = feed_actions.open_feed(by=asked.asker)
        link = settings.ENV.public_url + reverse("console:feed", args=[opened.token])
    feed = queries.feed_of(asked.asker.member)
    return render(request, "console/scheduling/feed.html", {"feed": feed, "link": link})


@public
@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The stream that a calendar reads. Whoever holds the address reads it; nothing in it says why."""
    found = queries.feed_by(hash_of(token), timezone.now())
    if found is None or not found.staff:
        return HttpResponse(_("This calendar is not there any more."), status=404, content_type="text/plain")
    return HttpResponse(stream(found), content_type="text/calendar; charset=utf-8")


def stream(found: Feed) -> str:
    """A member's appointments: that they are, when, and in which chair."""
    return calendar(
        found.clinic.name,
        [
            Event(
                uid=f"appointment-{each.id}-{found.clinic.slug}@sojourn",
                begins=each.begins,
                ends=each.ends,
                stamped=each.booked_at,
                summary=_("Appointment, %(chair)s") % {"chair": each.chair},
                location=found.clinic.name,
                sequence=each.version,
                cancelled=each.cancelled,
            )
            for each in found.entries
        ],
    )


urlpatterns = [
    path("appointments/week/", week, name="week"),
    path("appointments/feed/", my_feed, name="my_feed"),
    path("feeds/<str:token>.ics", feed, name="feed"),
]
