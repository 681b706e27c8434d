"""Which of the recovery scores that were recorded count: those of the present observation, the newest of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

PADSS: Final = "padss"
ALDRETE: Final = "aldrete"
SCALES: Final = (ALDRETE, PADSS)  # in the order in which they are scored


@dataclass(frozen=True, slots=True)
class Scored:
    """A total that somebody recorded, and when."""

    scale_id: str
    total: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals that count; None where there is none. ``aldrete_before_padss``: what Aldrete was when the
    PADSS that counts was scored."""

    padss: int | None = None
    aldrete: int | None = None
    aldrete_before_padss: int | None = None


def counted(scores: Iterable[Scored], since: datetime | None) -> Totals:
    """What counts of ``scores``, in the order in which they were recorded: those of the present observation.

    ``since`` is when that observation began; before it nothing counts: a score of before the dose, or of before the
    patient had to be observed again, says nothing about now.
    """
    found = Totals()
    for each in scores:
        if since is None or each.at < since:
            continue
        if each.scale_id == PADSS:
            found = replace(found, padss=each.total, aldrete_before_padss=found.aldrete)
        elif each.scale_id == ALDRETE:
            found = replace(found, aldrete=each.total)
    return found
