"""Forms of the agreements. The actions say what is missing in them, so that nothing here is required."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from sojourn.care.consent.models import Decision
from sojourn.care.consent.texts import Source
from sojourn.interfaces.shared.fields import MadeByPage


def _text() -> forms.CharField:
    return forms.CharField(required=False, strip=False)


class QuestionForm(forms.Form):
    """A question about a section."""

    question = _text()


class SignForm(forms.Form):
    """What was decided, what was confirmed, and the signature: a name, or with ``how`` "draw" a drawing."""

    token = MadeByPage()
    decision = _text()
    statement = forms.Field(required=False, widget=forms.MultipleHiddenInput)
    how = _text()
    signed_name = _text()
    drawn = MadeByPage()

    def __init__(self, data: QueryDict | None, document: Source) -> None:
        super().__init__(data)
        self.unsaid = "" if document.optional else str(Decision.PERMIT)  # what it means where no decision is asked

    def typed(self, name: str, default: str = "") -> str:
        """What was typed; ``default`` where nothing came."""
        return str(self.data.get(name, default))

    @property
    def ticked(self) -> list[str]:
        return list(self["statement"].value() or ())

    @property
    def signature(self) -> dict[str, Any]:
        """What the action takes. Of the name and the drawing only the one that was chosen counts."""
        by_drawing = self.typed("how") == "draw"
        return {
            "token": self.typed("token"),
            "decision": self.typed("decision", self.unsaid),
            "statements": self.ticked,
            "signed_name": "" if by_drawing else self.typed("signed_name"),
            "drawn": self.typed("drawn") if by_drawing else "",
        }


class WithdrawForm(forms.Form):
    """Why an agreement is taken back, for whoever wants to say."""

    reason = _text()
