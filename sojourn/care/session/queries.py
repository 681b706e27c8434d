"""Checks, doses and signatures of sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet, Subquery

from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.session.given import Dose, DoseStep
from sojourn.care.session.models import (
    DoseCheck,
    DoseEvent,
    EnteredInError,
    GivenMedicine,
    MedicationAdministration,
    StruckKind,
)
from sojourn.clinical.administration.charted import two_people
from sojourn.clinical.administration.double_check import double_check
from sojourn.clinical.eligibility.substances import names_ketamine
from sojourn.clinical.protocol import State
from sojourn.foundation.scope import CourseScope, PatientScope, SessionScope, clinic_rows, rows_of


def strikes_of(of: str, row_id: int | OuterRef) -> QuerySet[EnteredInError]:
    """What took a row of a session back; none where it stands. ``of`` is its StruckKind, ``row_id`` its number, or that
    of the outer row inside another query."""
    return clinic_rows(EnteredInError).filter(of=of, row_id=row_id)


def waiting_doses(encounter_ids: Iterable[int], *, not_by: int | None) -> list[DoseCheck]:
    """The newest prepared dose of each session that nobody has checked yet and that ``not_by`` (a person) did not
    prepare: those she may check. One query."""
    ids = list(encounter_ids)
    if not ids:
        return []
    entries: dict[int, list[Any]] = {}
    rows = rows_of(DoseCheck, SessionScope, ids).select_related("by").annotate(person_id=F("by__person_id"))
    for row in rows.order_by("id"):
        entries.setdefault(row.encounter_id, []).append(row)
    waiting = [double_check(each).waiting for each in entries.values()]
    return [each for each in waiting if each is not None and two_people(each.person_id, not_by)]


def unsigned(since: datetime) -> list[Encounter]:
    """Sessions opened since then that ended and whose record nobody has signed, with the patient. One query."""
    newest = rows_of(SessionState, SessionScope, OuterRef("pk")).order_by("-seq").values("state")[:1]
    return list(
        clinic_rows(Encounter)
        .select_related("patient")
        .annotate(state=Subquery(newest))
        .filter(opened_at__gte=since, signatures=None, state=State.LEFT.value)
        .order_by("opened_at")
    )


@dataclass(frozen=True, slots=True)
class DoseOfPatient:
    """A dose of a patient in any session, with its steps."""

    encounter_id: int
    care_plan_id: int
    weight_kg: Decimal | None
    dose: Dose
    steps: tuple[DoseStep, ...]
    left_dosing_at: datetime | None

    @property
    def over(self) -> bool:
        """Whether nothing more of it goes in."""
        return self.left_dosing_at is not None


def sessions_dosed(of: CourseScope) -> int:
    """In how many sessions of a course a dose was begun. One query."""
    rows = rows_of(MedicationAdministration, SessionScope, of.rows(Encounter).values("pk"))
    return rows.values("encounter_id").distinct().count()


@dataclass(frozen=True, slots=True)
class DosedBefore:
    """In how many sessions of a course a dose was begun, and when the newest of the person began, in any course."""

    sessions: int
    last_at: datetime | None


def dosed_before(of: PatientScope, care_plan_id: int, *, but: int) -> DosedBefore:
    """What was begun in other sessions than one. One query."""
    rows = of.rows(MedicationAdministration).exclude(encounter_id=but)
    in_course = Count("encounter_id", distinct=True, filter=Q(encounter__care_plan_id=care_plan_id))
    return DosedBefore(**rows.aggregate(sessions=in_course, last_at=Max("started_at")))


def last_doses(patient_ids: Iterable[int]) -> dict[int, datetime]:
    """When the newest dose of several patients began, by patient. One query."""
    rows = rows_of(MedicationAdministration, PatientScope, patient_ids)
    return dict(rows.values_list("patient_id").annotate(newest=Max("started_at")))


def doses_since(of: PatientScope, since: datetime, *, but: int) -> list[DoseOfPatient]:
    """The doses that a patient began since then in other sessions, with what happened to them. Two queries at most."""
    left = (
        rows_of(SessionState, SessionScope, OuterRef("encounter_id"))
        .filter(state__in=(State.OBSERVING.value, State.STOPPED_EARLY.value))
        .order_by("seq")
        .values("at")[:1]
    )
    rows = (
        of.rows(MedicationAdministration)
        .filter(started_at__gte=since)
        .exclude(encounter_id=but)
        .select_related("encounter", "plan_version", "given_by", "checked_by")
        .prefetch_related(Prefetch("events", clinic_rows(DoseEvent).select_related("by").order_by("at", "id")))
        .annotate(left_dosing_at=Subquery(left))
        .order_by("started_at")
    )
    return [
        DoseOfPatient(
            row.encounter_id, row.encounter.care_plan_id,
            row.plan_version.weight_kg if row.plan_version is not None else None,
            dose_of(row), tuple(map(step_of, row.events.all())), row.left_dosing_at,
        )
        for row in rows
    ]  # fmt: skip


def ketamine_by_hand(of: PatientScope, since: datetime) -> tuple[str, ...]:
    """What names ketamine among the other medicines that were charted for a patient since then, in any session, and was
    not struck. One query."""
    struck = Exists(strikes_of(StruckKind.MEDICINE, OuterRef("pk")))
    rows = of.rows(GivenMedicine).filter(~struck, given_at__gte=since)
    return tuple(name for name in rows.order_by("id").values_list("name", flat=True) if names_ketamine(name))


def dose_of(row: MedicationAdministration) -> Dose:
    """A dose's row (with who gave and checked it) as given.py reads it."""
    return Dose(
        row.pk, row.drug, row.route, row.dose_mg, row.drawn_mg, row.duration_min, row.lot, row.vial,
        row.stock_mg_per_ml, row.total_ml, row.rate_ml_per_h, row.devices, row.started_at, row.given_by.name,
        row.checked_by.name if row.checked_by else "", row.note,
    )  # fmt: skip


def step_of(row: DoseEvent) -> DoseStep:
    """A step's row (with who took it) as given.py reads it."""
    return DoseStep(
        row.pk, row.dose_id, row.kind, row.rate_ml_per_h, row.remaining_ml, row.mg, row.note, row.at, row.by.name
    )  # fmt: skip


def doses(of: SessionScope) -> QuerySet[MedicationAdministration]:
    """The doses given, oldest first."""
    return of.rows(MedicationAdministration).select_related("given_by", "checked_by").order_by("started_at", "id")
