"""The form of a monitor."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.interfaces.console.fields import RowField, WordsField


class DeviceForm(forms.Form):
    """A monitor, as its messages name it."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("As people call it: Bay 3, Mindray 2")
    )
    key = forms.CharField(
        label=gettext_lazy("Identifier in its messages"), max_length=120,
        help_text=gettext_lazy("Kind and value with a colon between, as in bed:BAY3. Easier: let the monitor send "
                               "something and add it from the list of unknown monitors."),
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )  # fmt: skip
    maker = forms.CharField(label=gettext_lazy("Maker"), max_length=60, required=False)

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"]).strip()
        kind, colon, value = key.partition(":")
        if not colon or not kind.strip() or not value.strip():
            raise forms.ValidationError(_("Write the kind, a colon and the value, as in bed:BAY3."), code="no-kind")
        return key


class ClaimForm(forms.Form):
    """What somebody calls a monitor, and the end of its name as it stands on it."""

    code = WordsField(strip=False)
    name = WordsField(strip=False)


class LineForm(forms.Form):
    """From where, or under which closer name, a monitor speaks."""

    stranger = RowField()
    address = WordsField(strip=False)
