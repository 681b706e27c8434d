"""Secret addresses from which a calendar reads one person's appointments."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from sojourn.care.coordination.models import CalendarFeed
from sojourn.care.patients import not_now
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import Arguments, action, either, rows, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import MemberScope


@dataclass(frozen=True, slots=True)
class Opened:
    """A feed and its token. The token exists here and on the page that shows it once; the database keeps a hash."""

    feed: CalendarFeed
    token: str


# A second click ends the first one's feed, and opens its own.
@action(either("own.visits", "calendar.feed"), locks=turn("calendar_feed"), audit="feed.opened")
def open_feed(*, by: Actor, now: datetime | None = None) -> Opened:
    """A secret address for the actor's own appointments; the one before stops working. Refused: not-now."""
    now = now or timezone.now()
    not_now.must_be_later(by=by, at=now)
    MemberScope(by.member).rows(CalendarFeed).filter(ended_at=None).update(ended_at=now)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(
        clinic_id=by.own_clinic_id,
        patient_id=by.patient_id,
        member_id=by.member,
        token_hash=hash_of(token),
        made_at=now,
    )
    record(by, "feed.opened", feed)
    return Opened(feed, token)


def _own(by: Actor, _asked: Arguments) -> QuerySet[CalendarFeed]:
    return MemberScope(by.member).rows(CalendarFeed)


@action(either("own.visits", "calendar.feed"), locks=rows(CalendarFeed, where=_own), audit="feed.closed")
def close_feed(*, by: Actor, now: datetime | None = None) -> None:
    """End the actor's feed at once. Ending twice changes nothing."""
    feed = MemberScope(by.member).rows(CalendarFeed).filter(ended_at=None).first()
    if feed is None:
        unchanged(None)
        return
    feed.ended_at = now or timezone.now()
    feed.save(update_fields=["ended_at"])
    record(by, "feed.closed", feed)
