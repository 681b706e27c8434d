"""Which numbers a text has, and whether they stand in the evidence that it names.

A number stands in an entry where one of its columns has it, as a figure or as a word, or where it is one of those said
another way: rounded, as a share of a hundred, or as those who are left of a hundred. What follows from an entry by more
than that is written down in ``evidence/worked.csv``, with how it follows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from sojourn.clinical.rules import Rule
from sojourn.foundation.library.evidence import EVIDENCE, Entry, EvidenceInvalid, entries

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_WORDS: Final[Mapping[str, int]] = {
    "once": 1, "one": 1, "twice": 2, "two": 2, "thrice": 3, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
}  # fmt: skip
_WORD: Final = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.I)
# What has numbers that say nothing of people: names of works and where they stand.
_NO_FIGURES: Final = frozenset({"id", "identifier", "journal", "citation", "authors", "topics"})
_UNITS: Final = frozenset({7.0, 60.0, 100.0, 1000.0})  # days of a week, minutes of an hour, of how many
_OF_HOW_MANY: Final = frozenset({"100", "1000"})


def plain(text: str) -> str:
    """Numbers as both languages have them: 9,016 and 9.016 and 9 016 are one, and so are 28.9 and 28,9."""
    text = re.sub(r"(?<=\d)[.,\u00a0\u202f ](?=\d{3}\b)", "", text)
    return re.sub(r"(?<=\d),(?=\d)", ".", text)


def numbers(text: str) -> list[str]:
    """The numbers of a text, each as often as it stands there, in order of their size as words."""
    return sorted(_NUMBER.findall(plain(text)))


def gone(one: Iterable[str], other: Iterable[str]) -> str:
    """The first that one list has more often than the other, "" where both hold the same."""
    left, right = list(one), list(other)
    for each in [*left, *right]:
        if left.count(each) != right.count(each):
            return each
    return ""


def figures(texts: Iterable[object]) -> frozenset[float]:
    """Every number of some columns, words for numbers too."""
    return _in(plain(" ; ".join(_flat(texts))))


@cache
def _in(said: str) -> frozenset[float]:
    return frozenset(map(float, _NUMBER.findall(said))) | {float(_WORDS[each.lower()]) for each in _WORD.findall(said)}


def _flat(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _flat(value.values())
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Iterable):
        for each in value:
            yield from _flat(each)
    else:
        yield str(value)


def of_entry(entry: Entry) -> frozenset[float]:
    return figures(_columns(entry)) | worked().get(entry.id, frozenset())


def _columns(entry: Entry) -> list[object]:
    return [getattr(entry, name) for name in entry.__slots__ if name not in _NO_FIGURES]


def of_rule(rule: Rule) -> frozenset[float]:
    told = [rule.title, rule.statement, rule.fixed, [(each.value, each.unit) for each in rule.parameters.values()]]
    return figures(told)


def astray(text: str, held: frozenset[float]) -> list[str]:
    """The numbers of a text that are none of these, nor one of them rounded, of a hundred, what is left of a hundred,
    or of a thousand where the text counts so."""
    said = numbers(text)
    ways = (1, 100, 10) if "1000" in said else (1, 100)
    told = held | {100 - each for each in held} | {way * each for each in held for way in ways}
    return [each for each in said if each not in _OF_HOW_MANY and not _is_one_of(each, told)]


def _is_one_of(number: str, told: Iterable[float]) -> bool:
    return any(round(each, _places(number)) == float(number) for each in told)


def _places(number: str) -> int:
    return len(number.partition(".")[2])


@cache
def worked(folder: Path = EVIDENCE) -> Mapping[str, frozenset[float]]:
    """What was worked out of an entry, by its id: "195 - 108", rounded as the number is. Raises EvidenceInvalid."""
    found: dict[str, frozenset[float]] = {}
    with (folder / "worked.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            found[row["id"]] = found.get(row["id"], frozenset()) | {_worked(**row)}
    return found


def _worked(id: str, number: str, how: str) -> float:
    first, *rest = how.split()
    value, steps = float(first), list(zip(rest[::2], map(float, rest[1::2]), strict=True))
    for sign, each in steps:
        value = {"+": value + each, "-": value - each, "*": value * each, "/": value / each}[sign]
    own = figures(_columns(entries()[id])) | _UNITS
    if strange := [each for each in (float(first), *(other for _sign, other in steps)) if each not in own]:
        raise EvidenceInvalid(f"worked.csv: {id}: {strange[0]:g} does not stand there")
    if round(value, _places(number) or len(number.rstrip("0")) - len(number)) != float(number):
        raise EvidenceInvalid(f"worked.csv: {id}: {how} is {value:g}, not {number}")
    return float(number)
