"""Fields of forms that several pages have."""

from __future__ import annotations

from typing import Any

from django import forms


class MadeByPage(forms.Field):
    """What a page made and gets back with what was sent: a key, a row that was shown, a way back. Nobody types it, and
    so no word of danger is looked for in it (``portal.danger.listening.NOT_READ``)."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> str:
        return "" if value is None else str(value)
