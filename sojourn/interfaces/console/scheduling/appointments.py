"""The day by chair; booking, moving and cancelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.booking import actions, queries
from sojourn.care.booking.models import Appointment, Chair
from sojourn.care.booking.queries import Way
from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.encounter.queries import SessionRow
from sojourn.care.patients import queries as patients
from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries as plan
from sojourn.care.plan.models import CarePlan
from sojourn.clinical.protocol import FINAL, State
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_local, page_today
from sojourn.foundation.ui.numbers import CountField
from sojourn.interfaces.console import typed
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients.views import Word, closed, state_word, tell
from sojourn.interfaces.console.scheduling import visits
from sojourn.interfaces.console.scheduling.before_dose import warned
from sojourn.interfaces.console.scheduling.ride_home import way_word

STEP = timedelta(minutes=15)
_OPENS, _CLOSES = time(8), time(18)


def _clock(at: datetime) -> str:
    return formats.date_format(page_local(at), "H:i")


def _long_day(day: date) -> str:
    return formats.date_format(day, _("l j F Y"))


# ---------------------------------------------------------------- the day by chair


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of one chair's day: an appointment, or free time. ``rows`` are quarter hours."""

    rows: int
    span: str  # 09:00 to 11:00
    title: str = ""
    url: str = ""
    word: Word | None = None
    ahead: bool = True
    way: Word | None = None
    staff: str = ""


@dataclass(frozen=True, slots=True)
class Quarter:
    """A row of the table: a quarter of an hour, and the stretches that begin in it, one a chair or none."""

    label: str
    on_the_hour: bool
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class ChairDay:
    """One chair's day, in order; for narrow screens."""

    name: str
    cells: tuple[Cell, ...]


def _window(day: date, zone: ZoneInfo, rows: Sequence[SessionRow]) -> tuple[datetime, datetime]:
    """The hours to show: the usual ones, and whatever is booked beside them. Aware, in UTC, whole hours."""
    first, last = queries.day_bounds(day, zone)
    begins = datetime.combine(day, _OPENS, zone).astimezone(UTC)
    ends = datetime.combine(day, _CLOSES, zone).astimezone(UTC)
    for row in rows:
        begins = min(begins, row.appointment.during.lower.astimezone(UTC))
        ends = max(ends, row.appointment.during.upper.astimezone(UTC))
    begins = begins.replace(minute=0, second=0, microsecond=0)
    if ends.minute or ends.second:
        ends = ends.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return max(begins, first.astimezone(UTC)), min(ends, last.astimezone(UTC))


def _stretches(
    day: date, chair: Chair, rows: Sequence[SessionRow], begins: datetime, ends: datetime, asker: Asker,
    hidden: frozenset[int], now: datetime, ways: Mapping[int, Way], staff: Mapping[int, str],
) -> list[tuple[int, Cell]]:  # fmt: skip
    """One chair's day without gaps: (the quarter that it begins in, stretch). Elapsed time, so that a day on which
    the clocks change is as long as it is."""
    quarters = (ends - begins) // STEP
    found: list[tuple[int, Cell]] = []
    at = 0

    def free(until: int) -> None:
        if until <= at:
            return
        since = begins + at * STEP
        over = begins + until * STEP
        local = page_local(since)
        ahead = over > now and asker.may("appointment.book")
        query = urlencode({"day": day.isoformat(), "time": local.strftime("%H:%M"), "chair": str(chair.pk)})
        url = f"{reverse('console:appointment_book')}?{query}" if ahead else ""
        found.append((at, Cell(until - at, f"{_clock(since)}–{_clock(over)}", url=url, ahead=ahead)))

    for row in rows:
        appointment = row.appointment
        first = max(at, (appointment.during.lower - begins) // STEP)
        last = max(first + 1, -(-(appointment.during.upper - begins) // STEP))
        free(first)
        secret = appointment.patient_id in hidden
        way = ways.get(appointment.pk)
        shown = way is not None and not secret and row.state not in FINAL
        found.append((
            first,
            Cell(
                last - first,
                f"{_clock(appointment.during.lower)}–{_clock(appointment.during.upper)}",
                title=_("Restricted record") if secret else appointment.patient.name,
                url=reverse("console:appointment", args=[appointment.pk]),
                word=state_word(row.state, clinical=asker.may("session.read")),
                way=way_word(way) if shown and way is not None else None,
                staff=staff.get(appointment.pk, ""),
            ),
        ))  # fmt: skip
        at = last
    free(quarters)
    return found


def timeline(
    day: date, zone: ZoneInfo, chairs: Sequence[Chair], rows: Sequence[SessionRow], asker: Asker,
    hidden: frozenset[int], now: datetime, ways: Mapping[int, Way] | None = None,
    staff: Mapping[int, str] | None = None,
) -> tuple[list[Quarter], list[ChairDay]]:  # fmt: skip
    """The day as a table of quarter hours by chairs, and as one list a chair."""
    begins, ends = _window(day, zone, rows)
    columns = [
        _stretches(
            day,
            chair,
            [r for r in rows if r.appointment.chair_id == chair.pk],
            begins,
            ends,
            asker,
            hidden,
            now,
            ways or {},
            staff or {},
        )
        for chair in chairs
    ]
    starting = [dict(column) for column in columns]
    quarters = []
    for number in range(max((at + cell.rows for column in columns for at, cell in column), default=0)):
        local = page_local(begins + number * STEP)
        on_the_hour = local.minute == 0
        label = formats.date_format(local, "H:i") if on_the_hour else ""
        quarters.append(Quarter(label, on_the_hour, tuple(column.get(number) for column in starting)))
    lists = [
        ChairDay(chair.name, tuple(cell for _at, cell in column)) for chair, column in zip(chairs, columns, strict=True)
    ]
    return quarters, lists


@allowed("patient.find")
@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """One day, chair by chair."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    zone, now, today = asked.clinic.zone, timezone.now(), page_today()
    shown = typed.day(request.GET.get("day"))
    rows = visits.on_day(shown, zone)
    hidden = patients.withheld(asked.asker, [row.appointment.patient for row in rows], now)
    booked = {row.appointment.chair_id for row in rows}
    chairs = [chair for chair in queries.chairs(with_retired=True) if chair.in_use or chair.pk in booked]
    ways = queries.ways_home([row.appointment for row in rows])
    attending = {
        appointment_id: ", ".join(each.member.name for each in members)
        for appointment_id, members in queries.attendances([row.appointment.pk for row in rows]).items()
    }
    quarters, lists = timeline(shown, zone, chairs, rows, asked.asker, hidden, now, ways, attending)
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
        "may_manage": asked.asker.may("chair.manage"),
        "may_book": asked.asker.may("appointment.book"),
        "book_url": f"{reverse('console:appointment_book')}?day={shown.isoformat()}",
        "week_url": f"{reverse('console:week')}?day={shown.isoformat()}",
    }
    return render(request, "console/scheduling/day.html", context)


# ---------------------------------------------------------------- booking and moving


class AppointmentForm(forms.Form):
    """Where, when and with whom."""

    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(
        label=gettext_lazy("Time by the clinic's clock"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    minutes = CountField(label=gettext_lazy("Length"), unit="min", min_value=1, max_value=24 * 60)
    chair = forms.TypedChoiceField(label=gettext_lazy("Chair"), coerce=int)
    companion = forms.TypedChoiceField(
        label=gettext_lazy("Who brings the patient home"), coerce=int, empty_value=None, required=False
    )

    nurse = forms.TypedChoiceField(label=gettext_lazy("Nurse"), coerce=int, empty_value=None, required=False)
    therapist = forms.TypedChoiceField(label=gettext_lazy("Therapist"), coerce=int, empty_value=None, required=False)
    prescriber = forms.TypedChoiceField(
        label=gettext_lazy("Prescriber in the room"), coerce=int, empty_value=None, required=False
    )
    outside_hours = forms.BooleanField(label=gettext_lazy("Also outside the opening hours"), required=False)

    def __init__(
        self, *args: Any, chairs: Sequence[Chair], people: Sequence[Any], staff: Sequence[Membership], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for role in queries.ATTENDING:
            nobody = _("Whoever has room, where the clinic asks for a nurse") if role == "nurse" else _("Nobody")
            self.fields[role].choices = [  # type: ignore[attr-defined]
                ("", nobody), *((member.pk, member.name) for member in staff if member.role == role)
            ]  # fmt: skip
        self.fields["chair"].choices = [(chair.pk, chair.name) for chair in chairs]  # type: ignore[attr-defined]
        self.fields["companion"].choices = [  # type: ignore[attr-defined]
            ("", _("Nobody named yet")),
            *((p.pk, f"{p.name} ({p.relationship})" if p.relationship else p.name) for p in people),
        ]

    def staff(self) -> list[int]:
        """The memberships that were chosen to attend."""
        return [self.cleaned_data[role] for role in queries.ATTENDING if self.cleaned_data.get(role) is not None]


_FIELDS = {
    "closed": "time", "no-nurse": "time", "staff-taken": "time", "not-staff": "nurse",
    "chair-taken": "time", "patient-taken": "time", "no-such-time": "time", "day-has-passed": "day",
    "length": "minutes", "chair-out-of-use": "chair", "not-beside-patient": "companion",
}  # fmt: skip


def _course_label(course: CarePlan, asker: Asker) -> str:
    since = formats.date_format(course.started_on, _("j F Y"))
    if asker.may("patient.clinical"):
        return _("%(title)s, since %(day)s") % {"title": course.title, "day": since}
    return _("Course since %(day)s") % {"day": since}


def _free_time(asked: Request) -> dict[str, str]:
    """The chair, day and time that the day's table handed on, if they make sense."""
    return {name: asked.GET[name][:10] for name in ("day", "time", "chair") if asked.GET.get(name)}


@allowed("appointment.book")
@require_http_methods(["GET", "POST"])
def book(request: HttpRequest) -> HttpResponse:
    """Book: find the patient, choose the course where there are several, then where and when."""
    asked = cast(Request, request)
    course_id = typed.whole(request.GET.get("course"))
    if course_id is None:
        return _whom(asked)
    course = get_object_or_404(CarePlan.objects.select_related("patient"), pk=course_id)
    if gate := closed(asked, course.patient):
        return gate
    assert asked.clinic is not None
    proposed = queries.session_minutes(course)
    people = patients.people_of(course.patient_id)
    initial: dict[str, Any] = {"day": page_today().isoformat(), "minutes": proposed}
    home = [person for person in people if person.brings_home]
    if home:
        initial["companion"] = home[0].pk
    form = AppointmentForm(
        request.POST or None, initial=initial | _free_time(asked), chairs=queries.chairs(), people=people,
        staff=queries.attending_staff(),
    )  # fmt: skip
    status = 200
    instead: list[tuple[str, str]] = []
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = dict(form.cleaned_data)  # a field with an error drops out of the form's own
            try:
                appointment = actions.book(
                    by=asked.asker,
                    care_plan_id=course.pk,
                    chair_id=values["chair"],
                    starts_at=queries.moment(values["day"], values["time"], asked.clinic.zone),
                    minutes=values["minutes"],
                    companion_id=values["companion"],
                    staff=form.staff(),
                    outside_hours=values["outside_hours"],
                )
                return redirect("console:appointment", appointment.pk)
            except Chair.DoesNotExist:
                form.add_error("chair", _("Choose one of the chairs."))
            except Refused as refused:
                status = 409
                tell(form, refused, _FIELDS)
                if _TAKEN & set(refused.codes):
                    instead = _instead(asked, course, values)
    context = {
        "instead": instead,
        "warned": warned(asked.asker, course),
        "series_url": reverse("console:series", args=[course.pk]),
        "patient": course.patient,
        "name": course.patient.name,
        "course": _course_label(course, asked.asker),
        "proposed": proposed,
        "form": form,
        "chairs": bool(form.fields["chair"].choices),  # type: ignore[attr-defined]
        "person_url": reverse("console:person_add", args=[course.patient_id])
        if asked.asker.may("patient.edit")
        else "",
    }
    return render(request, "console/scheduling/book.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Bookable:
    """A patient for whom something can be booked, each running course with its address."""

    name: str
    record_number: str
    courses: tuple[tuple[str, str], ...]


def _whom(asked: Request) -> HttpResponse:
    """Whom to book for: a search, then the patients' running courses."""
    text, now = asked.GET.get("q", ""), timezone.now()
    kept = _free_time(asked)
    found: list[Patient] = []
    patient_id = typed.whole(asked.GET.get("patient"))
    if patient_id is not None:
        found = [get_object_or_404(Patient, pk=patient_id)]
    elif text.strip():
        found = list(patients.find(text, asker=asked.asker, now=now)[:20])
    hidden = patients.withheld(asked.asker, found, now)
    running = plan.running_of([patient.pk for patient in found if patient.pk not in hidden]) if found else {}
    root = reverse("console:appointment_book")
    bookable = [
        Bookable(
            patient.name,
            patient.record_number,
            tuple(
                (_course_label(course, asked.asker), f"{root}?{urlencode(kept | {'course': str(course.pk)})}")
                for course in running.get(patient.pk, [])
            ),
        )
        for patient in found
        if patient.pk not in hidden
    ]
    context = {
        "text": text,
        "kept": kept,
        "sought": bool(text.strip() or found),
        "bookable": bookable,
        "withheld": len(hidden),
        "may_create": asked.asker.may("patient.create"),
    }
    return render(asked, "console/scheduling/whom.html", context)


def _found(asked: Request, appointment_id: int) -> Appointment:
    return get_object_or_404(
        Appointment.objects.select_related("patient", "chair", "care_plan", "companion", "cancelled_by", "encounter"),
        pk=appointment_id,
    )


def _seen(request: HttpRequest) -> int:
    return typed.whole(request.POST.get("version")) or 0


@allowed("patient.find")
@require_http_methods(["GET", "POST"])
def appointment(request: HttpRequest, appointment_id: int) -> HttpResponse:
    """One appointment: what it is, and for those who book, moving it."""
    asked = cast(Request, request)
    found = _found(asked, appointment_id)
    if gate := closed(asked, found.patient):
        return gate
    assert asked.clinic is not None
    row = encounter_queries.with_states([found])[0]
    movable = found.status == "booked" and row.encounter_id is None and asked.asker.may("appointment.book")
    people = patients.people_of(found.patient_id)
    starts = page_local(found.during.lower)
    initial = {
        "day": starts.date(),
        "time": starts.time(),
        "minutes": int((found.during.upper - found.during.lower) / timedelta(minutes=1)),
        "chair": found.chair_id,
        "companion": found.companion_id,
    }
    chairs = [chair for chair in queries.chairs(with_retired=True) if chair.in_use or chair.pk == found.chair_id]
    attending = queries.attendances([found.pk]).get(found.pk, [])
    initial |= {each.role: each.member_id for each in attending}
    form = AppointmentForm(
        request.POST or None, initial=initial, chairs=chairs, people=people,
        staff=queries.attending_staff() if movable else [],
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        if not asked.asker.may("appointment.book"):
            raise PermissionDenied
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                actions.reschedule(
                    by=asked.asker,
                    appointment_id=appointment_id,
                    version=_seen(request),
                    chair_id=values["chair"],
                    starts_at=queries.moment(values["day"], values["time"], asked.clinic.zone),
                    minutes=values["minutes"],
                    companion_id=values["companion"],
                    staff=None if set(form.staff()) == {each.member_id for each in attending} else form.staff(),
                    outside_hours=values["outside_hours"],
                )
                return redirect("console:appointment", appointment_id)
            except Refused as refused:
                status = 409
                tell(form, refused, _FIELDS)
    companion = found.companion
    way = queries.ways_home([found])[found.pk]
    awaited = row.state == State.PLANNED and found.status == "booked"
    ahead = movable and found.during.lower > timezone.now()
    context = {
        "way": way,
        "way_word": way_word(way),
        "settle_way": ahead and way.person is not None,
        "staff": ", ".join(each.member.name for each in attending),
        "warned": warned(asked.asker, found.care_plan) if awaited else None,
        "series_url": reverse("console:series", args=[found.care_plan_id])
        if asked.asker.may("appointment.book")
        else "",
        "wait_url": reverse("console:course_wait", args=[found.care_plan_id]) if ahead else "",
        "appointment": found,
        "name": found.patient.name,
        "patient_url": reverse("console:patient", args=[found.patient_id]),
        "course": _course_label(found.care_plan, asked.asker),
        "word": state_word(
            State.CANCELLED if found.status == "cancelled" else row.state, clinical=asked.asker.may("session.read")
        ),
        "from": found.during.lower,
        "until": found.during.upper,
        "companion": companion if companion and companion.ended_at is None else None,
        "movable": movable,
        "form": form,
        "moving": request.method == "POST",
        "session_url": address("console:session", row.encounter_id)
        if row.encounter_id and asked.asker.may("session.read")
        else "",
        "arrive_url": address("console:arrive", found.pk)
        if movable and asked.asker.may("session.arrive") and starts.date() == page_today()
        else "",
        "day_url": f"{reverse('console:day')}?day={starts.date().isoformat()}",
    }
    return render(request, "console/scheduling/appointment.html", context, status=status)


_TAKEN = {"chair-taken", "patient-taken", "no-nurse", "staff-taken", "closed"}


def _instead(asked: Request, course: CarePlan, values: dict[str, Any]) -> list[tuple[str, str]]:
    """The nearest free times, each with the address of this form filled with it."""
    assert asked.clinic is not None
    try:
        at = queries.moment(values["day"], values["time"], asked.clinic.zone)
    except Refused:
        return []
    found = queries.alternatives(
        at=at, minutes=values["minutes"], patient_id=course.patient_id, zone=asked.clinic.zone, now=timezone.now()
    )
    chairs = {chair.pk: chair.name for chair in queries.chairs()}
    out = []
    for slot in found:
        local = page_local(slot.begins)
        query = urlencode({
            "course": str(course.pk), "day": local.date().isoformat(), "time": local.strftime("%H:%M"),
            "chair": str(slot.chair_id),
        })  # fmt: skip
        words = f"{formats.date_format(local, _('D j M'))}, {_clock(slot.begins)}, {chairs.get(slot.chair_id, '')}"
        out.append((words, f"{reverse('console:appointment_book')}?{query}"))
    return out


class CancelForm(forms.Form):
    because = forms.CharField(
        label=gettext_lazy("Why is it cancelled?"), max_length=300,
        help_text=gettext_lazy("The clinic reads this later; the patient does not."),
    )  # fmt: skip


@allowed("appointment.book")
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, appointment_id: int) -> HttpResponse:
    """Cancel, with a reason."""
    asked = cast(Request, request)
    found = _found(asked, appointment_id)
    if gate := closed(asked, found.patient):
        return gate
    form, status = CancelForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.cancel(
                    by=asked.asker,
                    appointment_id=appointment_id,
                    version=_seen(request),
                    because=form.cleaned_data["because"],
                )
                return redirect("console:appointment", appointment_id)
            except Refused as refused:
                status = 409
                tell(form, refused, {"reason-missing": "because"})
    context = {"appointment": found, "name": found.patient.name, "form": form}
    return render(request, "console/scheduling/cancel.html", context, status=status)


urlpatterns = [
    path("appointments/", day, name="day"),
    path("appointments/new/", book, name="appointment_book"),
    path("appointments/<int:appointment_id>/", appointment, name="appointment"),
    path("appointments/<int:appointment_id>/cancel/", cancel, name="appointment_cancel"),
]
