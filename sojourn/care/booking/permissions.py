"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "appointment.book": "Appointments, series, the waiting list and the ride home.",
        "booking.rules": "The clinic's numbers for booking.",
        "calendar.feed": "A calendar feed of the appointments.",
        "chair.manage": "Rooms and chairs.",
        "hours.manage": "Working hours of the clinic and its people.",
    },
    of_the_program={
        "reminder.send": "Reminders, offers of earlier times, and questions about the ride home.",
    },
)
