"""What scheduling announces: rooms above it follow, and it knows none of them.

A follower is registered when its app is ready (``on_booked.register``). It is called within the action that announces:
in the same transaction, by the same person, before the action's audit row. What it refuses, the action refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, ParamSpec
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.actor import Actor

P = ParamSpec("P")


class Hook(Generic[P]):
    """One thing that happens, with whoever follows it, in the order in which they registered."""

    def __init__(self, shape: Callable[P, None]) -> None:
        self.__doc__ = shape.__doc__
        self._followers: list[Callable[P, None]] = []

    def register(self, follower: Callable[P, None]) -> None:
        """Call ``follower`` whenever this happens. Registering twice changes nothing."""
        if follower not in self._followers:
            self._followers.append(follower)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for follower in self._followers:
            follower(*args, **kwargs)


@Hook
def on_booked(*, by: Actor, appointment: Appointment, zone: ZoneInfo, now: datetime) -> None:
    """The appointment stands at its time: booked, or moved there. ``zone`` is the clinic's."""


@Hook
def on_cancelled(*, by: Actor, appointment: Appointment, now: datetime) -> None:
    """The appointment will not be."""


@Hook
def on_slot_released(
    *, by: Actor, appointment: Appointment, during: DateTimeTZRange, chair_id: int, now: datetime
) -> None:
    """A time has come free in a chair, since the appointment was cancelled or moved away from there."""
