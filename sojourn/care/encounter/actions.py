"""Open a session, hold it, and enter its next state if its guards allow it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.encounter import queries as encounter_queries
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.scheduling import actions as scheduling_actions
from sojourn.care.scheduling.models import Appointment, AppointmentStatus
from sojourn.clinical import protocol as protocols
from sojourn.clinical.protocol import BY_NAME, GuardFacts, Protocol, State, guard
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import Arguments, Choice, NoLock, action, by_value, part, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.scope import AppointmentScope, SessionScope, one_row

PERMISSIONS = {
    "arrive": "session.arrive",
    "complete_checks": "session.check",
    "start_dose": "session.dose",
    "pause": "session.observe",  # whoever watches may let less in
    "lower_rate": "session.observe",
    "resume": "session.dose",
    "raise_rate": "session.dose",
    "give_part": "session.dose",
    "end_dose": "session.observe",
    "find_ready": "session.discharge",
    "observe_again": "session.discharge",
    "leave": "session.discharge",
    "stop_early": "session.observe",
    "say_no": "session.observe",
    "observe_after_stop": "session.observe",
    "leave_without_dose": "session.discharge",
    "did_not_attend": "session.arrive",
    "cancel": "session.stop",
}
# A session is opened by a step out of PLANNED, and moved on by every other.
OPENING: Final = {name: PERMISSIONS[name] for name, each in BY_NAME.items() if State.PLANNED in each.origins}
MOVING: Final = {name: PERMISSIONS[name] for name, each in BY_NAME.items() if each.origins != (State.PLANNED,)}


def _of_step(by: Actor, asked: Arguments) -> str:
    if asked["transition"] == "say_no" and by.may("own.read"):  # the patient may always say no
        return "own.read"
    return MOVING.get(asked["transition"], "no step")


MAY_MOVE_ON: Final = Choice((*dict.fromkeys(MOVING.values()), "own.read"), _of_step)


class StepRefused(ActionRefused):
    """The guards' reasons, each with its code and whether a prescriber may set it aside."""

    def __init__(self, refused: protocols.StepRefusal) -> None:
        self.guard = refused
        super().__init__(*(said(reason) for reason in refused.reasons), codes=[r.code for r in refused.reasons])


def said(reason: protocols.GuardReason) -> str:
    """A guard's reason in the reader's language."""
    values = {name: _(value) if isinstance(value, str) and value else value for name, value in reason.values.items()}
    return _(reason.text).format(**values)


@action(
    by_value("transition", OPENING),
    locks=row(Appointment, "appointment_id"),
    audit=tuple(f"session.{transition}" for transition in OPENING),
)
def open_session(*, by: Actor, appointment_id: int, transition: str = "arrive", reason: str = "",
                 now: datetime | None = None) -> Encounter:  # fmt: skip
    """The patient of an appointment has arrived (or did not attend): its session begins, protocol frozen into it.

    A second click finds the session that the first one opened. Refused for an appointment that was cancelled.
    """
    now = now or timezone.now()
    appointment = one_row(Appointment, appointment_id).select_related("care_plan").get()
    existing = AppointmentScope(appointment.pk).rows(Encounter).first()
    if existing is not None:
        return unchanged(existing)
    if appointment.status != AppointmentStatus.BOOKED:
        raise ActionRefused(_("This appointment was cancelled."), codes=("cancelled",))
    rule = encounter_queries.rule_to_freeze(by.own_clinic_id, appointment.care_plan.protocol_id, now)
    late = (now - appointment.during.lower).total_seconds() / 60
    answer = guard(
        transition, GuardFacts(State.PLANNED, reason=reason, minutes_since_appointment=late), protocols.read(rule)
    )
    if isinstance(answer, protocols.StepRefusal):
        raise StepRefused(answer)
    encounter = Encounter.objects.create(
        clinic_id=by.own_clinic_id, patient_id=appointment.patient_id, care_plan=appointment.care_plan,
        appointment=appointment, chair_id=appointment.chair_id, protocol_id=rule.id,
        protocol_version=str(rule.version), protocol_hash=rule.hash, opened_at=now,
    )  # fmt: skip
    scheduling_actions.hand_to_session(appointment, now)
    _enter(encounter, 1, answer.target, by, now, reason, [])
    record(by, f"session.{transition}", encounter)
    return encounter


def _enter(
    encounter: Encounter, seq: int, state: State, by: Actor, now: datetime, reason: str, overridden: list[str],
    basis: Mapping[str, Any] | None = None,
) -> SessionState:  # fmt: skip
    return SessionState.objects.create(
        clinic_id=encounter.clinic_id, patient_id=encounter.patient_id, encounter=encounter, seq=seq,
        state=state.value, at=now, by_id=by.membership_id, reason=reason, overridden=overridden,
        basis=dict(basis or {}),
    )  # fmt: skip


def lock_session(of: SessionScope, seen: int | None) -> tuple[Encounter, SessionState]:
    """Hold a session until the transaction ends, for a page that compares what it showed before it acts. An action
    declares the lock instead. Otherwise as ``held_session``."""
    of.rows(Encounter).select_for_update(no_key=True).get()
    return held_session(of, seen)


def held_session(of: SessionScope, seen: int | None = None) -> tuple[Encounter, SessionState]:
    """A session that is held already, and its newest state.

    ``seen`` is the number of the state that the person looked at. Raises Overtaken when another has moved on since.
    """
    newest = encounter_queries.current_state(of)
    if seen is not None and newest.seq != seen:
        raise Overtaken(
            _("%(name)s has moved this session on in the meantime. Nothing of yours was lost; look again.")
            % {"name": newest.by.name if newest.by else _("Somebody")},
            codes=("overtaken",),
        )
    return newest.encounter, newest


@part(
    locks=NoLock("who takes the step holds the session"), audit=tuple(f"session.{transition}" for transition in MOVING)
)
def step(
    *,
    by: Actor,
    encounter: Encounter,
    newest: SessionState,
    transition: str,
    facts: GuardFacts,
    protocol: Protocol,
    overrides: Collection[str] = (),
    reason: str = "",
    basis: Mapping[str, Any] | None = None,
    now: datetime,
) -> SessionState:
    """Take one step of a held session if its guards allow it. Raises StepRefused with every reason.

    ``overrides`` are codes that a prescriber sets aside; they need a reason. ``basis`` is what
    the step rested on; what was set aside stands beside it, as it was read.
    """
    if overrides and not reason.strip():
        raise ActionRefused(_("Setting a reason aside needs your own reason, in words."), codes=("reason-missing",))
    answer = guard(transition, facts, protocol, frozenset(overrides))
    if isinstance(answer, protocols.StepRefusal):
        raise StepRefused(answer)
    # What was signed for in an earlier step and lasts is of that step, with the name and the reason that stand there.
    signed = [each for each in answer.overridden if not {each.code, each.key}.isdisjoint(overrides)]
    overridden = [each.code for each in signed]
    set_aside = [{"code": each.code, "key": each.key, "said": said(each)} for each in signed]
    kept = {**(basis or {}), **({"set_aside": set_aside} if set_aside else {})}
    entered = _enter(encounter, newest.seq + 1, answer.target, by, now, reason, overridden, kept)
    record(by, f"session.{transition}", encounter, state=entered.state, overridden=overridden)
    return entered


assert set(PERMISSIONS) == set(BY_NAME)
