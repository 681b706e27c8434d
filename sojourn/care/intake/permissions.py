"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "intake.read": "What patients told in their intake.",
        "intake.enter": "Writing a patient's intake for them.",
        "fact.enter": "Findings: entered, taken back, imported.",
    },
)
