"""A patient's call for somebody, as everybody reads it: the clinic's pages, and the patient's own screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import QuerySet

from sojourn.care.encounter.queries import running
from sojourn.care.session.event_kinds import CALL_ANSWERED, CALL_SEEN, PATIENT_CALLS, chosen
from sojourn.care.session.models import SessionEvent
from sojourn.care.session.rows import Noted
from sojourn.foundation.scope import PatientScope, SessionScope, rows_of

KINDS: Final = frozenset(each.code for each in chosen(lambda kind: kind.on_board))
# For so long the patient's screen goes on saying who is coming; then that person is there, or the patient calls again.
SAID_FOR: Final = timedelta(minutes=5)


class CallState(StrEnum):
    """What has become of a call."""

    CALLING = "calling"  # nobody has seen it
    KNOWN = "known"  # somebody has seen it, and nobody has said that they go
    COMING = "coming"


@dataclass(frozen=True, slots=True)
class Call:
    """The newest call. ``at`` is when the patient first pressed, ``since_at`` when it came to its state, ``by`` who saw
    it or is coming."""

    state: CallState
    at: datetime
    since_at: datetime
    by: str = ""

    @property
    def is_open(self) -> bool:
        """Nobody has said that they go."""
        return self.state is not CallState.COMING


def newest_call(said: Iterable[Noted]) -> Call | None:
    """What has become of the newest call; ``said``: calls, who saw them and who went, the oldest first. Pressing again
    while a call is open changes nothing; after somebody has gone it is a new call."""
    call: Call | None = None
    for each in said:
        if each.kind == PATIENT_CALLS and (call is None or not call.is_open):
            call = Call(CallState.CALLING, each.at, each.at)
        elif call is None:
            continue
        elif each.kind == CALL_SEEN and call.state is CallState.CALLING:
            call = replace(call, state=CallState.KNOWN, since_at=each.at, by=each.by)
        elif each.kind == CALL_ANSWERED and call.is_open:
            call = replace(call, state=CallState.COMING, since_at=each.at, by=each.by)
    return call


def to_patient(call: Call | None, now: datetime) -> Call | None:
    """The call that the patient's own screen speaks of: None once whoever came has been there for a while."""
    if call is None or call.is_open or now - call.since_at < SAID_FOR:
        return call
    return None


@dataclass(frozen=True, slots=True)
class AtThePatient:
    """The session in which a patient is now, and their call in it."""

    encounter_id: int
    call: Call | None


def at_the_patient(of: PatientScope, now: datetime) -> AtThePatient | None:
    """None where no session of the patient runs. Two queries."""
    session = of.within(running()).order_by("-opened_at").first()
    if session is None:
        return None
    return AtThePatient(session.pk, to_patient(call_in(SessionScope(session.pk)), now))


def call_in(of: SessionScope) -> Call | None:
    """The newest call in a session. One query."""
    return newest_call(map(_noted, _calls(of.rows(SessionEvent))))


def open_calls(encounter_ids: Iterable[int]) -> dict[int, Call]:
    """The calls that nobody has said they go to, by session. One query."""
    found = {encounter_id: newest_call(each) for encounter_id, each in noted(encounter_ids).items()}
    return {encounter_id: call for encounter_id, call in found.items() if call is not None and call.is_open}


def noted(encounter_ids: Iterable[int]) -> dict[int, list[Noted]]:
    """The calls, who saw them and who went, by session, the oldest first. One query."""
    found: dict[int, list[Noted]] = {}
    for row in _calls(rows_of(SessionEvent, SessionScope, encounter_ids)):
        found.setdefault(row.encounter_id, []).append(_noted(row))
    return found


def _calls(events: QuerySet[SessionEvent]) -> QuerySet[SessionEvent]:
    return events.filter(kind__in=KINDS).order_by("at", "id")


def _noted(row: SessionEvent) -> Noted:
    return Noted(row.pk, row.kind, row.note, row.at, row.by_name)
