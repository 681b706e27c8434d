"""Who is asked when a patient may be in danger, and how each of them is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from sojourn.care.safety import duty_actions, duty_queries
from sojourn.care.safety.models import NoticeChoice
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.mail import letters, sms
from sojourn.interfaces.shared.pages import tell

_PLACES: Final = (
    gettext_lazy("Asked first"), gettext_lazy("The back-up"), gettext_lazy("Third"), gettext_lazy("Fourth"),
    gettext_lazy("Fifth"), gettext_lazy("Sixth"),
)  # fmt: skip


class DutyForm(forms.Form):
    """The list, one place below the other; an empty place is left out."""

    def __init__(self, *args: Any, people: Sequence[Membership], now: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *((each.pk, str(each)) for each in people)]
        for number, label in enumerate(_PLACES, start=1):
            self.fields[f"place{number}"] = forms.TypedChoiceField(
                label=label, choices=choices, coerce=int, empty_value=None, required=False,
                initial=now[number - 1].pk if number <= len(now) else None,
            )  # fmt: skip

    @property
    def member_ids(self) -> list[int]:
        given = (self.cleaned_data[f"place{number}"] for number in range(1, len(_PLACES) + 1))
        return [each for each in given if each is not None]


class ChannelsForm(forms.Form):
    """How one is told, beside the pages."""

    by_email = forms.BooleanField(label=gettext_lazy("By e-mail to my address here"), required=False)
    sms_number = forms.CharField(
        label=gettext_lazy("By text message to"), required=False, max_length=24,
        help_text=gettext_lazy("With the country: +1 555 010 0123. Empty: no text messages."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One place of the list."""

    place: str
    name: str
    how: str


def _how(chosen: NoticeChoice | None) -> str:
    """How somebody is told, in words."""
    ways = [_("on the pages of Sojourn")]
    if chosen is not None and chosen.by_email:
        ways.append(_("by e-mail"))
    if chosen is not None and chosen.sms_number:
        ways.append(_("by text message"))
    return ", ".join(ways)


def _own(actor: Actor) -> NoticeChoice | None:
    return duty_queries.choices([actor.member]).get(actor.member) if actor.may(duty_queries.ANSWERS) else None


def _page(
    request: Request, *, form: DutyForm | None = None, channels: ChannelsForm | None = None, status: int = 200
) -> HttpResponse:
    actor, found = request.actor, duty_queries.duty()
    chosen = duty_queries.choices([each.pk for each in found.contacts])
    own = _own(actor)
    initial = {"by_email": own.by_email, "sms_number": own.sms_number} if own is not None else None
    context = {
        "rows": [
            ContactRow(str(_PLACES[min(number, len(_PLACES) - 1)]), str(each), _how(chosen.get(each.pk)))
            for number, each in enumerate(found.contacts)
        ],
        "suffices": found.suffices,
        "decided": found.decided,
        "form": (form or _form(request, found)) if actor.may("duty.manage") else None,
        "channels": channels or (ChannelsForm(initial=initial) if actor.may(duty_queries.ANSWERS) else None),
        "can_mail": letters.can_send(),
        "can_text": sms.can_send(),
    }
    return render(request, "console/flags/duty.html", context, status=status)


def _form(request: Request, found: duty_queries.Duty, data: Any = None) -> DutyForm:
    return DutyForm(data, people=duty_queries.clinical_members(request.actor.own_clinic_id), now=found.contacts)


@allowed("duty.manage", "flag.answer")
@require_http_methods(["GET", "POST"])
def duty(request: Request) -> HttpResponse:
    """The list, and how whoever asks is told. A POST names the list anew."""
    if request.method != "POST":
        return _page(request)
    form = _form(request, duty_queries.duty(), request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    try:
        duty_actions.name_duty(by=request.actor, member_ids=form.member_ids)
    except ActionRefused as refused:
        tell(form, refused, {})
        return _page(request, form=form, status=409)
    return redirect("console:duty")


@allowed("flag.answer")
@require_POST
def channels(request: Request) -> HttpResponse:
    """Choose how one is told."""
    form = ChannelsForm(request.POST)
    if not form.is_valid():
        return _page(request, channels=form, status=422)
    try:
        duty_actions.choose_channels(by=request.actor, **form.cleaned_data)
    except ActionRefused as refused:
        tell(form, refused, {"number": "sms_number"})
        return _page(request, channels=form, status=409)
    return redirect("console:duty")


urlpatterns = [
    path("flags/duty/", duty, name="duty"),
    path("flags/duty/told/", channels, name="duty_channels"),
]
