"""What there is of one patient for their own first page: the facts of ``stages``, and the rows that it shows.

A patient sees no membership rows but their own, so nothing here joins the people of the clinic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.companion.stages import Answer, Course, Facts, Visit
from sojourn.care.consent.queries import open_for_patient
from sojourn.care.coordination.models import EscortAnswer
from sojourn.care.coordination.queries import here_at
from sojourn.care.encounter.models import SessionState
from sojourn.care.encounter.queries import RUNS_AT_MOST
from sojourn.care.intake.models import (
    AllergyIntolerance,
    Concern,
    Goal,
    IntakeAnswer,
    IntakeSubmission,
    MedicationStatement,
    PreviousTreatment,
)
from sojourn.care.messaging.models import Communication
from sojourn.care.messaging.queries import unread
from sojourn.care.patients.models import Patient
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.care.session.models import MedicationAdministration
from sojourn.clinical.protocol import FINAL, PRESENT, State
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.scope import PatientScope, rows_of

_TOLD = (IntakeAnswer, MedicationStatement, AllergyIntolerance, PreviousTreatment, Goal, Concern)


@dataclass(frozen=True, slots=True)
class Found:
    """The facts, and the appointments that they were read from, by their number."""

    facts: Facts
    appointments: dict[int, Appointment]


def found(of: PatientScope, clinic: Clinic, now: datetime) -> Found:
    """Where a patient is. Questionnaires that wait are not among it: who shows them has them. Three queries."""
    appointments = list(_appointments(of))
    told = _told(of)
    agreements = open_for_patient(clinic.pk, of)
    facts = Facts(
        zone=clinic.zone,
        is_begun=told.is_begun,
        is_sent=told.is_sent,
        answer=cast(Answer, told.answer),
        answered_at=told.answered_at,
        agreements=None if agreements is None else len(agreements),
        course=told.course,
        visits=tuple(_visits(appointments, now)),
        unread=told.unread,
    )
    return Found(facts, {each.pk: each for each in appointments})


def newest_course(of: PatientScope) -> CarePlan | None:
    """The newest course that runs, else the newest there was. One query."""
    return _running_first(of.rows(CarePlan)).first()


def _running_first(rows: QuerySet[CarePlan]) -> QuerySet[CarePlan]:
    return rows.alias(runs=Q(ended_on=None)).order_by("-runs", "-started_on", "-id")


# ---------------------------------------------------------------- appointments


def _appointments(of: PatientScope) -> QuerySet[Any]:
    """Every appointment that was not cancelled, earliest first, with what became of it."""
    states = of.rows(SessionState).filter(encounter__appointment=OuterRef("pk")).order_by("-seq")
    doses = of.rows(MedicationAdministration).filter(encounter__appointment=OuterRef("pk")).order_by("started_at")
    # What was said of one beginning is not said of another.
    same = {"appointment": OuterRef("pk"), "starts_at": OuterRef("during__startswith")}
    rides = of.rows(EscortAnswer).filter(**same, person=OuterRef("escort_id")).order_by("-id")
    return (
        of.rows(Appointment)
        .filter(status=AppointmentStatus.BOOKED)
        .select_related("chair", "escort")
        .annotate(
            state=Subquery(states.values("state")[:1]),
            state_at=Subquery(states.values("at")[:1]),
            dosed_at=Subquery(doses.values("started_at")[:1]),
            here_at=here_at(),
            ride=Subquery(rides.values("comes")[:1]),
        )
        .order_by("during", "id")
    )


def _visits(rows: Iterable[Any], now: datetime) -> Iterable[Visit]:
    for row in rows:
        state = State(row.state) if row.state else State.PLANNED
        opened_at = row.session_opened_at
        yield Visit(
            id=row.pk,
            begins=row.during.lower,
            ends=row.during.upper,
            course_id=row.care_plan_id,
            state=state,
            is_running=state in PRESENT and opened_at is not None and now <= opened_at + RUNS_AT_MOST,
            dosed_at=row.dosed_at,
            over_at=row.state_at if state in FINAL else None,
            here_at=row.here_at,
            has_no_ride=row.escort is None or row.escort.ended_at is not None or row.ride is False,
        )


# ---------------------------------------------------------------- what was told and answered


@dataclass(frozen=True, slots=True)
class _Told:
    """Whether an intake was begun and sent, the kind of the clinic's newest answer ("" for none) and when it was given,
    the newest course, and how many messages were not opened yet."""

    is_begun: bool = False
    is_sent: bool = False
    answer: str = ""
    answered_at: datetime | None = None
    course: Course | None = None
    unread: int = 0


def _told(of: PatientScope) -> _Told:
    decisions = rows_of(CandidacyDecision, PatientScope, OuterRef("pk")).order_by("-id")
    courses = _running_first(rows_of(CarePlan, PatientScope, OuterRef("pk")))
    waiting = (
        unread(rows_of(Communication, PatientScope, OuterRef("pk")))
        .order_by()
        .values("patient_id")
        .annotate(n=Count("pk"))
        .values("n")
    )
    is_begun = Q()
    for model in _TOLD:
        is_begun |= Q(Exists(rows_of(model, PatientScope, OuterRef("pk"))))
    row = (
        of.rows(Patient)
        .annotate(
            is_begun=is_begun,
            is_sent=Exists(rows_of(IntakeSubmission, PatientScope, OuterRef("pk"))),
            answer=Subquery(decisions.values("kind")[:1]),
            answered_at=Subquery(decisions.values("decided_at")[:1]),
            course=Subquery(
                courses.values(row=JSONObject(id="id", planned="planned_sessions", ended_on="ended_on"))[:1]
            ),
            unread=Subquery(waiting),
        )
        .values_list("is_begun", "is_sent", "answer", "answered_at", "course", "unread")
        .first()
    )
    if row is None:
        return _Told()
    is_told, is_sent, answer, answered_at, course, n = row
    return _Told(is_told, is_sent, answer or "", answered_at, _course(course), n or 0)


def _course(row: dict[str, Any] | None) -> Course | None:
    if row is None:
        return None
    return Course(row["id"], row["planned"], date.fromisoformat(row["ended_on"]) if row["ended_on"] else None)
