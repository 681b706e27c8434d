"""What is done with a reader's question: answered for everybody, set aside, or an answer taken back."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from sojourn.interfaces.console.fields import RowField


class Typed(forms.CharField):
    """What one of several buttons needs and the others leave: where it is missing, the action says so."""

    def validate(self, value: str) -> None:
        """Nothing is missing here."""


class DecideForm(forms.Form):
    """``seen``: the decision that stood on the page. ``do`` says which button was pressed."""

    use_required_attribute = False
    question_text = Typed(
        label=_("The question, as everybody will read it"), strip=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Take out names, places, dates and whatever else could tell who asks."),
    )  # fmt: skip
    text = Typed(
        label=_("The answer, for everybody"), strip=False, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("It stands under the article with today's date and your role, without your name."),
    )  # fmt: skip
    reason = Typed(
        label=_("Why it is set aside"), max_length=300,
        help_text=_("Only the clinic reads this."),
    )  # fmt: skip
    seen = RowField()
    do = forms.CharField(required=False)


class ModerateForm(forms.Form):
    """``seen``: what had happened with the voice when the page was made. ``do`` says which button was pressed."""

    use_required_attribute = False
    text = Typed(
        label=_("The wording that would be shown"), strip=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("Take out what could tell who it is. Change nothing of what was lived: its writer must say yes."),
    )  # fmt: skip
    reason = Typed(
        label=_("Why it is given back"), max_length=300, help_text=_("Its writer reads this."),
    )  # fmt: skip
    seen = RowField()
    do = forms.CharField(required=False)
