"""An answer to one question of a questionnaire."""

from __future__ import annotations

from django import forms

from sojourn.clinical.numbers import NumberRefusal, read_whole
from sojourn.interfaces.shared.fields import MadeByPage

SKIP = "skip"


class AnswerForm(forms.Form):
    """``item``: the question that was read; ``to``: the review, where one came from there; ``skip``: it is left out."""

    item = forms.CharField(required=False, strip=False)
    value = forms.CharField(required=False, strip=False)
    to = MadeByPage()

    def typed(self, name: str) -> str:
        return str(self.data.get(name, ""))

    def answer(self, *, is_number: bool) -> int | NumberRefusal | None:
        """The value; None where the question is left out. A figure has a button of its own to leave it out."""
        typed = self.typed("value")
        skipped = typed == SKIP or (is_number and SKIP in self.data)
        return None if skipped else read_whole(typed)
