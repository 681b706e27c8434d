"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "plan.read": "Plans with their versions.",
        "plan.draft": "Writing the draft of a plan.",
        "plan.check": "The second check of a planned dose.",
        "plan.sign": "Signing a plan, and so beginning a course.",
        "course.end": "Ending a course of treatment.",
    },
)
