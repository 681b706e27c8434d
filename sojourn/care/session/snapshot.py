"""One session as its page and its guards need it, read in one query.

A tablet asks for this every few seconds, so everything comes in one round trip: the rows that belong to a session
are gathered by the database into arrays beside it. The facts that the guards ask are put together from the same rows:
what the page shows and what the engine judges is one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, Literal, TypeVar

from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.consent.models import Consent
from sojourn.care.encounter.models import Encounter
from sojourn.care.encounter.queries import adopted_protocol_of, protocol_of
from sojourn.care.intake.medicine_history import ChangedSince
from sojourn.care.intake.queries import MedicineTaken
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session import given
from sojourn.care.session.calls import KINDS as CALL_KINDS
from sojourn.care.session.calls import Call
from sojourn.care.session.from_rows import (
    answer_of,
    by_hand_of,
    dose_of,
    entered_of,
    measured_of,
    noted_of,
    prepared_of,
    step_of,
    strike_of,
    waste_of,
)
from sojourn.care.session.given import Prepared
from sojourn.care.session.glance import (
    Glance,
    alarms_of,
    monitors_of,
    newest_of,
    schedule_of,
)
from sojourn.care.session.parts import whole
from sojourn.care.session.rows import (
    AlarmNow,
    Check,
    DoseRow,
    Entered,
    Newest,
    OnChair,
    StruckRow,
    WentIn,
)
from sojourn.clinical import eligibility, recovery
from sojourn.clinical.administration import Delivered, DoseBalance, HistoryRefused, charted
from sojourn.clinical.administration.double_check import DoubleCheck, double_check
from sojourn.clinical.alarms import Priority
from sojourn.clinical.eligibility import Notice
from sojourn.clinical.protocol import (
    FINAL,
    Floors,
    GuardFacts,
    GuardReason,
    Protocol,
    State,
    StepRefusal,
    compose,
    guard,
)
from sojourn.clinical.protocol import Measured as MeasuredOn
from sojourn.clinical.rules import Rule
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.rulebook.queries import decide, ids_of
from sojourn.foundation.scope import SessionScope, rows_of

_Row = TypeVar("_Row")

# As long as one sign-in lasts, and as far back as a reading is taken: a visit. No rule knows a number for it.
A_VISIT: Final = timedelta(hours=12)


class SessionSnapshot:
    """A session at one moment, with everything that its page shows and its guards ask."""

    def __init__(self, encounter: Encounter, now: datetime) -> None:
        rows = {name: getattr(encounter, f"its_{name}") or [] for name in whole()}
        self.encounter = encounter
        self.now = now
        self.escort = encounter.appointment.escort
        self.states = list(map(entered_of, rows["states"]))
        self.strikes = {(r["of"], r["row_id"]): strike_of(r) for r in rows["strikes"]}
        self.struck: list[StruckRow] = []
        # What was written, struck or not, and beside it what stands.
        self.every_answer = list(map(answer_of, rows["checks"]))
        self.answered = self._standing("check", self.every_answer, lambda each: each.check.id)
        self.prepared = list(map(prepared_of, rows["dose_checks"]))
        self.doses = list(map(dose_of, rows["doses"]))
        self.steps = list(map(step_of, rows["steps"]))
        self.every_waste = list(map(waste_of, rows["waste"]))
        self.wasted = self._standing("waste", self.every_waste, lambda each: each.id)
        self.every_medicine = list(map(by_hand_of, rows["by_hand"]))
        self.by_hand = self._standing("medicine", self.every_medicine, lambda each: each.id)
        self.every_event = list(map(noted_of, rows["events"]))
        self.events = self._standing("event", self.every_event, lambda each: each.id)
        self.measured = self._standing("reading", list(map(measured_of, rows["measured"])), lambda each: each.id)
        self.glance = self._glance(rows)
        self._adoption = rows["adoption"]

    def _glance(self, rows: Mapping[str, list[Any]]) -> Glance:
        current = self.states[-1] if self.states else None
        return Glance(
            encounter_id=self.encounter.pk,
            now=self.now,
            schedule=schedule_of(self.encounter.protocol_id, self.encounter.protocol_version),
            state=current.state if current else State.PLANNED,
            seq=current.seq if current else 0,
            since_at=current.at if current else self.encounter.opened_at,
            dose_started_at=None if self.dose is None else self.dose.started_at,
            newest=newest_of(rows["vitals"]),
            alarms=alarms_of(rows["alarms"]),
            monitors=monitors_of(rows["monitors"]),
            calls=[each for each in self.every_event if each.kind in CALL_KINDS],
            checked_at=self.checked_at,
        )

    def _standing(self, of: str, rows: list[_Row], number: Callable[[_Row], int]) -> list[_Row]:
        """The rows that stand; those that were struck go to ``struck``."""
        self.struck += [
            StruckRow(of, each, self.strikes[of, number(each)])  # type: ignore[arg-type]
            for each in rows
            if (of, number(each)) in self.strikes
        ]
        return [each for each in rows if (of, number(each)) not in self.strikes]

    # --- where it stands ---

    @property
    def id(self) -> int:
        return self.encounter.pk

    @property
    def current(self) -> Entered:
        return self.states[-1]

    @property
    def state(self) -> State:
        return self.glance.state

    @property
    def seq(self) -> int:
        return self.glance.seq

    @cached_property
    def _own_protocol(self) -> Protocol | None:
        return adopted_protocol_of(self.encounter)

    @cached_property
    def protocol(self) -> Protocol:
        """The protocol under which the session runs. One query, or two."""
        return self._own_protocol or protocol_of(self.encounter)

    @property
    def over(self) -> bool:
        return self.state in FINAL

    @cached_property
    def double_check(self) -> DoubleCheck[Prepared]:
        """What the entries of two people come to, of this visit."""
        return double_check(each for each in self.prepared if not self.stale(each.at))

    @property
    def ready_dose(self) -> tuple[Prepared, Prepared | None] | None:
        """The newest prepared dose and its second check; None where the newest two entries differ."""
        return self.double_check.ready

    @property
    def drawn_up(self) -> Prepared | None:
        """What was drawn up last, whether or not two people agree about it: it is to be accounted for."""
        ready = self.ready_dose
        return ready[0] if ready else next(iter(self.prepared[-1:]), None)

    @property
    def dose(self) -> DoseRow | None:
        """The dose of this session, once it has begun."""
        return next(iter(self.doses), None)

    @cached_property
    def went_in(self) -> tuple[WentIn[DoseRow], ...]:
        """What went in so far of each dose: once for page, guards, record, PDF, figure and curve."""
        return tuple(self._went_in(each) for each in self.doses)

    def _went_in(self, dose: DoseRow) -> WentIn[DoseRow]:
        found = given.delivered(dose, self.steps, self.now, self._left_dosing_at)
        wasted = self.wasted if dose is self.dose else []  # a waste names its session, not its dose
        sums = given.balance(found, dose, wasted) if isinstance(found, Delivered) else None
        return WentIn(dose, found, sums, told=any(each.dose_id == dose.id for each in self.steps))

    @property
    def delivered(self) -> Delivered | HistoryRefused | None:
        """What went in so far; None before the dose, a refusal where the steps cannot have happened so."""
        return next((each.delivered for each in self.went_in), None)

    @property
    def line(self) -> DoseBalance | None:
        """Planned, given, wasted."""
        return next((each.line for each in self.went_in), None)

    @property
    def rate_ml_per_h(self) -> Decimal | None:
        """What the pump was last set to; None where the dose is given by hand."""
        return charted.rate_now(self.steps)

    @property
    def part_mg(self) -> Decimal | None:
        """What one part of the dose holds: a spray device."""
        return charted.part_now(self.steps)

    @property
    def ran_minutes(self) -> Fraction:
        """For how long the pump ran so far, pauses not counted."""
        return charted.ran_minutes(self.delivered) if isinstance(self.delivered, Delivered) else Fraction(0)

    @property
    def today(self) -> date:
        """The day by the clinic's own clock."""
        return self.now.astimezone(self.encounter.clinic.zone).date()

    @cached_property
    def newest_answers(self) -> dict[str, Check]:
        """The newest answer to each item, of whatever day."""
        return {each.item_id: each.check for each in self.answered}

    @cached_property
    def checks(self) -> dict[str, Check]:
        """The newest answer to each item, of this visit: what the page shows as answered is what the guards count."""
        return {item: each for item, each in self.newest_answers.items() if not self.stale(each.at)}

    @property
    def answers(self) -> dict[str, Literal["passed", "failed"]]:
        """The newest answer to each item, of this visit."""
        return {item: "passed" if row.outcome == "passed" else "failed" for item, row in self.checks.items()}

    @property
    def measured_now(self) -> dict[str, MeasuredOn]:
        """The newest believed value of each vital sign, with the clinic's day on which it was measured."""
        zone = self.encounter.clinic.zone
        return {
            code: MeasuredOn(each.value, each.at.astimezone(zone).date(), each.at.timestamp())
            for code, each in self.newest.items()
            if not each.doubt
        }

    @property
    def _left_dosing_at(self) -> datetime | None:
        ends = (State.OBSERVING, State.STOPPED_EARLY)
        return next((each.at for each in self.states if each.state in ends), None) if self.doses else None

    @cached_property
    def dose_ended_at(self) -> datetime | None:
        """From when the patient is observed: the end of the last part given, once the dose is over."""
        return compose.observed_from(self.state, self.delivered, self._left_dosing_at)

    @property
    def newest(self) -> Mapping[str, Newest]:
        """The newest value of each vital sign, by code."""
        return self.glance.newest

    @property
    def alarms(self) -> list[AlarmNow]:
        """The alarms that exist now, the most urgent first."""
        return self.glance.open_alarms

    @property
    def monitors(self) -> Sequence[OnChair]:
        return self.glance.monitors

    @property
    def call(self) -> Call | None:
        """The patient's call for help that nobody has answered."""
        return self.glance.call

    @property
    def checked_at(self) -> list[datetime]:
        """When somebody measured: typed values and pressures."""
        return [each.at for each in self.measured if not each.doubt]

    def stale(self, at: datetime) -> bool:
        """Whether this is of another day than the dose that is to begin: a session that lay over a night is checked
        again. What was answered before a dose that was given stands."""
        return not self.doses and not self.over and self.now - at > A_VISIT

    def before_arrival(self, at: datetime) -> bool:
        """Whether this was before the patient arrived."""
        return at < self.encounter.opened_at

    # --- what the guards ask ---

    @cached_property
    def _acting(self) -> dict[str, Rule]:
        """The protocol and the rules of leaving, those that act in the clinic today."""
        decided = {row["rule_id"]: RuleAdoption(clinic_id=self.encounter.clinic_id, **row) for row in self._adoption}
        only = {self.protocol.id, *ids_of(*recovery.KINDS)}
        standings = decide(decided, self.today, only)
        return {each.acting.id: each.acting for each in standings if each.acting is not None}

    @property
    def adopted(self) -> bool:
        """Whether the clinic adopted the very version under which the session runs, and its protocol still acts."""
        return self._own_protocol is not None and self.protocol.id in self._acting

    @cached_property
    def leaving(self) -> recovery.Leaving:
        """What the clinic has adopted about leaving, for the route of this session."""
        return recovery.read_leaving(self._acting.values(), self.protocol.route)

    @cached_property
    def observing_since(self) -> datetime | None:
        """When the present observation began."""
        return compose.observing_since((each.at, each.state) for each in self.states)

    @cached_property
    def checks_observing(self) -> dict[str, Check]:
        """The newest answer to each item of the present observation: what counts for leaving."""
        since = self.observing_since
        return {} if since is None else {each.item_id: each.check for each in self.answered if each.at >= since}

    def _believed_systolic(self) -> list[float]:
        return [each.value for each in self.measured if each.code in SYSTOLIC and not each.doubt]

    def _open_high_alarms(self) -> tuple[str, ...]:
        high = (each for each in self.alarms if each.priority == Priority.HIGH.value)
        return tuple(released_rulebook().rule(each.rule_id).title for each in high)

    def facts(self, reason: str = "", against: Against | None = None) -> GuardFacts:
        """All that the guards ask. ``against``: what stands against a dose today (road.against); without it the steps
        that let milligrams in are not to be asked."""
        ready = self.ready_dose
        here = self.checks.get("companion_here")
        return compose.facts(
            state=self.state,
            now=self.now,
            protocol_adopted=self.adopted,
            answers=self.answers,
            newest=self.newest,
            systolic=self._believed_systolic(),
            open_high_alarms=self._open_high_alarms(),
            dose_ordered=ready is not None,
            second_checked=ready is not None and ready[1] is not None,
            entries_differ=self.double_check.unresolved is not None,
            dose_given=bool(self.doses),
            dose_ended_at=self.dose_ended_at,
            answered=self.answered,
            observing_since=self.observing_since,
            escort_named=self.escort is not None,
            escort_present=here is not None and here.outcome == "passed",
            reason=reason,
            road=against.road if against else (),
            alarms_waiting=against.alarms_waiting if against else (),
            floors=against.floors if against else None,
            dose_against=against.dose if against else (),
            set_aside_before=self.set_aside_before,
            leaving=self.leaving,
            arrived_at=self.encounter.opened_at,
        )

    @property
    def set_aside_before(self) -> frozenset[str]:
        """What a prescriber signed for earlier in this session and nobody has answered anew: answers, not values of the
        moment, which are asked again by every step. At the door the values with which the patient was found ready are
        signed for as long as they are the same."""
        signed = compose.lasting_steps((each.at, each.state, each.overridden) for each in self.states)
        lasting = compose.set_aside_before(signed, {item: row.at for item, row in self.checks.items()})
        return lasting | compose.signed_to_leave(self.state, self.current.basis.get("set_aside", ()))

    def standing(self, transition: str, against: Against | None = None) -> tuple[GuardReason, ...]:
        """What stands in the way of a step now; empty where it may be taken."""
        answer = guard(transition, self.facts(against=against), self.protocol)
        return answer.reasons if isinstance(answer, StepRefusal) else ()


@dataclass(frozen=True, slots=True)
class Against:
    """What stands against a dose at this moment, beside the session's own rows; and what it was judged by.

    ``decision``, ``known`` facts and medicines ``taken`` are as the record has them, for whoever shows them.
    """

    road: tuple[GuardReason, ...]
    alarms_waiting: tuple[str, ...]
    floors: Floors
    dose: tuple[GuardReason, ...]
    notices: tuple[Notice, ...]
    changed: tuple[ChangedSince, ...]  # in the medicines: since the decision, the plan, the last dose
    agreements: Mapping[str, Consent]
    version: PlanVersion | None
    basis: Mapping[str, Any]
    decision: CandidacyDecision | None
    known: eligibility.Facts
    taken: tuple[MedicineTaken, ...]


def load(of: SessionScope, now: datetime) -> SessionSnapshot:
    """The session with everything about it. One query. Raises Encounter.DoesNotExist."""
    found = load_many([of.encounter_id], now)
    if of.encounter_id not in found:
        raise Encounter.DoesNotExist
    return found[of.encounter_id]


def load_many(
    encounter_ids: Iterable[int], now: datetime, beside: Mapping[str, Any] | None = None
) -> dict[int, SessionSnapshot]:
    """Several sessions by encounter, with everything about them. One query, however many.

    ``beside``: expressions that somebody else needs of the same sessions, by the name of the encounter's attribute.
    """
    encounters = (
        rows_of(Encounter, SessionScope, encounter_ids)
        .select_related("patient", "chair", "care_plan", "appointment__escort", "clinic")
        .annotate(**(beside or {}))
        .annotate(**{f"its_{name}": each for name, each in whole().items()})
    )
    return {each.pk: SessionSnapshot(each, now) for each in encounters}
