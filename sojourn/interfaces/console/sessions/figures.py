"""The one reader of figures that are typed on the session pages: plain digits and one decimal separator.

Python reads "3_5", "3.5e1" and digits of other scripts as numbers. A slip of the keyboard is none of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats

_DIGITS: Final = frozenset("0123456789")


def is_plain(text: str) -> bool:
    """Whether this is a figure: digits 0 to 9 and at most one separator, the point or that of the reader's writing."""
    digits = text.strip().replace(_separator(), ".").replace(".", "", 1)
    return bool(digits) and set(digits) <= _DIGITS


def figure(text: str) -> Decimal | None:
    """The figure that was typed; None for what is none."""
    return Decimal(text.strip().replace(_separator(), ".")) if is_plain(text) else None


def _separator() -> str:
    return str(formats.get_format("DECIMAL_SEPARATOR"))


class _Plain(forms.Field):
    """A field that takes plain figures only."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not is_plain(value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class AmountField(_Plain, forms.DecimalField):
    """An amount, exact."""


class ReadingField(_Plain, forms.FloatField):
    """A reading."""


class CountField(_Plain, forms.IntegerField):
    """How many of something."""
