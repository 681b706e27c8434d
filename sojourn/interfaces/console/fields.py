"""Fields of the forms that this console made itself: hidden numbers, ticks of a list, words cut where they are long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from sojourn.interfaces.shared.typed import whole


class _Optional(forms.Field):
    """A field that takes whatever comes, also nothing."""

    def __init__(self) -> None:
        super().__init__(required=False)


class RowField(_Optional):
    """The number of a row or of a version, hidden in a form of ours; None for what is none."""

    widget = forms.HiddenInput

    def to_python(self, value: object) -> int | None:
        return whole(str(value or ""))


class WordsField(_Optional):
    """Words as they were typed, of which at most ``most`` are kept. Whoever acts on them says what is wrong."""

    widget = forms.TextInput

    def __init__(self, *, most: int | None = None, strip: bool = True) -> None:
        super().__init__()
        self.most, self.strip = most, strip

    def to_python(self, value: object) -> str:
        text = "" if value is None else str(value)
        return (text.strip() if self.strip else text)[: self.most]


class ListField(_Optional):
    """All that was ticked under one name."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: object) -> list[str]:
        return [str(each) for each in value] if isinstance(value, list) else []


def set_choices(form: forms.Form, name: str, choices: Iterable[tuple[int | str, object]]) -> None:
    """Give a field the choices of the moment."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [(code, str(label)) for code, label in choices]


def read(form: forms.Form) -> dict[str, Any]:
    """What was sent, of a form whose fields take whatever comes."""
    form.full_clean()
    return form.cleaned_data
