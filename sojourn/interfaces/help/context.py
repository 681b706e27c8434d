"""What every template knows of help: where it is one tap away, and its lines for those that show them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from sojourn.interfaces.help import shown
from sojourn.interfaces.help.remembering import remembered


def help_now(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Nothing is asked of the database until a page shows the lines."""
    return {
        "crisis_url": reverse("portal:help"),
        "help_now": SimpleLazyObject(lambda: shown.help_now(remembered(request))),
        "help_elsewhere": SimpleLazyObject(shown.elsewhere),
        "help_countries": SimpleLazyObject(shown.countries),
    }
