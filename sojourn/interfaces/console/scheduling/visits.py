"""Appointments with the state of their sessions, in one query."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery

from sojourn.care.coordination.queries import here_at
from sojourn.care.encounter.models import SessionState
from sojourn.care.encounter.queries import SessionRow
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.clinical.protocol import State
from sojourn.foundation.scope import PatientScope, clinic_rows


def _rows(appointments: QuerySet[Appointment]) -> list[SessionRow]:
    newest = clinic_rows(SessionState).filter(encounter__appointment=OuterRef("pk")).order_by("-seq")
    return [
        SessionRow(
            row,
            row.encounter.pk if hasattr(row, "encounter") else None,
            State(row.session_state) if row.session_state else State.PLANNED,
            row.session_state_at,
            None if row.session_state else row.here_at,
        )
        for row in appointments.select_related("encounter").annotate(
            session_state=Subquery(newest.values("state")[:1]),
            session_state_at=Subquery(newest.values("at")[:1]),
            here_at=here_at(),
        )
    ]


def of_patient(patient_id: int) -> list[SessionRow]:
    """All of a patient's appointments, cancelled ones too, the latest first. One query."""
    return _rows(PatientScope(patient_id).within(scheduling_queries.appointments()).order_by("-during"))


def on_day(day: date, zone: ZoneInfo) -> list[SessionRow]:
    """The booked appointments that begin on a day of the clinic, by time and chair. One query."""
    begins, ends = scheduling_queries.day_bounds(day, zone)
    return _rows(
        scheduling_queries.appointments()
        .filter(status=AppointmentStatus.BOOKED, during__startswith__gte=begins, during__startswith__lt=ends)
        .order_by("during", "chair__name")
    )
