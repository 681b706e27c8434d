"""Which decisions and second signatures wait in a clinic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from sojourn.care.candidacy.models import CandidacyDecision, Kind, Override
from sojourn.care.intake.models import IntakeSubmission
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.scope import PatientScope, clinic_rows, rows_of


def undecided() -> QuerySet[IntakeSubmission]:
    """The newest intake of each patient about whom nobody has decided."""
    newer = rows_of(IntakeSubmission, PatientScope, OuterRef("patient_id")).filter(pk__gt=OuterRef("pk"))
    decided = rows_of(CandidacyDecision, PatientScope, OuterRef("patient_id"))
    return clinic_rows(IntakeSubmission).exclude(Exists(newer)).exclude(Exists(decided))


def due(today: date) -> QuerySet[CandidacyDecision]:
    """Deferrals whose day has come, or after which the intake was sent again."""
    newer = rows_of(CandidacyDecision, PatientScope, OuterRef("patient_id")).filter(pk__gt=OuterRef("pk"))
    told = rows_of(IntakeSubmission, PatientScope, OuterRef("patient_id")).filter(said_at__gt=OuterRef("decided_at"))
    rows = clinic_rows(CandidacyDecision).filter(kind=Kind.DEFER).exclude(Exists(newer))
    return rows.filter(Q(until_on__lte=today) | Exists(told))


def half_signed() -> QuerySet[Override]:
    """Overrides that wait for a second signature, and that no decision has left behind."""
    decided = rows_of(CandidacyDecision, PatientScope, OuterRef("patient_id")).filter(
        decided_at__gt=OuterRef("signed_at")
    )
    return clinic_rows(Override).filter(second=None).exclude(Exists(decided))


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits for a decision in a clinic."""

    undecided: int
    due: int
    half_signed: int

    def __bool__(self) -> bool:
        return bool(self.undecided or self.due or self.half_signed)


def waiting(clinic_id: int, today: date, not_by: int | None = None) -> Waiting:
    """What waits, for the clinic's first page; overrides that ``not_by`` has not signed. One query."""

    def count(rows: QuerySet[Any]) -> Coalesce:
        counted = rows.order_by().values("clinic_id").annotate(n=Count("pk"))
        return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)

    row = (
        Clinic.objects.filter(pk=clinic_id)
        .annotate(
            n_undecided=count(undecided()),
            n_due=count(due(today)),
            n_half=count(half_signed().exclude(signed_by_id=not_by or 0)),
        )
        .values("n_undecided", "n_due", "n_half")
        .get()
    )
    return Waiting(row["n_undecided"], row["n_due"], row["n_half"])
