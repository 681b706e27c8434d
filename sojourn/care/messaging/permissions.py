"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "message.read": "The threads of patients' messages.",
        "message.write": "A message to a patient.",
    },
)
