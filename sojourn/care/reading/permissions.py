"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "reading.read": "What readers of the library ask without their name, and which parts were not clear.",
        "reading.answer": "Answering such a question for everybody, taking an answer back, or setting one aside.",
        "voice.write": "One's own view as a professional, shown in the library once a colleague has read it.",
        "voice.moderate": "Stories and views before they are shown, and taking one down.",
    },
    of_the_program={"reading.tell": "Keeping what a reader asks or says without their name."},
)
