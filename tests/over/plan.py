"""Rows of plan that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sojourn.care.plan.models import PlanVersion
from tests.furnished import Furnished
from tests.over.copies import again


def _course(rows: Furnished, now: datetime) -> None:
    again(rows.running.appointment.care_plan, ended_on=(now - timedelta(days=1)).date())


def _draft(rows: Furnished, now: datetime) -> None:
    again(rows.plan, number=rows.plan.number + 1, discarded_at=now, discarded_by=rows.cast.members["nurse"])


def _next(rows: Furnished, now: datetime) -> None:
    signed = PlanVersion.objects.get(care_plan=rows.running.appointment.care_plan)
    again(signed, number=2, signed_at=None, signed_by_id=None, content_hash="", edited_at=now)


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a course that ended": _course,
    "a draft that was thrown away": _draft,
    "a draft of the course that runs": _next,
}
TELLS: Final[dict[str, set[str]]] = {
    "a course that ended": {"care.plan.queries.of_patient"},
    "a draft of the course that runs": {
        "care.plan.queries.drafts_that_wait", "care.plan.queries.versions_of_patient",
    },
}  # fmt: skip
