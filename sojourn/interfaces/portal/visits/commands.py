"""What of one's visits may be said without a network. An offered time is answered when the answer has arrived."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from sojourn.interfaces.shared.commands import Command, Commands

COMMANDS: Final = Commands(
    (
        Command(
            "visit.ride_home", "portal:visit_escort", _("Who brings you home"),
            {
                "who": "the number of somebody known, or new", "name": "of somebody new",
                "relationship": "of somebody new", "email": "of somebody new", "phone": "of somebody new",
            },
            ("visit_id",),
        ),
        Command(
            "visit.sooner", "portal:sooner", _("Earlier time"),
            {"course": "the number of the course", "do": "leave, where one waits no longer"},
        ),
        Command(
            "visit.offer", "portal:offer", _("Answer to an earlier time"), {"answer": "yes or no"}, ("offer_id",)
        ),
        Command(
            "visit.times", "portal:visits_times", _("When you can come"),
            {"weekdays": "of the week, 0 for Monday", "parts": "of the day", "cannot": "days, with commas between"},
        ),
        Command(
            "visit.reminders", "portal:visits_reminders", _("How you are reminded"),
            {
                "channel": "how", "zone": "the time zone by its IANA name", "quiet_from": "HH:MM",
                "quiet_until": "HH:MM",
            },
        ),
    )
)  # fmt: skip
