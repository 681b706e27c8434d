"""The medicines that ship, read from medicines.csv, and what the intake asks of them."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from io import StringIO

from sojourn.clinical import interactions
from sojourn.clinical.interactions import Medicine, Names


@cache
def medicines() -> tuple[Medicine, ...]:
    """Every ingredient of the list, by name. Cached: the file is part of the program."""
    text = resources.files("sojourn.foundation.rulebook").joinpath("medicines.csv").read_text(encoding="utf-8")
    return tuple(
        Medicine(
            name=row["name"],
            rxcui=row["rxcui"] or None,
            classes=_several(row["classes"]),
            brands=_several(row["brands"]),
            also=_several(row["also"]),
            rxcui_mark=row["rxcui_mark"],
        )
        for row in csv.DictReader(StringIO(text))
    )


@cache
def _names() -> Names:
    return Names(medicines())


def _several(cell: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in cell.split(";") if each.strip())


def find(text: str, limit: int = 8) -> tuple[Medicine, ...]:
    """The medicines whose ingredient or brand begins with the text, best first."""
    return interactions.find(text, _names(), limit)


def recognise(text: str) -> tuple[tuple[str, Medicine | None], ...]:
    """The pieces of a medicine list pasted as prose, each with the medicine it names, or None."""
    return interactions.recognise(text, _names())


def medicine(name: str) -> Medicine:
    """The medicine of exactly this name or brand; a free-text one (``known`` false) where the list has none."""
    return interactions.exact(name, _names()) or interactions.written(name)
