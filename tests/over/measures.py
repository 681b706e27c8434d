"""Rows of measures that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tests.furnished import Furnished
from tests.over.copies import again


def _request(rows: Furnished, now: datetime) -> None:
    again(rows.request, withdrawn_at=now)


def _form(rows: Furnished, now: datetime) -> None:
    again(rows.flag.response, completed_at=None)


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "a questionnaire that was withdrawn": _request,
    "a questionnaire that was begun": _form,
}
TELLS: Final[dict[str, set[str]]] = {}
