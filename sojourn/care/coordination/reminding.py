"""When a reminder is due, by the reader's own clock. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

QUIET_FROM, QUIET_UNTIL = time(20), time(8)  # our own choice for whoever has not said otherwise


def is_quiet(local: time, quiet_from: time, quiet_until: time) -> bool:
    """Whether a time of the day lies in the quiet hours; they may run over midnight. Equal ends: never quiet."""
    if quiet_from <= quiet_until:
        return quiet_from <= local < quiet_until
    return local >= quiet_from or local < quiet_until


def due_at(
    starts_at: datetime, hours_before: int, zone: ZoneInfo, quiet_from: time, quiet_until: time, now: datetime
) -> datetime | None:
    """When to remind of what begins at ``starts_at``: the same time of the day, days or hours before, by the clock of
    ``zone``; in quiet hours the moment before they begin, and where that has passed, the moment when they end.

    Whole days are counted on the calendar, so that the clocks may change in between. None: there is no such moment
    between ``now`` and the beginning.
    """
    days, hours = divmod(hours_before, 24)
    local = starts_at.astimezone(zone)
    wanted = _moment(local.replace(tzinfo=None) - timedelta(days=days), zone) - timedelta(hours=hours)
    at = wanted.astimezone(zone)
    if is_quiet(at.timetz().replace(tzinfo=None), quiet_from, quiet_until):
        begins = at.date() if at.time() >= quiet_from else at.date() - timedelta(days=1)
        before = _moment(datetime.combine(begins, quiet_from), zone) - timedelta(minutes=1)
        if before >= now:
            return before
        ends = begins if quiet_from <= quiet_until else begins + timedelta(days=1)
        at = _moment(datetime.combine(ends, quiet_until), zone).astimezone(zone)
    return at if now <= at < starts_at else None


def quiet_ends(now: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> datetime:
    """When the quiet hours end in which ``now`` lies; ``now`` itself outside them."""
    local = now.astimezone(zone)
    if not is_quiet(local.time(), quiet_from, quiet_until):
        return now
    over_midnight = quiet_from > quiet_until and local.time() >= quiet_from
    return _moment(datetime.combine(local.date() + timedelta(days=over_midnight), quiet_until), zone)


def _moment(naive: datetime, zone: ZoneInfo) -> datetime:
    """The moment that the clock shows so, the first of two; over a gap, the moment after it. In UTC."""
    utc = ZoneInfo("UTC")
    return naive.replace(tzinfo=zone, fold=0).astimezone(utc)
