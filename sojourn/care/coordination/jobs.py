"""What waits for its time: reminders, the escort's link, offers to those who wait. Each asks as the system actor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections, connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from sojourn.care.coordination import reminder_actions, ride_home_actions, waiting_actions
from sojourn.foundation.accounts.actor import Actor, acting_as

PATIENCE = RetryStrategy(max_attempts=6, exponential_wait=4)


@contextmanager
def _as_the_system(clinic_id: int) -> Iterator[Actor]:
    """Ask as the system actor in one clinic; a connection that a restart of the database left behind is not used."""
    if not connection.in_atomic_block:
        close_old_connections()
    with acting_as(reminder_actions.sender(clinic_id)) as by:
        yield by


@app.task(name="booking.remind", queue="booking", retry=PATIENCE)
def remind(clinic_id: int, reminder_id: int) -> None:
    with _as_the_system(clinic_id) as by:
        reminder_actions.send(by=by, reminder_id=reminder_id)


# An escort; jobs that wait in the queue keep the task's first name.
@app.task(name="booking.ask_companion", queue="booking", retry=PATIENCE)
def ask_escort(clinic_id: int, appointment_id: int, person_id: int) -> None:
    with _as_the_system(clinic_id) as by:
        ride_home_actions.ask_in_time(by=by, appointment_id=appointment_id, person_id=person_id)


@app.task(name="booking.tell_offer", queue="booking", retry=PATIENCE)
def tell_offer(clinic_id: int, offer_id: int) -> None:
    with _as_the_system(clinic_id) as by:
        waiting_actions.tell(by=by, offer_id=offer_id)
