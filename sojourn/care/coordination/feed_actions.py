"""Secret addresses from which a calendar reads one person's appointments."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from sojourn.care.coordination.models import CalendarFeed
from sojourn.care.patients import not_now
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.foundation.accounts.actions import hash_of
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.audit.actions import record


@dataclass(frozen=True, slots=True)
class Opened:
    """A feed and its token. The token exists here and on the page that shows it once; the database keeps a hash."""

    feed: CalendarFeed
    token: str


@transaction.atomic
def open_feed(*, by: Actor, now: datetime | None = None) -> Opened:
    """A secret address for the actor's own appointments; the one before stops working. Refused: not-now."""
    by.require("own.visits" if by.patient_id is not None else "calendar.feed")
    now = now or timezone.now()
    not_now.must_be_later(by=by, patient_id=by.patient_id or 0, at=now)
    scheduling_actions.one_at_a_time(by)  # a second click ends the first one's feed, and opens its own
    CalendarFeed.objects.filter(member_id=by.member, ended_at=None).update(ended_at=now)
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


@transaction.atomic
def close_feed(*, by: Actor, now: datetime | None = None) -> None:
    """End the actor's feed at once. Ending twice changes nothing."""
    by.require("own.visits" if by.patient_id is not None else "calendar.feed")
    feed = CalendarFeed.objects.select_for_update().filter(member_id=by.member, ended_at=None).first()
    if feed is not None:
        feed.ended_at = now or timezone.now()
        feed.save(update_fields=["ended_at"])
        record(by, "feed.closed", feed)
