"""The week, by chair or by staff; and a calendar feed for whoever works here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.coordination import feed_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.icalendar import Event, calendar
from sojourn.care.coordination.queries import Feed, RideHome, RideHomeState
from sojourn.care.patients import queries as patients_queries
from sojourn.care.scheduling import hours
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, Attendance
from sojourn.foundation.accounts.access import Request, allowed, public
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import MemberScope
from sojourn.interfaces.console.scheduling.ride_home import ride_word
from sojourn.interfaces.shared import typed
from sojourn.interfaces.shared.states import Word


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One appointment in the week. ``ride`` only while it is open."""

    begins: datetime
    ends: datetime
    name: str
    where: str
    url: str
    ride: Word | None


@dataclass(frozen=True, slots=True)
class Day:
    iso: str
    words: str
    url: str
    today: bool
    closed: str
    count: int


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A chair or a member of the staff, and what is booked on each day."""

    name: str
    cells: tuple[tuple[Day, tuple[CalendarEntry, ...]], ...]


def _entry(row: Appointment, ride: RideHome, who: str, secret: bool, now: datetime) -> CalendarEntry:
    open_ride = row.during.lower > now and not hasattr(row, "encounter") and ride.state != RideHomeState.CONFIRMED
    return CalendarEntry(
        row.during.lower,
        row.during.upper,
        _("Restricted record") if secret else row.patient.name,
        who,
        reverse("console:appointment", args=[row.pk]),
        ride_word(ride) if open_ride else None,
    )


class Week:
    """Seven days of the clinic: what is booked in them, and what of it the actor may see. Six queries."""

    def __init__(self, clinic: Clinic, actor: Actor, shown: date) -> None:
        self.zone, self.now, self.shown = clinic.zone, timezone.now(), shown
        self.first = shown - timedelta(days=shown.weekday())
        self.dates = hours.days_between(self.first, self.first + timedelta(days=6))
        self.rows = scheduling_queries.between(self.first, self.dates[-1], self.zone)
        self.hidden = patients_queries.withheld(actor, [row.patient for row in self.rows], self.now)
        self.rides = coordination_queries.rides_home(self.rows)
        self.attending = scheduling_queries.attendances([row.pk for row in self.rows])
        self.day_of = {row.pk: row.during.lower.astimezone(self.zone).date() for row in self.rows}
        self.days = self._days(scheduling_queries.closed_days(self.first, self.dates[-1]))

    def _days(self, closed: Collection[date]) -> list[Day]:
        """An empty weekend is not shown."""
        count, today = Counter(self.day_of.values()), page_today()
        return [
            Day(
                each.isoformat(), formats.date_format(each, _("D j M")),
                f"{reverse('console:day')}?day={each.isoformat()}", each == today,
                _("closed") if each in closed else "", count[each],
            )
            for each in self.dates
            if count[each] or each.weekday() < 5
        ]  # fmt: skip

    def _cells(self, mine: Sequence[Appointment], by_staff: bool) -> tuple[tuple[Day, tuple[CalendarEntry, ...]], ...]:
        on: dict[str, list[CalendarEntry]] = {}
        for row in mine:
            where = row.chair.name if by_staff else _names(self.attending.get(row.pk, []))
            entry = _entry(row, self.rides[row.pk], where, row.patient_id in self.hidden, self.now)
            on.setdefault(self.day_of[row.pk].isoformat(), []).append(entry)
        return tuple((day, tuple(on.get(day.iso, ()))) for day in self.days)

    def by_chair(self) -> list[CalendarRow]:
        """A row for each chair in use, and for each other one in which somebody sits."""
        used = {row.chair_id for row in self.rows}
        return [
            CalendarRow(chair.name if chair.room is None else f"{chair.name}, {chair.room.name}",
                self._cells([row for row in self.rows if row.chair_id == chair.pk], by_staff=False))
            for chair in scheduling_queries.chairs(with_retired=True)
            if chair.in_use or chair.pk in used
        ]  # fmt: skip

    def by_staff(self) -> list[CalendarRow]:
        """A row for each member of the staff, and one for what names nobody, also where who was named has left."""
        whose = {row.pk: {each.member_id for each in self.attending.get(row.pk, [])} for row in self.rows}
        members = {member.pk: member.name for member in scheduling_queries.attending_staff()}
        found = [
            CalendarRow(name, self._cells([row for row in self.rows if pk in whose[row.pk]], by_staff=True))
            for pk, name in members.items()
        ]
        alone = [row for row in self.rows if not whose[row.pk] & members.keys()]
        return [*found, CalendarRow(_("Nobody named"), self._cells(alone, by_staff=True))] if alone else found


@allowed("patient.find")
@require_GET
def week(request: Request) -> HttpResponse:
    """Seven days as a table, one row for each chair or each member of the staff."""
    assert request.clinic is not None
    by = "staff" if request.GET.get("by") == "staff" else "chair"
    found = Week(request.clinic, request.actor, typed.day(request.GET.get("day")))
    first, last, shown = found.first, found.dates[-1], found.shown
    root = reverse("console:week")
    context = {
        "words": _("%(first)s to %(last)s")
        % {"first": formats.date_format(first, _("j F")), "last": formats.date_format(last, _("j F Y"))},
        "days": found.days,
        "rows": found.by_staff() if by == "staff" else found.by_chair(),
        "count": len(found.rows),
        "by": by,
        "this_week": first <= page_today() <= last,
        "before_url": f"{root}?day={(first - timedelta(days=7)).isoformat()}&by={by}",
        "after_url": f"{root}?day={(first + timedelta(days=7)).isoformat()}&by={by}",
        "now_url": f"{root}?by={by}",
        "chair_url": f"{root}?day={shown.isoformat()}",
        "staff_url": f"{root}?day={shown.isoformat()}&by=staff",
        "day": shown,
        "may_book": request.actor.may("appointment.book"),
        "may_feed": request.actor.may("calendar.feed"),
    }
    return render(request, "console/scheduling/week.html", context)


def _names(rows: Sequence[Attendance]) -> str:
    return ", ".join(row.member.name for row in rows)


# ---------------------------------------------------------------- the feed


@allowed("calendar.feed")
@never_cache
@require_http_methods(["GET", "POST"])
def my_feed(request: Request) -> HttpResponse:
    """Open a secret calendar address, shown once, or end it."""
    link = ""
    if request.method == "POST":
        if request.POST.get("do") == "close":
            feed_actions.close_feed(by=request.actor)
            return redirect("console:my_feed")
        opened = feed_actions.open_feed(by=request.actor)
        link = settings.ENV.public_url + reverse("console:feed", args=[opened.token])
    feed = coordination_queries.feed_of(MemberScope(request.actor.member))
    return render(request, "console/scheduling/feed.html", {"feed": feed, "link": link})


@public
@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The stream that a calendar reads. Whoever holds the address reads it; nothing in it says why."""
    found = coordination_queries.feed_by(hash_of(token), timezone.now())
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
