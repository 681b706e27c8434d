"""The medicines that ship, read from three tables, and what the intake and the checks ask of them.

medicines.csv has the names, medicine_classes.csv the classes that rules of interaction speak of (our own groups, and
FDA's established pharmacologic class by way of DrugCentral, CC BY 4.0), combination_products.csv the products that hold
several ingredients.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from io import StringIO
from types import MappingProxyType
from typing import Final

from sojourn.clinical import interactions
from sojourn.clinical.interactions import GroupByRoute, Medicine, Names
from sojourn.clinical.rules import RuleInvalid

# The columns of each table, in their order; the first names the row.
COLUMNS: Final = MappingProxyType(
    {
        "medicines.csv": ("name", "rxcui", "rxcui_mark", "classes", "also", "brands"),
        "medicine_classes.csv": ("ingredient", "groups", "epc", "basis", "mark", "why_none"),
        "combination_products.csv": ("name", "also", "ingredients", "route", "country", "source", "mark", "note"),
    }
)


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of an ingredient: our own ``groups`` with their ``basis``, FDA's ``epc``, and how far they were read;
    or, where it is in no group, why."""

    ingredient: str
    groups: tuple[str, ...]
    by_route: tuple[GroupByRoute, ...]
    epc: tuple[str, ...]
    basis: str
    mark: str
    why_none: str

    @property
    def every_group(self) -> tuple[str, ...]:
        return (*self.groups, *(each.group for each in self.by_route))


@dataclass(frozen=True, slots=True)
class Product:
    """A product of several ingredients, as it is sold. ``unknown``: ingredients that medicines.csv does not hold."""

    medicine: Medicine
    country: str
    source: str
    mark: str
    unknown: tuple[str, ...]


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("sojourn.foundation.rulebook").joinpath(name).read_text(encoding="utf-8")
    return rows(name, text)


def rows(name: str, text: str) -> Iterator[dict[str, str]]:
    """The rows of a table, each with every column; raises RuleInvalid, which names the file and the line."""
    reader = csv.DictReader(StringIO(text))
    found = tuple(reader.fieldnames or ())
    if found != COLUMNS[name]:
        odd = sorted({*found} ^ {*COLUMNS[name]}) or [each for each in found if found.count(each) > 1]
        raise RuleInvalid(
            f"{name}: its columns are {', '.join(COLUMNS[name])}; wrong: {', '.join(odd) or 'their order'}"
        )
    seen: set[str] = set()
    for row in reader:
        own = row[found[0]]
        if None in row or None in row.values():
            raise RuleInvalid(f"{name}: line {reader.line_num}: {own} has not one cell for each column")
        if not own.strip() or own in seen:
            raise RuleInvalid(f"{name}: line {reader.line_num}: {own!r} stands twice, or is empty")
        seen.add(own)
        yield row


@cache
def classes() -> MappingProxyType[str, Classes]:
    """The classes of every ingredient, by its name. Cached: the file is part of the program."""
    return MappingProxyType({row["ingredient"]: _classes(row) for row in _rows("medicine_classes.csv")})


def _classes(row: dict[str, str]) -> Classes:
    named = _several(row["groups"])
    return Classes(
        ingredient=row["ingredient"],
        groups=tuple(each for each in named if "@" not in each),
        by_route=tuple(_by_route(each) for each in named if "@" in each),
        epc=_several(row["epc"]),
        basis=row["basis"],
        mark=row["mark"],
        why_none=row["why_none"],
    )


def _by_route(written: str) -> GroupByRoute:
    """ "nasal-corticosteroid@nose" holds by nose; with "?" at the end also where nobody has said how it is taken."""
    group, _, route = written.partition("@")
    return GroupByRoute(group, route.rstrip("?"), route.endswith("?"))


@cache
def medicines() -> tuple[Medicine, ...]:
    """Every ingredient of the list, by name. Cached: the file is part of the program."""
    return tuple(_medicine(row) for row in _rows("medicines.csv"))


def _medicine(row: dict[str, str]) -> Medicine:
    own = classes().get(row["name"])
    brands = [each.partition("@") for each in _several(row["brands"])]  # "Flovent@inhaled" is sold for that alone
    return Medicine(
        name=row["name"],
        rxcui=row["rxcui"] or None,
        classes=_several(row["classes"]),
        brands=tuple(brand for brand, _, _route in brands),
        also=_several(row["also"]),
        rxcui_mark=row["rxcui_mark"],
        groups=own.groups if own else (),
        by_route=own.by_route if own else (),
        brand_routes=tuple((brand, route) for brand, _, route in brands if route),
    )


@cache
def products() -> tuple[Product, ...]:
    """Every combination product of the table. An ingredient that the list does not know is a part that is not checked.
    Cached: the file is part of the program."""
    known = {each.name: each for each in medicines()}
    return tuple(_product(row, known) for row in _rows("combination_products.csv"))


def _product(row: dict[str, str], known: dict[str, Medicine]) -> Product:
    names = _several(row["ingredients"])
    parts = tuple(_part(each, row, known) for each in names)
    return Product(
        medicine=Medicine(name=row["name"], also=_several(row["also"]), parts=parts),
        country=row["country"],
        source=row["source"],
        mark=row["mark"],
        unknown=tuple(each for each in names if each not in known),
    )


def _part(name: str, row: dict[str, str], known: dict[str, Medicine]) -> Medicine:
    own = known.get(name)
    if own is None:
        return Medicine(name, known=False, inside=row["name"], route=row["route"])
    return Medicine(
        own.name, own.rxcui, own.classes, rxcui_mark=own.rxcui_mark, groups=own.groups, by_route=own.by_route,
        inside=row["name"], route=row["route"],
    )  # fmt: skip


@cache
def _names() -> Names:
    return Names((*medicines(), *(each.medicine for each in products())))


def _several(cell: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in cell.split(";") if each.strip())


def find(text: str, limit: int = 8) -> tuple[Medicine, ...]:
    """The medicines whose ingredient, brand or product begins with the text, best first."""
    return interactions.find(text, _names(), limit)


def recognise(text: str) -> tuple[tuple[str, Medicine | None], ...]:
    """The pieces of a medicine list pasted as prose, each with the medicine it names, or None."""
    return interactions.recognise(text, _names())


def medicine(name: str) -> Medicine:
    """The medicine or product of exactly this name or brand; a free-text one (``known`` false) where there is none."""
    return interactions.by_name(name, _names())


@lru_cache(maxsize=2048)
def taken(text: str, chosen: str | None = None, route: str = "") -> tuple[Medicine, ...]:
    """The ingredients of one line of a person's list; what nobody knows comes back as it was written. ``chosen``: see
    ``interactions.taken``."""
    return interactions.taken(text, chosen, _names(), route=route)
