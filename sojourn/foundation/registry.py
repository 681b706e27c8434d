"""What each room declares about itself, collected: what its audit rows say, which permissions it asks for, its words.

A room declares in a module of an agreed name beside its others, as one value of an agreed name; whoever needs all of
them asks here and imports no room. A new room is found by being there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final, TypeVar

from django.db.models import Model
from django_stubs_ext import StrPromise

import sojourn

ROOT: Final = Path(sojourn.__file__).parent
# A room of a storey, or a topic of an interface.
ROOMS: Final = ("*/*", "*/*/*")

# Where catalogues of words lie: those of several rooms first, then each room's own.
_LOCALES: Final = ("locale", *(f"{room}/locale" for room in ("*", *ROOMS)))

Declared = TypeVar("Declared")


@dataclass(frozen=True, slots=True)
class SignedRows:
    """Rows that bear the ``content_hash`` of what was signed or sent, which the audit says as well in the rows of
    ``actions``: there it is the detail ``said_as``, and the entity's number is the column ``named_by``. ``called``:
    what such a thing is called, with its number as ``%(id)s``."""

    model: type[Model]
    actions: tuple[str, ...]
    called: StrPromise
    said_as: str = "hash"
    named_by: str = "id"


@dataclass(frozen=True, slots=True)
class Signed:
    """What of a room is signed by its hash: ``SIGNED`` in ``<room>/signed.py``."""

    rows: tuple[SignedRows, ...]


@dataclass(frozen=True, slots=True)
class Sentences:
    """What the audit says of a room's actions, by the action's code: ``SENTENCES`` in ``<room>/sentences.py``.

    ``%(who)s`` and ``%(patient)s`` are filled with names, other words from the row's own detail. ``words``: how a code
    that stands in the detail is called, by the detail's name.
    """

    of: Mapping[str, StrPromise]
    words: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a room's permissions open, each in one line for whoever writes roles.toml: ``PERMISSIONS`` in
    ``<room>/permissions.py``. ``of_the_program``: what its own processes may, and no role."""

    of: Mapping[str, str]
    of_the_program: Mapping[str, str] = field(default_factory=dict)


def declared(module: str, kind: type[Declared], rooms: tuple[str, ...] = ROOMS) -> dict[str, Declared]:
    """What the rooms declare in their ``module``, by the module's path within the package: the value that bears its
    name in capitals. Raises TypeError where that is no ``kind``."""
    found: dict[str, Declared] = {}
    for path in sorted(each for room in rooms for each in ROOT.glob(f"{room}/{module}.py")):
        name = path.relative_to(ROOT).as_posix()
        value = getattr(import_module(f"sojourn.{name.removesuffix('.py').replace('/', '.')}"), module.upper())
        if not isinstance(value, kind):
            raise TypeError(f"{name}: {module.upper()} is no {kind.__name__}")
        found[name] = value
    return found


def locale_folders(root: Path = ROOT) -> list[Path]:
    """The folders with catalogues of words, that of the words of several rooms first."""
    return [path for pattern in _LOCALES for path in sorted(root.glob(pattern))]


def only_once(declarations: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Where each code is declared. Raises ValueError for a code that two rooms declare."""
    where: dict[str, str] = {}
    for name, codes in declarations.items():
        for code in codes:
            if code in where:
                raise ValueError(f"{code} is declared in {where[code]} and in {name}")
            where[code] = name
    return where
