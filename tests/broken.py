"""Single faults of a well-formed file, drawn from its structure: what a slip of the hand makes of it.

``faults`` walks a tree (what TOML or JSON holds) and gives, one after the other, the tree with one thing wrong. A new
key is walked like every other, so that no test has to be written for it; what may be so stands in a table of the test.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from math import isnan, nan
from typing import Any

Path = tuple[str | int, ...]
NOTHING = "no-such-thing"
# Two ends of a range, by their names: exchanged, they say nothing.
ENDS = (
    ("low", "high"), ("min", "max"), ("from", "to"), ("shortest", "longest"), ("min_days", "max_days"),
    ("least", "most"), ("base", "hydrochloride"),
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One thing wrong: the kind of the fault, where, and the whole tree with it."""

    kind: str
    path: Path
    tree: Any

    @property
    def place(self) -> str:
        """The place with a star for each position in a list: "examples.*.title"."""
        return place(self.path)

    def __str__(self) -> str:
        return f"{self.kind} {'.'.join(map(str, self.path))}"


@dataclass(frozen=True)
class Legitimate:
    """Faults that are none: the pattern of their place, their kinds, and why such a file is as good as before."""

    where: str
    kinds: tuple[str, ...]
    why: str

    def holds(self, fault: Fault) -> bool:
        return fault.kind in self.kinds and fnmatchcase(fault.place, self.where)


def place(path: Path) -> str:
    return ".".join("*" if isinstance(each, int) else str(each) for each in path)


def faults(tree: Any) -> Iterator[Fault]:
    """Every single fault of a tree."""
    for path, value in nodes(tree):
        for kind, changed in _of(value):
            if changed != value:
                yield Fault(kind, path, _with(tree, path, changed))
        if path and isinstance(path[-1], str):
            yield from _of_key(tree, path)
        if path and isinstance(path[-1], int):
            yield from _of_row(tree, path)


def nodes(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of a tree with its place, the whole first."""
    yield path, tree
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from nodes(value, (*path, key))
    elif isinstance(tree, list):
        for at, value in enumerate(tree):
            yield from nodes(value, (*path, at))


def _of(value: Any) -> Iterator[tuple[str, Any]]:
    yield "wrong type", _of_another_type(value)
    match value:
        case bool() | date():
            return
        case int() | float():
            yield from (("zero", 0), ("negative", -1), ("not a number", nan))
        case str():
            yield from (("blank", " "), ("nothing", NOTHING))
        case Mapping():
            yield "unknown key", {**value, "colour": "red"}
            yield from _exchanged(value)
        case list():
            yield "empty", []
            if len(value) == 2 and all(isinstance(each, int | float) for each in value) and value[0] != value[1]:
                yield "reversed", value[::-1]


def _of_another_type(value: Any) -> Any:
    return 7 if isinstance(value, str | Mapping | list | date | bool) else "seven"


def _exchanged(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for low, high in ENDS:
        one, other = (value.get(key) for key in (low, high))
        if isinstance(one, Mapping) and isinstance(other, Mapping) and one.get("value") != other.get("value"):
            one, other = {**one, "value": other.get("value")}, {**other, "value": one.get("value")}
            yield "reversed", {**value, low: one, high: other}
        elif isinstance(one, int | float) and isinstance(other, int | float) and one != other:
            yield "reversed", {**value, low: other, high: one}


def _of_key(tree: Any, path: Path) -> Iterator[Fault]:
    key = path[-1]
    parent = _at(tree, path[:-1])
    yield Fault("removed", path, _with(tree, path[:-1], {name: one for name, one in parent.items() if name != key}))
    misspelt = {f"{name}x" if name == key else name: one for name, one in parent.items()}
    yield Fault("misspelt", path, _with(tree, path[:-1], misspelt))


def _of_row(tree: Any, path: Path) -> Iterator[Fault]:
    at, rows = path[-1], _at(tree, path[:-1])
    yield Fault("doubled", path, _with(tree, path[:-1], [*rows[: at + 1], *rows[at:]]))
    yield Fault("hole", path, _with(tree, path[:-1], [*rows[:at], *rows[at + 1 :]]))


def _at(tree: Any, path: Path) -> Any:
    for each in path:
        tree = tree[each]
    return tree


def _with(tree: Any, path: Path, value: Any) -> Any:
    """A copy of the tree with another value at a place."""
    if not path:
        return copy.copy(value)
    key, *rest = path
    inner = _with(tree[key], tuple(rest), value)
    if isinstance(tree, list):
        return [inner if at == key else one for at, one in enumerate(tree)]
    return {name: inner if name == key else one for name, one in tree.items()}


def toml(tree: Mapping[str, Any]) -> str:
    """A tree as TOML, lists of tables in one line each."""
    return "\n".join(f"{_key(key)} = {_inline(value)}" for key, value in tree.items()) + "\n"


def _inline(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case date():
            return value.isoformat()
        case float() if isnan(value):
            return "nan"
        case Mapping():
            return "{" + ", ".join(f"{_key(key)} = {_inline(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
    return repr(value)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _string(key)


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def unnamed(
    fault: Fault, said: str, *, legitimate: Iterable[Legitimate], names: Iterable[str], word_said: bool = True
) -> str:
    """What is wrong with how a fault was refused, "" where nothing is: it was taken and is not ``legitimate``, or none
    of the ``names`` of the file is said; ``word_said``: a misspelt word must be said as well."""
    if not said:
        return "" if any(each.holds(fault) for each in legitimate) else f"{fault}: taken"
    if not any(each in said for each in names):
        return f"{fault}: refused without a name: {said}"
    told = fault.kind != "misspelt" or not word_said or str(fault.path[-1]) in said
    return "" if told else f"{fault}: the word is not said: {said}"
