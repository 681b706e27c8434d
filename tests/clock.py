"""The clock of the tests' clinics, which stand in Denver."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

DENVER = ZoneInfo("America/Denver")


def now_here() -> datetime:
    """This moment by the clocks of the cast's clinics: for many hours their day is not that of UTC."""
    return timezone.localtime(timezone=DENVER)


def today() -> date:
    return now_here().date()


def day_of(at: datetime) -> date:
    """The day of a moment by the same clocks."""
    return at.astimezone(DENVER).date()
