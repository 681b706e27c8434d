"""Checks, doses and signatures of sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.session.models import CheckResult, DoseCheck, MedicationAdministration
from sojourn.clinical.protocol import State


def newest_checks(encounter_id: int) -> dict[str, CheckResult]:
    """The newest result of each checklist item."""
    rows = (
        CheckResult.objects.select_related("by")
        .filter(encounter_id=encounter_id)
        .order_by("item_id", "-id")
        .distinct("item_id")
    )
    return {row.item_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class DoseReady:
    """A dose that is prepared: who entered it first, and who checked it independently, if anybody yet."""

    prepared: DoseCheck
    checked: DoseCheck | None


def dose_ready(encounter_id: int) -> DoseReady | None:
    """The newest prepared dose and its second check. A later preparation replaces an earlier one."""
    rows = list(DoseCheck.objects.select_related("by").filter(encounter_id=encounter_id).order_by("id"))
    ready: DoseReady | None = None
    for row in rows:
        if ready is not None and same_dose(ready.prepared, row) and two_people(row, ready.prepared):
            ready = DoseReady(ready.prepared, row)
        else:
            ready = DoseReady(row, None)
    return ready


def waiting_doses(encounter_ids: Iterable[int], *, not_by: int | None) -> list[DoseCheck]:
    """The newest prepared dose of each session that nobody has checked yet and that ``not_by`` (a person) did not
    prepare: those she may check. One query."""
    newest: dict[int, tuple[DoseCheck, bool]] = {}
    ids = list(encounter_ids)
    if not ids:
        return []
    for check in DoseCheck.objects.select_related("by").filter(encounter_id__in=ids).order_by("id"):
        first, _checked = newest.get(check.encounter_id, (check, False))
        if same_dose(first, check) and two_people(first, check):
            newest[check.encounter_id] = (first, True)
        else:
            newest[check.encounter_id] = (check, False)
    return [first for first, checked in newest.values() if not checked and first.by.person_id != not_by]


def unsigned(since: datetime) -> list[Encounter]:
    """Sessions opened since then that ended and whose record nobody has signed, with the patient. One query."""
    newest = SessionState.objects.filter(encounter=OuterRef("pk")).order_by("-seq").values("state")[:1]
    return list(
        Encounter.objects.select_related("patient")
        .annotate(state=Subquery(newest))
        .filter(opened_at__gte=since, signatures=None, state=State.LEFT.value)
        .order_by("opened_at")
    )


def two_people(one: DoseCheck, other: DoseCheck) -> bool:
    """Whether two people wrote them: a second role is no second pair of eyes."""
    return one.by.person_id != other.by.person_id


def same_dose(one: DoseCheck, other: DoseCheck) -> bool:
    """Whether two people wrote down the same drug, route, amount and lot."""
    return (one.drug, one.route, one.dose_mg, one.lot.upper()) == (
        other.drug, other.route, other.dose_mg, other.lot.upper(),
    )  # fmt: skip


def doses(encounter_id: int) -> QuerySet[MedicationAdministration]:
    """The doses given, oldest first."""
    return (
        MedicationAdministration.objects.select_related("given_by", "checked_by")
        .filter(encounter_id=encounter_id)
        .order_by("started_at", "id")
    )
