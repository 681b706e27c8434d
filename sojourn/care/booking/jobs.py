"""What waits for its time: reminders, the companion's link, offers to those who wait. Each asks as the house."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from sojourn.care.booking import reminder_actions, waiting_actions, way_home_actions
from sojourn.foundation.accounts.asker import as_asker

PATIENCE = RetryStrategy(max_attempts=6, exponential_wait=4)


@app.task(name="booking.remind", queue="booking", retry=PATIENCE)
def remind(clinic_id: int, reminder_id: int) -> None:
    with as_asker(reminder_actions.sender(clinic_id)) as by:
        reminder_actions.send(by=by, reminder_id=reminder_id)


@app.task(name="booking.ask_companion", queue="booking", retry=PATIENCE)
def ask_companion(clinic_id: int, appointment_id: int, person_id: int) -> None:
    with as_asker(reminder_actions.sender(clinic_id)) as by:
        way_home_actions.ask_in_time(by=by, appointment_id=appointment_id, person_id=person_id)


@app.task(name="booking.tell_offer", queue="booking", retry=PATIENCE)
def tell_offer(clinic_id: int, offer_id: int) -> None:
    with as_asker(reminder_actions.sender(clinic_id)) as by:
        waiting_actions.tell(by=by, offer_id=offer_id)
