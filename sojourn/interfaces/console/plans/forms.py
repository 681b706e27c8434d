"""Forms of a plan: the version with its parts and goals, and the checker's own figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import PlanVersion
from sojourn.care.plan.parts import KINDS, MOST_GOALS, MOST_PARTS, PERIODS, Goal, PlanPart, goals, parts
from sojourn.clinical import dosing
from sojourn.foundation.ui.numbers import AmountField, CountField
from sojourn.interfaces.console.plans import presenters as plan_presenters
from sojourn.interfaces.shared.fields import MadeByPage
from sojourn.interfaces.shared.typed import whole

_BLANK_ROWS = 2


def _decimal(label: StrPromise, unit: str, digits: int, places: int, *, required: bool = False) -> AmountField:
    return AmountField(label=label, unit=unit, required=required, max_digits=digits, decimal_places=places)


def _count(label: StrPromise) -> CountField:
    return CountField(label=label, required=False, max_value=200)


def _day(label: StrPromise) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class DraftForm(forms.Form):
    """A form whose fields may all be left open now, while those of ``wanted`` are not called optional: the signature
    will ask for them."""

    use_required_attribute = False
    wanted: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._call_wanted(True)

    def full_clean(self) -> None:
        self._call_wanted(False)
        super().full_clean()
        self._call_wanted(True)

    def _call_wanted(self, now: bool) -> None:
        for name in self.wanted:
            self.fields[name].required = now


class PlanForm(DraftForm):
    """One version of a plan. A draft may leave anything open."""

    wanted = (
        *("indication", "protocol_id", "weight_kg", "weight_on", "per_kg", "fixed_mg", "round_mg", "round_direction"),
        *("stock_mg_per_ml", "total_ml", "over_min", "sessions", "min_days", "max_days", "starts_on", "change_reason"),
        *("review_after", "review_on"),
    )

    indication = forms.CharField(label=gettext_lazy("Indication"), max_length=120, required=False)
    protocol_id = forms.ChoiceField(label=gettext_lazy("Route and protocol"), required=False)
    weight_kg = _decimal(gettext_lazy("Weight"), "kg", 6, 2)
    weight_on = _day(gettext_lazy("Weighed on"))
    per_kg = _decimal(gettext_lazy("Dose by weight"), "mg/kg", 7, 4)
    fixed_mg = _decimal(gettext_lazy("Dose, the same for everybody"), "mg", 7, 2)
    round_mg = _decimal(gettext_lazy("Rounded to multiples of"), "mg", 5, 2)
    round_direction = forms.ChoiceField(
        label=gettext_lazy("Rounding"), choices=tuple(plan_presenters.DIRECTIONS.items()), required=False
    )
    stock_mg_per_ml = _decimal(gettext_lazy("In the vial, as base"), "mg/mL", 7, 3)
    total_ml = _decimal(gettext_lazy("Made up to"), "mL", 7, 2)
    over_min = _decimal(gettext_lazy("Over"), "min", 5, 1)
    sessions = _count(gettext_lazy("Sessions"))
    min_days = _count(gettext_lazy("Days between, at least"))
    max_days = _count(gettext_lazy("Days between, at most"))
    starts_on = _day(gettext_lazy("Begins on"))
    intention = forms.CharField(
        label=gettext_lazy("Intention"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("What the patient hopes for, in the patient's words"),
    )  # fmt: skip
    review_after = _count(gettext_lazy("Look at the plan again after so many sessions"))
    review_on = _day(gettext_lazy("Or on"))
    change_reason = forms.CharField(
        label=gettext_lazy("Why the plan changes"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, clinic_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["protocol_id"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose one")),
            *((each.id, f"{_(each.rule.title)} ({plan_queries.minutes_of(each)} min)")
              for each in plan_queries.protocols_of(clinic_id)),
        ]  # fmt: skip


class PartForm(DraftForm):
    """One part of the plan beside the medicine; left empty it is none."""

    wanted = ("kind", "who", "times", "period")

    kind = forms.ChoiceField(
        label=gettext_lazy("What"), required=False, choices=(("", gettext_lazy("Nothing")), *KINDS.items())
    )
    who = forms.CharField(label=gettext_lazy("Who does it"), max_length=80, required=False)
    times = _count(gettext_lazy("How often"))
    period = forms.ChoiceField(label=gettext_lazy("In which time"), required=False, choices=tuple(PERIODS.items()))
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)

    def part(self) -> PlanPart | None:
        told = self.cleaned_data
        if not any(told.get(name) for name in ("kind", "who", "times", "note")):
            return None
        return PlanPart(told["kind"], told["who"].strip(), told["times"] or 0, told["period"], told["note"].strip())


class GoalForm(DraftForm):
    """One goal; left empty it is none."""

    wanted = ("text",)

    text = forms.CharField(label=gettext_lazy("Goal"), max_length=300, required=False)
    line = forms.CharField(required=False, widget=forms.HiddenInput)


class StepForm(forms.Form):
    """What is done with the draft beside saving it: ``use`` of a proposal. ``revision``: the one that was shown."""

    use = forms.CharField(required=False, strip=False)
    revision = MadeByPage()
    sure = forms.BooleanField(required=False)


class Sheet:
    """The editor's forms together: the plan, its parts and its goals."""

    def __init__(self, version: PlanVersion, clinic_id: int, typed: QueryDict | None = None) -> None:
        stored = {name: getattr(version, name) for name in PlanForm.base_fields}
        initial = {name: dosing.trimmed(v) if isinstance(v, Decimal) else v for name, v in stored.items()}
        self.plan = PlanForm(typed, initial=initial, clinic_id=clinic_id, auto_id="%s")
        stored_parts = [each.plain for each in parts(version.parts)]
        stored_goals = [each.plain for each in goals(version.goals)]
        self.parts = _lines(PartForm, "part", typed, stored_parts, MOST_PARTS, {"period": "week"})
        self.goals = _lines(GoalForm, "goal", typed, stored_goals, MOST_GOALS, {})
        step = StepForm(typed)
        self.step: dict[str, Any] = step.cleaned_data if step.is_valid() else {}
        self.done = typed is not None and "done" in typed

    @property
    def use(self) -> str:
        return str(self.step.get("use", ""))

    @property
    def seen(self) -> int:
        """The revision of the draft that was shown."""
        return whole(self.step.get("revision")) or 0

    @property
    def sure(self) -> bool:
        return bool(self.step.get("sure"))

    @property
    def valid(self) -> bool:
        wrong = [each for each in (self.plan, *self.parts, *self.goals) if not each.is_valid()]
        return not wrong

    @property
    def values(self) -> dict[str, Any]:
        told = dict(self.plan.cleaned_data)
        told["round_direction"] = told["round_direction"] or "nearest"
        told["parts"] = tuple(part for each in self.parts if (part := each.part()) is not None)
        told["goals"] = tuple(
            Goal(" ".join(each.cleaned_data["text"].split()), each.cleaned_data["line"])
            for each in self.goals
            if each.cleaned_data["text"].strip()
        )
        return told

    @property
    def errors(self) -> list[dict[str, str]]:
        found = []
        for form in (self.plan, *self.parts, *self.goals):
            for name, texts in form.errors.items():
                field = form[name] if name in form.fields else None
                label = f"{field.label}: " if field is not None else ""
                href = f"#{field.id_for_label}" if field is not None else ""
                found += [{"href": href, "text": f"{label}{text}"} for text in texts]
        return found


ALine = TypeVar("ALine", PartForm, GoalForm)


def _lines(
    of: type[ALine],
    prefix: str,
    typed: QueryDict | None,
    stored: Sequence[Mapping[str, Any]],
    most: int,
    blank: Mapping[str, Any],
) -> list[ALine]:
    """A form for each line that is stored or typed, and blank ones after them."""
    lines = [*stored, *[blank] * most][: _rows(typed, prefix, len(stored), most)]
    return [of(typed, prefix=f"{prefix}-{k}", initial=dict(line)) for k, line in enumerate(lines)]


def _rows(typed: Iterable[str] | None, prefix: str, stored: int, most: int) -> int:
    numbers = [name.split("-")[1] for name in typed or () if name.startswith(f"{prefix}-")]
    told = max((number + 1 for each in numbers if (number := whole(each)) is not None), default=0)
    return min(most, max(told, stored + _BLANK_ROWS))


# ---------------------------------------------------------------- the second pair of eyes


class CheckForm(forms.Form):
    """The checker's own figures."""

    weight_kg = _decimal(gettext_lazy("Weight, as you read it"), "kg", 6, 2, required=True)
    amount = _decimal(gettext_lazy("Dose, as you would order it"), "", 8, 4, required=True)

    def __init__(self, data: QueryDict | None, *, by_weight: bool) -> None:
        super().__init__(data)
        self.fields["weight_kg"].help_text = _("Off the scale, not off the plan.")
        if not by_weight:
            del self.fields["weight_kg"]


class CourseForm(forms.Form):
    """The course whose plan changes; none where a first plan is made."""

    course = forms.CharField(required=False)


class SignForm(forms.Form):
    """The hash of what was read, and why a dose is ordered outside of what was studied."""

    seen = MadeByPage()
    beyond_reason = forms.CharField(required=False, strip=False)
