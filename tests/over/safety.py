"""Rows of safety that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from sojourn.care.safety.models import FlagAnswer
from tests.furnished import Furnished
from tests.over.copies import again


def _flag(rows: Furnished, now: datetime) -> None:
    closed = again(rows.flag, about=f"closed:{uuid4()}", response_id=None)
    FlagAnswer.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, flag=closed, kind="closed", outcome="safe", note="Seen.",
        at=now, by=rows.cast.members["nurse"], by_name="N",
    )  # fmt: skip


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a flag that was closed": _flag,
}
TELLS: Final[dict[str, set[str]]] = {
    "a flag that was closed": {"care.safety.queries.flags_of"},
}  # fmt: skip
