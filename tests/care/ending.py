"""End a session for no other reason than that a test wants it: the house ends it as a part of a step."""

from __future__ import annotations

from datetime import datetime

from sojourn.care.encounter.models import Encounter
from sojourn.care.session import ending_actions
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import action, row, unchanged


@action("session.discharge", locks=row(Encounter, "encounter"), through=(ending_actions.end_session,))
def end_session(*, by: Actor, encounter: Encounter, now: datetime) -> None:
    """Only what ends with it: the state stays as it is."""
    ending_actions.end_session(by=by, encounter=encounter, now=now)
    unchanged(None)
