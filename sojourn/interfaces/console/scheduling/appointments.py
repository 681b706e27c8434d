"""The day by chair; booking, moving and cancelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from sojourn.care.coordination import arrival_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.encounter.queries import SessionRow
from sojourn.care.patients import queries as patients_queries
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling import series_queries as scheduling_series_queries
from sojourn.care.scheduling.models import Appointment, Attendance, Chair
from sojourn.clinical.protocol import State
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_local, page_today
from sojourn.foundation.scope import AppointmentScope, PatientScope, clinic_rows, one_row
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.scheduling.before_dose import warned
from sojourn.interfaces.console.scheduling.day import day
from sojourn.interfaces.console.scheduling.day_link import day_link_view
from sojourn.interfaces.console.scheduling.forms import AppointmentForm, CancelForm
from sojourn.interfaces.console.scheduling.ride_home import ride_word
from sojourn.interfaces.console.scheduling.timeline import clock_words
from sojourn.interfaces.shared import typed
from sojourn.interfaces.shared.pages import FORM, POST, PatientPage, closed, form_action, patient_row_page, sent, tell
from sojourn.interfaces.shared.states import state_word

_FIELDS = {
    "closed": "time", "no-nurse": "time", "staff-taken": "time", "not-staff": "nurse",
    "chair-taken": "time", "patient-taken": "time", "no-such-time": "time", "day-has-passed": "day",
    "length": "minutes", "chair-out-of-use": "chair", "not-beside-patient": "escort",
}  # fmt: skip


def _course_label(course: CarePlan, actor: Actor) -> str:
    since = formats.date_format(course.started_on, _("j F Y"))
    if actor.may("patient.clinical"):
        return _("%(title)s, since %(day)s") % {"title": course.title, "day": since}
    return _("Course since %(day)s") % {"day": since}


def _free_time(asked: Request) -> dict[str, str]:
    """The chair, day and time that the day's table handed on, if they make sense."""
    return {name: asked.GET[name][:10] for name in ("day", "time", "chair") if asked.GET.get(name)}


@allowed("appointment.book")
@require_http_methods(FORM)
def book(request: Request) -> HttpResponse:
    """Book: find the patient, choose the course where there are several, then where and when."""
    course_id = typed.whole(request.GET.get("course"))
    if course_id is None:
        return _whom(request)
    course = get_object_or_404(clinic_rows(CarePlan).select_related("patient"), pk=course_id)
    if gate := closed(request, course.patient):
        return gate
    people = patients_queries.people_of(PatientScope(course.patient_id))
    proposed = scheduling_queries.session_minutes(course)
    form = AppointmentForm(
        sent(request), initial=_proposal(people, proposed) | _free_time(request), chairs=scheduling_queries.chairs(),
        people=people, staff=scheduling_queries.attending_staff(),
    )  # fmt: skip

    def act(form: AppointmentForm) -> HttpResponse:
        return _book(request, course, form, proposed)

    return form_action(form, act, lambda form, status: _book_page(request, course, form, proposed, status))


def _proposal(people: Sequence[RelatedPerson], minutes: int | None) -> dict[str, object]:
    """Today, as long as a session takes, with the one who brings the patient home."""
    found: dict[str, object] = {"day": page_today().isoformat(), "minutes": minutes}
    home = [person for person in people if person.brings_home]
    return found | {"escort": home[0].pk} if home else found


def _book(request: Request, course: CarePlan, form: AppointmentForm, proposed: int | None) -> HttpResponse:
    values = dict(form.cleaned_data)  # a field with an error drops out of the form's own
    try:
        appointment = scheduling_actions.book(
            by=request.actor, care_plan_id=course.pk, staff=form.staff(), **_where_and_when(request, values)
        )
    except Chair.DoesNotExist:
        form.add_error("chair", _("Choose one of the chairs."))
        return _book_page(request, course, form, proposed, 422)
    except ActionRefused as refused:
        tell(form, refused, _FIELDS)
        instead = _instead(request, course, values) if _TAKEN & set(refused.codes) else []
        return _book_page(request, course, form, proposed, 409, instead)
    return redirect("console:appointment", appointment.pk)


def _where_and_when(request: Request, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the form says, as booking and moving take it."""
    assert request.clinic is not None
    return {
        "chair_id": values["chair"],
        "starts_at": scheduling_queries.moment(values["day"], values["time"], request.clinic.zone),
        "minutes": values["minutes"],
        "escort_id": values["escort"],
        "outside_hours": values["outside_hours"],
    }


def _book_page(
    request: Request, course: CarePlan, form: AppointmentForm, proposed: int | None, status: int,
    instead: Sequence[tuple[str, str]] = (),
) -> HttpResponse:  # fmt: skip
    may_add = request.actor.may("patient.edit")
    context = {
        "instead": instead,
        "warned": warned(request.actor, course),
        "series_url": reverse("console:series", args=[course.pk]),
        "patient": course.patient,
        "name": course.patient.name,
        "course": _course_label(course, request.actor),
        "proposed": proposed,
        "form": form,
        "chairs": form.has_chairs,
        "person_url": reverse("console:person_add", args=[course.patient_id]) if may_add else "",
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
        found = list(patients_queries.find(text, actor=asked.actor, now=now)[:20])
    hidden = patients_queries.withheld(asked.actor, found, now)
    running = plan_queries.running_of([patient.pk for patient in found if patient.pk not in hidden]) if found else {}
    root = reverse("console:appointment_book")
    bookable = [
        Bookable(
            patient.name,
            patient.record_number,
            tuple(
                (_course_label(course, asked.actor), f"{root}?{urlencode(kept | {'course': str(course.pk)})}")
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
        "may_create": asked.actor.may("patient.create"),
    }
    return render(asked, "console/scheduling/whom.html", context)


def _found(appointment_id: int) -> Appointment:
    with_it = ("patient", "chair", "care_plan", "escort", "cancelled_by", "encounter")
    return one_row(Appointment, appointment_id).select_related(*with_it).get()


def _seen(request: HttpRequest) -> int:
    return typed.whole(request.POST.get("version")) or 0


@patient_row_page(_found, "patient.find", methods=FORM)
def appointment(request: Request, scope: PatientPage, found: Appointment) -> HttpResponse:
    """One appointment: what it is, and for those who book, moving it."""
    row = encounter_queries.with_states([found])[0]
    movable = found.status == "booked" and row.encounter_id is None and scope.actor.may("appointment.book")
    attending = scheduling_queries.attendances([found.pk]).get(found.pk, [])
    chairs = [
        chair for chair in scheduling_queries.chairs(with_retired=True) if chair.in_use or chair.pk == found.chair_id
    ]
    form = AppointmentForm(
        sent(request), initial=_as_it_is(found, attending), chairs=chairs,
        people=patients_queries.people_of(PatientScope(found.patient_id)),
        staff=scheduling_queries.attending_staff() if movable else [],
    )  # fmt: skip

    def move(form: AppointmentForm) -> HttpResponse:
        same = set(form.staff()) == {each.member_id for each in attending}
        scheduling_actions.reschedule(
            by=scope.actor, appointment_id=found.pk, version=_seen(request), staff=None if same else form.staff(),
            **_where_and_when(request, form.cleaned_data),
        )  # fmt: skip
        return redirect("console:appointment", found.pk)

    def show(form: AppointmentForm, status: int) -> HttpResponse:
        context = {
            "staff": ", ".join(each.member.name for each in attending),
            "movable": movable,
            "form": form,
            "moving": request.method == "POST",
            **_as_shown(scope, row, ahead=movable and found.during.lower > scope.now),
            **_onward(scope, row, movable),
        }
        return render(request, "console/scheduling/appointment.html", context, status=status)

    return form_action(form, move, show, fields=_FIELDS)


def _as_it_is(found: Appointment, attending: Sequence[Attendance]) -> dict[str, object]:
    """The appointment as the form that moves it begins."""
    starts = page_local(found.during.lower)
    return {
        "day": starts.date(),
        "time": starts.time(),
        "minutes": int((found.during.upper - found.during.lower) / timedelta(minutes=1)),
        "chair": found.chair_id,
        "escort": found.escort_id,
    } | {each.role: each.member_id for each in attending}


def _as_shown(scope: PatientPage, row: SessionRow, *, ahead: bool) -> dict[str, object]:
    """What an appointment is: whose, when, where it stands, and the ride home."""
    found, may = row.appointment, scope.actor.may
    ride = coordination_queries.rides_home([found])[found.pk]
    awaited = row.state == State.PLANNED and found.status == "booked"
    said = coordination_queries.said_of(AppointmentScope(found.pk), found.during.lower) if awaited else None
    state = State.CANCELLED if found.status == "cancelled" else row.state
    escort = found.escort
    return {
        "appointment": found,
        "name": found.patient.name,
        "course": _course_label(found.care_plan, scope.actor),
        "word": state_word(state, clinical=may("session.read")),
        "from": found.during.lower,
        "until": found.during.upper,
        "ride": ride,
        "ride_word": ride_word(ride),
        "here": said.said_at if awaited and said is not None else None,
        "may_receive": may("session.arrive"),
        "settle_ride": ahead and ride.person is not None,
        "escort": escort if escort and escort.ended_at is None else None,
        "day_link": day_link_view(scope, found),
        "warned": warned(scope.actor, found.care_plan) if awaited else None,
    }


def _onward(scope: PatientPage, row: SessionRow, movable: bool) -> dict[str, object]:
    """Where one goes from an appointment, as far as the actor may."""
    found, may = row.appointment, scope.actor.may
    day = page_local(found.during.lower).date()
    ahead = movable and found.during.lower > scope.now
    arrives = movable and may("session.arrive") and day == page_today()
    entered = row.encounter_id is not None and may("session.read")
    return {
        "patient_url": reverse("console:patient", args=[found.patient_id]),
        "series_url": reverse("console:series", args=[found.care_plan_id]) if may("appointment.book") else "",
        "wait_url": reverse("console:course_wait", args=[found.care_plan_id]) if ahead else "",
        "session_url": address("console:session", row.encounter_id) if entered else "",
        "arrive_url": address("console:arrive", found.pk) if arrives else "",
        "day_url": f"{reverse('console:day')}?day={day.isoformat()}",
    }


@patient_row_page(_found, "session.arrive", methods=POST)
def not_here(request: Request, scope: PatientPage, found: Appointment) -> HttpResponse:
    """The patient is not here after all: take back what they said."""
    try:
        arrival_actions.take_back(by=scope.actor, appointment_id=found.pk)
    except ActionRefused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    return redirect("console:appointment", found.pk)


_TAKEN = {"chair-taken", "patient-taken", "no-nurse", "staff-taken", "closed"}


def _instead(asked: Request, course: CarePlan, values: dict[str, Any]) -> list[tuple[str, str]]:
    """The nearest free times, each with the address of this form filled with it."""
    assert asked.clinic is not None
    try:
        at = scheduling_queries.moment(values["day"], values["time"], asked.clinic.zone)
    except ActionRefused:
        return []
    found = scheduling_series_queries.alternatives(
        at=at, minutes=values["minutes"], of=PatientScope(course.patient_id), zone=asked.clinic.zone, now=timezone.now()
    )
    chairs = {chair.pk: chair.name for chair in scheduling_queries.chairs()}
    out = []
    for slot in found:
        local = page_local(slot.begins)
        query = urlencode({
            "course": str(course.pk), "day": local.date().isoformat(), "time": local.strftime("%H:%M"),
            "chair": str(slot.chair_id),
        })  # fmt: skip
        words = f"{formats.date_format(local, _('D j M'))}, {clock_words(slot.begins)}, {chairs.get(slot.chair_id, '')}"
        out.append((words, f"{reverse('console:appointment_book')}?{query}"))
    return out


@patient_row_page(_found, "appointment.book", methods=FORM)
def cancel(request: Request, scope: PatientPage, found: Appointment) -> HttpResponse:
    """Cancel, with a reason."""

    def act(form: CancelForm) -> HttpResponse:
        scheduling_actions.cancel(
            by=scope.actor, appointment_id=found.pk, version=_seen(request), because=form.cleaned_data["because"]
        )
        return redirect("console:appointment", found.pk)

    def show(form: CancelForm, status: int) -> HttpResponse:
        context = {"appointment": found, "name": found.patient.name, "form": form}
        return render(request, "console/scheduling/cancel.html", context, status=status)

    return form_action(CancelForm(sent(request)), act, show, fields={"reason-missing": "because"})


urlpatterns = [
    path("appointments/", day, name="day"),
    path("appointments/new/", book, name="appointment_book"),
    path("appointments/<int:appointment_id>/", appointment, name="appointment"),
    path("appointments/<int:appointment_id>/not-here/", not_here, name="appointment_not_here"),
    path("appointments/<int:appointment_id>/cancel/", cancel, name="appointment_cancel"),
]
