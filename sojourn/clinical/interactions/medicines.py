"""Medicines as people name them: found by ingredient or brand, whatever the accents, with a slip of one letter.

A name that is not in the list stays what was written; it is never taken for a known medicine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_SLIP_FROM: Final = 5  # letters: below that, one wrong letter makes another word


@dataclass(frozen=True, slots=True)
class Medicine:
    """An active ingredient of the list, or (``known`` false) what somebody wrote.

    ``rxcui`` is the RxNorm ingredient, None where the fact base has none; ``rxcui_mark`` how far it was checked.
    ``brands`` are recalled: they help to find, they prove nothing.
    """

    name: str
    rxcui: str | None = None
    classes: tuple[str, ...] = ()
    known: bool = True
    brands: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # other names of the same ingredient, other languages among them
    rxcui_mark: str = ""  # "verified", "recalled" or ""


def written(text: str) -> Medicine:
    """A medicine as somebody wrote it, not found in the list: it is not checked."""
    return Medicine(" ".join(text.split()), known=False)


def fold(text: str) -> str:
    """Lower case, no accents, single spaces, no punctuation: what two spellings of a name share."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.casefold().replace("'", "").replace("’", "")).split())


class Names:
    """Every name of some medicines, folded; made once, looked into often.

    ``every`` has (folded name, 0 for the ingredient's own name and 1 for the others, medicine).
    """

    def __init__(self, medicines: Iterable[Medicine]) -> None:
        self.every = tuple(
            (fold(name), 0 if name == each.name else 1, each)
            for each in medicines
            for name in (each.name, *each.also, *each.brands)
        )
        self.medicine = {name: each for name, _, each in reversed(self.every)}  # the first of several holds
        self.longest = max((name.count(" ") for name in self.medicine), default=0) + 1


def find(text: str, names: Names, limit: int = 8) -> tuple[Medicine, ...]:
    """The medicines whose ingredient or brand begins with the text, best first; a slip of one letter in a word of five
    letters or more is forgiven. Nothing for a text of fewer than two letters."""
    wanted = fold(text)
    if len(wanted) < 2:
        return ()
    ranked: list[tuple[int, int, int, str, Medicine]] = []
    for name, other, each in names.every:
        if name == wanted:
            ranked.append((0, other, len(name), each.name, each))
        elif name.startswith(wanted):
            ranked.append((1, other, len(name), each.name, each))
        elif any(word.startswith(wanted) for word in name.split()[1:]):
            ranked.append((2, other, len(name), each.name, each))
        elif len(wanted) >= _SLIP_FROM and _slip_prefix(wanted, name):
            ranked.append((3, other, len(name), each.name, each))
    ranked.sort(key=lambda row: row[:4])
    return tuple(dict.fromkeys(row[4] for row in ranked))[:limit]


def exact(text: str, names: Names) -> Medicine | None:
    """The medicine of exactly this name or brand (accents and case apart), or None."""
    wanted = fold(text)
    return names.medicine.get(wanted) if wanted else None


def _slip_prefix(wanted: str, name: str) -> bool:
    """Whether the text is the beginning of the name but for one letter wrong, missing, extra, or two exchanged."""
    if wanted[0] not in name[:2] and name[:1] not in wanted[:2] and wanted[1:3] != name[1:3]:
        return False  # the only slip may be the first letter, but then the next two stand (most names end here)
    return any(one_slip(wanted, name[:length]) for length in (len(wanted) - 1, len(wanted), len(wanted) + 1))


def one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter: wrong, missing, extra, or exchanged with its neighbour."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    first = 0
    while first < len(short) and short[first] == long[first]:
        first += 1
    if len(short) < len(long):
        return short[first:] == long[first + 1 :]
    if short[first + 1 :] == long[first + 1 :]:
        return True
    swapped = short[:first] + short[first + 1 : first + 2] + short[first : first + 1] + short[first + 2 :]
    return swapped == long


# --- a list pasted as prose ---

# What stands between two medicines. A full stop does so after a word or a unit, not in "0.5 mg" or "Dr. Ruiz".
_BETWEEN: Final = re.compile(
    r"[;\n\r\t•·|]+|,(?!\d)|(?:(?<=\w\w\w)|(?<=\bmg)|(?<=\bml)|(?<=\d))\.(?=\s|$)|\s[-–—*]\s|^\s*[-–—*]\s|(?:\b(?:and|plus|also|with|y|más|mas|"
    r"también|tambien|con)\b|&|\+)",
    re.IGNORECASE | re.MULTILINE,
)


def recognise(text: str, names: Names) -> tuple[tuple[str, Medicine | None], ...]:
    """The pieces of a medicine list written as prose, each with the medicine it names, or None.

    Every piece of the text that holds a letter comes back, in order, so that nothing that was written is lost. A piece
    that names two medicines comes back twice.
    """
    found: list[tuple[str, Medicine | None]] = []
    for piece in _pieces(text):
        named = tuple(_named(piece, names))
        found += [(piece, each) for each in named] or [(piece, None)]
    return tuple(found)


def _pieces(text: str) -> Iterator[str]:
    for piece in _BETWEEN.split(text):
        kept = " ".join((piece or "").split()).strip(" .,:()[]")
        if any(letter.isalpha() for letter in kept):
            yield kept


def _named(piece: str, names: Names) -> Iterator[Medicine]:
    """The medicines that a piece names: the longest run of words that is a name, then on from there."""
    words = fold(piece).split()
    seen: list[str] = []
    start = 0
    while start < len(words):
        for length in range(min(names.longest, len(words) - start), 0, -1):
            run = " ".join(words[start : start + length])
            hit = names.medicine.get(run) or (_slipped(run, names) if length == 1 else None)
            if hit is not None:
                if hit.name not in seen:
                    seen.append(hit.name)
                    yield hit
                start += length - 1
                break
        start += 1


def _slipped(word: str, names: Names) -> Medicine | None:
    """The one medicine that the word misses by one letter; None where there is none, or two."""
    if len(word) < _SLIP_FROM:
        return None
    near = {
        each.name: each for name, each in names.medicine.items() if len(name) >= _SLIP_FROM and one_slip(word, name)
    }
    return next(iter(near.values())) if len(near) == 1 else None
