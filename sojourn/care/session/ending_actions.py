"""What ends with a session."""

from __future__ import annotations

from datetime import datetime

from sojourn.care.alarms.actions import end_alarms
from sojourn.care.alarms.models import CurrentVital
from sojourn.care.encounter.models import Encounter
from sojourn.care.vitals.models import DeviceAssociation
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, part, unchanged
from sojourn.foundation.scope import SessionScope


@part(locks=NoLock("the step that ends it holds the session"), through=(end_alarms,))
def end_session(*, encounter: Encounter, now: datetime, by: Actor) -> None:
    """The patient has left: monitors come off, no reading is expected, open alarms end and say so."""
    SessionScope(encounter.pk).rows(DeviceAssociation).filter(until_at=None).update(
        until_at=now, until_by_id=by.membership_id
    )
    end_alarms(encounter, now, by, only_silence=False)  # takes the ledger's lock, as writers of signals must
    SessionScope(encounter.pk).rows(CurrentVital).update(silent_after=None)
    unchanged(None)  # that it ended is the row of the step; that alarms ended is written where they are ended
