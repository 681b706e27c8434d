"""When I can come, how I am reminded, and my visits in my own calendar."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from sojourn.care.booking import feed_actions, queries, reminder_actions, series_actions
from sojourn.care.booking.icalendar import Event, calendar
from sojourn.care.booking.models import Channel
from sojourn.care.booking.reminding import QUIET_FROM, QUIET_UNTIL
from sojourn.foundation.accounts.access import Request, allowed, public
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_today
from sojourn.foundation.mail import sms
from sojourn.interfaces.portal.pages import show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose


class TimesForm(forms.Form):
    """Weekdays, parts of the day, and days that do not work."""

    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Which days suit you?"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tap none if any day works."),
    )  # fmt: skip
    parts = forms.MultipleChoiceField(
        label=gettext_lazy("Which time of day?"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tap none if any time works."),
        choices=[
            ("morning", gettext_lazy("Morning, before 12")),
            ("afternoon", gettext_lazy("Afternoon, 12 to 5")),
            ("evening", gettext_lazy("Evening, after 5")),
        ],
    )  # fmt: skip
    cannot = forms.CharField(
        label=gettext_lazy("Days when you cannot come"), required=False, max_length=800,
        help_text=gettext_lazy("Write them like 2027-01-31, with commas between them."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["weekdays"].choices = [(day, WEEKDAYS[day]) for day in range(7)]  # type: ignore[attr-defined]

    def clean_cannot(self) -> list[date]:
        found = []
        for word in self.cleaned_data["cannot"].replace(",", " ").replace(";", " ").split():
            try:
                found.append(date.fromisoformat(word))
            except ValueError:
                raise forms.ValidationError(
                    _("“%(word)s” is not a day. Write it like %(example)s.")
                    % {"word": word, "example": page_today().isoformat()}
                ) from None
        return found


@allowed("own.visits")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose()
def times(request: HttpRequest) -> HttpResponse:
    """Say when one can come. The clinic plans the sessions by it."""
    asked = cast(Request, request)
    assert asked.asker.patient_id is not None
    stated = queries.stated_times(asked.asker.patient_id)
    initial = {
        "weekdays": stated.weekdays, "parts": stated.parts, "cannot": ", ".join(d.isoformat() for d in stated.cannot),
    } if stated else {}  # fmt: skip
    form, status = TimesForm(request.POST or None, initial=initial), 200
    if request.method == "POST":
        form = TimesForm(request.POST)
        status = 422
        if form.is_valid():
            try:
                series_actions.state_times(by=asked.asker, patient_id=asked.asker.patient_id, **form.cleaned_data)
                return redirect("portal:visits")
            except Refused as refused:
                status = 409
                for reason in refused.reasons:
                    form.add_error(None, str(reason))
    return show(request, "portal/visits/times.html", {"form": form}, active="visits", status=status)


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    """The zones of places, as people look for them: no abbreviations, no offsets."""
    areas = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return tuple(sorted(zone for zone in available_timezones() if zone.startswith(areas)))


class RemindersForm(forms.Form):
    channel = forms.ChoiceField(label=gettext_lazy("How may we remind you?"), widget=forms.RadioSelect)
    zone = forms.ChoiceField(
        label=gettext_lazy("Where you are"), help_text=gettext_lazy("We write by the clock of this place.")
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("Nothing after"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Nothing before"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, *args: Any, own: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(value, label) for value, label in Channel.choices if value != Channel.SMS or sms.can_send()]
        self.fields["channel"].choices = offered  # type: ignore[attr-defined]
        known = _zones() if own in _zones() else (own, *_zones())
        self.fields["zone"].choices = [(zone, zone.replace("_", " ")) for zone in known]  # type: ignore[attr-defined]


@allowed("own.visits")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose(but=[("channel", "none")], reads=True)
def reminders(request: HttpRequest) -> HttpResponse:
    """How, and by which clock, one is reminded."""
    asked = cast(Request, request)
    assert asked.asker.patient_id is not None
    assert asked.clinic is not None
    chosen = queries.reminder_preference(asked.asker.patient_id)
    initial = {
        "channel": chosen.channel if chosen else Channel.EMAIL,
        "zone": chosen.zone if chosen else asked.clinic.time_zone,
        "quiet_from": chosen.quiet_from if chosen else QUIET_FROM,
        "quiet_until": chosen.quiet_until if chosen else QUIET_UNTIL,
    }
    form, status = RemindersForm(request.POST or None, initial=initial, own=str(initial["zone"])), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                reminder_actions.prefer(by=asked.asker, **form.cleaned_data)
                return redirect("portal:visits")
            except Refused as refused:
                status = 409
                for reason in refused.reasons:
                    form.add_error(None, str(reason))
    return show(request, "portal/visits/reminders.html", {"form": form}, active="visits", status=status)


@allowed("own.visits")
@never_cache
@require_http_methods(["GET", "POST"])
@waits_under_a_dose(but=[("do", "close")], reads=True)
def my_feed(request: HttpRequest) -> HttpResponse:
    """Open a secret calendar address, shown once, or end it."""
    asked = cast(Request, request)
    link = ""
    if request.method == "POST":
        if request.POST.get("do") == "close":
            feed_actions.close_feed(by=asked.asker)
            return redirect("portal:visits_feed")
        opened = feed_actions.open_feed(by=asked.asker)
        link = settings.ENV.public_url + reverse("portal:feed", args=[opened.token])
    context = {"feed": queries.feed_of(asked.asker.member), "link": link}
    return show(request, "portal/visits/feed.html", context, active="visits")


@public
@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The stream that the patient's calendar reads. Whoever holds the address reads it; nothing in it says why."""
    found = queries.feed_by(hash_of(token), timezone.now())
    if found is None or found.staff:
        return HttpResponse(_("This calendar is not there any more."), status=404, content_type="text/plain")
    with translation.override(found.clinic.language):
        text = calendar(
            found.clinic.name,
            [
                Event(
                    uid=f"appointment-{each.id}-{found.clinic.slug}@sojourn",
                    begins=each.begins,
                    ends=each.ends,
                    stamped=each.booked_at,
                    summary=_("Appointment, %(clinic)s") % {"clinic": found.clinic.name},
                    location=found.clinic.address or found.clinic.name,
                    sequence=each.version,
                    cancelled=each.cancelled,
                )
                for each in found.entries
            ],
        )
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")
