"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "session.read": "A session's pages and its record.",
        "session.check": "The checklist, weight, recovery scores, and who comes along.",
        "session.observe": "Readings, events and other medicines in a session; pausing, slowing and stopping its dose.",
        "session.second_check": "The second entry of a drawn dose.",
        "session.sign": "Signing a session's record, and adding to it.",
    },
)
