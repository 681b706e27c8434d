"""Rows of messaging that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from sojourn.care.messaging.models import Communication, CommunicationMark
from tests.furnished import Furnished
from tests.over.copies import again, of


def _settled(rows: Furnished, now: datetime) -> None:
    message = again(of(Communication, rows), from_patient=False, typed_key=uuid4())
    CommunicationMark.objects.create(
        clinic=rows.cast.clinic, patient=rows.running.patient, upto=message, kind="read", at=now,
        by=rows.cast.members["nurse"],
    )  # fmt: skip


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a message that was read": _settled,
}
TELLS: Final[dict[str, set[str]]] = {
    "a message that was read": {  # with it those before it are read
        "care.messaging.queries.recent", "care.messaging.queries.thread", "care.messaging.queries.unread_count",
        "care.companion.queries.found", "care.companion.queries._told",
    },
}  # fmt: skip
