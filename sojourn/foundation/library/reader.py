"""Who reads the library of a clinic without being anybody in it: whoever follows the clinic's link."""

from __future__ import annotations

from sojourn.foundation.accounts.actor import Actor, acting_as
from sojourn.foundation.accounts.models import Clinic


def reader(clinic: Clinic) -> Actor:
    """A stranger who reads in this clinic's library: no person, no role's permission, and in no clinic. The database
    opens to the link's word the clinic's own row and what its readers see, and nothing else (migrations)."""
    return _following(clinic.slug, clinic.time_zone)


def clinic_of_link(slug: str) -> Clinic | None:
    """The clinic whose link has this word, None where there is none. One query."""
    with acting_as(_following(slug)):
        return Clinic.objects.filter(slug=slug).first()


def _following(slug: str, time_zone: str = "") -> Actor:
    return Actor(role="reader", token_hash=f"library:{slug}", time_zone=time_zone)
