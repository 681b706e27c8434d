"""A dialect file with one fault is refused with its name (tests/broken.py draws the faults from shipped files)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from sojourn.interfaces.devices import dialects
from tests.broken import Fault, Legitimate, faults, toml

FOLDER = files("sojourn.interfaces.devices") / "dialects"
SHIPPED = {each.name: each.read_text("utf-8") for each in FOLDER.iterdir() if each.name.endswith(".toml")}
# Every part that any dialect has.
BASES = ("masimo.toml", "nihon_kohden.toml", "standard.toml", "mdc.toml")
_OWN = "a maker may do without it, or say it of another name: which codes a maker sends is the maker's own"
_FREE = "free words: nothing can be asked of them but that they are there"
# Parts whose keys are the maker's own words.
OWN = ("codes", "names", "units", "others", "labels", "aliases", "assumed_units", "statuses")
LEGITIMATE = (
    Legitimate("*", ("removed", "hole"), _OWN),
    *(Legitimate(each, ("unknown key",), _OWN) for each in ("codes", "aliases")),
    *(Legitimate(f"{each}.*", ("misspelt",), _OWN) for each in OWN),
    *(
        Legitimate(each, ("nothing",), _FREE)
        for each in ("title", "source", "name", "*.name", "*.also.*", "recognise.*")
    ),
    Legitimate("codes.*.name", ("blank",), _FREE),
    Legitimate(
        "sentinels.*", ("zero", "negative", "nothing", "blank"), "what a maker sends in place of a value is its own"
    ),
    Legitimate("others.*", ("nothing", "empty"), _OWN),
    Legitimate("labels.*", ("empty",), "a label that means no vital sign of ours"),
    Legitimate("recognise", ("empty",), "a file may be recognised by nothing: it then speaks for nobody"),
    Legitimate("aliases.*", ("nothing",), _OWN),
    Legitimate("recognise.*", ("blank",), _OWN),
)
NEEDED = ("name", "title", "source", "codes.*.vital", "codes.*.mark", "names.*.vital", "names.*.mark")


def refusal(name: str, tree: dict[str, Any]) -> str:
    """What is said against a folder in which one file is so, "" where it is taken."""
    try:
        dialects.load({**SHIPPED, name: toml(tree)})
    except dialects.DialectError as wrong:
        return str(wrong)
    return ""


def _taken_rightly(fault: Fault) -> bool:
    if fault.kind == "removed" and any(Legitimate(each, ("removed",), "").holds(fault) for each in NEEDED):
        return False
    return any(each.holds(fault) for each in LEGITIMATE)


def _one_of_each(tree: dict[str, Any]) -> Iterator[Fault]:
    """A fault of a kind in a part at a depth and key, whichever the code or label."""
    seen: set[tuple[object, ...]] = set()
    for each in faults(tree):
        part, last = (each.path[0] if each.path else ""), (each.path[-1] if each.path else "")
        key = (each.kind, part, len(each.path), last if part not in OWN or len(each.path) > 3 else "")
        if isinstance(each.tree, dict) and key not in seen:
            seen.add(key)
            yield each


@pytest.mark.parametrize("name", BASES)
def test_every_fault_of_a_dialect_is_refused_with_its_file(name):
    tree, wrong = tomllib.loads(SHIPPED[name]), []
    assert refusal(name, tree) == ""
    for one in _one_of_each(tree):
        said = refusal(name, one.tree)
        if not said and not _taken_rightly(one):
            wrong.append(f"{one}: taken")
        elif said and name not in said and "standard" not in said:
            wrong.append(f"{one}: refused without the file: {said}")
    assert wrong == []


def test_how_a_value_was_measured_is_never_a_word_that_nobody_knows():
    """A misspelt capnography would make of the breaths that a capnograph counts those of the chest's impedance."""
    text = SHIPPED["mdc.toml"].replace('method = "capnography"', 'method = "capnograhpy"', 1)
    with pytest.raises(dialects.DialectError, match=r"mdc\.toml\..*method cannot be 'capnograhpy'"):
        dialects.load({**SHIPPED, "mdc.toml": text})
