"""The forms of the lists, the same for a patient and for staff who write on the patient's behalf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sojourn.care.intake.models import Outcome, TakenBy, TreatmentKind
from sojourn.care.intake.typed import day_of
from sojourn.foundation.accounts.refused import ActionRefused


class PastDay(forms.CharField):
    """A day; what cannot be read is refused in words."""

    widget = forms.TextInput(attrs={"type": "date"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return day_of(text)
        except ActionRefused as refused:
            raise forms.ValidationError(list(refused.reasons)) from None


class MedicineForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the medicine"), max_length=200, help_text=_("As written on the box, or as you call it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    dose = forms.CharField(label=_("How much each time"), max_length=120, required=False, help_text=_("Such as 50 mg"))
    how_often = forms.CharField(
        label=_("How often"), max_length=120, required=False, help_text=_("Such as every morning")
    )
    route = forms.ChoiceField(
        label=_("How do you take it?"), required=False, choices=(("", _("Not said")), *TakenBy.choices),
        help_text=_("Some medicines come as a tablet and as a nasal spray."),
    )  # fmt: skip
    since = forms.CharField(label=_("Since when"), max_length=120, required=False, help_text=_("Such as last spring"))
    current = forms.ChoiceField(
        label=_("Do you take it now?"), choices=(("yes", _("Yes")), ("no", _("No, I stopped"))), initial="yes",
        widget=forms.RadioSelect,
    )  # fmt: skip
    stopped_on = PastDay(label=_("If you stopped: when?"), required=False)

    def values(self) -> dict[str, Any]:
        out = dict(self.cleaned_data)
        out["current"] = out["current"] == "yes"
        return out | ({"ingredient": self.data["ingredient"]} if "ingredient" in self.data else {})


class AllergyForm(forms.Form):
    substance = forms.CharField(label=_("What are you allergic to?"), max_length=200)
    reaction = forms.CharField(
        label=_("What happened?"), max_length=300, required=False, help_text=_("Such as a rash, or trouble breathing")
    )

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class TreatmentForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What kind of treatment?"), choices=TreatmentKind.choices, initial=TreatmentKind.MEDICINE
    )
    name = forms.CharField(label=_("Its name"), max_length=200, help_text=_("Such as sertraline, or talk therapy"))
    dose = forms.CharField(label=_("Highest dose, if you know it"), max_length=120, required=False)
    duration = forms.CharField(
        label=_("How long did you have it?"), max_length=120, required=False, help_text=_("Such as three months")
    )
    outcome = forms.ChoiceField(label=_("How did it go?"), choices=Outcome.choices, initial=Outcome.UNSURE)
    long_enough = forms.ChoiceField(
        label=_("Did you have it long enough, at a full dose?"),
        choices=(("unsure", _("not sure")), ("yes", _("yes")), ("no", _("no"))), initial="unsure",
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        return self.cleaned_data | {
            "long_enough": {"yes": True, "no": False}.get(self.cleaned_data["long_enough"]),
        }


class WordsForm(forms.Form):
    text = forms.CharField(label=_("In your own words"), widget=forms.Textarea(attrs={"rows": 4}))

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class PersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    relationship = forms.CharField(
        label=_("Who is it to you?"), max_length=60, required=False, help_text=_("Such as sister, partner, friend")
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    email = forms.EmailField(label=_("E-mail address"), required=False)
    brings_home = forms.BooleanField(label=_("Can take me home"), required=False, initial=True)
    emergency_contact = forms.BooleanField(
        label=_("The clinic may call this person if it is worried about me"), required=False
    )

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


LineForms = MedicineForm | AllergyForm | TreatmentForm | WordsForm | PersonForm
FORMS: Mapping[str, type[LineForms]] = {
    "medicines": MedicineForm,
    "allergies": AllergyForm,
    "treatments": TreatmentForm,
    "goals": WordsForm,
    "concerns": WordsForm,
    "people": PersonForm,
}
# Where a refusal's reason stands.
FIELD_OF_CODE: Mapping[str, str] = {
    "name-missing": "name", "future": "stopped_on", "before-birth": "stopped_on", "stopped-and-current": "stopped_on",
    "no-way-to-reach": "phone",
}  # fmt: skip


def tell(form: forms.Form, refused: ActionRefused) -> None:
    """Put a refusal's reasons beside the fields that they speak of, or at the top of the form."""
    for number, reason in enumerate(refused.reasons):
        field = FIELD_OF_CODE.get(refused.codes[number] if number < len(refused.codes) else "")
        form.add_error(field if field in form.fields else None, str(reason))


def initial(of: str, each: Any) -> dict[str, Any]:
    """The form's values of a line that stands already."""
    if of == "medicines":
        stopped = each.stopped_on.isoformat() if each.stopped_on else ""
        return {"name": each.name, "dose": each.dose, "how_often": each.how_often, "route": each.route,
                "since": each.since, "current": "yes" if each.current else "no", "stopped_on": stopped}  # fmt: skip
    if of == "allergies":
        return {"substance": each.substance, "reaction": each.reaction}
    if of == "treatments":
        enough = {True: "yes", False: "no", None: "unsure"}[each.adequate]
        return {"kind": each.kind, "name": each.drug, "dose": each.dose, "duration": each.duration,
                "outcome": each.outcome, "long_enough": enough}  # fmt: skip
    return {"text": each.text}
