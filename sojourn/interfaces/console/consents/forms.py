"""Forms of the agreements. The actions say what is missing in them, so that nothing here is required."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from sojourn.interfaces.shared.fields import MadeByPage


def _text() -> forms.CharField:
    return forms.CharField(required=False, strip=False)


class AdoptForm(forms.Form):
    """The ticked texts, each with the hash of what was read (``hash:<text>``)."""

    text = forms.Field(required=False, widget=forms.MultipleHiddenInput)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.hashes = {each: data.get(f"hash:{each}", "") for each in data.getlist("text")}


class PlaceForm(forms.Form):
    """Where the clinic is."""

    place = _text()


class AskForm(forms.Form):
    """How the drug is to be given, and a word to the patient."""

    way = _text()
    note = _text()


class AnswerForm(forms.Form):
    """The answer to a question, or why it stays without one (``waived``)."""

    text = _text()
    outcome = _text()

    @property
    def waived(self) -> bool:
        return bool(self.cleaned_data["outcome"] == "waive")


class CountersignForm(forms.Form):
    """A prescriber's signature beside the patient's."""

    capacity = _text()
    note = _text()
    seen = MadeByPage()

    @property
    def typed(self) -> dict[str, Any]:
        return {"capacity": self["capacity"].value() == "yes", "note": self["note"].value() or ""}


class WithdrawForm(forms.Form):
    """Why the patient has withdrawn."""

    reason = _text()
