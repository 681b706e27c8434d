"""JSON read strictly: what is missing, of another kind or not understood is refused, with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeVar

T = TypeVar("T")
D = TypeVar("D")


class ScenarioInvalid(ValueError):
    """A file is no scenario; the message names the file, the entry and the field."""


def each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose fields each stand once; of two JSON would keep the last without a word. Raises ValueError."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(each for each in names if names.count(each) > 1)} stands twice in one object")
    return found


class Table:
    """A JSON object that is emptied field by field; what is left at the end was not understood."""

    def __init__(self, where: str, data: object) -> None:
        if not isinstance(data, dict):
            raise ScenarioInvalid(f"{where}: must be an object {{...}}, not {shown(data)}")
        self.where, self._left = where, dict(data)

    # What is read in ``kind`` raises TypeError, ValueError, KeyError or ArithmeticError; ``want`` says what it must be.

    def need(self, name: str, kind: Callable[[object], T], want: str) -> T:
        if name not in self._left:
            raise ScenarioInvalid(f"{self.where}: {name} is missing")
        return self._take(name, kind, want)

    def may(self, name: str, kind: Callable[[object], T], want: str, default: D) -> T | D:
        return self._take(name, kind, want) if name in self._left else default

    def has(self, name: str) -> bool:
        return name in self._left

    def raw(self, name: str, default: object = None) -> object:
        return self._left.pop(name, default)

    def _take(self, name: str, kind: Callable[[object], T], want: str) -> T:
        value = self._left.pop(name)
        try:
            return kind(value)
        except (TypeError, ValueError, KeyError, ArithmeticError) as wrong:
            if isinstance(wrong, ScenarioInvalid):
                raise
            raise ScenarioInvalid(f"{self.where}: {name} must be {want}, not {shown(value)}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that nobody has taken yet."""
        return tuple(self._left)

    def done(self) -> None:
        """Nothing may be left."""
        if self._left:
            raise ScenarioInvalid(f"{self.where}: not understood: {', '.join(sorted(self._left))}")


def shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def text_of(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def any_text(value: object) -> str:
    return "" if value == "" else text_of(value)


def number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError
    found = Decimal(value)
    if not found.is_finite():
        raise ValueError
    return found


def positive(value: object) -> Decimal:
    found = number(value)
    if found <= 0:
        raise ValueError
    return found


def not_negative(value: object) -> Decimal:
    found = number(value)
    if found < 0:
        raise ValueError
    return found


def whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def counted(value: object) -> int:
    """A whole number, not below nothing."""
    if whole(value) < 0:
        raise ValueError
    return whole(value)


def at_least_one(value: object) -> int:
    if whole(value) < 1:
        raise ValueError
    return whole(value)


def day(value: object) -> date:
    return date.fromisoformat(text_of(value))


def yes_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def list_of(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value


def filled(value: object) -> list[object]:
    if not list_of(value):
        raise ValueError
    return list_of(value)


def texts(value: object) -> tuple[str, ...]:
    return _once(tuple(text_of(each) for each in list_of(value)))


def counts(value: object) -> tuple[int, ...]:
    return _once(tuple(counted(each) for each in list_of(value)))


def _once(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) != len(values):
        raise ValueError
    return values


def place(value: object) -> str:
    """A country or state: ISO 3166."""
    if re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", text_of(value)) is None:
        raise ValueError
    return text_of(value)


def one_of(*words: str) -> Callable[[object], str]:
    def among(value: object) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return among


def instant(value: object) -> datetime:
    found = datetime.fromisoformat(text_of(value))
    if found.tzinfo is None:
        raise ValueError
    return found


A_NUMBER: Final = "a number"
ABOVE_NOTHING: Final = "a number above nothing"
A_TEXT: Final = "a text"
AN_INSTANT: Final = "a time with its zone, such as 2026-12-01T09:00:00-07:00"
A_MOMENT: Final = 'a time from the start ("00:12:30") or with its zone ("2026-12-01T09:12:30-07:00")'
