"""Rows of coordination that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sojourn.care.coordination.models import ArrivalNotice, Offer, WaitingEntry
from tests.furnished import Furnished
from tests.over.copies import again, of


def _offer_answered(rows: Furnished, now: datetime) -> None:
    again(of(Offer, rows), answer="declined", answered_at=now)


def _offer_past(rows: Furnished, now: datetime) -> None:
    again(of(Offer, rows), during=(now - timedelta(hours=3), now - timedelta(hours=1)))


def _offer_to_come(rows: Furnished, now: datetime) -> None:
    again(of(Offer, rows), opens_at=now + timedelta(hours=1))


def _notice(rows: Furnished, now: datetime) -> None:
    again(of(ArrivalNotice, rows), starts_at=now - timedelta(days=7), is_here=False)


def _wait(rows: Furnished, now: datetime) -> None:
    again(of(WaitingEntry, rows), left_at=now)


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "an offer that was declined": _offer_answered,
    "an offer of a time that is past": _offer_past,
    "an offer that others have first": _offer_to_come,
    "a wait that was left": _wait,
    "somebody was here at another time": _notice,
}
TELLS: Final[dict[str, set[str]]] = {
    "an offer that was declined": {"care.coordination.queries.offers_by_time"},
    "an offer that others have first": {"care.coordination.queries.offers_by_time"},
}  # fmt: skip
