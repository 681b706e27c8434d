"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "monitor.read": "The page of monitors.",
        "monitor.register": "A new monitor, and whose it is.",
        "monitor.manage": "Names, addresses and ports of monitors, and taking one out of use.",
        "monitor.associate": "Putting a monitor on a patient, and taking it off.",
    },
)
