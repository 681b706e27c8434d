"""The clinic's clock: which day it is there, and what its wall clock shows.

Moments are stored in UTC. A day, a "today" or a time that a person reads is one of a clinic, and whoever needs it names
the clinic: by the row, or by whoever asks (an Actor knows its clinic's zone). Jobs, the watch and the command line have
no page around them, so nothing but the name is right there; Django's active zone would be UTC. Pages may leave the name
out: their zone is set where the page begins (``page_begins``), and the ``page_`` functions read it.

tests/repo/test_clock.py holds the calls that name no zone to this file.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils import timezone


class InAZone(Protocol):
    """A clinic, or whoever asks in one."""

    @property
    def zone(self) -> ZoneInfo: ...


def local(at: datetime, of: InAZone) -> datetime:
    """The moment as the clinic's wall clock shows it."""
    return at.astimezone(of.zone)


def clinic_day(at: datetime, of: InAZone) -> date:
    """The day that a moment falls on in the clinic."""
    return local(at, of).date()


def clinic_today(of: InAZone) -> date:
    """The day that it is in the clinic now."""
    return clinic_day(timezone.now(), of)


def at_wall_clock(day: date, at: time, of: InAZone) -> datetime:
    """The moment at which the clinic's wall clock shows ``at`` on ``day`` (the first, where it shows it twice)."""
    return datetime.combine(day, at, of.zone)


# ---------------------------------------------------------------- pages


def page_begins(zone: ZoneInfo) -> None:
    """From here on the page is read in ``zone``, its templates too."""
    timezone.activate(zone)


def page_ends() -> None:
    """The next page on this thread begins without a zone."""
    timezone.deactivate()


def page_zone() -> ZoneInfo:
    """The zone in which the page is read; UTC on a page of no clinic."""
    zone = timezone.get_current_timezone()  # not its name: a zone without letters calls itself "+11"
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(str(zone))


def page_local(at: datetime) -> datetime:
    """The moment as the reader of the page's clock shows it."""
    return at.astimezone(page_zone())


def page_day(at: datetime) -> date:
    """The day that a moment falls on for the reader of the page."""
    return page_local(at).date()


def page_today() -> date:
    """The day that it is for the reader of the page."""
    return page_day(timezone.now())
