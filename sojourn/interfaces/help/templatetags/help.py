"""Tags of help."""

from __future__ import annotations

from django import template

from sojourn.foundation.accounts import place

register = template.Library()


@register.filter
def dialled(number: str) -> str:
    """A number as people write it, as a telephone takes it."""
    return place.dialled(number)
