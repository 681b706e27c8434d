"""Rows of candidacy that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sojourn.care.candidacy.models import ClearanceStruck
from tests.furnished import Furnished
from tests.over.copies import again


def _clearance(rows: Furnished, now: datetime) -> None:
    ClearanceStruck.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, clearance=again(rows.clearance), reason="Wrong patient",
        struck_at=now, struck_by=rows.cast.members["nurse"], striker_name="N",
    )  # fmt: skip


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a clearance that was struck": _clearance,
}
TELLS: Final[dict[str, set[str]]] = {}
