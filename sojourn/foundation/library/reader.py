"""Who reads the library of a clinic without being anybody in it: whoever follows the clinic's link."""

from __future__ import annotations

from typing import Final

from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic

# No patient has this number: the database shows whoever asks with it what every reader of the clinic may see, and no
# row of anybody.
_NO_PATIENT: Final = -1


def reader(clinic: Clinic) -> Actor:
    """A stranger who reads in this clinic's library: no person, no role, no permission."""
    return Actor(clinic_id=clinic.pk, role="reader", name="", patient_id=_NO_PATIENT, time_zone=clinic.time_zone)


def clinic_of_link(slug: str) -> Clinic | None:
    """The clinic whose link has this word, None where there is none. The database opens this one row to the word. One
    query."""
    with acting_as(Actor(token_hash=f"library:{slug}")):
        return Clinic.objects.filter(slug=slug).first()
