"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "staff.manage": "People and their roles.",
        "staff.confirm": "Confirming a colleague who holds the same clinical role.",
        "clinic.read": "How the clinic is reached, and the lines of its place.",
        "clinic.details": "Changing how the clinic is reached.",
        "clinic.lines": "Checking the lines of its place.",
    },
    of_the_program={
        "clinic.make": "Making a clinic, on the command line.",
        "staff.confirm_first": "Confirming the first who holds a clinical role, on the command line.",
        "sign_in.note": "Writing down what people do at the door.",
    },
)
