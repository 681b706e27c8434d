"""What actions of other rooms hold: the patient whom a row of theirs is about, or the patient who asks.

Who holds a session and a patient has taken the session first.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import models

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import Arguments, Lock, rows
from sojourn.foundation.scope import PatientScope, one_row, rows_of


def patient_of(model: type[models.Model], argument: str) -> Lock:
    """The patient of the row of ``model`` that an argument names by its key, or is."""

    def found(_by: Actor, asked: Arguments) -> models.QuerySet[Any]:
        named = asked[argument]
        key = named.pk if isinstance(named, models.Model) else named
        of = one_row(model, key).values("patient_id")
        return rows_of(Patient, PatientScope, of)

    return rows(Patient, argument, where=found)


# The patient who asks, on pages of their own.
THEMSELVES: Final = rows(Patient, where=lambda by, _asked: one_row(Patient, by.patient_id))
