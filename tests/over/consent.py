"""Rows of consent that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sojourn.care.consent.models import ConsentReply
from tests.furnished import Furnished
from tests.over.copies import again


def _question(rows: Furnished, now: datetime) -> None:
    ConsentReply.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, question=again(rows.question, text="When?"), text="Soon",
        replied_at=now, replied_by=rows.cast.members["nurse"], replier_name="N",
    )  # fmt: skip


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a question that was answered": _question,
}
TELLS: Final[dict[str, set[str]]] = {
    "a question that was answered": {"care.consent.queries.questions"},
}  # fmt: skip
