"""What this room's permissions open."""

from __future__ import annotations

from sojourn.foundation.registry import Permissions

PERMISSIONS = Permissions(
    {
        "patient.find": "The list of patients, and the pages on which a patient is found.",
        "patient.create": "A new record for a patient.",
        "patient.edit": "A patient's own data, and the people beside them.",
        "patient.clinical": "What is clinical in a record, beside names and appointments.",
        "patient.restricted": "Restricted records; each opening gives a reason and is audited.",
        "own.read": "A patient's own pages.",
        "own.answer": "A patient's own answers: intake, questionnaires, messages.",
        "own.sign": "A patient's own signature on agreements.",
        "own.visits": "A patient's own appointments, reminders and ride home.",
    },
)
