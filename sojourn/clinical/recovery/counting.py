"""Which of the recovery scores that were recorded count: those of the present observation, the newest of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
    here = [] if since is None else [each for each in scores if each.at >= since]
    padss = next((number for number, each in reversed(list(enumerate(here))) if each.scale_id == PADSS), None)
    aldrete = [each.total for each in here if each.scale_id == ALDRETE]
    before = [each.total for each in here[: padss or 0] if each.scale_id == ALDRETE]
    return Totals(
        padss=None if padss is None else here[padss].total,
        aldrete=aldrete[-1] if aldrete else None,
        aldrete_before_padss=before[-1] if before else None,
    )
