"""What came in as text by an address or a hidden field, read as what it means."""

from __future__ import annotations

from datetime import date

from sojourn.foundation.clock import page_today


def whole(text: str | None) -> int | None:
    """The number of a row or of a version; None for what is none, or longer than any row's."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def day(text: str | None) -> date:
    """A day to look at; today where the text is none, or of a year in which nobody is treated."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return page_today()
    return found if 1900 <= found.year < 3000 else page_today()
