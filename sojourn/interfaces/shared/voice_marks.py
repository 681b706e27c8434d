"""By which words of a story or a view somebody could be known: help for its writer and for whoever moderates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy, override
from django_stubs_ext import StrPromise

from sojourn.care.reading import marks, voice_queries
from sojourn.care.reading.marks import Kind, Mark
from sojourn.care.reading.models import Voice
from sojourn.care.reading.voice_queries import Known

_KINDS: Final[Mapping[Kind, StrPromise]] = {
    "known": gettext_lazy("a name that the clinic knows"),
    "mail": gettext_lazy("an address on the net"),
    "phone": gettext_lazy("a number to call"),
    "date": gettext_lazy("a date"),
    "address": gettext_lazy("a street"),
    "work": gettext_lazy("a place of work or care"),
    "capital": gettext_lazy("a word with a capital"),
}
_INSTEAD: Final[Mapping[Kind, StrPromise]] = {
    "known": gettext_lazy("[a name]"),
    "mail": gettext_lazy("[an address]"),
    "phone": gettext_lazy("[a number]"),
    "date": gettext_lazy("[a date]"),
    "address": gettext_lazy("[a place]"),
    "work": gettext_lazy("[a place]"),
    "capital": gettext_lazy("[a name or place]"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text. ``why``: what it could be, "" where nothing was found in it."""

    text: str
    why: StrPromise | str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """Reads the wordings of one voice, with the names that the clinic knows. Four queries, once."""

    voice: Voice
    known: Known

    @classmethod
    def of(cls, voice: Voice) -> Marker:
        return cls(voice, voice_queries.names_known(voice))

    def _marks(self, text: str) -> list[Mark]:
        return marks.marks(text, self.known.people, self.known.places)

    def marked(self, text: str) -> list[Piece]:
        """The text in pieces, those that could tell who it is with the reason."""
        return marked(text, self._marks(text))

    def found(self, text: str) -> list[Piece]:
        """What was found, each once."""
        return list(dict.fromkeys(each for each in self.marked(text) if each.why))

    def without(self, text: str) -> str:
        """The text with a word in brackets, in its own language, in the place of whatever was found."""
        with override(self.voice.language):
            instead = {kind: str(words) for kind, words in _INSTEAD.items()}
        return marks.without(text, self._marks(text), instead)


def marked(text: str, found: Sequence[Mark]) -> list[Piece]:
    pieces, at = list[Piece](), 0
    for each in found:
        pieces += [Piece(text[at : each.start]), Piece(text[each.start : each.end], _KINDS[each.kind])]
        at = each.end
    return [each for each in (*pieces, Piece(text[at:])) if each.text]
