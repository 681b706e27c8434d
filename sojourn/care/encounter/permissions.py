"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "session.arrive": "Noting who arrived, who did not, and who cancelled.",
        "session.dose": "Starting, pausing, changing and ending a dose.",
        "session.discharge": "Finding a patient ready to leave, and letting them leave.",
        "session.stop": "Stopping a session early.",
        "session.override": "Setting a reason against a step aside.",
    },
)
