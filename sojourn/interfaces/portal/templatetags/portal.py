"""Tags of the portal's own templates."""

from __future__ import annotations

import json

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def as_json(value: object) -> SafeString:
    """A list of our own addresses as JSON, for a script that is served as a script."""
    return mark_safe(json.dumps(value).replace("<", "\\u003c"))  # noqa: S308 - addresses of this program
