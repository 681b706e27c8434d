"""Forms of a patient's record: who the patient is, who stands beside them, the invitation into the portal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from sojourn.care.patients.models import Sex
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.actor import Actor
from sojourn.interfaces.shared.days import DayField
from sojourn.interfaces.shared.fields import MadeByPage
from sojourn.interfaces.shared.pages import sent


class PatientForm(forms.Form):
    """Who the patient is."""

    given_name = forms.CharField(label=gettext_lazy("Given name"), max_length=80)
    family_name = forms.CharField(label=gettext_lazy("Family name"), max_length=80)
    birth_date = DayField(label=gettext_lazy("Date of birth"), help_text=gettext_lazy("As 1980-03-12 or 12 March 1980"))
    sex = forms.ChoiceField(label=gettext_lazy("Sex"), choices=Sex.choices, initial=Sex.UNKNOWN)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of letters and pages"), choices=settings.LANGUAGES)
    record_number = forms.CharField(
        label=gettext_lazy("Record number"), max_length=24, help_text=gettext_lazy("The next free number is proposed.")
    )
    restricted = forms.BooleanField(
        label=gettext_lazy("Restricted record"),
        required=False,
        help_text=gettext_lazy("Only prescribers open it; others must say why, and the patient is told."),
    )
    another_person = forms.BooleanField(label=gettext_lazy("This is another person"), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not actor.may("patient.restricted"):
            del self.fields["restricted"]
        self.fields["phone"].widget.input_type = "tel"
        for name in ("given_name", "family_name", "phone", "email", "record_number"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class PersonForm(forms.Form):
    """Somebody beside the patient."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    relationship = forms.CharField(
        label=gettext_lazy("Relationship"), max_length=60, required=False,
        help_text=gettext_lazy("For example sister, partner, friend"),
    )  # fmt: skip
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False)
    brings_home = forms.BooleanField(label=gettext_lazy("Brings the patient home"), required=False, initial=True)
    emergency_contact = forms.BooleanField(label=gettext_lazy("May be called in an emergency"), required=False)


class InviteForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address of the patient"))


class SeenForm(forms.Form):
    """What the page of a patient's form was made from: the number that it proposed, the version, what stood there."""

    proposed = MadeByPage()
    version = MadeByPage()
    before = MadeByPage()

    @classmethod
    def read(cls, request: Request) -> dict[str, str]:
        """What came back of it; nothing where the page is only looked at, or where it cannot be read."""
        form = cls(sent(request))
        told = form.cleaned_data if form.is_valid() else {}
        return {name: str(told.get(name, "")) for name in form.fields}
