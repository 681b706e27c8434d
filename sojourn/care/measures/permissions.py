"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "measure.request": "Asking a patient to answer a questionnaire.",
        "measure.enter": "Entering answers or a score for a patient.",
        "measure.define": "The clinic's own questionnaires.",
        "measure.read": "Answers and scores of patients.",
    },
)
