"""Help for whoever reads a voice before it is shown: what in it could tell who wrote it, or of whom. Pure.

It marks and changes nothing. What it does not find may tell it all the same: a person reads the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["known", "mail", "phone", "date", "address", "work", "capital"]

_MONTHS: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
)
_DAY: Final = r"\d{1,2}(?:st|nd|rd|th)?"
_STREET: Final = r"street|st\.|avenue|ave\.|road|rd\.|lane|drive|boulevard|blvd|square|suite"
_VIA: Final = r"calle|avenida|av\.|paseo|plaza|carretera|camino"
_WORKS: Final = (
    r"hospital|clinic|clínica|school|escuela|colegio|university|universidad|college|church|iglesia|company|empresa|"
    r"bank|banco|army|ejército|police|policía|inc\.|llc|ltd|s\.a\."
)
# In the order in which they win where two find the same words.
_PATTERNS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("mail", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\bhttps?://\S+|\bwww\.\S+|(?<!\w)@\w{2,}")),
    ("phone", re.compile(r"(?<!\w)\+?\(?\d(?:[\s().-]{0,2}\d){6,14}(?!\w)")),
    ("address", re.compile(rf"\b\d{{1,5}}\s+(?:\w+\s+){{0,3}}?(?:{_STREET})(?!\w)", re.I)),
    ("address", re.compile(rf"\b(?:{_VIA})\s+(?:\w+\s+){{0,4}}?\d{{1,5}}\b", re.I)),
    ("date", re.compile(r"\b\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b")),
    ("date", re.compile(rf"\b{_DAY}\s+(?:of\s+|de\s+)?(?:{_MONTHS})\b(?:\s+(?:de\s+)?\d{{4}})?", re.I)),
    ("date", re.compile(rf"\b(?:{_MONTHS})\s+(?:de\s+)?\d{{1,4}}\b(?:,?\s+\d{{4}})?", re.I)),
    ("date", re.compile(r"\b(?:19|20)\d\d\b")),
    ("work", re.compile(rf"\b(?:\w+\s+){{0,2}}(?:{_WORKS})(?!\w)", re.I)),
)  # fmt: skip
# A word with a capital that begins no sentence, and those that follow it.
_CAPITAL: Final = re.compile(
    r"(?<=[\w,;:)]\s)[A-ZÁÉÍÓÚÑÜ][\w'’-]+(?:\s+(?:de\s+(?:la\s+)?|del\s+)?[A-ZÁÉÍÓÚÑÜ][\w'’-]+)*"
)
_NO_NAMES: Final = frozenset({"I", "I'm", "I’m", "I've", "I’ve", "I'd", "I’d", "I'll", "I’ll"})
_SHORTEST: Final = 3  # of a known name: "Al" is in every text


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the text that could tell."""

    start: int
    end: int
    kind: Kind


def marks(text: str, known: Iterable[str] = ()) -> list[Mark]:
    """What could tell who it is, in the order of the text. ``known``: names that the clinic knows, each whole."""
    taken: list[Mark] = []
    for each in (*_known(text, known), *_by_pattern(text), *_capitals(text)):
        if all(each.end <= other.start or other.end <= each.start for other in taken):
            taken.append(each)
    return sorted(taken, key=lambda each: each.start)


def without(text: str, found: Iterable[Mark], instead: Mapping[Kind, str]) -> str:
    """The text with something ``instead`` of what was marked; what has nothing instead stays."""
    pieces, at = [], 0
    for each in found:
        pieces += [text[at : each.start], instead.get(each.kind, text[each.start : each.end])]
        at = each.end
    return "".join((*pieces, text[at:]))


def _known(text: str, known: Iterable[str]) -> Iterator[Mark]:
    words = {word for name in known for word in name.replace(".", " ").split() if len(word) >= _SHORTEST}
    if words:
        found = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})(?!\w)", re.I)
        yield from (Mark(each.start(), each.end(), "known") for each in found.finditer(text))


def _by_pattern(text: str) -> Iterator[Mark]:
    for kind, pattern in _PATTERNS:
        yield from (Mark(each.start(), each.end(), kind) for each in pattern.finditer(text))


def _capitals(text: str) -> Iterator[Mark]:
    for each in _CAPITAL.finditer(text):
        if each.group() not in _NO_NAMES:
            yield Mark(each.start(), each.end(), "capital")
