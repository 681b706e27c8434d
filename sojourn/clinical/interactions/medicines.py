"""Medicines as people name them: found by ingredient or brand, whatever the accents, with a slip of one letter.

A name that is not in the list stays what was written; it is never taken for a known medicine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from sojourn.clinical.slips import one_slip

SLIP_FROM: Final = 5  # letters: below that, one wrong letter makes another word


TAKEN_BY: Final = ("mouth", "nose", "inhaled", "skin", "injection", "other")


@dataclass(frozen=True, slots=True)
class GroupByRoute:
    """A class that holds by one route only. ``unless_told``: also where nobody has said how it is taken, because it is
    usually taken so."""

    group: str
    route: str
    unless_told: bool = False


@dataclass(frozen=True, slots=True)
class Medicine:
    """An active ingredient of the list, or (``known`` false) what somebody wrote.

    ``rxcui`` is the RxNorm ingredient, None where the fact base has none; ``rxcui_mark`` how far it was checked.
    ``brands`` are recalled: they help to find, they prove nothing. ``groups`` are the classes that rules name.
    A combination product has ``parts`` and no class of its own; a part keeps the product it is ``inside``.
    """

    name: str
    rxcui: str | None = None
    classes: tuple[str, ...] = ()
    known: bool = True
    brands: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # other names of the same ingredient, other languages among them
    rxcui_mark: str = ""  # "verified", "recalled" or ""
    groups: tuple[str, ...] = ()
    by_route: tuple[GroupByRoute, ...] = ()
    parts: tuple[Medicine, ...] = ()
    inside: str = ""
    route: str = ""  # how this person takes it: one of TAKEN_BY; "" where nobody has said
    brand_routes: tuple[tuple[str, str], ...] = ()  # brands that are sold for one way of taking it alone

    def in_group(self, group: str) -> bool:
        """Whether it belongs to a class, taken the way this person takes it."""
        return group in self.groups or any(
            each.group == group and (self.route == each.route or (each.unless_told and not self.route))
            for each in self.by_route
        )

    @property
    def shown(self) -> str:
        """Its name, with the product or the words in which it was named."""
        return f"{self.name} ({self.inside})" if self.inside and fold(self.inside) != fold(self.name) else self.name


def written(text: str) -> Medicine:
    """A medicine as somebody wrote it, not found in the list: it is not checked."""
    return Medicine(" ".join(text.split()), known=False)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Lower case, no accents, single spaces, no punctuation: what two spellings of a name share."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.casefold().replace("'", "").replace("’", "")).split())


class Names:
    """Every name of some medicines, folded; made once, looked into often.

    ``every`` has (folded name, whether it is another than the ingredient's own, medicine).
    """

    def __init__(self, medicines: Iterable[Medicine]) -> None:
        self.every = tuple(
            (fold(name), name != each.name, each)
            for each in medicines
            for name in (each.name, *each.also, *each.brands)
        )
        self.medicine = {name: each for name, _, each in reversed(self.every)}  # the first of several holds
        for each in (one for one in self.medicine.copy().values() if one.brand_routes):
            self.medicine |= {fold(brand): replace(each, route=route) for brand, route in each.brand_routes}
        self.longest = len(max((name.split() for name in self.medicine), key=len, default=()))  # in words
        self.products = {key: each for name, _, each in reversed(self.every) if each.parts and (key := key_of(name))}
        self.longest_product = len(max(self.products, key=len, default=()))


# Words that one writer puts into the name of a product and another leaves out.
_FILLERS: Final = frozenset(("no", "nr", "n", "num", "numero", "with", "con", "and", "y", "und", "mit", "plus"))


def key_of(name: str) -> tuple[str, ...]:
    """What the spellings of a product's name share: "Tylenol #3", "Tylenol No. 3" and "tylenol nº 3" are one."""
    return tuple(each for each in fold(name).split() if each not in _FILLERS)


def find(text: str, names: Names, limit: int = 8) -> tuple[Medicine, ...]:
    """The medicines whose ingredient or brand begins with the text, best first; a slip of one letter in a word of five
    letters or more is forgiven. Nothing for a text of fewer than two letters."""
    wanted = fold(text)
    if len(wanted) < 2:
        return ()
    ranked = [
        (way, other, len(name), each.name, each)
        for name, other, each in names.every
        if (way := next((way for way, begins in enumerate(_WAYS_TO_BEGIN) if begins(wanted, name)), None)) is not None
    ]
    ranked.sort(key=lambda row: row[:-1])
    return tuple(dict.fromkeys(each for *_, each in ranked))[:limit]


# How a text can be the beginning of a name, the best first.
_WAYS_TO_BEGIN: Final[tuple[Callable[[str, str], bool], ...]] = (
    lambda wanted, name: name == wanted,
    lambda wanted, name: name.startswith(wanted),
    lambda wanted, name: any(word.startswith(wanted) for word in name.split()),
    lambda wanted, name: len(wanted) >= SLIP_FROM and _slip_prefix(wanted, name),
)


def exact(text: str, names: Names) -> Medicine | None:
    """The medicine of exactly this name or brand (accents and case apart), or None."""
    wanted = fold(text)
    return names.medicine.get(wanted) if wanted else None


def _slip_prefix(wanted: str, name: str) -> bool:
    """Whether the text is the beginning of the name but for one letter wrong, missing, extra, or two exchanged."""
    # With one slip they share one of their first two letters; most names end here.
    return not set(wanted[:2]).isdisjoint(name[:2]) and any(
        one_slip(wanted, name[:length]) for length in (len(wanted) - 1, len(wanted), len(wanted) + 1)
    )
