"""What was really given: the rows of a dose, read as clinical.administration.charted computes from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sojourn.clinical.administration import Delivered, HistoryRefused
from sojourn.clinical.administration.charted import (
    Dose,
    DoseStep,
    Prepared,
    Wasted,
    balance,
    events_of,
    line,
    went_in,
)
from sojourn.foundation.rulebook.load import released_rulebook

__all__ = ["AGREEMENT", "Dose", "DoseStep", "Prepared", "Wasted", "balance", "delivered", "events_of", "line"]

AGREEMENT: Final = "dose.chair"  # how closely figures must agree


def delivered(
    dose: Dose, steps: Sequence[DoseStep], now: datetime, ended_at: datetime | None = None
) -> Delivered | HistoryRefused:
    """What went in until ``now``."""
    return went_in(dose, steps, now, ended_at, agree_percent=released_rulebook().rule(AGREEMENT).number("agree"))
