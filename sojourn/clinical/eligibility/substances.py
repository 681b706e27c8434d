"""Whether a substance that somebody typed is ketamine."""

from __future__ import annotations

from typing import Final

# Ketamine, esketamine and arketamine in English, Spanish, German and French; and the names on the boxes.
_WORDS: Final = ("ketamin", "cetamin", "kétamin", "quetamin", "ketalar", "ketanest", "ketaset", "spravato")


def names_ketamine(text: str) -> bool:
    """Whether the words name ketamine or esketamine, by substance or by brand, alone or among others."""
    words = text.casefold()
    return any(each in words for each in _WORDS)
