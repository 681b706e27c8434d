"""The one engine of a session: every step is locked, judged by one snapshot, charted and announced here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.alarms.actions import set_baseline
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.encounter.announcing import announce
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.patients.models import Patient
from sojourn.care.session import charting, snapshot
from sojourn.care.session.ending_actions import end_session
from sojourn.care.session.reading_actions import against_reading
from sojourn.care.session.road import stands_against
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical.administration import charted
from sojourn.clinical.protocol import BY_NAME, FINAL, UNDER_WAY, State
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import Arguments, When, action, row, rows
from sojourn.foundation.scope import PatientScope, SessionScope, clinic_rows, one_row, rows_of


@dataclass(frozen=True, slots=True)
class Pump:
    """What a person read off the pump, or sets it to, in a step: a rate in mL/h, millilitres still in it, milligrams of
    base of a part, or what was given in all where nothing can be read off."""

    rate_ml_per_h: Decimal | None = None
    remaining_ml: Decimal | None = None
    part_mg: Decimal | None = None
    given_mg: Decimal | None = None


def _asks_the_road(transition: str) -> bool:
    return "road" in BY_NAME[transition].guards


def _judged_alone(_by: Actor, asked: Arguments) -> QuerySet[Patient]:
    """Two sessions of one person are judged one after the other, where the step asks the road."""
    if not _asks_the_road(asked["transition"]):
        return clinic_rows(Patient).none()
    return rows_of(Patient, PatientScope, one_row(Encounter, asked["encounter_id"]).values("patient_id"))


@action(
    encounter_actions.MAY_MOVE_ON,
    When("session.override", lambda _by, asked: bool(asked["overrides"])),
    locks=(row(Encounter, "encounter_id"), rows(Patient, "encounter_id", "transition", where=_judged_alone)),
    through=(encounter_actions.step,),
)
def advance_session(
    *,
    by: Actor,
    encounter_id: int,
    transition: str,
    seen: int | None = None,
    overrides: Collection[str] = (),
    reason: str = "",
    at: datetime | None = None,
    note: str = "",
    pump: Pump | None = None,
    now: datetime | None = None,
) -> SessionState:
    """Move a session on by one step of the transition table, judged by what stands at this moment.

    ``seen`` is the number of the state that the person looked at; ``at`` when it happened, where it is written down
    later. Raises Overtaken, StepRefused or Refused. A dose is charted in the step that begins it, what goes in and what
    stops in each step of the pump, the discharge in the step that lets the patient go.
    """
    now, pump = now or timezone.now(), pump or Pump()
    encounter, newest = encounter_actions.held_session(SessionScope(encounter_id), seen)
    session = snapshot.load(SessionScope(encounter.pk), now)
    asks_the_road = _asks_the_road(transition)
    against = stands_against(session, transition, rate=pump.rate_ml_per_h) if asks_the_road else None
    facts = session.facts(reason, against)
    entered = encounter_actions.step(
        by=by, encounter=encounter, newest=newest, transition=transition, facts=facts, protocol=session.protocol,
        overrides=overrides, reason=reason, basis={} if against is None else dict(against.basis), now=now,
    )  # fmt: skip
    happened_at = _moment(session, at, now)
    if transition == "complete_checks":
        set_baseline(encounter=encounter)
    elif transition == "start_dose":
        charting.begin_dose(by=by, session=session, started_at=happened_at, note=note)
    elif session.state in UNDER_WAY:
        _chart_the_dose(by, session, transition, pump, happened_at, note)
    elif transition in {"leave", "leave_without_dose"}:
        charting.write_discharge(by=by, session=session, facts=facts, now=now)
    if State(entered.state) in FINAL:
        end_session(encounter=encounter, now=now, by=by)
    announce(encounter)
    return entered


def _chart_the_dose(by: Actor, session: SessionSnapshot, transition: str, pump: Pump, at: datetime, note: str) -> None:
    fault = charted.rate_fault(transition, pump.rate_ml_per_h, session.rate_ml_per_h)
    if transition == "give_part":
        fault = charted.part_fault(session.dose, session.steps, pump.part_mg)
    if fault:
        raise ActionRefused(_faults()[fault], codes=(fault,))
    pump, unkept = _believed(session, pump, at)
    note = " ".join(filter(None, (note, unkept)))
    charts = charted.charts_of(
        transition, session.steps, rate_ml_per_h=pump.rate_ml_per_h, remaining_ml=pump.remaining_ml,
        part_mg=pump.part_mg, given_mg=pump.given_mg,
    )  # fmt: skip
    for kind, values in charts:
        said = "" if kind == "asked" else note
        charting.chart(by=by, session=session, kind=kind, at=at, note=said, **values)


def _believed(session: SessionSnapshot, pump: Pump, at: datetime) -> tuple[Pump, str]:
    """The readings without what cannot be at that moment: the step is taken all the same, and says what it left out."""
    left, given, unkept = pump.remaining_ml, pump.given_mg, []
    if left is not None and against_reading(session, remaining_ml=left, at=at) is not None:
        unkept.append(_("Read off the pump and not kept, because it cannot be: %(ml)s mL.") % {"ml": left})
        pump = replace(pump, remaining_ml=None)
    if given is not None and against_reading(session, given_mg=given, at=at) is not None:
        unkept.append(_("Said to have been given and not kept, because it cannot be: %(mg)s mg.") % {"mg": given})
        pump = replace(pump, given_mg=None)
    return pump, " ".join(unkept)


def _faults() -> dict[str, str]:
    return {
        "no-part": _("This dose is not given in parts, or every part has been given."),
        "part-not-positive": _("An amount is more than nothing."),
        "part-too-much": _("This is more than what is left of the prepared dose."),
        "rate-missing": _("Enter the rate of the pump in mL/h."),
        "no-pump": _("This dose is not given by a pump, so it has no rate."),
        "not-lower": _("This rate is not lower than the one that is set."),
        "not-higher": _("This rate is not higher than the one that is set."),
    }


def _moment(session: SessionSnapshot, at: datetime | None, now: datetime) -> datetime:
    """When a step of the dose happened. A slip of hours would stand in the record for ever."""
    if at is None:
        return now
    if at > now:
        raise ActionRefused(_("The time is in the future. Correct it."), codes=("future",))
    encounter = session.encounter
    last = max((each.at for each in session.steps), default=None)
    # An arrival may be written down late, an appointment not; a clock is typed without seconds.
    earliest = last or min(encounter.opened_at, encounter.appointment.during.lower)
    if at < earliest.replace(second=0, microsecond=0):
        if last is not None:
            raise ActionRefused(_("This time is before the last step that was recorded."), codes=("out-of-order",))
        raise ActionRefused(_("The dose cannot have begun before the patient arrived."), codes=("before-arrival",))
    if last is not None:
        return max(at, last)
    _must_follow_the_check(session, at)
    return at


def _must_follow_the_check(session: SessionSnapshot, at: datetime) -> None:
    ready = session.ready_dose
    if ready is None:
        return
    checked = max(session.current.at, *(each.at for each in ready if each is not None))
    if at < checked.replace(second=0, microsecond=0):
        raise ActionRefused(_("The dose cannot have begun before it was checked."), codes=("before-check",))
