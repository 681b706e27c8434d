"""Pictures: a drawing that moves by steps, and one hundred people, of whom some got better, some worse.

The numbers are rows of the evidence; ``pictures.toml`` says which. Groups are nested as they are in life: whoever has
hardly any symptoms left is one of those who are much better, whoever got worse is one of the others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from sojourn.foundation.library.evidence import Entry, Outcome, entries

PICTURES: Final = Path(__file__).with_name("pictures.toml")
STEPS: Final = Path(__file__).with_name("steps.toml")


class PictureInvalid(ValueError):
    """An entry cannot be drawn; the message names it and what is wrong."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Of those who responded, how many of a hundred still did after so many weeks. The source estimates it."""

    weeks: int
    of_hundred: int
    row: Outcome


@dataclass(frozen=True, slots=True)
class Hundred:
    """How many of a hundred people; ``remitted`` are among ``responded``, ``worse`` among the others; None where the
    source does not say. ``counted``: how many people it rests on, ``began``: how many were treated."""

    name: str
    title: Mapping[str, str]
    not_counted: Mapping[str, str]
    responded: int
    remitted: int | None
    worse: int | None
    kept: tuple[Kept, ...]
    counted: int
    began: int | None
    rows: tuple[Outcome, ...]

    @property
    def same(self) -> int:
        """Neither much better nor worse."""
        return 100 - self.responded - (self.worse or 0)

    @property
    def source(self) -> Outcome:
        return self.rows[0]


@cache
def hundreds(path: Path = PICTURES) -> Mapping[str, Hundred]:
    """Every picture by its name. Raises PictureInvalid."""
    known = entries()
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: _hundred(name, each, known) for name, each in told.items()}


def _hundred(name: str, told: Mapping[str, Any], known: Mapping[str, Entry]) -> Hundred:
    shares = {each: _row(name, told[each], known) for each in ("responded", "remitted", "worse") if each in told}
    if "responded" not in shares:
        raise PictureInvalid(f"{name}: say who responded")
    kept = tuple(
        Kept(each["weeks"], round(100 * _value(name, row)), row)
        for each in told.get("kept", ())
        for row in (_row(name, each["row"], known),)
    )
    numbers = {each: round(_value(name, row)) for each, row in shares.items()}
    found = Hundred(
        name=name,
        title=told["title"],
        not_counted=told["not_counted"],
        responded=numbers["responded"],
        remitted=numbers.get("remitted"),
        worse=numbers.get("worse"),
        kept=kept,
        counted=told["counted"],
        began=told.get("began"),
        rows=(*shares.values(), *(each.row for each in kept)),
    )
    if (found.remitted or 0) > found.responded or found.same < 0:
        raise PictureInvalid(f"{name}: its groups do not lie within each other")
    if found.began is not None and found.began < found.counted:
        raise PictureInvalid(f"{name}: more were counted than began")
    return found


def _row(name: str, row_id: str, known: Mapping[str, Entry]) -> Outcome:
    row = known.get(row_id)
    if not isinstance(row, Outcome):
        raise PictureInvalid(f"{name}: {row_id} is no row of the outcomes")
    if not row.verified:
        raise PictureInvalid(f"{name}: {row_id} was recalled and not read: it cannot be drawn")
    return row


def _value(name: str, row: Outcome) -> float:
    if row.value is None or not 0 <= row.value <= 100:
        raise PictureInvalid(f"{name}: {row.id} is no share")
    return row.value


# ---------------------------------------------------------------- a drawing that moves by steps


@dataclass(frozen=True, slots=True)
class Step:
    """One state of a drawing, in words by language, and what it rests on. ``shows``: the parts that are drawn."""

    says: Mapping[str, str]
    evidence: tuple[str, ...]
    shows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Steps:
    name: str
    title: Mapping[str, str]
    steps: tuple[Step, ...]

    @property
    def words(self) -> Mapping[str, str]:
        """All of it, for who cannot see it."""
        return {
            language: " ".join(each.says.get(language, "") for each in self.steps).strip() for language in self.title
        }


@cache
def steps(path: Path = STEPS) -> Mapping[str, Steps]:
    """Every drawing by its name. Raises PictureInvalid."""
    known = entries()
    found = {}
    for name, told in tomllib.loads(path.read_text(encoding="utf-8")).items():
        made = tuple(Step(each["says"], tuple(each["evidence"]), tuple(each["shows"])) for each in told["step"])
        if wrong := [each for step in made for each in step.evidence if each not in known]:
            raise PictureInvalid(f"{name}: {wrong[0]} is no evidence that we hold")
        found[name] = Steps(name, told["title"], made)
    return found
