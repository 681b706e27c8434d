"""When a reminder is due, by the reader's own clock. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from sojourn.foundation.timing import DAY, PersonsClock, Quiet

QUIET_FROM, QUIET_UNTIL = time(20), time(8)  # our own choice for whoever has not said otherwise
NIGHT: Final = Quiet(QUIET_FROM, QUIET_UNTIL)


def due_at(starts_at: datetime, hours_before: int, clock: PersonsClock, now: datetime) -> datetime | None:
    """When to remind of what begins at ``starts_at``: the same time of the day, days or hours before, by the reader's
    clock; in quiet hours the moment before they begin, and where that has passed, the moment when they end.

    Whole days are counted on the calendar, so that the clocks may change in between. None: there is no such moment
    between ``now`` and the beginning.
    """
    days, hours = divmod(hours_before, 24)
    local, quiet = starts_at.astimezone(clock.zone), clock.quiet
    at = clock.moment(local.date() - DAY * days, local.time()) - timedelta(hours=hours)
    wanted = at.astimezone(clock.zone)
    if quiet.holds(wanted.time()):
        evening = wanted.date() if wanted.time() >= quiet.begins else wanted.date() - DAY
        before = clock.moment(evening, quiet.begins) - timedelta(minutes=1)
        if before >= now:
            return before
        at = clock.moment(evening + DAY * (quiet.begins > quiet.ends), quiet.ends)
    return at if now <= at < starts_at else None
