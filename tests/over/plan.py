"""Rows of plan that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from tests.furnished import Furnished
from tests.over.copies import again


def _course(rows: Furnished, now: datetime) -> None:
    again(rows.running.appointment.care_plan, ended_on=(now - timedelta(days=1)).date())


def _draft(rows: Furnished, now: datetime) -> None:
    again(rows.plan, number=rows.plan.number + 1, discarded_at=now, discarded_by=rows.cast.members["nurse"])


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a course that ended": _course,
    "a draft that was thrown away": _draft,
}
TELLS: Final[dict[str, set[str]]] = {
    "a course that ended": {"care.plan.queries.of_patient"},
}  # fmt: skip
