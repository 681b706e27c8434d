"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "session.arrive": "Noting who arrived, who did not, and who cancelled.",
        "session.dose": "Starting a dose, going on with it, and giving more of it.",
        "session.discharge": "Finding a patient ready to leave, and letting them leave.",
        "session.stop": "Cancelling a session.",
        "session.override": "Setting a reason against a step aside.",
    },
)
