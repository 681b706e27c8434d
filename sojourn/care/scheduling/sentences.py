"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "chair.added": _("%(who)s added a chair: %(name)s."),
        "chair.edited": _("%(who)s changed a chair: %(name)s."),
        "appointment.booked": _("%(who)s booked an appointment for %(patient)s."),
        "appointment.moved": _("%(who)s moved an appointment of %(patient)s."),
        "appointment.cancelled": _("%(who)s cancelled an appointment of %(patient)s."),
        "room.added": _("%(who)s added a room: %(name)s."),
        "booking.rules_decided": _("%(who)s decided the clinic's numbers for booking."),
        "hours.set": _("%(who)s stated working hours."),
        "hours.day_set": _("%(who)s stated the hours of one day (%(on)s)."),
        "hours.day_unset": _("%(who)s took back the hours of one day (%(on)s)."),
        "series.booked": _("%(who)s booked a series for %(patient)s."),
        "times.stated": _("%(who)s stated when %(patient)s can come."),
    },
)
