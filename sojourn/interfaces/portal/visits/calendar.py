"""When I can come, how I am reminded, and my visits in my own calendar."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from sojourn.care.coordination import feed_actions, reminder_actions
from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination.icalendar import Event, calendar
from sojourn.care.coordination.models import Channel
from sojourn.care.coordination.reminding import QUIET_FROM, QUIET_UNTIL
from sojourn.care.scheduling import series_actions
from sojourn.care.scheduling import series_queries as scheduling_series_queries
from sojourn.foundation.accounts.access import Request, public
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.scope import MemberScope
from sojourn.interfaces.portal.pages import OwnPage, own_page, show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose
from sojourn.interfaces.portal.visits.forms import FeedForm, RemindersForm, TimesForm
from sojourn.interfaces.shared.pages import FORM, form_action, sent


@own_page("own.visits", methods=FORM)
@waits_under_a_dose()
def times(request: Request, scope: OwnPage) -> HttpResponse:
    """Say when one can come. The clinic plans the sessions by it."""
    stated = scheduling_series_queries.stated_times(scope)
    initial = {
        "weekdays": stated.weekdays, "parts": stated.parts, "cannot": ", ".join(d.isoformat() for d in stated.cannot),
    } if stated else {}  # fmt: skip

    def act(form: TimesForm) -> HttpResponse:
        series_actions.state_times(by=scope.actor, patient_id=scope.patient_id, **form.cleaned_data)
        return redirect("portal:visits")

    def show_form(form: TimesForm, status: int) -> HttpResponse:
        return show(request, "portal/visits/times.html", {"form": form}, active="visits", status=status)

    return form_action(TimesForm(sent(request), initial=initial), act, show_form)


@own_page("own.visits", methods=FORM)
@waits_under_a_dose(but=[("channel", "none")], reads=True)
def reminders(request: Request, scope: OwnPage) -> HttpResponse:
    """How, and by which clock, one is reminded."""
    chosen = coordination_queries.reminder_preference(scope)
    initial = {
        "channel": chosen.channel if chosen else Channel.EMAIL,
        "zone": chosen.zone if chosen else scope.clinic.time_zone,
        "quiet_from": chosen.quiet_from if chosen else QUIET_FROM,
        "quiet_until": chosen.quiet_until if chosen else QUIET_UNTIL,
    }

    def act(form: RemindersForm) -> HttpResponse:
        reminder_actions.prefer(by=scope.actor, **form.cleaned_data)
        return redirect("portal:visits")

    def show_form(form: RemindersForm, status: int) -> HttpResponse:
        return show(request, "portal/visits/reminders.html", {"form": form}, active="visits", status=status)

    return form_action(RemindersForm(sent(request), initial, own=str(initial["zone"])), act, show_form)


@own_page("own.visits", methods=FORM)
@never_cache
@waits_under_a_dose(but=[("do", "close")], reads=True)
def my_feed(request: Request, scope: OwnPage) -> HttpResponse:
    """Open a secret calendar address, shown once, or end it."""
    form, link = FeedForm(sent(request)), ""
    if form.is_bound:
        if form["do"].value() == "close":
            feed_actions.close_feed(by=scope.actor)
            return redirect("portal:visits_feed")
        opened = feed_actions.open_feed(by=scope.actor)
        link = settings.ENV.public_url + reverse("portal:feed", args=[opened.token])
    context = {"feed": coordination_queries.feed_of(MemberScope(scope.actor.member)), "link": link}
    return show(request, "portal/visits/feed.html", context, active="visits")


@public
@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The stream that the patient's calendar reads. Whoever holds the address reads it; nothing in it says why."""
    found = coordination_queries.feed_by(hash_of(token), timezone.now())
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
