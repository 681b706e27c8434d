"""An entry of an outbox as it arrives, with both clocks, for whoever keeps something of it.

A device's clock may be wrong by a day. What it says of the sending, beside the moment of the receiving, says how wrong:
so ``written_at`` is right to the seconds of the way, whatever the clock said, as long as nobody set it in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Arrival:
    """``made_at``, ``sent_at``: by the device's clock. ``received_at``: by ours. All aware."""

    entry: UUID
    command: str
    made_at: datetime
    sent_at: datetime
    received_at: datetime

    @property
    def written_at(self) -> datetime:
        """When it was written, by our clock: never after it was received, and as long before as the device says."""
        return min(self.received_at, self.received_at - (self.sent_at - self.made_at))


_now: ContextVar[Arrival | None] = ContextVar("arriving", default=None)


def arriving() -> Arrival | None:
    """What is arriving out of an outbox while this runs; None for a form that was sent at once."""
    return _now.get()


@contextmanager
def of(arrival: Arrival) -> Iterator[None]:
    """What is done in here is done for this entry."""
    token = _now.set(arrival)
    try:
        yield
    finally:
        _now.reset(token)
