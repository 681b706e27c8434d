"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {"calendar.feed": "A calendar feed of the appointments."},
    of_the_program={"reminder.send": "Reminders, offers of earlier times, and questions about the ride home."},
)
