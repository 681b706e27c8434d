"""When somebody may say that they are here for an appointment, and for how long they may take it back. Pure.

Both are conventions of ours and no clinical numbers (decision 0043).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# A slip of the finger is put right in these minutes; afterwards the front desk does it.
TAKE_BACK_WITHIN: Final = timedelta(minutes=10)


def is_the_day(begins: datetime, ends: datetime, at: datetime, zone: ZoneInfo) -> bool:
    """Whether it is the clinic's day on which an appointment begins, and its time is not over.

    What began late on the day before and still lasts is of today.
    """
    return begins.astimezone(zone).date() <= at.astimezone(zone).date() and at < ends


def may_take_back(said_at: datetime, at: datetime) -> bool:
    """Whether whoever said that they are here may still take it back by themselves."""
    return at < said_at + TAKE_BACK_WITHIN
