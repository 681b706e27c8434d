"""Days and ages as a person reads and writes them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.patients.days import days_in
from sojourn.care.patients.models import Patient
from sojourn.foundation.clock import page_today


def day_words(day: date) -> str:
    """12 March 1980, in the reader's language."""
    return formats.date_format(day, _("j F Y"))


def years_words(patient: Patient) -> str:
    """The age today, in words."""
    years = patient.age_on(page_today())
    return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}


class DayField(forms.DateField):
    """A day in any of the usual writings; one that can be read two ways is asked for again."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"})

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value
        days, rest = days_in(str(value).strip())
        if not days or rest:
            raise ValidationError(_("Write the day as 1980-03-12 or 12 March 1980."), code="invalid")
        past = [day for day in days if day <= page_today()] or days
        if len(past) > 1:
            raise ValidationError(
                _("This can be read as %(one)s or %(other)s. Write the month as a word.")
                % {"one": day_words(past[0]), "other": day_words(past[1])},
                code="ambiguous",
            )
        return past[0]

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value
