"""Where sessions stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery

from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.care.scheduling.queries import appointments, day_bounds
from sojourn.clinical import protocol
from sojourn.clinical.protocol import PRESENT, Protocol, State
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.queries import protocol as protocol_adopted_at
from sojourn.foundation.scope import AppointmentScope, SessionScope, clinic_rows, rows_of

# Sessions end on their day. One that nobody ended is over for whoever looks for those that run.
RUNS_AT_MOST = timedelta(hours=36)


def current_state(of: SessionScope) -> SessionState:
    """The newest state row of a session, with the session."""
    return of.rows(SessionState).select_related("by", "encounter").latest("seq")


def running() -> QuerySet[Encounter]:
    """Sessions whose patient is here, with patient, chair and newest state (``state``, ``state_at``, ``state_seq``)."""
    newest = rows_of(SessionState, SessionScope, OuterRef("pk")).order_by("-seq")
    return (
        clinic_rows(Encounter)
        .select_related("patient", "chair", "care_plan")
        .annotate(
            state=Subquery(newest.values("state")[:1]),
            state_at=Subquery(newest.values("at")[:1]),
            state_seq=Subquery(newest.values("seq")[:1]),
        )
        .filter(opened_at__gte=_lately(), state__in=[state.value for state in PRESENT])
        .order_by("chair__name")
    )


def _lately() -> datetime:
    """The bound keeps the newest-state look-up to few rows."""
    from django.utils import timezone

    return timezone.now() - RUNS_AT_MOST


def rule_to_freeze(clinic_id: int, protocol_id: str, at: datetime) -> Rule:
    """Under which version of its protocol a session is opened: the one that the clinic has adopted and that acts; the
    newest where none does, whose guards then let nothing begin. One query."""
    adopted = protocol_adopted_at(clinic_id, protocol_id, at)
    return (
        released_rulebook().rule(protocol_id)
        if adopted is None
        else released_rulebook().rule(protocol_id, adopted.rule.version)
    )


def protocol_of(encounter: Encounter) -> Protocol:
    """The protocol under which the session was opened, with the clinic's own stricter numbers of that moment.

    Where the clinic had not adopted it, as it has adopted it since; where it has not, the released text: its guards
    then let nothing begin. One query, two for a session that was opened before its version was adopted.
    """
    return adopted_protocol_of(encounter) or protocol.read(
        released_rulebook().rule(encounter.protocol_id, int(encounter.protocol_version))
    )


def adopted_protocol_of(encounter: Encounter) -> Protocol | None:
    """The same; None where the clinic has never adopted that version."""
    for at in (encounter.opened_at, None):
        adopted = protocol_adopted_at(encounter.clinic_id, encounter.protocol_id, at)
        if adopted is not None and str(adopted.rule.version) == encounter.protocol_version:
            return adopted
    return None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One appointment of a day and where its session stands. ``state`` is "planned" before the patient comes;
    ``here_at``: since when they say that they are here, where a page asks for it, and only until then."""

    appointment: Appointment
    encounter_id: int | None
    state: State
    state_at: datetime | None
    here_at: datetime | None = None

    @property
    def patient_name(self) -> str:
        return self.appointment.patient.name

    @property
    def chair_name(self) -> str:
        return self.appointment.chair.name


def sessions_on(day: date, zone: ZoneInfo) -> list[SessionRow]:
    """Every booked appointment of a day in the clinic's zone, by time, with its session. Two queries."""
    begins, ends = day_bounds(day, zone)
    rows = appointments().filter(
        status=AppointmentStatus.BOOKED, during__startswith__gte=begins, during__startswith__lt=ends
    )
    return with_states(list(rows.order_by("during", "chair__name")))


def with_states(rows: Sequence[Appointment]) -> list[SessionRow]:
    """Appointments with the state of their sessions. One query, and none where no session was opened yet."""
    opened = [row.pk for row in rows if row.session_opened_at is not None]
    newest = rows_of(SessionState, SessionScope, OuterRef("pk")).order_by("-seq")
    sessions = {
        appointment_id: (pk, state, at)
        for appointment_id, pk, state, at in rows_of(Encounter, AppointmentScope, opened)
        .annotate(state=Subquery(newest.values("state")[:1]), state_at=Subquery(newest.values("at")[:1]))
        .values_list("appointment_id", "pk", "state", "state_at")
    }
    found = []
    for row in rows:
        encounter_id, state, at = sessions.get(row.pk, (None, None, None))
        found.append(SessionRow(row, encounter_id, State(state) if state else State.PLANNED, at))
    return found
