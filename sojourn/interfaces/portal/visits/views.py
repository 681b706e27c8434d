"""My visits: what is booked, who brings me home, and an earlier time when one comes free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.coordination import arrival_actions, ride_home_actions, waiting_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.models import Offer
from sojourn.care.coordination.queries import RideHome, RideHomeState
from sojourn.care.patients.queries import people_of
from sojourn.care.plan.models import CarePlan
from sojourn.care.safety import writing_actions as writing
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose
from sojourn.interfaces.portal.visits.forms import EscortForm, OfferForm, SoonerForm
from sojourn.interfaces.shared.pages import FORM, POST, form_action, opens, sent
from sojourn.interfaces.shared.today.coming import coming as coming_of
from sojourn.interfaces.shared.today.sheets import length_in_words

_WORDS: dict[RideHomeState, tuple[StrPromise, str]] = {
    RideHomeState.CONFIRMED: (gettext_lazy("said yes"), "done"),
    RideHomeState.ASKED: (gettext_lazy("has not answered yet"), "wait"),
    RideHomeState.DECLINED: (gettext_lazy("cannot come"), "stop"),
    RideHomeState.UNASKED: (gettext_lazy("will be asked a week before"), "open"),
    RideHomeState.NOBODY: (gettext_lazy("nobody is named yet"), "wait"),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit ahead."""

    id: int
    at: datetime
    how_long: str
    escort: str
    words: StrPromise | str
    kind: str
    url: str


def _visit(row: Appointment, ride: RideHome) -> Visit:
    words: StrPromise | str
    words, kind = _WORDS[ride.state]
    if ride.person is not None and ride.state == RideHomeState.UNASKED and not ride.reachable:
        words, kind = _("is called by the clinic"), "open"
    return Visit(
        row.pk, row.during.lower, length_in_words(row.during.upper - row.during.lower),
        ride.person.name if ride.person is not None else "", words, kind,
        reverse("portal:visit_escort", args=[row.pk]),
    )  # fmt: skip


@own_page("own.visits")
def visits(request: Request, scope: OwnPage) -> HttpResponse:
    """What is ahead, soonest first."""
    now = scope.now
    rows = list(
        scope.rows(Appointment)
        .filter(status=AppointmentStatus.BOOKED, during__endswith__gt=now)
        .select_related("escort")
        .order_by("during")
    )
    rides = coordination_queries.rides_home(rows)
    waits = {entry.care_plan_id for entry in coordination_queries.waits_of(scope)}
    ahead = [row for row in rows if row.during.lower > now]
    course_id = ahead[0].care_plan_id if ahead else None
    return show(
        request,
        "portal/visits/visits.html",
        {
            "visits": [_visit(row, rides[row.pk]) for row in ahead],
            "offers": coordination_queries.open_offers(scope, now),
            "coming": coming_of(scope.clinic),
            "course_id": course_id,
            "waits": course_id in waits,
        },
        active="visits",
    )


@own_page("own.read")
def coming(request: Request, scope: OwnPage) -> HttpResponse:
    """Where to come and what it costs, in the clinic's own words."""
    return show(request, "portal/visits/coming.html", {"coming": coming_of(scope.clinic)}, active="visits")


def _unchanged(request: Request, title: str, lines: Sequence[object], status: int) -> HttpResponse:
    """What was asked for is not done, and why."""
    context = {"title": title, "lines": lines}
    return show(request, "portal/visits/said.html", context, active="visits", status=status)


@own_page("own.visits", methods=POST)
@waits_under_a_dose(but=[("do", "leave")])
def sooner(request: Request, scope: OwnPage) -> HttpResponse:
    """Ask to come earlier, or no longer."""
    form = SoonerForm(request.POST)
    if form.course_id is None:
        lines = [_("Nothing is booked yet that could come earlier.")]
        return _unchanged(request, _("Nothing has changed"), lines, 422)
    if not scope.rows(CarePlan).filter(pk=form.course_id).exists():
        raise Http404
    act = waiting_actions.leave if form.leaves else waiting_actions.join
    try:
        act(by=scope.actor, care_plan_id=form.course_id)
    except ActionRefused as refused:
        return _unchanged(request, _("Nothing has changed"), refused.reasons, 409)
    return redirect("portal:visits")


def _offer(scope: OwnPage, offer_id: int) -> Offer:
    return scope.rows(Offer).get(pk=offer_id)


@own_page("own.visits", methods=FORM)
@waits_under_a_dose(but=[("answer", "no")], reads=True)
@opens(_offer)
def offer(request: Request, scope: OwnPage, row: Offer) -> HttpResponse:
    """An earlier time: take it or let it go."""
    form = OfferForm(sent(request))
    if form.is_bound:
        try:
            _answer(scope.actor, row.pk, form["answer"].value() or "")
        except ActionRefused as refused:
            return _unchanged(request, _("This time is taken"), refused.reasons, 409)
        return redirect("portal:visits")
    if row.answer:
        return redirect("portal:visits")
    return show(request, "portal/visits/offer.html", {"offer": row, "at": row.during.lower}, active="visits")


def _answer(by: Actor, offer_id: int, answer: str) -> None:
    if answer == "yes":
        waiting_actions.accept(by=by, offer_id=offer_id)
    elif answer == "no":
        waiting_actions.decline(by=by, offer_id=offer_id)


def _own_visit(scope: OwnPage, visit_id: int) -> Appointment:
    return scope.rows(Appointment).select_related("escort").get(pk=visit_id)


@own_page("own.visits", methods=POST)
@opens(_own_visit)
def say_here(request: Request, scope: OwnPage, row: Appointment) -> HttpResponse:
    """Tell the front desk that one is here."""
    return _arriving(request, scope, row, arrival_actions.say_here, _("The clinic was not told"))


@own_page("own.visits", methods=POST)
@opens(_own_visit)
def not_here(request: Request, scope: OwnPage, row: Appointment) -> HttpResponse:
    """Take it back within a few minutes."""
    return _arriving(request, scope, row, arrival_actions.take_back, _("Nothing has changed"))


def _arriving(
    request: Request, scope: OwnPage, row: Appointment, act: Callable[..., object], refused_title: str
) -> HttpResponse:
    try:
        act(by=scope.actor, appointment_id=row.pk)
    except ActionRefused as refused:
        return _unchanged(request, refused_title, refused.reasons, 409)
    return redirect("portal:today")


_FIELDS = {"name-missing": "name", "no-way-to-reach": "email", "bad-email": "email", "not-beside-patient": "who"}


@own_page("own.visits", methods=FORM)
@waits_under_a_dose()
@opens(_own_visit)
def escort(request: Request, scope: OwnPage, row: Appointment) -> HttpResponse:
    """Name who brings one home from one visit."""
    people = people_of(scope)

    def act(form: EscortForm) -> HttpResponse:
        _name(scope.actor, row.pk, form)
        return redirect("portal:visits")

    def show_form(form: EscortForm, status: int) -> HttpResponse:
        context = {"at": row.during.lower, "form": form, "visit_id": row.pk}
        return show(request, "portal/visits/escort.html", context, active="visits", status=status)

    chosen = _current(row) or ("" if people else "new")
    return form_action(EscortForm(sent(request), people, chosen), act, show_form, fields=_FIELDS)


def _current(row: Appointment) -> str:
    """Who is named already; "" for nobody."""
    return str(row.escort.pk) if row.escort is not None and row.escort.ended_at is None else ""


def _name(by: Actor, appointment_id: int, form: EscortForm) -> None:
    values = form.cleaned_data
    if values["who"] == "new":
        writing.bring(
            by=by, appointment_id=appointment_id, name=values["name"], email=values["email"],
            phone=values["phone"], relationship=values["relationship"],
        )  # fmt: skip
    else:
        ride_home_actions.name_escort(by=by, appointment_id=appointment_id, person_id=int(values["who"]))
