"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "appointment.book": "Appointments, series, the waiting list and the ride home.",
        "booking.rules": "The clinic's numbers for booking.",
        "chair.manage": "Rooms and chairs.",
        "hours.manage": "Working hours of the clinic and its people.",
    },
)
