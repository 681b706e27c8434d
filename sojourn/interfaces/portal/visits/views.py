"""My visits: what is booked, who brings me home, and an earlier time when one comes free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_stubs_ext import StrPromise

from sojourn.care.coordination import queries as coordination
from sojourn.care.coordination import ride_home_actions, waiting_actions
from sojourn.care.coordination.models import Offer
from sojourn.care.coordination.queries import Way, WayHome
from sojourn.care.patients.queries import people_of
from sojourn.care.plan.models import CarePlan
from sojourn.care.safety import writing_actions as writing
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.interfaces.portal.pages import show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose
from sojourn.interfaces.portal.today.views import length_in_words

_WORDS: dict[WayHome, tuple[StrPromise, str]] = {
    WayHome.CONFIRMED: (gettext_lazy("said yes"), "done"),
    WayHome.ASKED: (gettext_lazy("has not answered yet"), "wait"),
    WayHome.DECLINED: (gettext_lazy("cannot come"), "stop"),
    WayHome.UNASKED: (gettext_lazy("will be asked a week before"), "open"),
    WayHome.NOBODY: (gettext_lazy("nobody is named yet"), "wait"),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit ahead."""

    id: int
    at: datetime
    how_long: str
    companion: str
    words: StrPromise | str
    kind: str
    url: str


def _visit(row: Appointment, way: Way) -> Visit:
    words: StrPromise | str
    words, kind = _WORDS[way.state]
    if way.person is not None and way.state == WayHome.UNASKED and not way.reachable:
        words, kind = _("is called by the clinic"), "open"
    return Visit(
        row.pk, row.during.lower, length_in_words(row.during.upper - row.during.lower),
        way.person.name if way.person is not None else "", words, kind,
        reverse("portal:visit_companion", args=[row.pk]),
    )  # fmt: skip


@allowed("own.visits")
@require_GET
def visits(request: HttpRequest) -> HttpResponse:
    """What is ahead, soonest first."""
    asked = cast(Request, request)
    assert asked.asker.patient_id is not None
    assert asked.clinic is not None
    now = timezone.now()
    rows = list(
        Appointment.objects.filter(
            patient_id=asked.asker.patient_id, status=AppointmentStatus.BOOKED, during__endswith__gt=now
        )
        .select_related("companion")
        .order_by("during")
    )
    ways = coordination.ways_home(rows)
    waits = {entry.care_plan_id for entry in coordination.waits_of(asked.asker.patient_id)}
    ahead = [row for row in rows if row.during.lower > now]
    course_id = ahead[0].care_plan_id if ahead else None
    return show(
        request,
        "portal/visits/visits.html",
        {
            "visits": [_visit(row, ways[row.pk]) for row in ahead],
            "offers": coordination.open_offers(asked.asker.patient_id, now),
            "where": asked.clinic.address,
            "course_id": course_id,
            "waits": course_id in waits,
        },
        active="visits",
    )


@allowed("own.visits")
@require_POST
@waits_under_a_dose(but=[("do", "leave")])
def sooner(request: HttpRequest) -> HttpResponse:
    """Ask to come earlier, or no longer."""
    asked = cast(Request, request)
    text = request.POST.get("course", "")
    if not text.isdecimal():
        lines = [_("Nothing is booked yet that could come earlier.")]
        return show(request, "portal/visits/said.html", {"title": _("Nothing has changed"), "lines": lines},
                    active="visits", status=422)  # fmt: skip
    if not CarePlan.objects.filter(pk=int(text), patient_id=asked.asker.patient_id or 0).exists():
        raise Http404
    try:
        if request.POST.get("do") == "leave":
            waiting_actions.leave(by=asked.asker, care_plan_id=int(text))
        else:
            waiting_actions.join(by=asked.asker, care_plan_id=int(text))
    except Refused as refused:
        return show(request, "portal/visits/said.html", {"title": _("Nothing has changed"), "lines": refused.reasons},
                    active="visits", status=409)  # fmt: skip
    return redirect("portal:visits")


@allowed("own.visits")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose(but=[("answer", "no")], reads=True)
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """An earlier time: take it or let it go."""
    asked = cast(Request, request)
    row = Offer.objects.filter(pk=offer_id, patient_id=asked.asker.patient_id or 0).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        try:
            if request.POST.get("answer") == "yes":
                waiting_actions.accept(by=asked.asker, offer_id=offer_id)
            elif request.POST.get("answer") == "no":
                waiting_actions.decline(by=asked.asker, offer_id=offer_id)
        except Refused as refused:
            return show(
                request, "portal/visits/said.html", {"title": _("This time is taken"), "lines": refused.reasons},
                active="visits", status=409,
            )  # fmt: skip
        return redirect("portal:visits")
    if row.answer:
        return redirect("portal:visits")
    return show(request, "portal/visits/offer.html", {"offer": row, "at": row.during.lower}, active="visits")


class CompanionForm(forms.Form):
    """Somebody who is beside the patient already, or somebody new."""

    who = forms.ChoiceField(label=gettext_lazy("Who brings you home?"), widget=forms.RadioSelect)
    name = forms.CharField(label=gettext_lazy("Their name"), max_length=120, required=False)
    relationship = forms.CharField(
        label=gettext_lazy("Who are they to you?"), max_length=60, required=False,
        help_text=gettext_lazy("For example: sister, friend"),
    )  # fmt: skip
    email = forms.CharField(
        label=gettext_lazy("Their e-mail"), max_length=254, required=False,
        help_text=gettext_lazy("They get a link and say yes or no. They need no account."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    phone = forms.CharField(
        label=gettext_lazy("Their phone"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            *((str(p.pk), f"{p.name} ({p.relationship})" if p.relationship else p.name) for p in people),
            ("new", _("Somebody else")),
        ]


_FIELDS = {"name-missing": "name", "no-way-to-reach": "email", "bad-email": "email", "not-beside-patient": "who"}


@allowed("own.visits")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose()
def companion(request: HttpRequest, visit_id: int) -> HttpResponse:
    """Name who brings one home from one visit."""
    asked = cast(Request, request)
    patient_id = asked.asker.patient_id or 0
    row = Appointment.objects.select_related("companion").filter(pk=visit_id, patient_id=patient_id).first()
    if row is None:
        raise Http404
    people = people_of(patient_id)
    current = row.companion.pk if row.companion is not None and row.companion.ended_at is None else None
    initial = {"who": str(current) if current else ("" if people else "new")}
    form, status = CompanionForm(request.POST or None, people=people, initial=initial), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                if values["who"] == "new":
                    writing.bring(
                        by=asked.asker, appointment_id=visit_id, name=values["name"], email=values["email"],
                        phone=values["phone"], relationship=values["relationship"],
                    )  # fmt: skip
                else:
                    ride_home_actions.name_companion(
                        by=asked.asker, appointment_id=visit_id, person_id=int(values["who"])
                    )
                return redirect("portal:visits")
            except Refused as refused:
                status = 409
                for code, reason in zip(refused.codes, refused.reasons, strict=False):
                    form.add_error(_FIELDS.get(code), str(reason))
    context = {"at": row.during.lower, "form": form}
    return show(request, "portal/visits/companion.html", context, active="visits", status=status)
