"""When a patient can come, and how they are reminded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.care.coordination.models import Channel
from sojourn.care.patients.models import RelatedPerson
from sojourn.foundation.clock import page_today
from sojourn.foundation.mail import sms
from sojourn.interfaces.shared.typed import whole


class TimesForm(forms.Form):
    """Weekdays, parts of the day, and days that do not work."""

    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Which days suit you?"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tap none if any day works."), choices=tuple(WEEKDAYS.items()),
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


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    """The zones of places, as people look for them: no abbreviations, no offsets."""
    areas = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return tuple(sorted(zone for zone in available_timezones() if zone.startswith(areas)))


class RemindersForm(forms.Form):
    """``own``: the zone that is offered even where it is none of those that people look for."""

    quiet_from = forms.TimeField(
        label=gettext_lazy("Nothing after"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Nothing before"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, data: QueryDict | None, initial: Mapping[str, object], own: str) -> None:
        super().__init__(data, initial=dict(initial))
        offered = [(value, label) for value, label in Channel.choices if value != Channel.SMS or sms.can_send()]
        known = _zones() if own in _zones() else (own, *_zones())
        self.fields["channel"] = forms.ChoiceField(
            label=_("How may we remind you?"), widget=forms.RadioSelect, choices=offered
        )
        self.fields["zone"] = forms.ChoiceField(
            label=_("Where you are"), help_text=_("We write by the clock of this place."),
            choices=[(zone, zone.replace("_", " ")) for zone in known],
        )  # fmt: skip
        self.order_fields(("channel", "zone"))


class SoonerForm(forms.Form):
    """The course in which one asks to come earlier; ``do`` "leave": no longer."""

    course = forms.CharField(required=False, strip=False)
    do = forms.CharField(required=False)

    @property
    def course_id(self) -> int | None:
        return whole(str(self.data.get("course", "")))

    @property
    def leaves(self) -> bool:
        return bool(self.data.get("do") == "leave")


class OfferForm(forms.Form):
    """An earlier time: "yes" or "no"."""

    answer = forms.CharField(required=False)


class FeedForm(forms.Form):
    """The secret calendar address: "close" ends it, anything else opens one."""

    do = forms.CharField(required=False)


class EscortForm(forms.Form):
    """Somebody who is beside the patient already, or somebody new."""

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

    def __init__(self, data: QueryDict | None, people: Sequence[RelatedPerson], chosen: str) -> None:
        super().__init__(data, initial={"who": chosen})
        known = [(str(p.pk), f"{p.name} ({p.relationship})" if p.relationship else p.name) for p in people]
        self.fields["who"] = forms.ChoiceField(
            label=_("Who brings you home?"), widget=forms.RadioSelect, choices=[*known, ("new", _("Somebody else"))]
        )
        self.order_fields(("who",))
