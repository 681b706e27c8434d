"""Recovery after a dose: scores with their thresholds, and the pressure beside the patient's own."""

from sojourn.clinical.recovery.pressure import change_percent, outside
from sojourn.clinical.recovery.scores import NotScored, RecoveryScale, RecoveryScore, read

__all__ = ["NotScored", "RecoveryScale", "RecoveryScore", "change_percent", "outside", "read"]
