"""What the patient's pages ask of several rooms at once.

A patient sees no membership rows but their own, so nothing here joins the people of the clinic.
"""

from __future__ import annotations

from datetime import datetime

from sojourn.care.encounter.queries import SessionRow, with_states
from sojourn.care.scheduling.models import Appointment
from sojourn.care.session.models import MedicationAdministration
from sojourn.foundation.scope import PatientScope


def sessions_of(of: PatientScope) -> list[SessionRow]:
    """Every appointment of a patient with its session, earliest first. Two queries."""
    return with_states(list(of.rows(Appointment).select_related("chair", "escort").order_by("during")))


def first_dose_at(of: PatientScope) -> datetime | None:
    """When the patient's first dose ever began here. One query."""
    return of.rows(MedicationAdministration).order_by("started_at").values_list("started_at", flat=True).first()
