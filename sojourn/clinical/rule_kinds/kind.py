"""What a kind of rule is, and the words, numbers and laws that several kinds share."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Literal

from sojourn.clinical import raising
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.clinical.interactions import checking
from sojourn.clinical.rules import MARKS, OpenNumber, Parameter, Rule
from sojourn.clinical.shapes import Shape, table, word
from sojourn.clinical.vitals import VITALS

ROUTE: Final = word(checking.ROUTES)
DRUG: Final = word(checking.DRUGS)
VITAL: Final = word(VITALS)
FACT: Final = word(VOCABULARY)
MARK: Final = word(MARKS)
_PLACE: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
TIMES: Final = ("s", "min", "h")
LEAST_AMOUNT: Final = 5e-324  # more than nothing
_WHOLE: Final = 100.0  # per cent
SEVERE: Final = word(raising.SEVERITIES)
ROAD: Final = {"route": ROUTE, "drug": DRUG}


def code_of_place(place: str, value: Any) -> Iterator[str]:
    """A country or state, as ISO 3166 writes it."""
    if not isinstance(value, str) or _PLACE.fullmatch(value) is None:
        yield f"{place} is no code of a place"


@dataclass(frozen=True, slots=True)
class Number:
    """What a number of a rule may be: its units, its bounds, and which way a clinic may tighten it ("": never)."""

    units: tuple[str, ...]
    way: Literal["lower", "higher", ""] = ""
    least: float = LEAST_AMOUNT
    most: float = inf
    optional: bool = False

    def faults(self, found: Parameter | OpenNumber) -> Iterator[str]:
        if found.unit not in self.units:
            yield f"{found.name}: {found.unit} is no unit of it ({', '.join(self.units)})"
        if found.tighten not in ("fixed", self.way):
            yield f"{found.name}: would loosen the rule when it goes {found.tighten}"
        yield from self.out_of_sense(found)

    def out_of_sense(self, found: Parameter | OpenNumber) -> Iterator[str]:
        """Where the number, or how far it may go, lies outside of the bounds."""
        if isinstance(found, OpenNumber):
            if found.least is not None and found.least < 0:
                yield f"{found.name}: least cannot be {found.least:g} {found.unit}"
            return
        for name, value, least in (("", found.value, self.least), (".furthest", found.furthest, 0)):
            if value is not None and not least <= value <= self._most(found.unit):
                yield f"{found.name}{name} cannot be {value:g} {found.unit}"

    def _most(self, unit: str) -> float:
        return min(self.most, _WHOLE) if unit == "%" else self.most


def may(*units: str, way: Literal["lower", "higher", ""] = "", least: float = LEAST_AMOUNT) -> Number:
    """A number that a rule may do without."""
    return Number(units, way, least, optional=True)


Laws = Callable[[Rule], Iterator[str]]


def _no_laws(rule: Rule) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule. ``fixed``: the shape of its entries. ``numbers`` by name; None where the rule names its own, and
    ``read`` proves that each is used. ``open``: whether a number may ship without a value. ``given`` and ``expect``:
    the words of its examples; None where they are the rule's own. ``read`` raises what its reader refuses."""

    fixed: Shape
    numbers: Mapping[str, Number] | None
    given: Collection[str] | None
    expect: Collection[str]
    read: Callable[[Rule], object] = str
    laws: Laws = _no_laws
    open: bool = False


LIMIT: Final = Number(tuple({each.unit.code for each in VITALS.values()}), "lower", optional=True)


def plain(**entries: Shape) -> Shape:
    """A table that has just these entries."""
    return table(entries)


def apart(low: str, high: str) -> Laws:
    """The second number is above the first."""

    def laws(rule: Rule) -> Iterator[str]:
        if rule.number(low) >= rule.number(high):
            yield f"{high} is not above {low}"

    return laws
