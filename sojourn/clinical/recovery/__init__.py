"""Recovery after a dose: scores with their thresholds, pressure beside the own, when one signs again."""

from sojourn.clinical.recovery.pressure import change_percent, outside
from sojourn.clinical.recovery.scores import NotScored, RecoveryScale, RecoveryScore, read
from sojourn.clinical.recovery.signing import SIGNING, signs_from

__all__ = [
    "SIGNING", "NotScored", "RecoveryScale", "RecoveryScore", "change_percent", "outside", "read", "signs_from",
]  # fmt: skip
