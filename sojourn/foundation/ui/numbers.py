"""Numbers in forms: the fields of every page, and in words why something is not taken as a number.

A number is typed as text. A browser's own number field drops what it cannot read in the language of the browser, and
nobody sees that it did.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.translation import gettext_lazy

from sojourn.clinical.numbers import NumberRefusal, read_amount, read_whole, written

_WORDS: Final = {
    "empty": gettext_lazy("Write a number."),
    "not-a-number": gettext_lazy("“%(text)s” is not a number. Write it in digits, like 70 or 70.5."),
    "two-ways": gettext_lazy(
        "“%(text)s” can be read two ways. Write %(whole)s without a mark for the thousands, or %(part)s."
    ),
    "grouped": gettext_lazy("“%(text)s”: write it without marks or spaces for the thousands, like 1408 or 1408.5."),
    "bound": gettext_lazy("“%(text)s” says more or less than a number. It is not taken as the number itself."),
    "several": gettext_lazy("“%(text)s” is more than one number. Write one."),
    "unit": gettext_lazy("“%(text)s” has the unit %(unit)s. Write the number alone, in the unit that is asked for."),
    "not-whole": gettext_lazy("“%(text)s” is not a whole number."),
}


def number_words(refused: NumberRefusal) -> str:
    """In words why a text is not taken as a number, and how to write it."""
    said = {"text": refused.text, "whole": refused.whole, "part": refused.part, "unit": refused.unit}
    return str(_WORDS[refused.why]) % said


def shown(value: Decimal | float) -> str:
    """A number as it can stand in a field, in the reader's writing; :func:`read_number` reads the same."""
    return written(value, str(formats.get_format("DECIMAL_SEPARATOR")))


class FigureInput(forms.TextInput):
    """Where a number is typed. On a phone the keyboard of numbers comes up."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "figure", "inputmode": "decimal", "autocomplete": "off", **(attrs or {})})


class _Number(forms.Field):
    """A field that takes what the one reader takes. ``unit``: what may be written behind the number."""

    widget = FigureInput
    unit = ""

    def __init__(self, *args: Any, unit: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = unit
        lowest = getattr(self, "min_value", None)
        self.signed = lowest is not None and lowest < 0  # what is measured or given is never less than nothing

    def prepare_value(self, value: Any) -> Any:
        known = isinstance(value, Decimal | float) and Decimal(value).is_finite()
        return shown(value) if known else value

    def number(self, value: Any) -> Decimal | None:
        """What was typed; None for nothing. Raises ValidationError with the reader's code."""
        if value is None or value == "" or (isinstance(value, str) and not value.strip()):
            return None
        found = read_amount(str(value), self.unit)
        if not isinstance(found, NumberRefusal) and found < 0 and not self.signed:
            found = NumberRefusal("not-a-number", str(value).strip())
        if isinstance(found, NumberRefusal):
            raise ValidationError(number_words(found), code=found.why)
        return found


class AmountField(_Number, forms.DecimalField):
    """An amount, exact."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        return self.number(value)


class ReadingField(_Number, forms.FloatField):
    """A reading."""

    def to_python(self, value: Any) -> float | None:  # type: ignore[override]
        found = self.number(value)
        return None if found is None else float(found)


class CountField(_Number, forms.IntegerField):
    """How many of something."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", FigureInput({"inputmode": "numeric"}))
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> int | None:
        if self.number(value) is None:
            return None
        found = read_whole(str(value))
        if isinstance(found, NumberRefusal):
            raise ValidationError(number_words(found), code=found.why)
        return found
