"""What a monitor's clock says against ours, and when its values were measured. Pure: no database, no clock of its own.

Decision 0011 says why. Laws, each held by a test:
- a clock is believed to have moved, ahead or back, when every message of half a minute says so and says the same;
- until then nothing of what disagrees is believed: it may raise an alarm by its arrival, and never clears one;
- one message that agrees with what is known ends the doubt, and the evidence of the others with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

# A monitor's clock that is further from ours than this is said wherever the monitor is shown, and a value that is
# further from its own message cannot be used.
BELIEVED: Final = timedelta(seconds=120)
# What the seconds of a monitor's stamps and the way of its messages make of two clocks that agree.
NOISE: Final = timedelta(seconds=5)
# For so long every message must say the same before it is the clock that moved, not one message that is wrong.
AGREEMENT: Final = timedelta(seconds=30)
# A message that is later than this was not merely held up on its way.
HELD_UP: Final = timedelta(minutes=10)

_NOISE_S, _LATE_S = NOISE.total_seconds(), 2 * NOISE.total_seconds()


class Clock(NamedTuple):
    """What is known of a monitor's clock. ``offset_s``: how far it is ahead of ours, None before its first message.

    ``candidate_s`` and ``candidate_at``: what newer messages agree on instead, and since when. ``unsettled_at``: since
    when no message has agreed with what is known.
    """

    offset_s: float | None = None
    candidate_s: float | None = None
    candidate_at: datetime | None = None
    unsettled_at: datetime | None = None

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of ours; nothing before its first message."""
        return timedelta(seconds=self.offset_s or 0)


class Heard(NamedTuple):
    """What one message says of the clock that sent it. ``settled``: its times can be believed; ``moved``: by this
    message the clock is known to have been set."""

    clock: Clock
    settled: bool = True
    moved: bool = False


def hear(clock: Clock, said: datetime | None, received_at: datetime) -> Heard:
    """What a message that says it was sent at ``said`` makes of a clock."""
    if said is None:
        return Heard(clock, clock.unsettled_at is None)
    offset = (said - received_at).total_seconds()
    if _agrees(clock.offset_s, offset):
        known = clock.offset_s
        return Heard(Clock(offset if known is None else max(known, offset)))
    unsettled_at = clock.unsettled_at or received_at
    if clock.candidate_s is None or clock.candidate_at is None or abs(offset - clock.candidate_s) > _NOISE_S:
        return Heard(Clock(clock.offset_s, offset, received_at, unsettled_at), settled=False)
    agreed = max(clock.candidate_s, offset)
    if received_at - clock.candidate_at < AGREEMENT:
        return Heard(clock._replace(candidate_s=agreed, unsettled_at=unsettled_at), settled=False)
    return Heard(Clock(agreed), moved=True)


def _agrees(known: float | None, offset: float) -> bool:
    """Whether a message is as early or late as the clock is known to be: the way of a message makes it late, never
    early. A monitor that nobody has heard is measured by our own clock."""
    if known is None:
        return abs(offset) <= BELIEVED.total_seconds()
    return -_LATE_S <= offset - known <= _NOISE_S


def said_at(sent_at: datetime | None, measured: Iterable[datetime | None]) -> datetime | None:
    """When a message says that it was sent: its own time, else the newest of what it measured continuously."""
    return sent_at or max((each for each in measured if each is not None), default=None)


def far_from_own(sent_at: datetime | None, measured: Iterable[datetime | None]) -> bool:
    """Whether all that a message measured continuously lies far from the time of the message itself."""
    if sent_at is None:
        return False
    known = [each for each in measured if each is not None]
    return bool(known) and all(abs(each - sent_at) > BELIEVED for each in known)


def ahead_of_own(sent_at: datetime | None, measured_at: datetime | None) -> bool:
    """Whether one value claims to be measured well after its message was sent."""
    return sent_at is not None and measured_at is not None and measured_at - sent_at > BELIEVED


def stuck(clock: Clock, at: datetime) -> bool:
    """Whether a clock has been in doubt for so long that somebody must look: its messages agree on nothing."""
    return clock.unsettled_at is not None and at - clock.unsettled_at >= AGREEMENT


def correction(offset: timedelta) -> timedelta:
    """What is taken off a monitor's times: its offset, or nothing where that is within the noise."""
    return offset if abs(offset) > NOISE else timedelta(0)


def on_our_clock(clock: Clock, measured_at: datetime) -> datetime:
    """A monitor's time by our clock; small differences are left alone."""
    return measured_at - correction(clock.offset)


def exactly(clock: Clock, measured_at: datetime) -> datetime:
    """The same to the second, for what came before and after what."""
    return measured_at - clock.offset
