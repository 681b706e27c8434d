"""A small language for what is looked for: a pattern stands for a row of words, and is read as one reads it aloud.

=============  =========================================================================
``kill``       this word
``suicid-``    every word that begins so
``{kill}``     one entry of the class of that name; an entry may itself be a pattern
``(a|b c)``    one of these
``x?``         x, or nothing
``x*``         x, up to eight times, or nothing
``..3``        up to three words, whatever they are
``^`` ``$``    the beginning and the end of a sentence, or of a part that a comma or a "but" sets off
=============  =========================================================================

A match moves a set of places through the pattern, never back: the time is bounded by the words times the pattern, and
no text can make it explode. ``frontend/src/danger/patterns.ts`` does the same in the browser.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

REPEATS: Final = 8
_PIECES: Final = re.compile(r"\{\w+\}|\.\.\d+|[()|?*^$]|[^\s()|?*{}^$]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence as words. ``breaks``: the places before which a comma or a "but" stands."""

    words: Sequence[str]
    breaks: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or with ``stem`` every word that begins so."""

    text: str
    stem: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to so many words, whatever they are."""

    most: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The beginning (``^``) or the end (``$``) of a sentence or of a part of one."""

    sign: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several rows of words, ``least`` to ``most`` times."""

    options: tuple[Row, ...]
    least: int = 1
    most: int = 1
    words: frozenset[str] = field(default=frozenset())  # the options that are one plain word
    by_word: Mapping[str, tuple[Row, ...]] = field(
        default_factory=dict, compare=False
    )  # others, by a word they begin with
    anyhow: tuple[Row, ...] = ()  # others that may begin with any word


Part = Word | Gap | Edge | Choice
Row = tuple[Part, ...]


def choice(options: Iterable[Row], least: int = 1, most: int = 1) -> Choice:
    """A choice, with its plain words set apart, and the rest by its first words, so that a look-up finds them."""
    rows = tuple(options)
    plain: set[str] = set()
    by_word: defaultdict[str, list[Row]] = defaultdict(list)
    anyhow: list[Row] = []
    for row in rows:
        first = _first_words(row)
        if len(row) == 1 and isinstance(row[0], Word) and not row[0].stem:
            plain.add(row[0].text)
        elif first is None or any(word.stem for word in first):
            anyhow.append(row)
        else:
            for word in first:
                by_word[word.text].append(row)
    begun = {text: tuple(found) for text, found in by_word.items()}
    return Choice(rows, least, most, frozenset(plain), begun, tuple(anyhow))


class Grammar:
    """Reads patterns against the classes of words, which are read once, each in the order of the file."""

    def __init__(self, classes: Mapping[str, Sequence[str]]) -> None:
        """``classes``: name to entries; an entry names only classes that stand before its own. ValueError: the name of
        a class that cannot be read, and why."""
        self._classes: dict[str, Choice] = {}
        for name, entries in classes.items():
            try:
                self._classes[name] = choice(row for entry in entries for row in self._alternatives(entry))
            except ValueError as wrong:
                raise ValueError(f"{name}: {wrong}") from wrong

    def row(self, pattern: str) -> Row:
        """The pattern, read. ValueError: brackets that do not close, a class that is not there, a sign that repeats
        nothing."""
        rows = self._alternatives(pattern)
        return rows[0] if len(rows) == 1 else (choice(rows),)

    def _alternatives(self, pattern: str) -> list[Row]:
        pieces = list(reversed(_PIECES.findall(pattern)))
        rows = self._read(pieces)
        if pieces:
            raise ValueError(f"a bracket closes that was not opened: {pattern}")
        return rows

    def _read(self, pieces: list[str]) -> list[Row]:
        rows: list[list[Part]] = [[]]
        while pieces and pieces[-1] != ")":
            piece = pieces.pop()
            if piece == "|":
                rows.append([])
            elif piece in {"?", "*"}:
                if not rows[-1]:
                    raise ValueError(f"{piece} repeats nothing")
                rows[-1].append(_repeated(rows[-1].pop(), 1 if piece == "?" else REPEATS))
            else:
                rows[-1].append(self._part(piece, pieces))
        return [tuple(row) for row in rows]

    def _part(self, piece: str, pieces: list[str]) -> Part:
        if piece == "(":
            inner = choice(self._read(pieces))
            if not pieces:
                raise ValueError("a bracket is not closed")
            pieces.pop()
            return inner
        if piece.startswith("{"):
            if piece[1:-1] not in self._classes:
                raise ValueError(f"there is no class {piece}")
            return self._classes[piece[1:-1]]
        if piece.startswith(".."):
            return Gap(int(piece[2:]))
        if piece in {"^", "$"}:
            return Edge(piece)
        return Word(piece[:-1], stem=True) if piece.endswith("-") else Word(piece)


def _repeated(part: Part, most: int) -> Choice:
    if isinstance(part, Choice):
        return replace(part, least=0, most=most)
    return choice([(part,)], 0, most)


def ends(row: Row, passage: Passage, starts: set[int], low: int, high: int) -> set[int]:
    """Where the row may end that begins at one of ``starts``, with every word of it from ``low`` to before ``high``."""
    places = starts
    for part in row:
        places = _step(part, passage, places, low, high)
        if not places:
            break
    return places


def _step(part: Part, passage: Passage, places: set[int], low: int, high: int) -> set[int]:
    if isinstance(part, Word):
        return {at + 1 for at in places if at < high and _is(part, passage.words[at])}
    if isinstance(part, Choice):
        return _chosen(part, passage, places, low, high)
    if isinstance(part, Gap):
        return {to for at in places for to in range(at, min(at + part.most, high) + 1)}
    edge = low if part.sign == "^" else high
    return {at for at in places if at == edge or at in passage.breaks}


def _is(word: Word, text: str) -> bool:
    return text.startswith(word.text) if word.stem else text == word.text


def _chosen(part: Choice, passage: Passage, places: set[int], low: int, high: int) -> set[int]:
    found = set(places) if part.least == 0 else set()
    current = places
    for _ in range(part.most):
        following = {at + 1 for at in current if at < high and passage.words[at] in part.words}
        for row in part.anyhow:
            following |= ends(row, passage, current, low, high)
        for at in current:
            for row in part.by_word.get(passage.words[at], ()) if at < high else ():
                following |= ends(row, passage, {at}, low, high)
        if following <= found:
            break
        found |= following
        current = following
    return found


@dataclass(frozen=True, slots=True)
class OneOf:
    """Words of which one must stand there: whole ones and stems."""

    whole: frozenset[str]
    stems: tuple[str, ...] = ()

    def holds(self, text: str) -> bool:
        """Whether this word is one of them."""
        return text in self.whole or bool(self.stems and text.startswith(self.stems))

    def meets(self, words: frozenset[str]) -> bool:
        """Whether one of these words is one of them."""
        if not self.whole.isdisjoint(words):
            return True
        return bool(self.stems) and any(text.startswith(self.stems) for text in words)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A row with what can be known of it before it is tried, so that ordinary text costs next to nothing."""

    row: Row
    needs: tuple[OneOf, ...]  # of each of these one word must stand in a match; the rarest first
    key: OneOf  # the first of them
    others: tuple[OneOf, ...]  # the rest of them
    first: OneOf | None  # words that a match can begin with; None: any
    size: int  # the most words that a match takes

    def possible(self, words: frozenset[str]) -> bool:
        """Whether a sentence of these words can hold a match at all."""
        return all(each.meets(words) for each in self.needs)

    def possible_beside_key(self, words: frozenset[str]) -> bool:
        """The same of a sentence in which a word of ``key`` stands. A loop: it is asked once a word, mostly in vain."""
        for each in self.others:  # noqa: SIM110
            if each.whole.isdisjoint(words) and not each.meets(words):
                return False
        return True

    def begins(self, text: str) -> bool:
        """Whether a match can begin with this word."""
        return self.first is None or self.first.holds(text)


def pattern(row: Row, common: frozenset[str]) -> Pattern:
    """The row, prepared. ``common``: words so frequent that they tell little."""
    found = [words for part in row if (words := _key_words(part, common))]
    needs = tuple(_one_of(each) for each in sorted(found, key=lambda words: _commonness(words, common)))
    first = _first_words(row)
    return Pattern(
        row=row,
        needs=needs,
        key=needs[0] if needs else _one_of(()),
        others=needs[1:],
        first=None if first is None else _one_of(first),
        size=sum(_longest(part) for part in row),
    )


def _one_of(words: Iterable[Word]) -> OneOf:
    given = list(words)
    whole = frozenset(word.text for word in given if not word.stem)
    return OneOf(whole, tuple(sorted(word.text for word in given if word.stem)))


def _first_words(row: Row) -> frozenset[Word] | None:
    found: frozenset[Word] = frozenset()
    for part in row:
        if isinstance(part, Gap):
            return None
        if isinstance(part, Word):
            return found | {part}
        if isinstance(part, Choice):
            for option in part.options:
                first = _first_words(option)
                if first is None:
                    return None
                found |= first
            if part.least:
                return found
    return None


def _longest(part: Part) -> int:
    if isinstance(part, Word):
        return 1
    if isinstance(part, Gap):
        return part.most
    if isinstance(part, Edge):
        return 0
    return part.most * max(sum(_longest(inner) for inner in row) for row in part.options)


def _rarest(needs: Iterable[frozenset[Word]], common: frozenset[str]) -> frozenset[Word]:
    """The choice with the fewest everyday words."""
    return min(needs, key=lambda words: _commonness(words, common), default=frozenset())


def _commonness(words: frozenset[Word], common: frozenset[str]) -> tuple[int, int]:
    return sum(word.text in common for word in words), len(words)


def _key_words(part: Part, common: frozenset[str]) -> frozenset[Word]:
    """Words of which one must stand where this part does; none where it may be left out."""
    if isinstance(part, Word):
        return frozenset({part})
    if isinstance(part, Choice) and part.least:
        sets = [
            _rarest([_key_words(inner, common) for inner in row if _key_words(inner, common)], common)
            for row in part.options
        ]
        return frozenset().union(*sets) if all(sets) else frozenset()
    return frozenset()


def vocabulary(rows: Iterable[Row]) -> Iterator[str]:
    """Every whole word that stands in the rows."""
    for row in rows:
        for part in row:
            if isinstance(part, Word) and not part.stem:
                yield part.text
            elif isinstance(part, Choice):
                yield from vocabulary(part.options)
