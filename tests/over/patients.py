"""Rows of patients that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tests.furnished import Furnished
from tests.over.copies import again


def _person(rows: Furnished, now: datetime) -> None:
    again(rows.escort, emergency_contact=True, ended_at=now)


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a person who is beside the patient no more": _person,
}
TELLS: Final[dict[str, set[str]]] = {}
