"""When somebody signs again after a dose: from an hour of the next day by the clinic's own clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from sojourn.clinical.rules import Rule, RuleInvalid

SIGNING: Final = "recovery.signing"
_HOURS: Final = range(1, 24)


def signs_from(rule: Rule, dose_at: datetime) -> datetime:
    """The first moment at which an agreement is signed again after a dose that was started at ``dose_at``.

    ``dose_at`` is aware, in the clinic's zone: its date is the day of the dose, also for a dose after midnight. Raises
    RuleInvalid where the rule's hour is none.
    """
    hour = rule.number("hour")
    if hour not in _HOURS:
        raise RuleInvalid(f"{rule.id}: {hour:g} is no hour of a morning")
    return datetime.combine(dose_at.date() + timedelta(days=1), time(int(hour)), dose_at.tzinfo)
