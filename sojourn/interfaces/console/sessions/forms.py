"""What is typed on the session pages. Numbers are checked for slips; what they mean is judged elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.clinical import recovery
from sojourn.clinical.recovery import RecoveryScale
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC, VITALS, Implausible, plausibility
from sojourn.foundation.rulebook.load import book
from sojourn.interfaces.console.sessions.words import DRUGS, QUICK

# Short words for the chair; the page says whose numbers they are.
LABELS = {
    "nibp_sys": gettext_lazy("Systolic pressure"),
    "nibp_dia": gettext_lazy("Diastolic pressure"),
    "spo2": gettext_lazy("Saturation"),
    "temp": gettext_lazy("Temperature"),
    "cadss6": gettext_lazy("CADSS-6, total"),
}
AT_THE_CHAIR = ("nibp_sys", "nibp_dia", "hr", "spo2", "rr", "temp")
RATED = ("pain", "nausea", "cadss6")
MOAAS = "moaas"


class ClockField(forms.TimeField):
    """A time of today on the clinic's clock, or of the evening before where that is nearer; empty means now."""

    widget = forms.TimeInput(attrs={"type": "time", "class": "figure"}, format="%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, input_formats=["%H:%M", "%H:%M:%S"], **kwargs)


def moment_of(at: time | None, now: datetime) -> datetime | None:
    """The moment that a clock time means beside ``now``: the last time that the clinic's clock showed it."""
    if at is None:
        return None
    here = timezone.localtime(now)
    found = here.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    if found - here > timedelta(hours=12):
        found -= timedelta(days=1)
    return found


class ValuesForm(forms.Form):
    """Readings that a person took, and ratings. ``codes``: which vital signs are asked for."""

    sure = forms.BooleanField(
        label=gettext_lazy("I have read it so: keep it"),
        help_text=gettext_lazy("It stays on the chart, marked, and is not counted."),
        required=False,
    )
    at = ClockField(label=gettext_lazy("Measured at"), help_text=gettext_lazy("Leave it empty for now."))

    def __init__(self, *args: Any, codes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = tuple(codes)
        for code in self.codes:
            vital = VITALS[code]
            if code == MOAAS:
                anchors = recovery.read(book().rule(MOAAS)).items[0].anchors
                self.fields[code] = forms.TypedChoiceField(
                    label=_(vital.label), required=False, coerce=float, empty_value=None,
                    choices=[(each.points, f"{each.points}: {_(each.text)}") for each in anchors],
                    widget=forms.RadioSelect,
                )  # fmt: skip
                continue
            self.fields[code] = forms.FloatField(
                label=LABELS.get(code, _(vital.label)), required=False, localize=True,
                widget=forms.TextInput(attrs={
                    "class": "figure", "inputmode": "decimal" if vital.places else "numeric", "autocomplete": "off",
                }),
            )  # fmt: skip

    @property
    def numbers(self) -> list[tuple[forms.BoundField, str]]:
        """The readings' fields with their units."""
        return [(self[code], VITALS[code].unit.display) for code in self.codes if not VITALS[code].score]

    @property
    def ratings(self) -> list[tuple[forms.BoundField, str]]:
        """The ratings' fields, without MOAA/S, which has anchors instead of a number."""
        return [(self[code], "") for code in self.codes if VITALS[code].score and code != MOAAS]

    def values(self) -> dict[str, float]:
        """What was entered, by vital sign."""
        return {code: value for code in self.codes if (value := self.cleaned_data.get(code)) is not None}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        values = self.values()
        if not values:
            raise ValidationError(_("Enter at least one value."), code="nothing")
        for one, other in zip(SYSTOLIC, DIASTOLIC, strict=True):
            if (one in values) != (other in values):
                missing = other if one in values else one
                self.add_error(missing, _("A pressure has two numbers: enter both."))
            elif one in values and values[other] >= values[one] and not cleaned.get("sure"):
                self.add_error(other, _("The lower pressure is not below the upper one. Are they the wrong way round?"))
        if not cleaned.get("sure"):
            for code, value in values.items():
                found = plausibility(book().plausibility(code), value)
                if isinstance(found, Implausible):
                    self.add_error(
                        code,
                        _("%(value)g is outside of %(low)g to %(high)g. Correct it, or say that you read it so.")
                        % {"value": value, "low": found.low, "high": found.high},
                    )
        return cleaned


class DoseForm(forms.Form):
    """What stands on the vial and in the syringe."""

    drug = forms.ChoiceField(
        label=gettext_lazy("Drug, as on the vial or the device"), choices=tuple(DRUGS.items()), widget=forms.RadioSelect
    )
    dose_mg = forms.DecimalField(
        label=gettext_lazy("Amount drawn up"), max_digits=7, decimal_places=2, min_value=Decimal("0.01"), localize=True,
        help_text=gettext_lazy("Milligrams of base, not of the salt"),
        widget=forms.TextInput(attrs={"class": "figure", "inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    lot = forms.CharField(
        label=gettext_lazy("Lot number"), max_length=40,
        widget=forms.TextInput(attrs={"class": "figure", "autocomplete": "off", "autocapitalize": "characters"}),
    )  # fmt: skip

    def __init__(self, *args: Any, drug_wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drug_wanted = drug_wanted

    def clean_drug(self) -> str:
        drug = str(self.cleaned_data["drug"])
        if drug != self.drug_wanted:
            raise ValidationError(
                _("This session's protocol is for %(wanted)s. Look again at what is in your hand.")
                % {"wanted": DRUGS.get(self.drug_wanted, self.drug_wanted)},
                code="another-drug",
            )
        return drug


class NoteForm(forms.Form):
    """Something that happened."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"), choices=tuple(QUICK.items()), widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=gettext_lazy("In a few words"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    at = ClockField(label=gettext_lazy("When"), help_text=gettext_lazy("Leave it empty for now."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == "other" and not str(cleaned.get("note", "")).strip():
            self.add_error("note", _("Say in a few words what it was."))
        return cleaned


class ScoreForm(forms.Form):
    """The items of a recovery score with their anchors. The sum is made by clinical.recovery."""

    SKIP = "skip"

    def __init__(self, *args: Any, scale: RecoveryScale, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scale = scale
        for item in scale.items:
            choices = [(str(each.points), f"{each.points}: {_(each.text)}") for each in item.anchors]
            if item.spare_points is not None:
                skipped = _("%(points)d: does not apply here") % {"points": item.spare_points}
                choices.append((self.SKIP, skipped))
            self.fields[item.id] = forms.ChoiceField(
                label=_(item.label), choices=choices, widget=forms.RadioSelect,
                error_messages={"required": _("Choose one answer.")},
            )  # fmt: skip

    def answers(self) -> dict[str, int | None]:
        """The points by item; None where the item does not apply."""
        given = ((item.id, self.cleaned_data[item.id]) for item in self.scale.items)
        return {name: None if value == self.SKIP else int(value) for name, value in given}


class ReasonForm(forms.Form):
    """A step that needs a reason in words."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say why.")},
    )  # fmt: skip


class SomebodyForm(forms.Form):
    """Somebody who takes the patient home and is not known yet."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    relationship = forms.CharField(label=gettext_lazy("Relationship"), max_length=60, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40)
