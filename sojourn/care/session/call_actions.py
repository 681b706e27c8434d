"""What people do about a patient's call: they have seen it, or they go."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter import announcing
from sojourn.care.encounter.actions import held_session
from sojourn.care.encounter.models import Encounter
from sojourn.care.session.calls import CallState, call_in
from sojourn.care.session.event_kinds import CALL_ANSWERED, CALL_SEEN
from sojourn.care.session.models import SessionEvent
from sojourn.clinical.protocol import FINAL, State
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import SessionScope


@action("session.observe", locks=row(Encounter, "encounter_id"), audit="session.event")
def see_call(*, by: Actor, encounter_id: int, now: datetime | None = None) -> SessionEvent | None:
    """Somebody has seen that the patient calls; the patient reads it. None where that was said before, or nobody calls.
    Refused: over."""
    encounter = _running(SessionScope(encounter_id))
    return _noted(by, encounter, CALL_SEEN, now) if _state(encounter) is CallState.CALLING else unchanged(None)


@action("session.observe", locks=row(Encounter, "encounter_id"), audit="session.event")
def go_to_patient(*, by: Actor, encounter_id: int, now: datetime | None = None) -> SessionEvent | None:
    """Somebody goes to the patient who called; the patient reads who. None where somebody goes already, or nobody
    calls. Refused: over."""
    encounter = _running(SessionScope(encounter_id))
    is_open = _state(encounter) in {CallState.CALLING, CallState.KNOWN}
    return _noted(by, encounter, CALL_ANSWERED, now) if is_open else unchanged(None)


def _running(of: SessionScope) -> Encounter:
    encounter, newest = held_session(of)
    if State(newest.state) in FINAL:
        raise ActionRefused(_("This session is over; write an addendum instead."), codes=("over",))
    return encounter


def _state(encounter: Encounter) -> CallState | None:
    call = call_in(SessionScope(encounter.pk))
    return None if call is None else call.state


def _noted(by: Actor, encounter: Encounter, kind: str, now: datetime | None) -> SessionEvent:
    at = now or timezone.now()
    event = SessionEvent.objects.create(
        clinic_id=by.own_clinic_id, patient_id=encounter.patient_id, encounter=encounter, kind=kind, at=at,
        recorded_at=at,
        by_id=by.member, by_name=by.name,
    )  # fmt: skip
    record(by, "session.event", encounter, kind=kind)
    announcing.announce(encounter)
    return event
