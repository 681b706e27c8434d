"""What is typed while a dose runs and after it: what the pump says, a rate, a waste, and why it was stopped."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.clinical.numbers import read_number
from sojourn.interfaces.console.fields import WordsField
from sojourn.interfaces.console.sessions.forms import amount


class PumpForm(forms.Form):
    """What is left in the pump, where somebody has read it off."""

    remaining_ml = amount(
        gettext_lazy("Left in the pump"), "mL", 7, 2, required=False, min_value=Decimal(0),
        help_text=gettext_lazy("If you read it off, this counts instead of what is computed."),
    )  # fmt: skip


class RateForm(forms.Form):
    """A rate of the pump."""

    rate_ml_per_h = amount(gettext_lazy("Pump rate"), "mL/h", 8, 2)
    shown = WordsField(strip=False)  # the rate that the page showed

    @property
    def was_meant_lower(self) -> bool:
        """Whether what was typed is lower than the rate that the page showed."""
        shown = read_number(self.cleaned_data["shown"])
        return isinstance(shown, Decimal) and bool(self.cleaned_data["rate_ml_per_h"] < shown)

    def against(self, running: Decimal | None, *, may_raise: bool) -> None:
        """Say beside the rate why it cannot be set beside the one that runs."""
        wanted = self.cleaned_data["rate_ml_per_h"]
        if running is None:
            return
        if wanted == running:
            self.add_error("rate_ml_per_h", _("The pump is set to this rate already."))
        elif wanted > running and not may_raise:
            self.add_error("rate_ml_per_h", _("You may lower the rate. A nurse or a prescriber raises it."))


class ReadForm(forms.Form):
    """A reading after the step. ``asks``: "remaining" or "given", as it can be told of this dose."""

    prefix = "read"
    remaining_ml = amount(gettext_lazy("Left in the pump"), "mL", 7, 2, min_value=Decimal(0))
    given_mg = amount(gettext_lazy("Given in all"), "mg", 7, 2, min_value=Decimal(0))

    def __init__(self, *args: Any, asks: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["given_mg" if asks == "remaining" else "remaining_ml"]

    @property
    def field(self) -> forms.BoundField:
        """The one field that is asked."""
        return self[next(iter(self.fields))]


class WasteForm(forms.Form):
    """Milligrams that were thrown away. ``key`` is made with the form: sent twice, it is one waste."""

    prefix = "waste"
    mg = amount(gettext_lazy("Thrown away"), "mg", 7, 2)
    how = forms.CharField(
        label=gettext_lazy("How"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, proposed: Decimal | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"key": uuid4(), "mg": proposed or None}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "key" in self.errors:
            raise ValidationError(_("This form is incomplete. Open the session again."), code="no-key")
        return cleaned


class WhyForm(forms.Form):
    """Why a dose was stopped; written once there is time."""

    why = forms.CharField(
        label=gettext_lazy("Why was it stopped?"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why.")},
    )  # fmt: skip
