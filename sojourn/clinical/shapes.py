"""What a data file may hold, said as data: its keys, the type of each and between what bounds.

A shape reads a value and names every fault of it, with the place: "fixed.bands.rr.2.min must be a number". A table
knows its keys; one more is a fault like one less, so that a misspelt key is refused and not passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from math import inf, isfinite
from types import MappingProxyType
from typing import Any, Final

Shape = Callable[[str, Any], Iterator[str]]  # (place, value) -> what is wrong
_NOTHING: Final[Mapping[str, Shape]] = MappingProxyType({})


def text(place: str, value: Any) -> Iterator[str]:
    """Words that say something."""
    if not isinstance(value, str) or not value.strip():
        yield f"{place} must be a text"


def any_text(place: str, value: Any) -> Iterator[str]:
    """Words, or none."""
    if not isinstance(value, str):
        yield f"{place} must be a text"


def flag(place: str, value: Any) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield f"{place} must be true or false"


def day(place: str, value: Any) -> Iterator[str]:
    """A date without a time."""
    if type(value) is not date:
        yield f"{place} must be a day"


def is_number(value: object) -> bool:
    """Whether this is a finite number; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def number(least: float = -inf, most: float = inf) -> Shape:
    """A number between two bounds, both within."""

    def shape(place: str, value: Any) -> Iterator[str]:
        if not is_number(value):
            yield f"{place} must be a number"
        elif not least <= value <= most:
            yield f"{place} cannot be {value:g}"

    return shape


def whole(least: float = -inf, most: float = inf) -> Shape:
    """A whole number between two bounds, both within."""

    def shape(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{place} must be a whole number"
        elif not least <= value <= most:
            yield f"{place} cannot be {value}"

    return shape


def word(known: Collection[str]) -> Shape:
    """One of some words."""

    def shape(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, str) or value not in known:
            yield f"{place} cannot be {value!r}"

    return shape


def some(each: Shape, least: int = 1, *, doubles: bool = False) -> Shape:
    """A list, without doubles where they are not allowed."""

    def shape(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, list | tuple):
            yield f"{place} must be a list"
            return
        if len(value) < least:
            yield f"{place} is too short"
        for at, one in enumerate(value):
            if not doubles and one in value[:at]:
                yield f"{place}.{at} stands twice"
            yield from each(f"{place}.{at}", one)

    return shape


def pair(each: Shape) -> Shape:
    """Two of the same, which may be equal."""

    def shape(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, list | tuple) or len(value) != 2:
            yield f"{place} must be two"
            return
        for at, one in enumerate(value):
            yield from each(f"{place}.{at}", one)

    return shape


def table(needs: Mapping[str, Shape], may: Mapping[str, Shape] = _NOTHING) -> Shape:
    """A table with these keys and, perhaps, those; no other."""
    known = {**needs, **may}

    def shape(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{place} must be a table"
            return
        yield from (f"{place}.{key} is missing" for key in needs if key not in value)
        for key, one in value.items():
            if key in known:
                yield from known[key](f"{place}.{key}", one)
            else:
                yield f"{place}.{key} is not a part of it"

    return shape


def by(key: Shape, each: Shape, least: int = 1) -> Shape:
    """A table whose keys are themselves data."""

    def shape(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{place} must be a table"
            return
        if len(value) < least:
            yield f"{place} is empty"
        for name, one in value.items():
            yield from key(f"{place}.{name}", name)
            yield from each(f"{place}.{name}", one)

    return shape


def either(*shapes: Shape) -> Shape:
    """What has one of these shapes; else the faults of the last."""

    def shape(place: str, value: Any) -> Iterator[str]:
        found = [list(each(place, value)) for each in shapes]
        if all(found):
            yield from found[-1]

    return shape


def anything(place: str, value: Any) -> Iterator[str]:
    """What another reader looks at."""
    return iter(())
