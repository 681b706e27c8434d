"""The questions of a questionnaire: what may be answered, and when a question is asked at all."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

from sojourn.clinical.rules import Verification

Text = Mapping[str, str]  # language -> words; English is always there
Kind = Literal["choice", "yes_no", "number"]
Operator = Literal["=", "!=", ">", ">=", "<", "<=", "exists"]

OPERATORS: Final[tuple[Operator, ...]] = get_args(Operator)
NO_TEXT: Final[Text] = MappingProxyType({"en": ""})
_TEST: Final[Mapping[str, Callable[[int, int], bool]]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        ">": operator.gt,
        ">=": operator.ge,
        "<": operator.lt,
        "<=": operator.le,
    }
)


def say(text: Text, language: str) -> str:
    """The words in a language ("es", "es-MX"), or in English where there is no translation."""
    return text.get(language) or text.get(language.partition("-")[0]) or text["en"]


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer: the number that is stored and summed, and what the person reads."""

    value: int
    text: Text
    code: str | None  # LOINC answer code
    mark: Verification


@dataclass(frozen=True, slots=True)
class When:
    """An earlier answer on which it depends whether a question is asked. FHIR enableWhen."""

    link_id: str
    operator: Operator
    value: int  # for "exists": 1 answered, 0 not

    def met(self, answers: Mapping[str, int | None]) -> bool:
        given = answers.get(self.link_id)
        if self.operator == "exists":
            return (given is not None) == bool(self.value)
        return given is not None and _TEST[self.operator](given, self.value)


@dataclass(frozen=True, slots=True)
class Item:
    """One question. A "number" has ``low`` and ``high`` and no options; ``slider``: shown as one."""

    link_id: str
    prefix: str
    text: Text
    options: tuple[Option, ...]
    required: bool
    scored: bool
    loinc: str | None
    mark: Verification  # of the LOINC code
    kind: Kind = "choice"
    low: int = 0
    high: int = 0
    slider: bool = False
    unit: str = ""
    enable: tuple[When, ...] = ()
    enable_all: bool = False

    @property
    def values(self) -> frozenset[int]:
        """The numbers that an answer may have."""
        if self.kind == "number":
            return frozenset(range(self.low, self.high + 1))
        return frozenset(each.value for each in self.options)

    def accepts(self, value: object) -> bool:
        """Whether ``value`` is one of the answers."""
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return self.low <= value <= self.high if self.kind == "number" else value in self.values

    @property
    def bounds(self) -> tuple[int, int]:
        """The lowest and the highest answer."""
        if self.kind == "number":
            return self.low, self.high
        numbers = [each.value for each in self.options]
        return min(numbers), max(numbers)


def asked(items: Iterable[Item], answers: Mapping[str, int | None]) -> tuple[Item, ...]:
    """The items that are asked, given the answers so far: a branch that was not taken takes its own branches along."""
    standing: dict[str, int | None] = {}
    found: list[Item] = []
    for item in items:
        if item.enable:
            join = all if item.enable_all else any
            if not join(each.met(standing) for each in item.enable):
                continue
        found.append(item)
        if item.link_id in answers:
            standing[item.link_id] = answers[item.link_id]
    return tuple(found)
