"""Not now: from the start of a dose until its patient has left, nothing that they answer or agree to counts.

Calling, writing to the clinic, asking, taking something back and saying no ask nothing here: they always count.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from sojourn.care.patients import queries as patients_queries
from sojourn.care.patients.models import Leaving, Patient
from sojourn.clinical import recovery
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook.queries import ids_of, standings
from sojourn.foundation.scope import PatientScope

CODE: Final = "not-now"


def dosed_since(of: PatientScope, clinic: Clinic, at: datetime) -> datetime | None:
    """Since when a dose is with a patient who has not left; None where none is.

    A session that nobody ended is over by itself in the morning, at the hour from which one signs again (rule
    ``recovery.signing``). One query where there never was a dose, two after one, three while it lasts. A patient may
    ask it about themselves.
    """
    dose_at = patients_queries.last_dose_at(of, at)
    if dose_at is None or of.rows(Leaving).filter(at__gte=dose_at, at__lte=at).exists():
        return None
    (known,) = standings(clinic.pk, only=ids_of(recovery.SIGNING))
    over_at = recovery.signs_from(known.acting or known.newest, dose_at.astimezone(clinic.zone))
    return dose_at if at < over_at else None


def must_be_later(*, by: Actor, at: datetime) -> None:
    """Refused ("not-now") while a dose is with the patient who asks; what staff do, they do awake."""
    if by.patient_id is None:
        return
    if dosed_since(PatientScope(by.patient_id), Clinic.objects.get(pk=by.own_clinic_id), at) is not None:
        raise ActionRefused(words(), codes=(CODE,))


def must_have_been_awake(*, by: Actor, of: PatientScope, at: datetime) -> None:
    """Refused ("not-now") where a dose was with the patient at the time at which they are said to have answered."""
    if dosed_since(of, of.rows(Patient).select_related("clinic").get().clinic, at) is not None:
        raise ActionRefused(
            _("At that time the patient was under a dose. What is answered then does not count. Ask again later."),
            codes=(CODE,),
        )


def words() -> str:
    """What a patient reads instead."""
    return _("The medicine is still working. This can wait until you have left, and what you have begun is kept.")
