"""Where patients and support persons write: every call that their pages make into a room, found in the source."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sojourn

ROOT: Final = Path(sojourn.__file__).parent
INTERFACES: Final = ("portal", "escort")


@dataclass(frozen=True, slots=True)
class Written:
    """A parameter of an action that a page calls, which can hold words."""

    action: str
    parameter: str


def _modules() -> Iterator[tuple[str, str]]:
    """The name and the source of every module of those pages."""
    for name in INTERFACES:
        for path in sorted((ROOT / "interfaces" / name).rglob("*.py")):
            if path.stem != "__init__":
                module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
                yield module, path.read_text(encoding="utf-8")


def calls() -> set[Callable[..., Any]]:
    """Every action of a room of care that a page of patients or support persons calls."""
    found: set[Callable[..., Any]] = set()
    for name, source in _modules():
        module = importlib.import_module(name)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and (action := _resolved(module, node.func)) is not None:
                found.add(action)
    return found


def _resolved(module: Any, func: ast.expr) -> Callable[..., Any] | None:
    match func:
        case ast.Name(id=name):
            found = getattr(module, name, None)
        case ast.Attribute(value=ast.Name(id=base), attr=name):
            found = getattr(getattr(module, base, None), name, None)
        case _:
            return None
    home = getattr(found, "__module__", None) or ""
    ours = home.startswith("sojourn.care.") and home.rpartition(".")[2].endswith("actions")
    return found if ours and inspect.isroutine(found) else None


def texts_of(action: Callable[..., Any]) -> list[Written]:
    """The parameters of an action that can hold words: a str, a StatedAnswer, or whatever comes by name."""
    name = f"{action.__module__.removeprefix('sojourn.care.')}.{action.__name__}"
    return [
        Written(name, each.name)
        for each in inspect.signature(action).parameters.values()
        if any(word in str(each.annotation) for word in ("str", "StatedAnswer", "Any"))
    ]
