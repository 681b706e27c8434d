"""Whether somebody wrote anything: a note or a reason that is asked for must say something."""

from __future__ import annotations

from typing import Final

# Letters by their class, and nothing to be seen: the fillers of Korean.
_UNSEEN: Final = frozenset("\u115f\u1160\u3164\uffa0")


def says_something(text: str) -> bool:
    """Whether a letter or a figure stands in a text: blanks, signs that nobody sees and a lone dot say nothing."""
    return any(each.isalnum() and each not in _UNSEEN for each in text)
