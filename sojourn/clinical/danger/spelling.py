"""Text into sentences of plain words: case, accents, apostrophes, masks and slips of one letter taken away.

A word keeps its place in the text, so that what was found can be shown as it was written. The browser does the same in
``frontend/src/danger/spelling.ts``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sojourn.clinical.danger.patterns import Passage
from sojourn.clinical.slips import one_slip

# A word with what people put into it: accents of their own, apostrophes, masks, invisible joiners.
_WORD: Final = r"[^\W_](?:[\w*@$!'\u2018\u2019\u02bc\u00b4`\u0300-\u036f\u00ad\u200b-\u200d\u2060]*[\w*\u0300-\u036f])?"
_PIECES: Final = re.compile(
    rf"(?P<word>{_WORD})|(?P<end>[.!?;\u2026\u00bf\u00a1]+)"
    r"|(?P<break>[,:()\n\r\u2013\u2014]| - )"
    r"|(?P<sign>[\u2600-\u27bf\U0001f300-\U0001faff])"
)
_IGNORED: Final = re.compile(r"[_\u02bc]|[^\w*@$!]")
_DRAWN_OUT: Final = re.compile(r"(.)\1{2,}")
_LIKE_LETTERS: Final = str.maketrans("013457@$!", "oieastasi")
_LONG: Final = 6  # letters from which one slip is forgiven: shorter words have too many neighbours
_LONGEST: Final = 24  # letters up to which it is looked for: longer words are none
_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Sentence(Passage):
    """A sentence with the place of each word in the text: ``spans``, from and to. ``asked``: it ends with a "?"."""

    spans: tuple[tuple[int, int], ...] = ()
    asked: bool = False


class Speller:
    """Knows the words that are looked for, and how people write them."""

    def __init__(
        self,
        known: Iterable[str],
        other: Iterable[str],
        forgiven: Iterable[str],
        written: Mapping[str, str],
        breaking: Iterable[str],
    ) -> None:
        """``known``: words looked for. ``other``: neighbours that are words of their own, so no slip of a known one.

        ``forgiven``: long words in which one slip is forgiven. ``written``: a short form to what it stands for.
        ``breaking``: words that begin a new part, like "but".
        """
        self._known = frozenset(known)
        self._other = frozenset(other)
        self._written = {short: tuple(full.split()) for short, full in written.items()}
        self._breaking = frozenset(breaking)
        self._slips = _one_letter_less(word for word in forgiven if len(word) >= _LONG)
        self._masked: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
        for word in sorted(self._known):
            self._masked[len(word), word[0]].append(word)
        self._plain = lru_cache(_KEPT)(self._spelled)

    def sentences(self, text: str) -> Iterator[Sentence]:
        """The sentences of the text, in order; one without a word is left out."""
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        breaks: set[int] = set()
        for piece in _PIECES.finditer(text):
            if piece.lastgroup == "end":
                if words:
                    yield Sentence(words, frozenset(breaks), tuple(spans), "?" in piece.group())
                words, spans, breaks = [], [], set()
            elif piece.lastgroup == "break":
                breaks.add(len(words))
            else:
                plain = self._plain(piece.group())
                if plain and plain[0] in self._breaking:
                    breaks.add(len(words))
                words += plain
                spans += [piece.span()] * len(plain)
        if words:
            yield Sentence(words, frozenset(breaks), tuple(spans))

    def _spelled(self, raw: str) -> tuple[str, ...]:
        word = _bare(raw)
        if not word:
            return ()
        if "!" in word and word.translate(_LIKE_LETTERS) not in self._known:
            return tuple(plain for part in word.split("!") for plain in self._plain(part))
        for one in (word, *_shorter(word), word.translate(_LIKE_LETTERS), word.replace("1", "l")):
            if one in self._written:
                return self._written[one]
            if one in self._known or one in self._other:
                return (one,)
        if not word.isalnum() and "*" not in word:
            return ()  # a sign that says nothing here
        return (self._unmasked(word) if "*" in word else self._meant(word),)

    def _unmasked(self, word: str) -> str:
        """``k*ll`` is kill."""
        shape = re.compile(re.escape(word).replace(r"\*", "."))
        return next((one for one in self._masked[len(word), word[0]] if shape.fullmatch(one)), word)

    def _meant(self, word: str) -> str:
        """The known word that this one misses by a letter too many, too few, another or two changed; else itself."""
        if not _LONG - 1 <= len(word) <= _LONGEST:
            return word
        for shorter in (word, *_without_one(word)):
            for one in self._slips.get(shorter, ()):
                if one[0] == word[0] and one_slip(one, word):
                    return one
        return word


def _bare(raw: str) -> str:
    """Lower case, without accents, apostrophes and what cannot be seen."""
    if raw.isascii():
        return _IGNORED.sub("", raw.lower())
    taken_apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", raw).lower())
    return _IGNORED.sub("", "".join(sign for sign in taken_apart if unicodedata.category(sign) != "Mn")) or raw


def _shorter(word: str) -> tuple[str, ...]:
    """``killlll`` as kill and as kil."""
    if _DRAWN_OUT.search(word) is None:
        return ()
    return _DRAWN_OUT.sub(r"\1\1", word), _DRAWN_OUT.sub(r"\1", word)


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _one_letter_less(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        for shorter in {word, *_without_one(word)}:
            found[shorter].append(word)
    return {shorter: tuple(ones) for shorter, ones in found.items()}
