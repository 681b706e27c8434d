"""Tags of the portal's own templates."""

from __future__ import annotations

import json

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from sojourn.interfaces.shared.commands import commands

register = template.Library()


@register.filter
def as_json(value: object) -> SafeString:
    """A list of our own addresses as JSON, for a script that is served as a script."""
    return mark_safe(json.dumps(value).replace("<", "\\u003c"))  # noqa: S308 - addresses of this program


@register.simple_tag
def command(name: str, **address: object) -> SafeString:
    """What a form says that goes through the outbox: as which command, and the numbers of its page's address."""
    known = commands()[name]
    if set(address) != set(known.made_with):
        raise template.TemplateSyntaxError(f"{name} is made with {', '.join(known.made_with) or 'nothing'}")
    numbers = json.dumps({key: str(value) for key, value in address.items()})
    return format_html('data-command="{}" data-called="{}" data-address="{}"', name, known.called, numbers)
