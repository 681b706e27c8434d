"""What follows once an appointment stands, moves or falls: reminders, the escort's link, those who wait.

Each is called within the action of scheduling that announces it (``scheduling.hooks``): a step of that action, which
holds the appointment and writes the audit's row. What takes longer than a row is left as a job and done after the
commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from sojourn.care.coordination import reminder_actions, waiting_actions
from sojourn.care.scheduling import hooks
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation import jobs
from sojourn.foundation.accounts.actor import Actor

ASK_BEFORE = timedelta(days=7)  # how long before the session its escort is asked: our own choice


def register() -> None:
    """Follow what scheduling announces."""
    hooks.on_booked.register(remind_and_ask)
    hooks.on_cancelled.register(remind_nobody)
    hooks.on_slot_released.register(offer_to_those_who_wait)


def remind_and_ask(*, by: Actor, appointment: Appointment, zone: ZoneInfo, now: datetime) -> None:
    """The appointment stands at its time: remind of it, and ask whoever brings the patient home."""
    starts_at, escort = appointment.during.lower, appointment.escort
    if starts_at <= now:
        return
    reminder_actions.plan(appointment, zone, now)
    if escort is not None and escort.email:
        jobs.defer(
            "booking.ask_companion", at=max(now, starts_at - ASK_BEFORE),
            clinic_id=appointment.clinic_id, appointment_id=appointment.pk, person_id=escort.pk,
        )  # fmt: skip


def remind_nobody(*, by: Actor, appointment: Appointment, now: datetime) -> None:
    """The appointment will not be: nobody is reminded of it."""
    reminder_actions.drop(appointment, now)


def offer_to_those_who_wait(
    *, by: Actor, appointment: Appointment, during: DateTimeTZRange, chair_id: int, now: datetime
) -> None:
    """A time has come free: those who would come earlier hear of it."""
    waiting_actions.offer(appointment, during, chair_id, now)
