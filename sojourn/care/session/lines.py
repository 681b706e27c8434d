"""What a patient was really given, session by session.

A patient sees no member of the clinic, so nothing here joins the people who gave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from sojourn.care.encounter.models import SessionState
from sojourn.care.session import given
from sojourn.care.session.models import DoseEvent, MedicationAdministration, StruckKind, Waste
from sojourn.care.session.queries import strikes_of
from sojourn.clinical.administration import Delivered, DoseBalance
from sojourn.clinical.protocol import State
from sojourn.foundation.scope import PatientScope, SessionScope, clinic_rows, rows_of

_NOT_DOSING = (State.OBSERVING.value, State.STOPPED_EARLY.value)


@dataclass(frozen=True, slots=True)
class GivenInSession:
    """One dose of a patient and what of it went in; ``delivered`` and ``line`` are None where the steps that were
    recorded cannot have happened so."""

    encounter_id: int
    drug: str
    route: str
    started_at: datetime
    delivered: Delivered | None
    line: DoseBalance | None


def given_to(of: PatientScope, now: datetime) -> list[GivenInSession]:
    """The doses of a patient until ``now``, the oldest first. Three queries at most."""
    over = rows_of(SessionState, SessionScope, OuterRef("encounter_id")).filter(state__in=_NOT_DOSING).order_by("seq")
    rows = (
        of.rows(MedicationAdministration)
        .filter(started_at__lte=now)
        .prefetch_related(
            Prefetch("events", clinic_rows(DoseEvent).order_by("at", "id")),
            Prefetch("encounter__waste", _standing().select_related("witness").order_by("at", "id")),
        )
        .select_related("encounter")
        .annotate(left_dosing_at=Subquery(over.values("at")[:1]))
        .order_by("started_at", "id")
    )
    return [_given(row, now) for row in rows]


def _standing() -> QuerySet[Waste]:
    """The wastes that nobody struck as entered in error."""
    return clinic_rows(Waste).exclude(Exists(strikes_of(StruckKind.WASTE, OuterRef("pk"))))


def _given(row: MedicationAdministration, now: datetime) -> GivenInSession:
    dose = given.Dose(
        row.pk, row.drug, row.route, row.dose_mg, row.drawn_mg, row.duration_min, row.lot, row.vial,
        row.stock_mg_per_ml, row.total_ml, row.rate_ml_per_h, row.devices, row.started_at, "", "", row.note,
    )  # fmt: skip
    steps = [
        given.DoseStep(
            each.pk, row.pk, each.kind, each.rate_ml_per_h, each.remaining_ml, each.mg, each.note, each.at, ""
        )
        for each in row.events.all()
    ]
    found = given.delivered(dose, steps, now, row.left_dosing_at)  # type: ignore[attr-defined]
    delivered = found if isinstance(found, Delivered) else None
    line = None if delivered is None else given.line(delivered, dose, _wasted(row))
    return GivenInSession(row.encounter_id, row.drug, row.route, row.started_at, delivered, line)


def _wasted(row: MedicationAdministration) -> list[given.Wasted]:
    """Who stands behind a membership is not asked: the database lets nobody witness their own waste."""
    found = []
    for each in row.encounter.waste.all():
        witness = getattr(each, "witness", None)
        found.append(
            given.Wasted(
                each.pk, each.mg, each.how, each.at, "", each.by_id, "", witness.by_id if witness else None,
                witness.at if witness else None,
            )
        )  # fmt: skip
    return found
