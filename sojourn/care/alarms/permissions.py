"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "session.alarm": "Answering an alarm.",
    },
)
