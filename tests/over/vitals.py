"""Rows of vitals that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sojourn.care.vitals.models import HeldReading, PatientConfirmed, PostedWrong
from tests.furnished import Furnished
from tests.over.copies import again, of


def _monitor(rows: Furnished, now: datetime) -> None:
    again(rows.device, name="Old", key="OLD", retired_at=now)


def _held(rows: Furnished, now: datetime) -> None:
    again(of(HeldReading, rows), identifier="78")
    PatientConfirmed.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, device=rows.put_on, encounter_id=rows.running.id,
        identifier="78", at=now, by=rows.cast.members["nurse"],
    )  # fmt: skip


def _posted(rows: Furnished, now: datetime) -> None:
    again(of(PostedWrong, rows), answer="this", answered_at=now, answered_by=rows.cast.members["nurse"])


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a monitor that was retired": _monitor,
    "a held value of a number that was confirmed": _held,
    "a value taken back that was answered for": _posted,
}
TELLS: Final[dict[str, set[str]]] = {}
