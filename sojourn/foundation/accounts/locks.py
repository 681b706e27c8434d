"""What actions of several rooms lock of who is where."""

from __future__ import annotations

from typing import Final

from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.action import Lock, rows

# The clinic in which the actor asks: what is decided for all of it is decided by one at a time.
OWN_CLINIC: Final[Lock] = rows(Clinic, where=lambda by, _asked: Clinic.objects.filter(pk=by.own_clinic_id))
