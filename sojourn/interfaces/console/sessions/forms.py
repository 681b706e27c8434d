"""What is typed on the session pages. Numbers are checked for slips; what they mean is judged elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.session.drawing_actions import DrawnDose
from sojourn.care.session.event_kinds import OTHER, chosen
from sojourn.care.session.score_actions import LONGEST_BEFORE
from sojourn.clinical import dosing, recovery
from sojourn.clinical.recovery import AS_BEFORE, Points, RecoveryScale
from sojourn.clinical.recovery.scores import Item
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC, VITALS, Implausible, impossible, plausibility, pressure_fault
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_local, page_zone
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.ui.numbers import AmountField, CountField, FigureInput, ReadingField
from sojourn.interfaces.console.fields import RowField
from sojourn.interfaces.console.sessions.words import DRUGS

# Short words for the chair; the page says whose numbers they are.
LABELS = {
    "nibp_sys": gettext_lazy("Systolic pressure"),
    "nibp_dia": gettext_lazy("Diastolic pressure"),
    "spo2": gettext_lazy("Saturation"),
    "temp": gettext_lazy("Temperature"),
    "etco2": gettext_lazy("EtCO₂"),
    "co2_rr": gettext_lazy("Breathing, CO₂"),
    "cadss6": gettext_lazy("CADSS-6, total"),
}
AT_THE_CHAIR = ("nibp_sys", "nibp_dia", "hr", "spo2", "rr", "temp", "etco2", "co2_rr")
RATED = ("pain", "nausea", "cadss6")
MOAAS = "moaas"


class ClockField(forms.TimeField):
    """A time of today on the clinic's clock, or of the evening before where that is nearer; empty means now."""

    widget = forms.TimeInput(attrs={"type": "time", "class": "figure"}, format="%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, input_formats=["%H:%M", "%H:%M:%S"], **kwargs)


def moment_of(at: time | None, now: datetime) -> datetime | None:
    """The moment that a clock time means beside ``now``: the last time that the clinic's clock showed it.

    A time up to twelve hours ahead is left ahead, so that it is refused and not taken for yesterday. In the night in
    which the clocks go back a time is shown twice; the later showing counts, unless it still lies ahead.
    """
    if at is None:
        return None
    here = page_local(now)
    today = here.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    shown = [today.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    past = [each for each in shown if each <= now]
    found = max(past) if past else min(shown)
    if found - now > timedelta(hours=12):
        found = (today - timedelta(days=1)).astimezone(UTC)
    return page_local(found)


def amount(label: Any, unit: str, digits: int, places: int, **more: Any) -> AmountField:
    """A figure with its unit, in the reader's writing; more than nothing unless ``min_value`` says otherwise."""
    more.setdefault("min_value", Decimal(1).scaleb(-places))
    return AmountField(label=label, max_digits=digits, decimal_places=places, unit=unit, **more)


# What is not asked of a route: nothing is drawn from a vial for a spray, a tablet or a lozenge; only a pump has a rate.
_NOT_ASKED: dict[Any, tuple[str, ...]] = {
    "iv": ("devices",),
    "im": ("devices", "total_ml", "over_min", "rate_ml_per_h"),
    "sc": ("devices", "total_ml", "over_min", "rate_ml_per_h"),
    "in": ("devices", "stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h"),
    ("esketamine", "in"): ("stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h"),
    "sl": ("devices", "stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h"),
    "oral": ("devices", "stock_mg_per_ml", "drawn_ml", "total_ml", "over_min", "rate_ml_per_h"),
}


# What is read off one thing stands together. A pack says its own name: see DoseForm.groups.
_READ_OFF: tuple[tuple[StrPromise, tuple[str, ...]], ...] = (
    (gettext_lazy("On the vial"), ("drug", "stock_mg_per_ml", "lot", "expires_on", "vial")),
    (gettext_lazy("In the syringe or bag"), ("dose_mg", "drawn_ml", "total_ml", "devices")),
    (gettext_lazy("On the pump"), ("over_min", "rate_ml_per_h")),
)
_ON_THE_PACK, _THE_DOSE = gettext_lazy("On the device or pack"), gettext_lazy("The dose")
_IN_THE_SYRINGE = gettext_lazy("In the syringe")
# The parts of a drawn dose by the field in which they are typed, where the two are called otherwise.
_TYPED_IN = {
    "stock": "stock_mg_per_ml", "volume": "drawn_ml", "total": "total_ml", "over": "over_min", "rate": "rate_ml_per_h",
}  # fmt: skip


def _device_mg(drug: str, route: str) -> float | None:
    """What one spray device holds, by the released rule of its drug and route; None where it says nothing."""
    rules = (
        each
        for each in released_rulebook().of_kind("dose.range")
        if (each.fact("drug"), each.fact("route")) == (drug, route)
    )
    return next((each.fixed["device_mg"] for each in rules if "device_mg" in each.fixed), None)


# The same for what the action itself refuses.
_WHOLE = {"no-dose": "dose_mg", "no-lot": "lot", "read-again": "read_again"}


class ValuesForm(forms.Form):
    """Readings that a person took, and ratings. ``codes``: which vital signs are asked for."""

    sure = forms.BooleanField(
        label=gettext_lazy("I have read it so: keep it"),
        help_text=gettext_lazy("It stays on the chart, marked: it may raise an alarm, and ends none."),
        required=False,
    )
    before_arrival = forms.BooleanField(
        label=gettext_lazy("Yes, it was measured before the patient arrived"),
        help_text=gettext_lazy("It is kept and shown with its date; it raises no alarm."),
        required=False,
    )
    at = ClockField(label=gettext_lazy("Measured at"), help_text=gettext_lazy("Leave it empty for now."))
    on = forms.DateField(
        label=gettext_lazy("On another day"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Leave it empty for today."),
    )  # fmt: skip

    def __init__(self, *args: Any, codes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = tuple(codes)
        self.asks_early = False
        for code in self.codes:
            vital = VITALS[code]
            if code == MOAAS:
                anchors = recovery.read(released_rulebook().rule(MOAAS)).items[0].anchors
                self.fields[code] = forms.TypedChoiceField(
                    label=_(vital.label), required=False, coerce=float, empty_value=None,
                    choices=[(each.points, f"{each.points}: {_(each.text)}") for each in anchors],
                    widget=forms.RadioSelect,
                )  # fmt: skip
                continue
            self.fields[code] = ReadingField(
                label=LABELS.get(code, _(vital.label)), required=False, unit=vital.unit.code,
                widget=FigureInput({"inputmode": "decimal" if vital.places else "numeric"}),
            )  # fmt: skip

    @property
    def numbers(self) -> list[tuple[forms.BoundField, str]]:
        """The readings' fields with their units."""
        return [(self[code], VITALS[code].unit.display) for code in self.codes if not VITALS[code].score]

    @property
    def ratings(self) -> list[tuple[forms.BoundField, str]]:
        """The ratings' fields, without MOAA/S, which has anchors instead of a number."""
        return [(self[code], "") for code in self.codes if VITALS[code].score and code != MOAAS]

    @property
    def asks_sure(self) -> bool:
        """Whether something was found that can be confirmed as read."""
        return self.is_bound and bool(self.errors) and not self.asks_early

    def ask_early(self, refused: ActionRefused) -> None:
        """Ask beside the time whether it was measured before the patient arrived."""
        self.asks_early = True
        self.add_error("at", " ".join(str(each) for each in refused.reasons))

    def measured_at(self, now: datetime) -> datetime | None:
        """The moment that was typed; None for now. A day without a time is its noon."""
        on, at = self.cleaned_data.get("on"), self.cleaned_data["at"]
        if on is None:
            return moment_of(at, now)
        return timezone.make_aware(datetime.combine(on, at or time(12)), page_zone())

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
        sure = bool(cleaned.get("sure"))
        for one, other in zip(SYSTOLIC, DIASTOLIC, strict=True):
            self._look_at_pressure(one, other, values, sure)
        if not sure:
            for code, value in values.items():
                self._look_at(code, value)
        return cleaned

    def _look_at_pressure(self, one: str, other: str, values: Mapping[str, float], sure: bool) -> None:
        if (one in values) != (other in values):
            missing = other if one in values else one
            self.add_error(missing, _("A pressure has two numbers: enter both."))
        elif one in values and pressure_fault(values[one], values[other]) and not sure:
            self.add_error(other, _("The lower pressure is not below the upper one. Are they the wrong way round?"))

    def _look_at(self, code: str, value: float) -> None:
        found = plausibility(released_rulebook().plausibility(code), value)
        if impossible(code, value):
            said = _("Nobody can have %(value)g here: a rate is 0 or at least 1, and nothing is below zero.")
            self.add_error(code, said % {"value": value})
        elif isinstance(found, Implausible):
            said = _("%(value)g is outside of %(low)g to %(high)g. Correct it, or say that you read it so.")
            self.add_error(code, said % {"value": value, "low": found.low, "high": found.high})


class DoseForm(forms.Form):
    """What stands on the vial, the syringe or the bag, the pump and the devices; the route says what is asked.

    ``again``: two entries differed and both were shown, so whoever enters says that they have read everything anew.
    """

    drug = forms.ChoiceField(label=gettext_lazy("Drug"), choices=tuple(DRUGS.items()), widget=forms.RadioSelect)
    dose_mg = amount(gettext_lazy("Dose"), "mg", 7, 2, help_text=gettext_lazy("Milligrams of base, not of the salt"))
    stock_mg_per_ml = amount(gettext_lazy("Concentration"), "mg/mL", 7, 3)
    drawn_ml = amount(gettext_lazy("Drawn up"), "mL", 7, 2)
    total_ml = amount(
        gettext_lazy("Made up to"), "mL", 7, 2, required=False, help_text=gettext_lazy("Empty where nothing was added")
    )
    over_min = amount(gettext_lazy("Runs over"), "min", 5, 1)
    rate_ml_per_h = amount(gettext_lazy("Pump rate"), "mL/h", 8, 2)
    devices = CountField(
        label=gettext_lazy("Spray devices"), min_value=1, max_value=20,
    )  # fmt: skip
    lot = forms.CharField(
        label=gettext_lazy("Lot number"), max_length=40,
        widget=forms.TextInput(attrs={"class": "figure", "autocomplete": "off", "autocapitalize": "characters"}),
    )  # fmt: skip
    expires_on = forms.DateField(
        label=gettext_lazy("Expires on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    vial = forms.CharField(
        label=gettext_lazy("Vial or device number"), max_length=40, required=False,
        help_text=gettext_lazy("If your clinic numbers them"),
        widget=forms.TextInput(attrs={"class": "figure", "autocomplete": "off"}),
    )  # fmt: skip

    read_again = forms.BooleanField(
        label=gettext_lazy("I have read all of this again just now, and enter nothing from memory"),
        error_messages={"required": gettext_lazy("Two entries differed. Read everything again and say you have.")},
    )

    def __init__(self, *args: Any, drug_wanted: str, route: str, again: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drug_wanted, self.route = drug_wanted, route
        if not again:
            del self.fields["read_again"]
        for name in _NOT_ASKED.get((drug_wanted, route), _NOT_ASKED.get(route, ())):
            del self.fields[name]
        if "devices" in self.fields and (each := _device_mg(drug_wanted, route)):
            self.fields["devices"].help_text = _("%(mg)g mg each") % {"mg": each}

    def clean_drug(self) -> str:
        drug = str(self.cleaned_data["drug"])
        if drug != self.drug_wanted:
            raise ValidationError(
                _("This session's protocol is for %(wanted)s. Look again at what is in your hand.")
                % {"wanted": DRUGS.get(self.drug_wanted, self.drug_wanted)},
                code="another-drug",
            )
        return drug

    @property
    def groups(self) -> list[tuple[StrPromise, list[forms.BoundField]]]:
        """The fields under what they are read off: vial, syringe or bag, pump."""
        found = []
        for number, (heading, names) in enumerate(_READ_OFF):
            fields = [self[name] for name in names if name in self.fields]
            if fields:
                found.append((self._heading(number, heading), fields))
        return found

    def _heading(self, number: int, heading: StrPromise) -> StrPromise:
        if "drawn_ml" not in self.fields:
            return (_ON_THE_PACK, _THE_DOSE)[number]
        return heading if number != 1 or "total_ml" in self.fields else _IN_THE_SYRINGE

    def drawn(self) -> DrawnDose:
        """What was typed, for the engine."""
        typed = {name: value for name, value in self.cleaned_data.items() if name != "read_again"}
        return DrawnDose(route=self.route, **typed)

    @property
    def was_read_again(self) -> bool:
        """Whether whoever enters says that they have read everything anew."""
        return bool(self.cleaned_data.get("read_again"))

    @property
    def again(self) -> forms.BoundField | None:
        """The tick, where two entries differed."""
        return self["read_again"] if "read_again" in self.fields else None

    def blame(self, refused: ActionRefused) -> ActionRefused | None:
        """Put each refusal of the dosing rules beside the field where it was typed; what belongs to none is handed
        back."""
        codes, reasons = [], []
        for code, reason in zip(refused.codes, refused.reasons, strict=True):
            part = dosing.FIELDS.get(code.removeprefix("dose:"), _WHOLE.get(code, ""))
            field = _TYPED_IN.get(part, part)
            if field in self.fields:
                self.add_error(field, reason)
            else:
                codes.append(code)
                reasons.append(reason)
        return ActionRefused(*reasons, codes=codes) if reasons else None


class NoteForm(forms.Form):
    """Something that happened. ``last``: the newest entry that the page showed."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What happened"), widget=forms.RadioSelect,
        choices=[(each.code, each.words) for each in chosen(lambda kind: kind.in_words)],
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("In a few words"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    at = ClockField(label=gettext_lazy("When"), help_text=gettext_lazy("Leave it empty for now."))
    last = RowField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == OTHER and not str(cleaned.get("note", "")).strip():
            self.add_error("note", _("Say in a few words what it was."))
        return cleaned


class ScoreForm(forms.Form):
    """The items of a recovery score with their anchors. The sum is made by clinical.recovery."""

    SKIP = "skip"
    BEFORE = "before_"  # the name of the field that says how an item was before the dose

    def __init__(self, *args: Any, scale: RecoveryScale, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scale = scale
        for item in scale.items:
            self.fields[item.id] = forms.ChoiceField(
                label=_(item.label), choices=self._choices(item), widget=forms.RadioSelect,
                error_messages={"required": _("Choose one answer.")},
            )  # fmt: skip
            if item.as_before:
                self.fields[self.BEFORE + item.id] = forms.CharField(
                    label=_("How it was before the dose"), max_length=LONGEST_BEFORE, required=False,
                    widget=forms.Textarea(attrs={"rows": 2}),
                    help_text=_("Only for the answer “as before the dose”. It goes into the record with your name."),
                )  # fmt: skip

    def _choices(self, item: Item) -> list[tuple[str, str]]:
        found = [(str(each.points), f"{each.points}: {_(each.text)}") for each in item.anchors]
        if item.as_before:
            found.insert(1, (AS_BEFORE, f"{item.full_points}: {_(item.as_before)}"))
        if item.spare_points is not None:
            found.append((self.SKIP, _("%(points)d: does not apply here") % {"points": item.spare_points}))
        return found

    def answers(self) -> dict[str, Points]:
        """The points by item; None where the item does not apply, AS_BEFORE where it is as before the dose."""
        given = ((item.id, self.cleaned_data[item.id]) for item in self.scale.items)
        said: dict[str, Points] = {self.SKIP: None, AS_BEFORE: AS_BEFORE}
        return {name: said[value] if value in said else int(value) for name, value in given}

    def before(self) -> dict[str, str]:
        """How an item was before the dose, by item."""
        return {item.id: self.cleaned_data.get(self.BEFORE + item.id, "") for item in self.scale.items}

    def keep(self, refused: ActionRefused) -> bool:
        """Show a refusal beside the field that it is about; False where it is about none."""
        at = [(code.partition(":"), str(reason)) for code, reason in zip(refused.codes, refused.reasons, strict=True)]
        placed = [
            (self.BEFORE + item if stem == "before-missing" else item, reason)
            for (stem, _colon, item), reason in at
            if item in self.fields
        ]
        for field, reason in placed:
            self.add_error(field, reason)
        return len(placed) == len(at)


class ReasonForm(forms.Form):
    """A step with a reason in words. ``needed``: it is not taken without one."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say why.")},
    )  # fmt: skip

    def __init__(self, *args: Any, needed: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needed


class SomebodyForm(forms.Form):
    """Somebody who takes the patient home and is not known yet."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    relationship = forms.CharField(label=gettext_lazy("Relationship"), max_length=60, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40)
