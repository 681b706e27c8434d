"""Rows of intake that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from sojourn.care.intake.models import AllergyIntolerance
from tests.furnished import Furnished
from tests.over.copies import again, of


def _fact(rows: Furnished, now: datetime) -> None:
    weight = again(rows.fact, name="weight_kg", value=99)
    again(weight, retracts_id=weight.pk)


def _line(rows: Furnished, now: datetime) -> None:
    again(again(of(AllergyIntolerance, rows), line=uuid4(), substance="Latex"), removed=True)


def _another(rows: Furnished, now: datetime) -> None:
    again(rows.fact, name="weight_kg", value=99, patient_id=rows.booked.patient.pk)


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a fact that was taken back": _fact,
    "a line that was removed": _line,
    "a weight of another patient": _another,
}
TELLS: Final[dict[str, set[str]]] = {
    "a fact that was taken back": {
        "care.candidacy.file_queries.file_of", "care.candidacy.file_queries.timeline",
        "care.intake.queries.entered_facts", "care.intake.queries.timeline",
    },
}  # fmt: skip
