"""When the clinic and its people work, days unlike others, and the clinic's own numbers for booking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any, NamedTuple

from django import forms
from django.forms.boundfield import BoundField
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import formats
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from sojourn.care.scheduling import clinic_settings_actions
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.hours import ASSUMED, Stretch
from sojourn.clinical.numbers import read_whole
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import one_row
from sojourn.foundation.ui.numbers import CountField
from sojourn.interfaces.shared.pages import FORM, ClinicPage, clinic_page, opens, tell

_CLOCK = {"type": "time", "step": "900"}
_PARTS = ("from", "until", "from2", "until2")


def _clock_field(label: str) -> forms.TimeField:
    return forms.TimeField(label=label, required=False, widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"))


@dataclass(frozen=True, slots=True)
class DayRow:
    name: str
    fields: tuple[BoundField, ...]


class WeekForm(forms.Form):
    """Seven days, each with one stretch or two."""

    def __init__(self, *args: Any, week: dict[int, tuple[Stretch, ...]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in range(7):
            name = str(WEEKDAYS[day])
            labels = (
                _("%(day)s, from") % {"day": name}, _("%(day)s, until") % {"day": name},
                _("%(day)s, again from") % {"day": name}, _("%(day)s, again until") % {"day": name},
            )  # fmt: skip
            said = [at for stretch in (week or {}).get(day, ())[:2] for at in stretch]
            for number, part in enumerate(_PARTS):
                field = _clock_field(labels[number])
                field.initial = said[number] if number < len(said) else None
                self.fields[f"{part}-{day}"] = field

    def rows(self) -> Iterator[DayRow]:
        for day in range(7):
            yield DayRow(str(WEEKDAYS[day]), tuple(self[f"{part}-{day}"] for part in _PARTS))

    def clean(self) -> dict[str, Any] | None:
        for day in range(7):
            for begins, ends in (("from", "until"), ("from2", "until2")):
                pair = (self.cleaned_data.get(f"{begins}-{day}"), self.cleaned_data.get(f"{ends}-{day}"))
                if (pair[0] is None) != (pair[1] is None):
                    name = f"{ends if pair[1] is None else begins}-{day}"
                    if name not in self.errors:
                        self.add_error(name, _("Give both a beginning and an end, or neither."))
        return self.cleaned_data

    def week(self) -> dict[int, list[tuple[time, time]]]:
        found: dict[int, list[tuple[time, time]]] = {}
        for day in range(7):
            for begins, ends in (("from", "until"), ("from2", "until2")):
                pair = (self.cleaned_data[f"{begins}-{day}"], self.cleaned_data[f"{ends}-{day}"])
                if pair[0] is not None and pair[1] is not None:
                    found.setdefault(day, []).append((pair[0], pair[1]))
        return found


class DayForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    begins = forms.TimeField(
        label=gettext_lazy("From"), required=False, widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M")
    )
    ends = forms.TimeField(
        label=gettext_lazy("Until"), required=False, widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M")
    )
    why = forms.CharField(label=gettext_lazy("Why"), max_length=80, required=False)


class RulesForm(forms.Form):
    """The clinic's own numbers."""

    chairs_per_nurse = CountField(
        label=gettext_lazy("Chairs that a nurse looks after at once"), required=False, min_value=1, max_value=20,
        help_text=gettext_lazy(
            "No published source gives this number: it is a convention, and it acts only once you adopt one. Leave it"
            " empty and no nurse is named when a session is booked."
        ),
    )  # fmt: skip
    turnover_minutes = CountField(
        label=gettext_lazy("Making a chair ready after a patient"), min_value=0, max_value=240,
        help_text=gettext_lazy("The chair stays held so much longer than the patient."),
    )  # fmt: skip
    remind_hours = forms.CharField(
        label=gettext_lazy("Reminders, hours before"), required=False, max_length=40,
        help_text=gettext_lazy("For example 72, 24. Quiet hours of the patient are kept. Empty: nobody is reminded."),
    )  # fmt: skip
    head_start_minutes = CountField(
        label=gettext_lazy("Head start on the waiting list"), min_value=0, max_value=1440,
        help_text=gettext_lazy("A slot that becomes free is offered to the next person this much later."),
    )  # fmt: skip

    def clean_remind_hours(self) -> list[int]:
        words = self.cleaned_data["remind_hours"].replace(",", " ").replace(";", " ").split()
        hours = [read_whole(word) for word in words]
        if not all(isinstance(each, int) and 0 <= each < 10_000 for each in hours):
            raise forms.ValidationError(_("Write whole hours with commas between them."))
        return [each for each in hours if isinstance(each, int)]


@dataclass(frozen=True, slots=True)
class Unlike:
    day: str
    iso: str
    words: str
    why: str


def _unlike(member_id: int | None, today: date) -> list[Unlike]:
    rows = []
    for row in scheduling_queries.exceptions_from(today, member_id=member_id):
        words = _("nothing that day")
        if row.begins is not None and row.ends is not None:
            words = f"{formats.time_format(row.begins, 'H:i')}–{formats.time_format(row.ends, 'H:i')}"
        rows.append(Unlike(formats.date_format(row.on, _("l j F Y")), row.on.isoformat(), words, row.why))
    return rows


@allowed("hours.manage")
@require_http_methods(["GET", "POST"])
def clinic_hours(request: Request) -> HttpResponse:
    """The clinic's opening hours and closed days, and the way to each person's."""
    return _hours(request, None)


def _member(scope: ClinicPage, membership_id: int) -> Membership:
    return one_row(Membership, membership_id).get(clinic_id=scope.clinic.pk, patient_id=None)


@clinic_page("hours.manage", methods=FORM)
@opens(_member)
def staff_hours(request: Request, scope: ClinicPage, member: Membership) -> HttpResponse:
    """One person's hours."""
    return _hours(request, member)


def _hours(request: Request, member: Membership | None) -> HttpResponse:
    member_id = member.pk if member else None
    times = scheduling_queries.times().get(member_id)
    said = times is not None and times.said
    week = dict(times.week) if times is not None and said else _assumed(member)
    do = request.POST.get("do", "")
    both = HoursForms(
        WeekForm(request.POST if do == "week" else None, week=week), DayForm(request.POST if do == "day" else None)
    )
    status = 200
    if request.method == "POST":
        try:
            anchor = _set(request, do, both, member_id)
        except ActionRefused as refused:
            status = 409
            tell(both.day if do == "day" else both.week, refused, {"hours-order": "ends"} if do == "day" else {})
        else:
            if anchor is not None:
                return redirect(_address(member) + anchor)
            status = 422
    context = {
        "member": member,
        "week": both.week,
        "day": both.day,
        "said": said,
        "days": _unlike(member_id, page_today()),
        "staff": _each_persons() if member is None else [],
        "may_decide": request.actor.may("booking.rules"),
    }
    return render(request, "console/clinic/hours.html", context, status=status)


class HoursForms(NamedTuple):
    """The two forms of the page."""

    week: WeekForm
    day: DayForm


def _set(request: Request, do: str, both: HoursForms, member_id: int | None) -> str | None:
    """What was pressed; the part of the page to go back to, or None where nothing was set. Raises Refused."""
    if do == "week" and both.week.is_valid():
        clinic_settings_actions.set_week(by=request.actor, week=both.week.week(), member_id=member_id)
        return ""
    if do == "day" and both.day.is_valid():
        clinic_settings_actions.set_day(by=request.actor, member_id=member_id, **both.day.cleaned_data)
        return "#days"
    if do == "unset":
        clinic_settings_actions.unset_day(by=request.actor, on=_day(request.POST.get("on")), member_id=member_id)
        return "#days"
    return None


def _each_persons() -> list[tuple[str, str, str]]:
    """Name, role and the page of the hours of everybody who attends sessions."""
    return [(each.name, each.role, _address(each)) for each in scheduling_queries.attending_staff()]


def _assumed(member: Membership | None) -> dict[int, tuple[Stretch, ...]]:
    """The hours that are shown where nobody has said any: a member's are none."""
    return {} if member else {day: tuple(spans) for day, spans in ASSUMED.items()}


def _address(member: Membership | None) -> str:
    return reverse("console:staff_hours", args=[member.pk]) if member else reverse("console:hours")


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise Http404 from None


_FIELDS = {
    "chairs-per-nurse": "chairs_per_nurse", "turnover": "turnover_minutes", "remind-hours": "remind_hours",
    "head-start": "head_start_minutes",
}  # fmt: skip


@allowed("booking.rules")
@require_http_methods(["GET", "POST"])
def booking_rules(request: Request) -> HttpResponse:
    """The clinic's own numbers, each bearing the name of whoever decided it."""
    rules = scheduling_queries.rules()
    initial = {
        "chairs_per_nurse": rules.chairs_per_nurse, "turnover_minutes": rules.turnover_minutes,
        "remind_hours": ", ".join(str(each) for each in rules.remind_hours),
        "head_start_minutes": rules.head_start_minutes,
    }  # fmt: skip
    form, status = RulesForm(request.POST or None, initial=initial), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                clinic_settings_actions.decide_rules(by=request.actor, **form.cleaned_data)
                return redirect("console:booking_rules")
            except ActionRefused as refused:
                status = 409
                tell(form, refused, _FIELDS)
    return render(request, "console/clinic/booking_rules.html", {"form": form, "rules": rules}, status=status)


urlpatterns = [
    path("hours/", clinic_hours, name="hours"),
    path("hours/numbers/", booking_rules, name="booking_rules"),
    path("hours/<int:membership_id>/", staff_hours, name="staff_hours"),
]
