"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "flag.read": "Flags with what raised them.",
        "flag.answer": "Taking a flag, handing it over, closing it.",
        "duty.manage": "Who is told when a patient may be in danger.",
    },
    of_the_program={
        "flag.tell": "Telling people of a flag, by the channels they agreed to.",
    },
)
