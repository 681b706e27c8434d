"""A second pump, to agree with: it steps through a raw list of events second by second and imports nothing of ours.

It adds up whole numbers only: rates come in tenths of a millilitre an hour, so that one second at one tenth is one
unit, and 36,000 units are a millilitre. An event is (second, what, tenths or None).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

UNITS_PER_ML = 36_000

RawEvent = tuple[int, str, int | None]


@dataclass
class Pump:
    """What stands on the pump after some seconds."""

    given_ml: Fraction = Fraction(0)
    running_tenths: int = 0
    seconds_paused: int = 0
    emptied_at: int | None = None  # the second in which the last of the bag went in
    stopped_at: int | None = None
    last_given_at: int | None = None


def integrate(events: list[RawEvent], volume_ml: int, until: int, slowness: int = 1) -> Pump:
    """The pump at second ``until``. A pump of ``slowness`` 2 gives half of what its rate says."""
    pump = Pump()
    bag = volume_ml * UNITS_PER_ML * slowness
    given = 0
    paused = False
    for second in range(until + 1):
        for at, what, tenths in events:
            if at != second or pump.stopped_at is not None:
                continue
            if what in ("start", "rate", "resume"):
                pump.running_tenths = tenths or 0
                paused = False
            elif what == "pause":
                pump.running_tenths = 0
                paused = True
            elif what in ("stop", "end"):
                pump.running_tenths = 0
                paused = False
                pump.stopped_at = second
        if second == until:
            break
        drop = min(pump.running_tenths, bag - given)
        if drop:
            given += drop
            pump.last_given_at = second + 1
            if given == bag:
                pump.emptied_at = second + 1
        elif paused and given < bag:
            pump.seconds_paused += 1
    pump.given_ml = Fraction(given, UNITS_PER_ML * slowness)
    return pump
