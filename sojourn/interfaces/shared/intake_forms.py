"""What comes with an answer of the intake, or with a line of its lists, from the clinic's page or the patient's.

The answer itself is read by ``care.intake.typed``, and a line by the forms of ``care.intake.forms``.
"""

from __future__ import annotations

from typing import Any

from django import forms

from sojourn.interfaces.shared.fields import MadeByPage
from sojourn.interfaces.shared.typed import whole


class _SeenForm(forms.Form):
    """``seen``: the answer or line that stood there when the page was made."""

    seen = MadeByPage()

    @property
    def told(self) -> dict[str, Any]:
        """What can be read of it; a field that cannot says nothing."""
        self.is_valid()
        return self.cleaned_data

    @property
    def seen_id(self) -> int | None:
        return whole(self.told.get("seen"))


class AnswerForm(_SeenForm):
    """``confirmed``: the doubts that were asked back about and answered with yes."""

    confirmed = forms.Field(required=False, widget=forms.MultipleHiddenInput)

    @property
    def confirmed_doubts(self) -> frozenset[str]:
        return frozenset(self.told.get("confirmed") or ())


class LineForm(_SeenForm):
    """``sure``: what was asked back about is so; ``remove``: the line is taken off."""

    sure = forms.CharField(required=False)
    remove = forms.CharField(required=False)

    @property
    def is_sure(self) -> bool:
        return bool(self.told.get("sure") == "yes")

    @property
    def removes(self) -> bool:
        return bool(self.told.get("remove"))
