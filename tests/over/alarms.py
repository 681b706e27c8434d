"""Rows of alarms that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sojourn.care.alarms.models import AlarmState
from tests.furnished import Furnished
from tests.over.copies import again, of


def _alarm(rows: Furnished, now: datetime) -> None:
    again(of(AlarmState, rows), rule_id="alarm.hr", phase="quiet", priority="")


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "an alarm that is quiet": _alarm,
}
TELLS: Final[dict[str, set[str]]] = {}
