"""Fields of the forms that this console made itself: hidden numbers, ticks of a list, words cut where they are long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from sojourn.interfaces.shared.typed import whole


class RowField(forms.Field):
    """The number of a row or of a version, hidden in a form of ours; None for what is none."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> int | None:
        return whole(value)


class WordsField(forms.Field):
    """Words as they were typed, of which at most ``most`` are kept. Whoever acts on them says what is wrong."""

    widget = forms.TextInput

    def __init__(self, *, most: int | None = None, strip: bool = True, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.most, self.strip = most, strip

    def to_python(self, value: Any) -> str:
        text = "" if value is None else str(value)
        return (text.strip() if self.strip else text)[: self.most]


class ListField(forms.Field):
    """All that was ticked under one name."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> list[str]:
        return [str(each) for each in value or ()]


def set_choices(form: forms.Form, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """Give a field the choices of the moment."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


def read(form: forms.Form) -> dict[str, Any]:
    """What was sent, of a form whose fields take whatever comes."""
    form.full_clean()
    return form.cleaned_data
