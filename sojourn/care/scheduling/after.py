"""What follows once an appointment stands, moves or falls: reminders, the companion's link, those who wait.

Nothing is written here: each is the work of an action, queued with the booking and done after its commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from sojourn.care.scheduling.models import Appointment

ASK_BEFORE = timedelta(days=7)  # how long before the session its companion is asked: our own choice


def settled(appointment: Appointment, zone: ZoneInfo, now: datetime) -> None:
    """The appointment stands at its time: remind of it, and ask whoever brings the patient home."""
    from sojourn.care.scheduling import jobs, reminder_actions

    if appointment.during.lower <= now:
        return
    reminder_actions.plan(appointment, zone, now)
    if appointment.companion is not None and appointment.companion.email:
        jobs.ask_companion.configure(schedule_at=max(now, appointment.during.lower - ASK_BEFORE)).defer(
            clinic_id=appointment.clinic_id, appointment_id=appointment.pk, person_id=appointment.companion.pk
        )


def unsettled(appointment: Appointment, now: datetime) -> None:
    """The appointment will not be: nobody is reminded of it."""
    from sojourn.care.scheduling import reminder_actions

    reminder_actions.drop(appointment, now)


def freed(appointment: Appointment, during: DateTimeTZRange, chair_id: int, now: datetime) -> None:
    """A time has come free: those who would come earlier hear of it."""
    from sojourn.care.scheduling import waiting_actions

    waiting_actions.offer(appointment, during, chair_id, now)
