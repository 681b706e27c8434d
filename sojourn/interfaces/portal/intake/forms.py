"""A list of medicines in prose, and its pieces as they are confirmed.

Answers and lines are read by ``care.intake``; what comes with them by ``shared.intake_forms``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django import forms
from django.http import QueryDict

from sojourn.foundation.rulebook import medicines as shipped

LONGEST: Final = 8000
MOST_PIECES: Final = 200
_CHOICES: Final = frozenset(("now", "before", "no"))


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a pasted list, to be confirmed. ``choice``: taken "now", "before", or "no" medicine; "" so far."""

    number: int
    name: str
    ingredient: str
    choice: str

    @property
    def is_settled(self) -> bool:
        return self.choice in _CHOICES


class PasteForm(forms.Form):
    """The prose, and for each piece of it ``piece-1``, what it ``is-1`` and whether one does ``take-1``."""

    prose = forms.CharField(required=False, strip=False)

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data)
        self.how_many = sum(name.startswith("piece-") for name in self.data)

    def _typed(self, name: str) -> str:
        return str(self.data.get(name, ""))

    @property
    def text(self) -> str:
        """What was pasted, as far as it is read."""
        return self._typed("prose")[:LONGEST]

    @property
    def recognised(self) -> list[Piece]:
        """The prose taken apart."""
        return [
            Piece(number, text, found.name if found is not None else "", "")
            for number, (text, found) in enumerate(shipped.recognise(self.text), start=1)
        ]

    @property
    def confirmed(self) -> list[Piece]:
        """The pieces as they came back."""
        return [
            Piece(n, self._typed(f"piece-{n}"), self._typed(f"is-{n}"), self._typed(f"take-{n}"))
            for n in range(1, min(self.how_many, MOST_PIECES) + 1)
        ]
