"""When a patient can come, and how they are reminded."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.care.booking.models import Channel
from sojourn.foundation.mail import sms


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
                    % {"word": word, "example": timezone.localdate().isoformat()}
                ) from None
        return found


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
