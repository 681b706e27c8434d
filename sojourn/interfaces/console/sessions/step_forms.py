"""What is sent with a step, a check, a tap or an answer: mostly one press, with a few words beside it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from sojourn.interfaces.console.fields import ListField, RowField, WordsField
from sojourn.interfaces.console.sessions.forms import ClockField


class SetAsideForm(forms.Form):
    """A step that lets more in: what is set aside, and why."""

    override = ListField()
    reason = WordsField(most=500)

    @property
    def typed(self) -> dict[str, Any]:
        """What was sent, as the engine takes it and the page shows it again."""
        return {"overrides": self.cleaned_data["override"], "reason": self.cleaned_data["reason"]}


class StepForm(forms.Form):
    """A step of the transition table."""

    override = ListField()
    reason = WordsField(strip=False)
    note = WordsField(strip=False)
    started = ClockField(error_messages={"invalid": gettext_lazy("Write the start time as 14:05.")})

    @property
    def typed(self) -> dict[str, Any]:
        """What was sent, for the page to show it again."""
        return {
            "overrides": self.cleaned_data["override"],
            "reason": self.cleaned_data["reason"],
            "note": self.cleaned_data["note"],
            "started": self.data.get("started", ""),
        }


class CheckForm(forms.Form):
    """One item, passed or not. ``last``: the answer that the person saw; ``kg`` and ``sure`` come with a weight."""

    item = WordsField(strip=False)
    outcome = forms.ChoiceField(choices=(("passed", ""), ("failed", "")))
    note = WordsField(most=500)
    last = WordsField(strip=False)
    kg = WordsField(strip=False)
    sure = forms.BooleanField(required=False)

    @property
    def passed(self) -> bool:
        return bool(self.cleaned_data["outcome"] == "passed")

    @property
    def has_weight(self) -> bool:
        """Whether the field for the weight was sent, be it empty."""
        return "kg" in self.data


class AlarmForm(forms.Form):
    """An alarm that somebody takes."""

    rule = WordsField(strip=False)
    code = WordsField(strip=False)
    note = WordsField(most=500)


class TapForm(forms.Form):
    """Something noted with one tap, or what became of an earlier entry (``about``). ``last``: the newest entry that the
    page showed."""

    kind = WordsField()
    grade = WordsField()
    effect = WordsField()
    measure = WordsField()
    amount = WordsField()
    note = WordsField()
    about = WordsField(strip=False)
    at = ClockField(error_messages={"invalid": gettext_lazy("Write the time as 14:05.")})
    last = RowField()


class MonitorForm(forms.Form):
    """What is done about a monitor: ``do``; with the address of a line, or the last row that was looked at."""

    device = RowField()
    do = WordsField(strip=False)
    address = WordsField(strip=False)
    upto = RowField()


class ReasonGivenForm(forms.Form):
    """Words of a reason, as they were typed."""

    reason = WordsField(strip=False)


class WithdrawForm(ReasonGivenForm):
    """An agreement that the patient takes back."""

    consent = WordsField(strip=False)
