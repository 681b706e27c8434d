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
    r"bank|banco|army|ejército|police|policía|library|biblioteca|bakery|panadería|restaurant|restaurante|factory|fábrica|"
    r"office|oficina|store|tienda|inc\.|llc|ltd|s\.a\."
)
_COMMON: Final = re.compile(rf"{_STREET}|{_VIA}|{_WORKS}|cent(?:er|re|ro)|the|el|la", re.I)
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


def marks(text: str, people: Iterable[str] = (), places: Iterable[str] = ()) -> list[Mark]:
    """What could tell who it is, in the order of the text. ``people``, ``places``: what the clinic knows by name. Where
    two overlap the first says what it is, and all of it is marked."""
    taken: list[Mark] = []
    for each in (*_people(text, people), *_places(text, places), *_by_pattern(text), *_capitals(text)):
        together = [other for other in taken if each.start < other.end and other.start < each.end] + [each]
        whole = Mark(min(m.start for m in together), max(m.end for m in together), together[0].kind)
        taken = [*(other for other in taken if other not in together), whole]
    return sorted(taken, key=lambda each: each.start)


def without(text: str, found: Iterable[Mark], instead: Mapping[Kind, str]) -> str:
    """The text with something ``instead`` of what was marked; what has nothing instead stays."""
    pieces, at = [], 0
    for each in found:
        pieces += [text[at : each.start], instead.get(each.kind, text[each.start : each.end])]
        at = each.end
    return "".join((*pieces, text[at:]))


def _people(text: str, names: Iterable[str]) -> Iterator[Mark]:
    """Any part of a name, however it is written."""
    words = {word for name in names for word in name.replace(".", " ").split() if len(word) >= _SHORTEST}
    yield from _any_of(words, text, re.I)


def _places(text: str, names: Iterable[str]) -> Iterator[Mark]:
    """A whole name, or a word of it with its capital: "light" is no clinic, and every town has a street."""
    words = {word for name in names for word in name.split() if word[:1].isupper() and len(word) >= _SHORTEST}
    yield from _any_of(set(names), text, re.I)
    yield from _any_of({each for each in words if not _COMMON.fullmatch(each)}, text)


def _any_of(words: Iterable[str], text: str, flags: int = 0) -> Iterator[Mark]:
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    if longest_first:
        found = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", flags)
        yield from (Mark(each.start(), each.end(), "known") for each in found.finditer(text))


def _by_pattern(text: str) -> Iterator[Mark]:
    for kind, pattern in _PATTERNS:
        yield from (Mark(each.start(), each.end(), kind) for each in pattern.finditer(text))


def _capitals(text: str) -> Iterator[Mark]:
    for each in _CAPITAL.finditer(text):
        if each.group() not in _NO_NAMES:
            yield Mark(each.start(), each.end(), "capital")
