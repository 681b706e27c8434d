"""Reads a text for words of danger: sentence by sentence, the worst wins, every answer with the words it rests on.

What is looked for stands in ``words.json``, which explains its parts itself. A rule names rows of words; an exception
names what stands before, behind or around them when they mean something else: a negation, a time long ago, another
person, a figure of speech, a question. An exception holds for the words it stands beside and never for a whole text.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from sojourn.clinical.danger import shape
from sojourn.clinical.danger.patterns import Grammar, Pattern, Row, ends, pattern, vocabulary
from sojourn.clinical.danger.shape import FILE, HARMLESS, KINDS, SEVERITIES
from sojourn.clinical.danger.spelling import Sentence, Speller

_BEFORE: Final = 20  # words before a match that an exception may take
_KEPT: Final = 4096  # words of which the patterns that they are the key of are remembered
_AROUND: Final = 40  # words around a match that still speak of it


@dataclass(frozen=True, slots=True)
class Danger:
    """Words of danger that were found. It offers help and is no diagnosis.

    ``kind``: one of KINDS. ``severity``: one of SEVERITIES. ``phrase``: the words, as they were written. ``because``:
    the rule's reason in plain English. ``rule``: the rule's name in ``words.json``.
    """

    kind: str
    severity: str
    phrase: str
    because: str
    rule: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of words that are danger, unless an exception for one of the rule's groups holds.

    ``beside``: what must stand near them as well, each somewhere in the sentence: a first person, a time, an end.
    """

    name: str
    language: str
    kind: str
    severity: str
    groups: frozenset[str]
    because: str
    patterns: tuple[Pattern, ...]
    beside: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Exempting:
    """What makes a match mean something else: ``effect`` is a severity, or HARMLESS. ``asked``: only in a question."""

    name: str
    looks_for: str
    groups: frozenset[str]
    effect: str
    asked: bool
    before: tuple[Pattern, ...]
    after: tuple[Pattern, ...]
    inside: tuple[Pattern, ...]
    saved_at: tuple[Pattern, ...]
    saved_before: tuple[Pattern, ...]
    saved_after: tuple[Pattern, ...]
    saved_inside: tuple[Pattern, ...]

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Every pattern of it, wherever it looks."""
        looked_for = self.before + self.after + self.inside
        return looked_for + self.saved_at + self.saved_before + self.saved_after + self.saved_inside


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule's words in a sentence: from ``start`` to before ``end``."""

    number: int  # of the pattern, in the order of the file
    rule: Rule
    sentence: Sentence
    words: frozenset[str]  # of the sentence
    start: int
    end: int


Keyed = tuple[int, Rule, Pattern]


class WordsInvalid(ValueError):
    """A list of words that cannot be one; the message names the file, the place and what is wrong."""


class WordList:
    """The data file, read once."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """``data``: as ``words.json`` describes it. Raises WordsInvalid."""
        if wrong := [*shape.faults(data)]:
            raise WordsInvalid("; ".join(wrong))
        self.version: str = data["version"]
        self.forgiven = len(data["forgiven"].split())
        self._common = frozenset(data["common"].split())
        try:
            grammar = Grammar(data["classes"])
        except ValueError as wrong_class:
            raise WordsInvalid(f"{FILE}.classes.{wrong_class}") from wrong_class
        self.rules = tuple(self._rule(each, grammar) for each in data["rules"])
        self.exceptions = tuple(self._exception(each, grammar) for each in data["exceptions"])
        self._by_key, self._by_stem = _keyed(self.rules)
        self._candidates = lru_cache(_KEPT)(self._keyed_by)
        self._for = {rule.name: [each for each in self.exceptions if each.groups & rule.groups] for rule in self.rules}
        known = set(vocabulary(each.row for rule in self.rules for each in rule.patterns + rule.beside))
        others = set(vocabulary(each.row for one in self.exceptions for each in one.patterns))
        others |= set(data["other"].split())
        self.speller = Speller(known, others, data["forgiven"].split(), data["written"], data["breaking"].split())

    def dangers(self, text: str) -> tuple[Danger, ...]:
        """The worst of each kind, the worst kind first; of equally bad ones the first in the text."""
        worst: dict[str, Danger] = {}
        for sentence in self.speller.sentences(text):
            for found in sorted(self._found(sentence), key=lambda one: (one.start, one.number)):
                known = worst.get(found.rule.kind)
                if known is not None and known.severity == SEVERITIES[0]:
                    continue
                severity = self._severity(found)
                if severity != HARMLESS and (known is None or _worse(severity, known.severity)):
                    worst[found.rule.kind] = _danger(found, severity, text)
        return tuple(sorted(worst.values(), key=lambda one: (SEVERITIES.index(one.severity), KINDS.index(one.kind))))

    def _found(self, sentence: Sentence) -> Iterator[RuleMatch]:
        words, high = frozenset(sentence.words), len(sentence.words)
        tried: set[tuple[int, int]] = set()
        possible: dict[int, bool] = {}
        for at, word in enumerate(sentence.words):
            for number, rule, each in self._candidates(word):
                if number not in possible:
                    possible[number] = each.possible_beside_key(words)
                if not possible[number]:
                    continue
                for start in range(max(0, at + 1 - each.size), at + 1):
                    if (number, start) in tried or not each.begins(sentence.words[start]):
                        continue
                    tried.add((number, start))
                    places = ends(each.row, sentence, {start}, 0, high)
                    if places and _all_beside(found := RuleMatch(number, rule, sentence, words, start, max(places))):
                        yield found

    def _keyed_by(self, word: str) -> tuple[Keyed, ...]:
        stems = [stem for stem in self._by_stem if word.startswith(stem)]
        return (*self._by_key.get(word, ()), *(keyed for stem in stems for keyed in self._by_stem[stem]))

    def _severity(self, found: RuleMatch) -> str:
        severity = found.rule.severity
        for each in self._for[found.rule.name]:
            if _holds(each, found):
                if each.effect == HARMLESS:
                    return HARMLESS
                severity = each.effect
        return severity

    def _rule(self, each: Mapping[str, Any], grammar: Grammar) -> Rule:
        patterns = self._patterns(each, "patterns", grammar)
        if not all(one.needs for one in patterns):
            raise WordsInvalid(f"{FILE}: {each['name']}: a pattern without a word that must stand in it")
        return Rule(
            name=each["name"],
            language=each["language"],
            kind=each["kind"],
            severity=each["severity"],
            groups=frozenset(each["groups"]),
            because=each["because"],
            patterns=patterns,
            beside=self._patterns(each, "beside", grammar),
        )

    def _patterns(self, each: Mapping[str, Any], place: str, grammar: Grammar) -> tuple[Pattern, ...]:
        return tuple(pattern(_row(grammar, each["name"], one), self._common) for one in each.get(place, ()))

    def _exception(self, each: Mapping[str, Any], grammar: Grammar) -> Exempting:
        def patterns(place: str) -> tuple[Pattern, ...]:
            return self._patterns(each, place, grammar)

        return Exempting(
            name=each["name"],
            looks_for=each["looks_for"],
            groups=frozenset(each["groups"]),
            effect=each["effect"],
            asked=each.get("asked", False),
            before=patterns("before"),
            after=patterns("after"),
            inside=patterns("inside"),
            saved_at=patterns("saved_at"),
            saved_before=patterns("saved_before"),
            saved_after=patterns("saved_after"),
            saved_inside=patterns("saved_inside"),
        )


def _row(grammar: Grammar, name: str, words: str) -> Row:
    try:
        return grammar.row(words)
    except ValueError as wrong:
        raise WordsInvalid(f"{FILE}: {name}: {wrong}") from wrong


def _all_beside(found: RuleMatch) -> bool:
    return all(_inside((each,), found) for each in found.rule.beside)


def _holds(each: Exempting, found: RuleMatch) -> bool:
    if each.asked and not found.sentence.asked:
        return False
    if (each.before or each.after) and not (_before(each.before, found) or _after(each.after, found)):
        return False
    if each.inside and not _inside(each.inside, found):
        return False
    saved = _at(each.saved_at, found) or _before(each.saved_before, found) or _after(each.saved_after, found)
    return not saved and not _inside(each.saved_inside, found)


def _before(patterns: tuple[Pattern, ...], found: RuleMatch) -> bool:
    """Whether one of them ends where the match begins, in the same part of the sentence."""
    if not patterns:
        return False
    sentence, start = found.sentence, found.start
    low = max((at for at in sentence.breaks if at <= start), default=0)
    return any(
        start in _ends(each, found, range(max(low, start - _BEFORE), start + 1), low, start) for each in patterns
    )


def _at(patterns: tuple[Pattern, ...], found: RuleMatch) -> bool:
    """Whether the match itself begins with one of them."""
    start, high = found.start, found.end
    return any(_ends(each, found, range(start, start + 1), start, high) for each in patterns)


def _after(patterns: tuple[Pattern, ...], found: RuleMatch) -> bool:
    """Whether one of them begins where the match ends, in the same part of the sentence."""
    if not patterns:
        return False
    high = min((at for at in found.sentence.breaks if at >= found.end), default=len(found.sentence.words))
    return any(_ends(each, found, range(found.end, found.end + 1), found.end, high) for each in patterns)


def _inside(patterns: tuple[Pattern, ...], found: RuleMatch) -> bool:
    """Whether one of them stands anywhere near in the sentence."""
    high = len(found.sentence.words)
    near = range(max(0, found.start - _AROUND), min(high, found.end + _AROUND))
    return any(_ends(each, found, near, 0, high) for each in patterns)


def _ends(each: Pattern, found: RuleMatch, starts: range, low: int, high: int) -> set[int]:
    if not each.possible(found.words):
        return set()
    words = found.sentence.words
    places = {at for at in starts if each.first is None or (at < high and each.begins(words[at]))}
    return ends(each.row, found.sentence, places, low, high) if places else places


def _worse(one: str, other: str) -> bool:
    return SEVERITIES.index(one) < SEVERITIES.index(other)


def _danger(found: RuleMatch, severity: str, text: str) -> Danger:
    spans = found.sentence.spans
    phrase = text[spans[found.start][0] : spans[found.end - 1][1]]
    return Danger(found.rule.kind, severity, phrase, found.rule.because, found.rule.name)


def _keyed(rules: Iterable[Rule]) -> tuple[Mapping[str, list[Keyed]], Mapping[str, list[Keyed]]]:
    """The patterns by their rarest words, and by the stems among them: an ordinary sentence meets few of them."""
    whole: defaultdict[str, list[Keyed]] = defaultdict(list)
    stems: defaultdict[str, list[Keyed]] = defaultdict(list)
    for number, (rule, each) in enumerate((one, each) for one in rules for each in one.patterns):
        for text in each.key.whole:
            whole[text].append((number, rule, each))
        for text in each.key.stems:
            stems[text].append((number, rule, each))
    return whole, stems


@lru_cache(maxsize=1)
def word_list() -> WordList:
    """The list that is in force."""
    file = resources.files("sojourn.clinical.danger") / "words.json"
    return WordList(json.loads(file.read_text(encoding="utf-8")))
