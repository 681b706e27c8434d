"""Hand the audit's rows out of the house."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, action
from sojourn.foundation.audit.actions import record
from sojourn.foundation.audit.models import AuditEvent

EXPORT_LIMIT: Final = 50_000


@action("audit.read", locks=NoLock("looking changes nothing"), audit="audit.exported")
def export(*, by: Actor, events: QuerySet[AuditEvent]) -> list[AuditEvent]:
    """The newest of ``events``, to be taken away, at most EXPORT_LIMIT of them. That somebody did is itself a row."""
    rows = list(events[:EXPORT_LIMIT])
    record(by, "audit.exported", rows=len(rows))
    return rows
