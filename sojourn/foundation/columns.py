"""What a column holds of a text: its size stands where the column is declared, and nowhere else."""

from __future__ import annotations

from django.db import models


def fitting(model: type[models.Model], column: str, text: str) -> str:
    """As much of ``text`` as the column of ``model`` takes."""
    field = model._meta.get_field(column)
    assert isinstance(field, models.CharField)
    return text[: field.max_length]


def fits(model: type[models.Model], column: str, text: str) -> bool:
    """Whether the column of ``model`` takes the whole of ``text``."""
    return fitting(model, column, text) == text
