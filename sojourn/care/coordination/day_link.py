"""What the link of a day is worth: pure. An appointment and now in; whether it opens, out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

OPENS_BEFORE: Final = timedelta(hours=48)  # the day before, whatever its hour
CLOSES_AFTER: Final = timedelta(hours=72)  # the evening, and the three days in which most is written
Standing = Literal["open", "unopened", "elsewhere", "early", "over", "ended", "cancelled"]
When = Literal["before", "day", "after"]


def standing(
    *, booked: bool, begins: datetime, ends: datetime, ended: bool, device: str, opened_by: str, now: datetime
) -> Standing:
    """``device``: the hash of what this browser was given, "" for none; ``opened_by``: that of the one that it opens
    on. A link that is over, taken back or replaced says nothing of the appointment."""
    if not booked:
        return "cancelled"
    if ended:
        return "ended"
    if now >= ends + CLOSES_AFTER:
        return "over"
    if now < begins - OPENS_BEFORE:
        return "early"
    if not opened_by:
        return "unopened"
    return "open" if device == opened_by else "elsewhere"


def when(*, begins: datetime, ends: datetime, now: datetime) -> When:
    """Which of the three pages it is. ``begins`` in the clinic's zone: the day is the clinic's."""
    if now >= ends:
        return "after"
    return "day" if now.astimezone(begins.tzinfo).date() >= begins.date() else "before"
