"""Rows of session that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sojourn.care.session.models import EnteredInError, GivenMedicine
from tests.furnished import Furnished
from tests.over.copies import again, of


def _struck(rows: Furnished, now: datetime) -> None:
    medicine = again(of(GivenMedicine, rows), name="Ketalar", ingredient="ketamine")
    waste = again(rows.waste)
    for kind, row_id in (("medicine", medicine.pk), ("waste", waste.pk)):
        EnteredInError.objects.create(
            clinic=rows.cast.clinic, patient=rows.running.patient, encounter_id=rows.running.id, of=kind, row_id=row_id,
            reason="Wrong patient", at=now, by=rows.cast.members["nurse"],
        )  # fmt: skip


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "entries that were struck": _struck,
}
TELLS: Final[dict[str, set[str]]] = {
    "entries that were struck": {
        "care.chart.queries.session_record", "care.chart.queries.session_records", "care.session.snapshot.load",
        "care.session.snapshot.load_many",
    },
}  # fmt: skip
