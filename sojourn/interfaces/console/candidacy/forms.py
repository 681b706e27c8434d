"""What is typed on the pages of candidacy, read as what it means.

What is wrong is told at the head of the page, where an action's refusals are told; see ``pages.require_valid``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.candidacy import judging
from sojourn.care.candidacy.actions import DecisionInput
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.clinical.eligibility import VOCABULARY, Value
from sojourn.clinical.eligibility.panels import PANELS
from sojourn.clinical.numbers import NumberRefusal, read_amount
from sojourn.foundation.ui.numbers import number_words
from sojourn.interfaces.console.candidacy import signature as candidacy_signature
from sojourn.interfaces.shared.fields import MadeByPage

MOST_BYTES = 1_000_000  # of a laboratory's report


def way_of(data: QueryDict, newest: CandidacyDecision | None) -> tuple[str, str]:
    """The drug and route that the page is about: as asked, as decided last, else the first there is."""
    drug, _sep, route = data.get("way", "").partition("-")
    if (drug, route) in judging.WAYS:
        return drug, route
    return (newest.drug, newest.route) if newest is not None else judging.WAYS[0]


def _text() -> forms.CharField:
    """A text as it was typed: the action says what of it counts."""
    return forms.CharField(required=False, strip=False)


class IsoDayField(forms.DateField):
    """A day as the browser's own field writes it. ``words``: what is said where it is none."""

    def __init__(self, words: StrPromise, *, required: bool = True) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], required=required)
        self.words = words

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except ValidationError:
            raise ValidationError(self.words, code="not-a-day") from None


# ---------------------------------------------------------------- the decision


@dataclass(frozen=True, slots=True)
class Typed:
    """What came back from the form of the decision."""

    kind: str = ""
    conditions: str = ""
    until_on: str = ""
    awaited: tuple[str, ...] = ()
    awaited_words: str = ""
    explanation: str = ""
    alternatives: str = ""
    would_change: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)


class DecisionForm(forms.Form):
    """A decision, the step that was asked for, and what was ``seen`` when it was made."""

    kind = _text()
    conditions = _text()
    until_on = IsoDayField(gettext_lazy("Write the day until when you defer, like 2026-03-12."), required=False)
    awaited = forms.Field(required=False, widget=forms.MultipleHiddenInput)
    awaited_words = _text()
    explanation = _text()
    alternatives = _text()
    would_change = _text()
    step = _text()
    seen = MadeByPage()

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.reasons = candidacy_signature.reasons_typed(data)

    def as_typed(self, name: str) -> str:
        return str(self.data.get(name, ""))

    @property
    def typed(self) -> Typed:
        """What was typed, to be shown again, whatever is wrong in it."""
        return Typed(
            kind=self.as_typed("kind"),
            conditions=self.as_typed("conditions"),
            until_on=self.as_typed("until_on"),
            awaited=tuple(self["awaited"].value() or ()),
            awaited_words=self.as_typed("awaited_words"),
            explanation=self.as_typed("explanation"),
            alternatives=self.as_typed("alternatives"),
            would_change=self.as_typed("would_change"),
            reasons=self.reasons,
        )

    @property
    def answer(self) -> DecisionInput:
        told = self.cleaned_data
        return DecisionInput(
            kind=told["kind"],
            conditions=tuple(told["conditions"].splitlines()),
            until_on=told["until_on"],
            awaited=tuple(told["awaited"] or ()),
            awaited_words=told["awaited_words"],
            explanation=told["explanation"],
            alternatives=told["alternatives"],
            would_change=told["would_change"],
            reasons=self.reasons,
        )


class OverrideForm(forms.Form):
    """The reason why a finding does not stand in the way."""

    finding = _text()
    reason = _text()


class StrikeForm(forms.Form):
    """Why an entry was wrong."""

    reason = _text()


# ---------------------------------------------------------------- facts


class FactField(forms.CharField):
    """The value of a fact of the vocabulary; None where nothing was typed."""

    def __init__(self, name: str) -> None:
        super().__init__(required=False)
        self.word = VOCABULARY[name]

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        if not text:
            return None
        if self.word.kind == "yes_no" and text in ("yes", "no"):
            return text == "yes"
        if self.word.kind == "number":
            return self._number(text)
        if self.word.kind == "day":
            return self._day(text)
        return text

    def _number(self, text: str) -> float:
        value = read_amount(text, self.word.unit)
        if isinstance(value, NumberRefusal):
            raise ValidationError(f"{_(self.word.label)}: {number_words(value)}", code=value.why)
        return float(value)

    @staticmethod
    def _day(text: str) -> Value:
        """The day; what is none stays as it was typed, for the vocabulary to refuse."""
        try:
            found: Value = forms.DateField(input_formats=["%Y-%m-%d"]).clean(text)
        except ValidationError:
            return text
        return found


class FactsForm(forms.Form):
    """The facts of one panel, or those that are named. Fields left empty say nothing."""

    panel = _text()
    observed_on = IsoDayField(gettext_lazy("Write the day on which it was observed, like 2026-03-12."))
    source_note = _text()
    sure = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.panel_id = data.get("panel", "")
        known = [each for each in data.getlist("fact") if each in VOCABULARY]
        self.names = PANELS[self.panel_id] if self.panel_id in PANELS else tuple(known)
        for name in self.names:
            self.fields[name] = FactField(name)

    def clean(self) -> dict[str, Any]:
        if not any(self.typed[name] for name in self.names):
            raise ValidationError(_("Nothing was entered. Fill in at least one field."), code="nothing-said")
        return self.cleaned_data

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, to be shown again, with the day and the note."""
        told = {name: str(self.data.get(name, "")).strip() for name in self.names}
        return told | {name: str(self.data.get(name, "")) for name in ("observed_on", "source_note")}

    @property
    def values(self) -> dict[str, Value]:
        return {name: value for name in self.names if (value := self.cleaned_data[name]) is not None}

    @property
    def place(self) -> str:
        """Where on the page it was typed."""
        return f"panel-{self.panel_id}" if self.panel_id in PANELS else "asks"


class ReportForm(forms.Form):
    """A laboratory's report, pasted or in a file."""

    file = forms.FileField(required=False, allow_empty_file=True)
    report = _text()
    source_note = _text()
    sure = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        if (file := told.get("file")) is not None:
            told["report"] = self._decoded(file, told.get("report", ""))
        return told

    @staticmethod
    def _decoded(file: UploadedFile[bytes], pasted: str) -> str:
        if pasted.strip():
            raise ValidationError(
                _("There is a pasted report and a file. Empty the field, or leave the file out."), code="both"
            )
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(_("The file is larger than a report should be: at most 1 MB."), code="too-long")
        try:
            return bytes(file.read()).decode("utf-8-sig")
        except UnicodeDecodeError:
            words = _("The file cannot be read as text. Save it as CSV in UTF-8, or as FHIR JSON.")
            raise ValidationError(words, code="unreadable") from None

    @property
    def typed(self) -> tuple[str, str]:
        """The report and the note, to be shown again."""
        told = self.cleaned_data if self.is_valid() else self.data
        return str(told.get("report", "")), str(self.data.get("source_note", ""))
