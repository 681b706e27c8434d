"""Rows of scheduling that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sojourn.care.scheduling.models import Attendance
from tests.furnished import Furnished
from tests.over.copies import again, of


def _appointment(rows: Furnished, now: datetime) -> None:
    visit = rows.running.appointment
    again(
        visit, status="cancelled", during=(now + timedelta(days=1), now + timedelta(days=1, hours=2)),
        cancelled_at=now, cancelled_by=rows.cast.members["nurse"], session_opened_at=None,
    )  # fmt: skip


def _visit(rows: Furnished, now: datetime) -> None:
    during = (now - timedelta(days=2), now - timedelta(days=2, hours=-2))
    again(rows.running.appointment, during=during, session_opened_at=None)


def _attendance(rows: Furnished, now: datetime) -> None:
    again(of(Attendance, rows), member_id=rows.cast.members["therapist"].pk, role="therapist", active=False)


def _chair(rows: Furnished, now: datetime) -> None:
    again(rows.running.appointment.chair, name="Old chair", in_use=False)


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "an appointment that was cancelled": _appointment,
    "an appointment that is past": _visit,
    "an attendance that was given up": _attendance,
    "a chair out of use": _chair,
}
TELLS: Final[dict[str, set[str]]] = {
    "an appointment that is past": {  # whether a dose was given is known by it
        "care.companion.queries.found", "care.companion.queries._appointments",
        "care.scheduling.queries.of_patient", "interfaces.portal.reads.sessions_of",
    },
    "an appointment that was cancelled": {
        "care.scheduling.queries.of_patient", "interfaces.portal.reads.sessions_of",
    },
}  # fmt: skip
