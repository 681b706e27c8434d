"""Forms of the questionnaires: asking for one or for a set, answers from paper, a score from the clinic's own form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.care.measures import queries as measures_queries
from sojourn.clinical.scales import Item, Number, Scale, say
from sojourn.foundation.clock import page_local, page_today
from sojourn.foundation.ui.numbers import AmountField, CountField, FigureInput
from sojourn.interfaces.console.measures.words import reading_language, short_first

DUE_IN = timedelta(days=7)

MOST_RADIOS = 12


class DueForm(forms.Form):
    """By when something is asked for."""

    due_on = forms.DateField(
        label=gettext_lazy("Wanted by"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].initial = page_today() + DUE_IN

    def due_at(self, zone: ZoneInfo) -> datetime:
        """The end of that day."""
        return datetime.combine(self.cleaned_data["due_on"], time(23, 59), zone)


class RequestForm(DueForm):
    """What to ask, and by when."""

    def __init__(self, askable: Sequence[Scale], data: QueryDict | None = None) -> None:
        super().__init__(data)
        choices = [(each.id, short_first(say(each.title, reading_language()))) for each in askable]
        self.fields["scale_id"] = forms.ChoiceField(label=_("Questionnaire"), choices=choices)
        self.order_fields(("scale_id",))


class PaperForm(forms.Form):
    """The form on paper, question by question. What is left empty there is left empty here."""

    filled_on = forms.DateField(
        label=gettext_lazy("Filled in on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    filled_at = forms.TimeField(
        label=gettext_lazy("At"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, asked: Scale, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.asked = asked
        language = reading_language()
        now = page_local(timezone.now())
        self.fields["filled_on"].initial = now.date()
        self.fields["filled_at"].initial = now.time().replace(second=0, microsecond=0)
        for item in asked.items:
            self.fields[f"item-{item.link_id}"] = _item_field(item, language)

    def filled_in_at(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(self.cleaned_data["filled_on"], self.cleaned_data["filled_at"], zone)

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[f"item-{item.link_id}"] for item in self.asked.items]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and all(answer is None for answer in self.answers(values).values()):
            raise forms.ValidationError(_("Nothing is answered yet. Enter at least one answer."))
        return values

    def answers(self, values: Mapping[str, Any]) -> dict[str, int | None]:
        """The answers by link id; None for what stands empty on the paper."""
        return {item.link_id: values.get(f"item-{item.link_id}") for item in self.asked.items}


def _item_field(item: Item, language: str) -> forms.Field:
    """One question. Where no words ship it is called by its number."""
    words = say(item.text, language)
    label = f"{item.prefix} {words}".strip() if words else _("Item %(number)s") % {"number": item.link_id}
    if item.kind == "number" or (not words and len(item.options) > MOST_RADIOS):
        low, high = item.bounds
        return CountField(label=label, min_value=low, max_value=high, required=False, help_text=f"{low}–{high}")
    return forms.TypedChoiceField(
        label=label,
        choices=[
            (
                option.value,
                f"{option.value}  {text}" if (text := say(option.text, language)) != str(option.value) else text,
            )
            for option in item.options
        ],
        widget=forms.RadioSelect(attrs={"class": "radio"}),
        coerce=int,
        empty_value=None,
        required=False,
    )


class BatteryForm(DueForm):
    """What an indication begins with, and by when."""

    def __init__(self, batteries: Iterable[measures_queries.MeasureSet], data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="battery-%s")
        choices = [(each.indication, _(each.label)) for each in batteries]
        self.fields["indication"] = forms.ChoiceField(label=_("Indication"), choices=choices)
        self.order_fields(("indication",))


class ScoreForm(forms.Form):
    """A score from the clinic's own form: total or subscales, and the items that are about danger."""

    taken_on = forms.DateField(
        label=gettext_lazy("Taken on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    taken_at = forms.TimeField(label=gettext_lazy("At"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    rater = forms.CharField(label=gettext_lazy("Rated by"), max_length=120)
    origin = forms.CharField(
        label=gettext_lazy("Status"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For example: paper form in the file, letter of another clinic."),
    )

    def __init__(self, asked: Scale, rater: str, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.asked = asked
        now = page_local(timezone.now())
        self.fields["taken_on"].initial = now.date()
        self.fields["taken_at"].initial = now.time().replace(second=0, microsecond=0)
        self.fields["rater"].initial = rater
        self.numbers: list[str] = []
        for part in asked.parts:
            self._number(f"part-{part.code}", _(part.label), part.low, part.high, part.decimals)
        self._number("total", _("Total"), asked.low, asked.high, asked.decimals)
        for name in asked.safety_items:
            item = asked.item(name)
            low, high = item.bounds
            words = say(item.text, reading_language())
            label = words or _("Item %(number)s, about danger") % {"number": name}
            self._number(f"item-{name}", label, low, high, 0)

    def _number(self, name: str, label: str, low: int, high: int, decimals: int) -> None:
        self.numbers.append(name)
        self.fields[name] = AmountField(
            label=label,
            min_value=low,
            max_value=high,
            decimal_places=decimals,
            required=False,
            help_text=f"{low}–{high}",
            widget=FigureInput({"inputmode": "decimal" if decimals else "numeric"}),
        )

    def rated_at(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(self.cleaned_data["taken_on"], self.cleaned_data["taken_at"], zone)

    @property
    def figures(self) -> list[forms.BoundField]:
        return [self[name] for name in self.numbers]

    @staticmethod
    def _plain(value: Decimal) -> Number:
        return int(value) if value == int(value) else value

    @property
    def total(self) -> Number | None:
        value = self.cleaned_data.get("total")
        return None if value is None else self._plain(value)

    @property
    def parts(self) -> dict[str, Number]:
        return {
            part.code: self._plain(value)
            for part in self.asked.parts
            if (value := self.cleaned_data.get(f"part-{part.code}")) is not None
        }

    @property
    def safety(self) -> dict[str, int | None]:
        return {
            name: int(value)
            for name in self.asked.safety_items
            if (value := self.cleaned_data.get(f"item-{name}")) is not None
        }
