"""The day by chair; booking, moving and cancelling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from sojourn.care.booking import actions, queries
from sojourn.care.booking.models import Appointment, Chair
from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.patients import queries as patients
from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries as plan
from sojourn.care.plan.models import CarePlan
from sojourn.clinical.protocol import State
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.console import typed
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients.views import closed, state_word, tell
from sojourn.interfaces.console.scheduling.before_dose import warned
from sojourn.interfaces.console.scheduling.day import day
from sojourn.interfaces.console.scheduling.forms import AppointmentForm, CancelForm
from sojourn.interfaces.console.scheduling.ride_home import way_word
from sojourn.interfaces.console.scheduling.timeline import clock_words

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
def book(request: Request) -> HttpResponse:
    """Book: find the patient, choose the course where there are several, then where and when."""
    course_id = typed.whole(request.GET.get("course"))
    if course_id is None:
        return _whom(request)
    course = get_object_or_404(CarePlan.objects.select_related("patient"), pk=course_id)
    if gate := closed(request, course.patient):
        return gate
    assert request.clinic is not None
    proposed = queries.session_minutes(course)
    people = patients.people_of(course.patient_id)
    initial: dict[str, Any] = {"day": timezone.localdate().isoformat(), "minutes": proposed}
    home = [person for person in people if person.brings_home]
    if home:
        initial["companion"] = home[0].pk
    form = AppointmentForm(
        request.POST or None, initial=initial | _free_time(request), chairs=queries.chairs(), people=people,
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
                    by=request.asker,
                    care_plan_id=course.pk,
                    chair_id=values["chair"],
                    starts_at=queries.moment(values["day"], values["time"], request.clinic.zone),
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
                    instead = _instead(request, course, values)
    context = {
        "instead": instead,
        "warned": warned(request.asker, course),
        "series_url": reverse("console:series", args=[course.pk]),
        "patient": course.patient,
        "name": course.patient.name,
        "course": _course_label(course, request.asker),
        "proposed": proposed,
        "form": form,
        "chairs": bool(form.fields["chair"].choices),  # type: ignore[attr-defined]
        "person_url": reverse("console:person_add", args=[course.patient_id])
        if request.asker.may("patient.edit")
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
def appointment(request: Request, appointment_id: int) -> HttpResponse:
    """One appointment: what it is, and for those who book, moving it."""
    found = _found(request, appointment_id)
    if gate := closed(request, found.patient):
        return gate
    assert request.clinic is not None
    row = encounter_queries.with_states([found])[0]
    movable = found.status == "booked" and row.encounter_id is None and request.asker.may("appointment.book")
    people = patients.people_of(found.patient_id)
    starts = timezone.localtime(found.during.lower)
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
        if not request.asker.may("appointment.book"):
            raise PermissionDenied
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                actions.reschedule(
                    by=request.asker,
                    appointment_id=appointment_id,
                    version=_seen(request),
                    chair_id=values["chair"],
                    starts_at=queries.moment(values["day"], values["time"], request.clinic.zone),
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
        "warned": warned(request.asker, found.care_plan) if awaited else None,
        "series_url": reverse("console:series", args=[found.care_plan_id])
        if request.asker.may("appointment.book")
        else "",
        "wait_url": reverse("console:course_wait", args=[found.care_plan_id]) if ahead else "",
        "appointment": found,
        "name": found.patient.name,
        "patient_url": reverse("console:patient", args=[found.patient_id]),
        "course": _course_label(found.care_plan, request.asker),
        "word": state_word(
            State.CANCELLED if found.status == "cancelled" else row.state, clinical=request.asker.may("session.read")
        ),
        "from": found.during.lower,
        "until": found.during.upper,
        "companion": companion if companion and companion.ended_at is None else None,
        "movable": movable,
        "form": form,
        "moving": request.method == "POST",
        "session_url": address("console:session", row.encounter_id)
        if row.encounter_id and request.asker.may("session.read")
        else "",
        "arrive_url": address("console:arrive", found.pk)
        if movable and request.asker.may("session.arrive") and starts.date() == timezone.localdate()
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
        local = timezone.localtime(slot.begins)
        query = urlencode({
            "course": str(course.pk), "day": local.date().isoformat(), "time": local.strftime("%H:%M"),
            "chair": str(slot.chair_id),
        })  # fmt: skip
        words = f"{formats.date_format(local, _('D j M'))}, {clock_words(slot.begins)}, {chairs.get(slot.chair_id, '')}"
        out.append((words, f"{reverse('console:appointment_book')}?{query}"))
    return out


@allowed("appointment.book")
@require_http_methods(["GET", "POST"])
def cancel(request: Request, appointment_id: int) -> HttpResponse:
    """Cancel, with a reason."""
    found = _found(request, appointment_id)
    if gate := closed(request, found.patient):
        return gate
    form, status = CancelForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.cancel(
                    by=request.asker,
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
