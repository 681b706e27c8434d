"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {},
    of_the_program={"demo.make": "Inventing the demo's clinics, and what they decided in the past."},
)
