"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "candidacy.read": "Whether the treatment fits a patient, with the findings.",
        "candidacy.decide": "Deciding it, and signing a reason against a block.",
    },
)
