"""The form of the dose explorer: what the record does not say, and the regimens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy

from sojourn.care.patients.models import Patient
from sojourn.care.plan import queries as plan_queries
from sojourn.clinical import pk
from sojourn.clinical.numbers import read_amount, read_number, written
from sojourn.clinical.pk import typed as reaches
from sojourn.foundation.scope import PatientScope
from sojourn.foundation.ui.numbers import AmountField
from sojourn.interfaces.console.concentration.words import DRUGS, ROUTES

LETTERS = "abcd"
_ANCESTRY = (
    ("", gettext_lazy("not said")),
    ("non asian", gettext_lazy("not Asian")),
    ("asian non japanese", gettext_lazy("Asian, not Japanese")),
    ("japanese", gettext_lazy("Japanese")),
)


class WhoForm(forms.Form):
    """What the record does not say of the person, and the level that is asked about."""

    weight = AmountField(
        label=gettext_lazy("Weight"), required=False, min_value=reaches.KG[0], max_value=reaches.KG[1],
        max_digits=6, decimal_places=2, unit="kg",
    )  # fmt: skip
    ancestry = forms.ChoiceField(
        label=gettext_lazy("Ancestry"), choices=_ANCESTRY, required=False,
        help_text=gettext_lazy("Only the model of the nasal spray asks for it."),
    )  # fmt: skip
    level = AmountField(
        label=gettext_lazy("When does it stay below"), required=False, min_value=reaches.NG_PER_ML[0],
        max_value=reaches.NG_PER_ML[1], max_digits=8, decimal_places=1, unit="ng/mL",
    )  # fmt: skip


class RegimenForm(forms.Form):
    """One regimen; without milligrams it is left out."""

    drug = forms.ChoiceField(label=gettext_lazy("Drug"), choices=tuple(DRUGS.items()))
    route = forms.ChoiceField(label=gettext_lazy("Route"), choices=tuple(ROUTES.items()))
    mg = AmountField(
        label=gettext_lazy("Dose, as base"), required=False, min_value=reaches.MG[0], max_value=reaches.MG[1],
        max_digits=7, decimal_places=2, unit="mg",
    )  # fmt: skip
    minutes = AmountField(
        label=gettext_lazy("Over, into a vein"), required=False, min_value=reaches.MINUTES[0],
        max_value=reaches.MINUTES[1],
        max_digits=5, decimal_places=1, unit="min",
    )  # fmt: skip

    def dose(self) -> pk.Dose | None:
        """What the regimen gives; None where it is left out or something in it is wrong."""
        if not self.is_valid() or self.cleaned_data["mg"] is None:
            return None
        chosen = self.cleaned_data
        length = float(chosen["minutes"] or 0) if chosen["route"] == "iv" else 0.0
        return pk.Dose(chosen["drug"], chosen["route"], float(chosen["mg"]), 0.0, length)


def forms_of(typed: Mapping[str, str]) -> tuple[WhoForm, dict[str, RegimenForm]]:
    """The form of the person, and that of each regimen by its letter; a drug and a route are always chosen."""
    data = {f"{letter}-{name}": first for letter in LETTERS for name, first in (("drug", "ketamine"), ("route", "iv"))}
    data |= typed
    return WhoForm(data), {letter: RegimenForm(data, prefix=letter) for letter in LETTERS}


def problems_of(form: forms.Form, letter: str = "") -> list[str]:
    """What is wrong in a form, each with the regimen and the field that it is about."""
    found = []
    for name, errors in form.errors.items():
        label = str(form.fields[name].label) if name in form.fields else ""
        found += [": ".join(filter(None, (letter.upper(), label, str(text)))) for text in errors]
    return found


@dataclass(frozen=True, slots=True)
class Slot:
    """One regimen's place in the form, with how far its sliders reach."""

    letter: str
    form: RegimenForm
    filled: bool
    most_mg: int
    most_minutes: int

    @property
    def slides(self) -> dict[str, str]:
        """Where the sliders stand, as a slider takes it: with a point; at nothing where no number is typed."""
        typed = {name: read_number(str(self.form[name].value() or "0")) for name in ("mg", "minutes")}
        return {name: written(each) if isinstance(each, Decimal) else "0" for name, each in typed.items()}


def slot_of(letter: str, form: RegimenForm) -> Slot:
    """A regimen's place in the form that was sent."""
    form.is_valid()
    mg, minutes = form.cleaned_data.get("mg"), form.cleaned_data.get("minutes")
    return Slot(letter.upper(), form, bool(form["mg"].value()), reach(mg, 100), reach(minutes, 120))


def _plain(value: object) -> str:
    """A number as it can stand in an address: a point, no digits that say nothing."""
    return written(Decimal(str(value)))


def proposed(patient: Patient, weight: Decimal | None) -> dict[str, str]:
    """What the record proposes: the newest running course's drug, route, minutes and dose."""
    given = {"weight": "" if weight is None else _plain(weight)}
    course = next(iter(plan_queries.running(PatientScope(patient.pk))), None)
    protocol = plan_queries.protocol(course.protocol_id) if course else None
    for letter in LETTERS:
        given |= {
            f"{letter}-drug": protocol.drug if protocol and protocol.drug in DRUGS else "ketamine",
            f"{letter}-route": pk.model_route(protocol.route) if protocol else "iv",
            f"{letter}-minutes": _plain(protocol.dose_minutes) if protocol else "40",
        }
    if course:
        given["a-mg"] = _plain(course.dose_mg)
    return given


def weight_in(text: str) -> Decimal | None:
    """The kilograms that a checked weight says ("72.5 kg"), or None where it says no plain weight."""
    value = read_amount(text, "kg")
    return value if isinstance(value, Decimal) and reaches.KG[0] <= value <= reaches.KG[1] else None


def reach(value: Decimal | None, ordinary: int) -> int:
    """How far a slider goes: an ordinary length, or twice what is there."""
    return max(ordinary, int(value or 0) * 2)
