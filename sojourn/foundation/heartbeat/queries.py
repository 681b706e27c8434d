"""How long ago a process gave a sign of life."""

from __future__ import annotations

from datetime import datetime, timedelta

from sojourn.foundation.heartbeat.models import Heartbeat


def heartbeat_age(name: str, now: datetime) -> timedelta | None:
    """How long ago a process of the house gave a sign of life."""
    row = Heartbeat.objects.filter(name=name).first()
    return None if row is None else now - row.at
