"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "rules.read": "The rules with their sources.",
        "rules.adopt": "Adopting, declining and retiring rules.",
    },
)
