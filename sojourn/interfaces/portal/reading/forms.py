"""What a reader asks, and whether a part was clear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from sojourn.care.reading.actions import LONGEST_WORD
from sojourn.interfaces.shared.fields import MadeByPage


class AskForm(forms.Form):
    """``to``: "team", the reader's own care team, or "clinic", without a name. Which words will do, the action says."""

    text = forms.CharField(required=False, strip=False)
    key = MadeByPage()
    to = MadeByPage()

    @property
    def typed(self) -> str:
        return str(self.data.get("text", ""))

    @property
    def sent_key(self) -> UUID:
        """The key that came with the form; a new one where it is no key."""
        try:
            return UUID(str(self.data.get("key", "")))
        except ValueError:
            return uuid4()

    @property
    def to_team(self) -> bool:
        return self.data.get("to") == "team"


class ClearForm(forms.Form):
    """``part``: several of them may be open on one page. ``openings``: the first words of its paragraphs, one of which
    may be named."""

    paragraph = forms.ChoiceField(label=_("Which paragraph?"), required=False)
    word = forms.CharField(
        label=_("What would have helped?"), required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST_WORD, "autocomplete": "off"}),
    )  # fmt: skip
    clear = forms.ChoiceField(choices=(("yes", _("Yes")), ("no", _("No"))), widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, part: int, openings: Sequence[str]) -> None:
        super().__init__(data, auto_id=f"unclear-{part}-%s")
        whole = ("", _("The whole part"))
        field = cast(forms.ChoiceField, self.fields["paragraph"])
        field.choices = [whole, *((each, each) for each in openings)]
