"""Recovery after a dose: scores with their thresholds and which of them count, what lets a patient leave, pressure
beside the own, when one signs again."""

from sojourn.clinical.recovery.counting import ALDRETE, PADSS, SCALES, Scored, Totals, counted
from sojourn.clinical.recovery.leaving import (
    FLOOR,
    KINDS,
    NOTHING_ADOPTED,
    ORDER,
    Leaving,
    lowest_saturation,
    read_leaving,
)
from sojourn.clinical.recovery.pressure import change_percent, outside
from sojourn.clinical.recovery.scores import AS_BEFORE, Points, RecoveryScale, RecoveryScore, RecoveryScoreRefusal, read
from sojourn.clinical.recovery.signing import SIGNING, signs_from

__all__ = [
    "ALDRETE",
    "AS_BEFORE",
    "FLOOR",
    "KINDS",
    "NOTHING_ADOPTED",
    "ORDER",
    "PADSS",
    "SCALES",
    "SIGNING",
    "Leaving",
    "Points",
    "RecoveryScale",
    "RecoveryScore",
    "RecoveryScoreRefusal",
    "Scored",
    "Totals",
    "change_percent",
    "counted",
    "lowest_saturation",
    "outside",
    "read",
    "read_leaving",
    "signs_from",
]  # fmt: skip
