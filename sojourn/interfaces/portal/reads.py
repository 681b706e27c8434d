"""What the patient's pages ask of several rooms at once.

A patient sees no membership rows but their own, so nothing here joins the people of the clinic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Subquery

from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.encounter.queries import SessionRow, with_states
from sojourn.care.intake.models import IntakeSubmission
from sojourn.care.messaging.models import Communication
from sojourn.care.messaging.queries import unread
from sojourn.care.patients.models import Patient
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.care.session.models import MedicationAdministration
from sojourn.clinical.protocol import PRESENT, State
from sojourn.foundation.scope import PatientScope, rows_of
from sojourn.interfaces.portal.today.path import JourneyFacts


@dataclass(frozen=True, slots=True)
class CourseProgress:
    """The newest course, its appointments with where their sessions stand (earliest first), and what that means."""

    course: CarePlan | None
    sessions: tuple[SessionRow, ...]
    next: Appointment | None
    running_id: int | None
    facts: JourneyFacts


def way(of: PatientScope, now: datetime) -> CourseProgress:
    """Where the patient is. Three queries."""
    course, sessions = _newest_course(of), tuple(sessions_of(of))
    ahead = [row.appointment for row in sessions if _is_ahead(row, now)]
    here = [row for row in sessions if row.state in PRESENT]
    return CourseProgress(
        course=course,
        sessions=sessions,
        next=ahead[0] if ahead else None,
        running_id=here[-1].encounter_id if here else None,
        facts=JourneyFacts(
            has_course=course is not None,
            course_ended=course is not None and course.ended_on is not None,
            booked=bool(ahead),
            in_session=bool(here),
            sessions_done=_done(sessions, course),
            sessions_planned=course.planned_sessions if course is not None else 0,
        ),
    )


def _newest_course(of: PatientScope) -> CarePlan | None:
    """The newest course that runs, else the newest there was. One query."""
    courses = list(of.rows(CarePlan).order_by("-started_on", "-id"))
    running = [course for course in courses if course.ended_on is None]
    return next(iter(running or courses), None)


def _is_ahead(row: SessionRow, now: datetime) -> bool:
    booked = row.appointment.status == AppointmentStatus.BOOKED and row.state is State.PLANNED
    return booked and row.appointment.during.upper > now


def _done(sessions: Sequence[SessionRow], course: CarePlan | None) -> int:
    """In how many sessions of a course a dose was given, without the one that runs."""
    if course is None:
        return 0
    of_course = [row for row in sessions if row.appointment.care_plan_id == course.pk]
    return sum(_dosed(row.appointment) and row.state not in PRESENT for row in of_course)


def sessions_of(of: PatientScope) -> list[SessionRow]:
    """Every appointment of a patient with its session, earliest first. Two queries."""
    dosed = of.rows(MedicationAdministration).filter(encounter__appointment=OuterRef("pk"))
    rows = of.rows(Appointment).select_related("chair", "escort").annotate(dosed=Exists(dosed)).order_by("during")
    return with_states(list(rows))


def _dosed(appointment: Appointment) -> bool:
    """Whether a dose was given in the session of an appointment that came from ``sessions_of``."""
    return bool(getattr(appointment, "dosed", False))


@dataclass(frozen=True, slots=True)
class News:
    """Whether the intake was sent, the kind of the clinic's newest answer ("" for none), messages not opened yet."""

    sent: bool = False
    decision: str = ""
    unread: int = 0


def news(of: PatientScope) -> News:
    """What is new between the patient and the clinic. One query."""
    sent = rows_of(IntakeSubmission, PatientScope, OuterRef("pk"))
    kinds = rows_of(CandidacyDecision, PatientScope, OuterRef("pk")).order_by("-id").values("kind")[:1]
    waiting = (
        unread(rows_of(Communication, PatientScope, OuterRef("pk")))
        .order_by()
        .values("patient_id")
        .annotate(n=Count("pk"))
        .values("n")
    )
    row = (
        of.rows(Patient)
        .annotate(sent=Exists(sent), kind=Subquery(kinds), unread=Subquery(waiting))
        .values_list("sent", "kind", "unread")
        .first()
    )
    return News() if row is None else News(row[0], row[1] or "", row[2] or 0)


def first_dose_at(of: PatientScope) -> datetime | None:
    """When the patient's first dose ever began here. One query."""
    return of.rows(MedicationAdministration).order_by("started_at").values_list("started_at", flat=True).first()
