"""The labelled sentences: read from their files and measured against the list.

``tuning_sentences.csv`` was seen while the list was written; what it numbers ``test-``, ``second-``, ``third-``,
``fourth-``, ``fifth-`` and ``sixth-`` were the blind parts, which were spent when the list was widened for them.
``test_sentences.csv``, where there is one, is written by somebody who has seen neither the list nor the tuning part,
and the list is not changed for it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sojourn.clinical.danger import Danger, read

FOLDER = Path(__file__).parent
LANGUAGES = {"en": "English", "es": "Spanish"}
DANGER = ("explicit", "oblique", "passive", "denial_that_is_not", "goodbye", "self_harm", "voices")
HARMLESS = ("negation", "past", "third_person", "idiom", "question", "everyday")


@dataclass(frozen=True)
class Labelled:
    """A sentence as its writer labelled it, and what was found in it."""

    id: str
    language: str
    kind: str
    text: str
    danger: bool
    found: Danger | None

    @property
    def right(self) -> bool:
        """Whether the list and the writer agree that it is danger, or that it is none."""
        return self.danger == (self.found is not None)


def sentences(part: str) -> list[Labelled]:
    """The sentences of ``tuning`` or ``test``; none where the file is not there."""
    file = FOLDER / f"{part}_sentences.csv"
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as rows:
        return [_labelled(row) for row in csv.DictReader(rows)]


def _labelled(row: dict[str, str]) -> Labelled:
    return Labelled(
        id=row["id"],
        language=row["language"],
        kind=row["kind"],
        text=row["text"],
        danger=row["danger"] == "yes",
        found=read(row["text"]),
    )


def missed(given: Iterable[Labelled]) -> list[Labelled]:
    """Danger that was not found."""
    return [each for each in given if each.danger and each.found is None]


def false_alarms(given: Iterable[Labelled]) -> list[Labelled]:
    """No danger, and yet found."""
    return [each for each in given if not each.danger and each.found is not None]
