"""Alarms of a whole clinic. Those of one session are its snapshot's (care/session/glance.py)."""

from __future__ import annotations

from collections.abc import Iterable

from sojourn.care.alarms.models import AlarmState
from sojourn.clinical.alarms import Phase, Priority
from sojourn.foundation.scope import SessionScope, among, clinic_rows

OPEN = (Phase.RAISED.value, Phase.ACKNOWLEDGED.value, Phase.ESCALATED.value)


def open_alarms(encounter_ids: Iterable[int] | None = None) -> list[AlarmState]:
    """Alarms that exist now, the gravest and oldest first; of some sessions, or of the whole clinic. One query."""
    rows = clinic_rows(AlarmState).filter(phase__in=OPEN)
    if encounter_ids is not None:
        rows = among(rows, SessionScope, encounter_ids)
    return sorted(
        rows,
        key=lambda row: (
            -Priority(row.priority).rank, row.since_at.timestamp() if row.since_at else 0.0, row.rule_id, row.code
        ),
    )  # fmt: skip
