"""The page of whoever brings a patient home: what is expected and when, yes or no, and what holds tonight.

Opening the link changes nothing, since mail scanners open links too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from sojourn.care.coordination import queries as coordination_queries
from sojourn.care.coordination import ride_home_actions
from sojourn.care.coordination.queries import EscortView, RideHomeState
from sojourn.care.safety import writing_actions
from sojourn.care.safety.writing_actions import WORRY
from sojourn.foundation.accounts.access import public
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor, set_actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_begins
from sojourn.interfaces.help.remembering import remember
from sojourn.interfaces.help.shown import help_now


class AnswerForm(forms.Form):
    note = forms.CharField(
        label=_("Do you want to tell the clinic something?"), max_length=300, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: I come by bus."),
    )  # fmt: skip


class WorryForm(forms.Form):
    """What worries whoever is beside the patient. Longer than a flag keeps it would be cut."""

    worry = forms.CharField(
        label=_("What worries you?"), max_length=WORRY, widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


def zone_words(zone: ZoneInfo, at: datetime) -> str:
    """The clock that is meant: "Denver (MST)"; without the letters where the zone has only an offset."""
    city = zone.key.rsplit("/", 1)[-1].replace("_", " ")
    letters = at.astimezone(zone).strftime("%Z")
    return f"{city} ({letters})" if letters.isalpha() else city


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ride_home(request: HttpRequest, token: str) -> HttpResponse:
    """What the link opens. Only a sent form changes anything."""
    by = Actor(token_hash=hash_of(token))
    set_actor(by)
    view = coordination_queries.escort_view(by.token_hash)
    if view is None:
        return _page(request, "escort/closed.html", {"standing": "unknown"}, 404)
    page_begins(view.clinic.zone)
    pressed = request.POST.get("do") if request.method == "POST" else None
    if pressed == "renew":
        ride_home_actions.renew(by=by)
        return _page(request, "escort/closed.html", {"standing": "renewed", "clinic": view.clinic})
    standing = view.standing(timezone.now())
    if standing in {"replaced", "expired", "cancelled", "other"}:
        # Whoever holds an old link learns nothing of the visit: not whose it is, nor when.
        return _page(request, "escort/closed.html", {"standing": standing, "clinic": view.clinic}, 410)
    if pressed == "worry":
        return _worried(request, by, view, standing, token)
    form = AnswerForm(request.POST or None, initial={"note": view.ride.note})
    if request.method == "POST":
        return _answered(request, by, view, form, token)
    return _asked(request, view, form)


def _asked(
    request: HttpRequest, view: EscortView, form: AnswerForm, status: int = 200, reasons: tuple[Any, ...] = ()
) -> HttpResponse:
    """The page with its question."""
    shown = _shown(view, view.standing(timezone.now()))
    context = shown | {"form": form, "reasons": reasons, "worry_form": WorryForm()}
    context["told"] = request.GET.get("told") == "1"
    return _page(request, "escort/ride_home.html", context, status)


def _answered(request: HttpRequest, by: Actor, view: EscortView, form: AnswerForm, token: str) -> HttpResponse:
    """Yes or no, as it was pressed."""
    answer = request.POST.get("answer")
    if not form.is_valid() or answer not in {"yes", "no"}:
        _heed_unkept(request, by, "note")
        return _asked(request, view, form, 422)
    try:
        writing_actions.answer_ride_home(by=by, comes=answer == "yes", note=form.cleaned_data["note"])
    except ActionRefused as refused:
        writing_actions.worry_of(by=by, text=form.cleaned_data["note"])  # the note itself is not kept
        return _asked(request, view, form, 409, refused.reasons)
    return redirect("escort:ride_home", token)


def _worried(request: HttpRequest, by: Actor, view: EscortView, standing: str, token: str) -> HttpResponse:
    """Tell the clinic that one is worried. It counts while the link opens, also when the visit has begun."""
    form = WorryForm(request.POST)
    if form.is_valid():
        writing_actions.worry(by=by, text=form.cleaned_data["worry"])
        return redirect(f"{reverse('escort:ride_home', args=[token])}?told=1#worry")
    _heed_unkept(request, by, "worry")
    answer = AnswerForm(initial={"note": view.ride.note})
    context = _shown(view, standing) | {"form": answer, "reasons": (), "worry_form": form}
    return _page(request, "escort/ride_home.html", context, 422)


def _heed_unkept(request: HttpRequest, by: Actor, field: str) -> None:
    """A form that is refused keeps no words; those of danger are heard all the same."""
    writing_actions.worry_of(by=by, text=" ".join(request.POST.get(field, "").split()))


def _shown(view: EscortView, standing: str) -> dict[str, Any]:
    during = view.appointment.during
    return {
        "clinic": view.clinic,
        "name": view.person.name,
        "given_name": view.given_name,
        "begins": during.lower,
        "ends": during.upper,
        "zone": zone_words(view.clinic.zone, during.lower),
        "open": standing == "open",
        "said": {RideHomeState.CONFIRMED: "yes", RideHomeState.DECLINED: "no"}.get(view.ride.state, ""),
        "said_at": view.ride.answered_at,
    }


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    clinic: Clinic | None = context.get("clinic")
    if clinic is not None:
        context = {"help_now": help_now(clinic), **context}
    response = render(request, template, context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return remember(request, response, clinic)
