"""How questionnaires are named to whoever reads the page."""

from __future__ import annotations

import re

from django.utils import translation


def reading_language() -> str:
    """The language in which the page is read."""
    return translation.get_language() or "en"


def short_first(title: str) -> str:
    """ "GAD-7 · Generalized Anxiety ..." of "Generalized Anxiety ... (GAD-7)": a narrow box cuts the end off."""
    found = re.fullmatch(r"(.+) \(([^()]{2,16})\)", title)
    return f"{found[2]} · {found[1]}" if found else title
