"""The clinic's chairs: their names, and which are in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Chair, Room
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import one_row
from sojourn.interfaces.shared.pages import FORM, ClinicPage, clinic_page, opens, tell

_CODES = {"room-unknown": "room_id", "name-missing": "name", "name-taken": "name", "still-booked": "in_use"}


class NewChairForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=40,
        help_text=gettext_lazy("As written on the door, for example Chair 3"),
    )


class RoomForm(forms.Form):
    room_name = forms.CharField(label=gettext_lazy("Name of the room"), max_length=40)


class ChairForm(NewChairForm):
    room_id = forms.TypedChoiceField(label=gettext_lazy("Room"), coerce=int, empty_value=None, required=False)
    in_use = forms.BooleanField(
        label=gettext_lazy("In use"), required=False,
        help_text=gettext_lazy("A chair out of use keeps its history and is not offered for booking."),
    )  # fmt: skip

    def __init__(self, *args: Any, rooms: Sequence[Room], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["room_id"].choices = [("", _("No room")), *((room.pk, room.name) for room in rooms)]  # type: ignore[attr-defined]


@allowed("chair.manage")
@require_http_methods(["GET", "POST"])
def chairs(request: Request) -> HttpResponse:
    """The list, and a new one."""
    adds_room = "room_name" in request.POST
    form, status = NewChairForm(None if adds_room else request.POST or None), 200
    room_form = RoomForm(request.POST if adds_room else None)
    if adds_room:
        status = 422
        if room_form.is_valid():
            try:
                scheduling_actions.add_room(by=request.actor, name=room_form.cleaned_data["room_name"])
                return redirect("console:chairs")
            except ActionRefused as refused:
                status = 409
                tell(room_form, refused, {"name-missing": "room_name", "name-taken": "room_name"})
    elif request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                scheduling_actions.add_chair(by=request.actor, name=form.cleaned_data["name"])
                return redirect("console:chairs")
            except ActionRefused as refused:
                status = 409
                tell(form, refused, _CODES)
    context = {
        "chairs": scheduling_queries.chairs(with_retired=True), "form": form, "rooms": scheduling_queries.rooms(),
        "room_form": room_form,
    }  # fmt: skip
    return render(request, "console/scheduling/chairs.html", context, status=status)


def _chair(scope: ClinicPage, chair_id: int) -> Chair:
    return one_row(Chair, chair_id).get()


@clinic_page("chair.manage", methods=FORM)
@opens(_chair)
def chair(request: Request, scope: ClinicPage, found: Chair) -> HttpResponse:
    """Rename one, or take it out of use."""
    initial = {"name": found.name, "in_use": found.in_use, "room_id": found.room_id}
    form, status = ChairForm(request.POST or None, initial=initial, rooms=scheduling_queries.rooms()), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                scheduling_actions.edit_chair(by=scope.actor, chair_id=found.pk, **form.cleaned_data)
                return redirect("console:chairs")
            except ActionRefused as refused:
                status = 409
                tell(form, refused, _CODES)
    return render(request, "console/scheduling/chair_form.html", {"chair": found, "form": form}, status=status)


urlpatterns = [
    path("chairs/", chairs, name="chairs"),
    path("chairs/<int:chair_id>/", chair, name="chair"),
]
