"""D2: an amount is plain digits with one separator; what only a programming language reads as a number is a slip."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.console.sessions import weighing
from sojourn.interfaces.console.sessions.forms import ValuesForm, amount
from sojourn.interfaces.console.sessions.medicines import MedicineForm
from sojourn.interfaces.console.sessions.pump_forms import RateForm, WasteForm

SLIPS = ["3_5", "3.5e1", "\u0663\u0665", "\uff13\uff15", "35.00.0", "-35", "+35", "NaN", "Infinity", "3 5", "."]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("typed", SLIPS)
def test_a_slip_is_no_amount(language: str, typed: str):
    """D2: underscore, exponent, digits of other scripts: refused wherever an amount is typed at the chair."""
    with translation.override(language):
        with pytest.raises(ValidationError):
            amount("x", "mg", 7, 2).clean(typed)
        with pytest.raises(ActionRefused):
            weighing.kilograms_of(typed)
        assert "rate_ml_per_h" in RateForm({"rate_ml_per_h": typed}).errors
        assert "mg" in WasteForm({"waste-mg": typed}).errors
        assert "amount" in MedicineForm({"amount": typed}).errors
        assert "hr" in ValuesForm({"hr": typed}, codes=("hr",)).errors


@pytest.mark.parametrize(
    ("language", "typed", "read"),
    [("en", "35", "35"), ("en", " 35.5 ", "35.5"), ("es", "35,5", "35.5"), ("es", "35.5", "35.5")],
)
def test_the_readers_own_writing_is_read(language: str, typed: str, read: str):
    """D2: the point, or the separator of the reader's language."""
    with translation.override(language):
        assert amount("x", "mg", 7, 2).clean(typed) == Decimal(read)
        assert weighing.kilograms_of(typed) == weighing.kilograms_of(f"{typed} kg") == Decimal(read)


def test_a_comma_in_english_is_no_separator():
    """D2: "4,250" in English might be four thousand or four: it is asked again."""
    with translation.override("en"), pytest.raises(ValidationError):
        amount("x", "mg", 7, 2).clean("4,250")
