"""One session as its page and its guards need it, read in one query.

A tablet asks for this every few seconds, so everything comes in one round trip: the rows that belong to a session
are gathered by the database into arrays beside it. The facts that the guards ask are put together from the same rows:
what the page shows and what the engine judges is one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, Final, Literal, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, JSONObject

from sojourn.care.alarms.models import AlarmState, CurrentVital
from sojourn.care.alarms.queries import OPEN
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.consent.models import Consent
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.encounter.queries import adopted_protocol_of, protocol_of
from sojourn.care.intake.queries import MedicineTaken
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session import given
from sojourn.care.session.given import Dose, DoseStep, Prepared, Wasted
from sojourn.care.session.models import (
    CALL_ANSWERED,
    PATIENT_CALLS,
    CheckResult,
    DoseCheck,
    DoseEvent,
    EnteredInError,
    GivenMedicine,
    MedicationAdministration,
    SessionEvent,
    Waste,
)
from sojourn.care.vitals.models import Device, DeviceAssociation, Observation
from sojourn.clinical import eligibility, protocol
from sojourn.clinical.administration import Delivered, HistoryRefused, Line, charted
from sojourn.clinical.administration.charted import same_dose
from sojourn.clinical.alarms import Priority
from sojourn.clinical.eligibility import Notice
from sojourn.clinical.protocol import FINAL, Facts, Protocol, State, compose
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.rulebook.load import book
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.rulebook.queries import decide


@dataclass(frozen=True, slots=True)
class Entered:
    """A state that the session entered."""

    seq: int
    state: State
    at: datetime
    by: str
    by_id: int | None
    reason: str
    overridden: tuple[str, ...]
    basis: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """The newest answer to one item."""

    id: int
    outcome: str
    value: str
    note: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest value of a vital sign, in its own unit."""

    code: str
    value: float
    at: datetime
    doubt: str
    baseline: float | None
    method: str
    device: str
    by: str


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An alarm that exists now."""

    rule_id: str
    code: str
    phase: str
    priority: str
    since_at: datetime
    acknowledged_by: str
    why: str
    value: float | None
    limit: float | None


@dataclass(frozen=True, slots=True)
class OnChair:
    """A monitor that is on this session. ``skew_s``: its clock minus ours, in seconds."""

    device_id: int
    name: str
    seen_at: datetime | None
    skew_s: float | None


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that was noted in the session."""

    id: int
    kind: str
    note: str
    at: datetime
    by: str
    grade: str = ""
    measure: str = ""
    effect: str = ""
    about_id: int | None = None


@dataclass(frozen=True, slots=True)
class ByHand:
    """Another medicine that somebody gave. ``ingredient`` is "" where the list of medicines does not know it;
    ``warned`` are the interactions that were shown."""

    id: int
    name: str
    ingredient: str
    amount: Decimal | None
    unit: str
    route: str
    note: str
    warned: tuple[Mapping[str, Any], ...]
    given_at: datetime
    recorded_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A value that a person typed, or a pressure. ``method`` is "typed" or "monitor"; ``by`` who typed it."""

    code: str
    value: float
    at: datetime
    doubt: str
    id: int = 0
    method: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Strike:
    """Who took an entry back as entered in error, when and why."""

    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one item, the newest of it or not."""

    item_id: str
    check: Check


@dataclass(frozen=True, slots=True)
class StruckRow:
    """An entry that was taken back: ``of`` says what it is ("reading", "check", "event", "medicine")."""

    of: str
    what: Measured | Answer | Noted | ByHand
    strike: Strike


_Row = TypeVar("_Row")

# As long as one sign-in lasts, and as far back as a reading is taken: a visit. No rule knows a number for it.
A_VISIT: Final = timedelta(hours=12)


class SessionSnapshot:
    """A session at one moment, with everything that its page shows and its guards ask."""

    def __init__(self, encounter: Encounter, now: datetime) -> None:
        rows = {name: getattr(encounter, f"its_{name}") or [] for name in _arrays()}
        self.encounter = encounter
        self.now = now
        own = adopted_protocol_of(encounter)
        self._frozen_was_adopted = own is not None
        self.protocol: Protocol = own or protocol_of(encounter)
        self.companion = encounter.appointment.companion
        self.states = [
            Entered(r["seq"], State(r["state"]), _at(r["at"]), r["by"] or "", r["by_id"], r["reason"],
                    tuple(r["overridden"]), r["basis"])
            for r in rows["states"]
        ]  # fmt: skip
        self.strikes = {
            (r["of"], r["row_id"]): Strike(r["reason"], _at(r["at"]), r["by"]) for r in rows["strikes"]
        }  # fmt: skip
        self.struck: list[StruckRow] = []
        answers = [
            Answer(r["item_id"], Check(r["id"], r["outcome"], r["value"], r["note"], _at(r["at"]), r["by"]))
            for r in rows["checks"]
        ]  # fmt: skip
        self.answered = self._standing("check", answers, lambda each: each.check.id)
        self.prepared = [
            Prepared(r["drug"], r["route"], _mg(r["dose_mg"]), r["lot"], _at(r["at"]), r["person_id"], r["by"],
                     _maybe_mg(r["drawn_mg"]), r["vial"], _maybe_day(r["expires_on"]), _maybe_mg(r["stock_mg_per_ml"]),
                     _maybe_mg(r["drawn_ml"]), _maybe_mg(r["total_ml"]), _maybe_mg(r["over_min"]),
                     _maybe_mg(r["rate_ml_per_h"]), r["devices"], r["id"], r["by_id"])
            for r in rows["dose_checks"]
        ]  # fmt: skip
        self.doses = [
            Dose(r["id"], r["drug"], r["route"], _mg(r["dose_mg"]), _maybe_mg(r["drawn_mg"]), _mg(r["duration_min"]),
                 r["lot"], r["vial"], _maybe_mg(r["stock_mg_per_ml"]), _maybe_mg(r["total_ml"]),
                 _maybe_mg(r["rate_ml_per_h"]), r["devices"], _at(r["started_at"]), r["by"], r["checked_by"] or "",
                 r["note"])
            for r in rows["doses"]
        ]  # fmt: skip
        self.steps = [
            DoseStep(r["id"], r["dose_id"], r["kind"], _maybe_mg(r["rate_ml_per_h"]), _maybe_mg(r["remaining_ml"]),
                     _maybe_mg(r["mg"]), r["note"], _at(r["at"]), r["by"])
            for r in rows["steps"]
        ]  # fmt: skip
        self.wasted = [
            Wasted(r["id"], _mg(r["mg"]), r["how"], _at(r["at"]), r["by"], r["by_person"], r["witness_name"] or "",
                   r["witness_person"], _maybe(r["witnessed_at"]))
            for r in rows["waste"]
        ]  # fmt: skip
        by_hand = [
            ByHand(r["id"], r["name"], r["ingredient"], _maybe_mg(r["amount"]), r["unit"], r["route"], r["note"],
                   tuple(r["warned"]), _at(r["given_at"]), _at(r["recorded_at"]), r["by"])
            for r in rows["by_hand"]
        ]  # fmt: skip
        self.by_hand = self._standing("medicine", by_hand, lambda each: each.id)
        self.newest = {
            r["code"]: Newest(r["code"], r["value"], _at(r["at"]), r["doubt"], r["baseline"], r["method"] or "",
                              r["device"] or "", r["by"] or "")
            for r in rows["signals"]
        }  # fmt: skip
        self.alarms = sorted(
            (
                OpenAlarm(r["rule_id"], r["code"], r["phase"], r["priority"], _at(r["since_at"]),
                          r["acknowledged_by"], r["why"], r["value"], r["limit"])
                for r in rows["alarms"]
            ),
            # who still waits for somebody comes first
            key=lambda each: (
                bool(each.acknowledged_by), -Priority(each.priority).rank, each.since_at, each.rule_id, each.code
            ),
        )  # fmt: skip
        self.monitors = [
            OnChair(r["device_id"], r["name"], _maybe(r["seen_at"]), r["skew_s"]) for r in rows["monitors"]
        ]
        events = [
            Noted(r["id"], r["kind"], r["note"], _at(r["at"]), r["by"], r["grade"], r["measure"], r["effect"],
                  r["about_id"])
            for r in rows["events"]
        ]  # fmt: skip
        self.events = self._standing("event", events, lambda each: each.id)
        measured = [
            Measured(r["code"], r["value"], _at(r["at"]), r["doubt"], r["id"], r["method"], r["by"] or "")
            for r in rows["measured"]
        ]  # fmt: skip
        self.measured = self._standing("reading", measured, lambda each: each.id)
        self._adoption = rows["adoption"]

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
        return self.current.state

    @property
    def seq(self) -> int:
        return self.current.seq

    @property
    def over(self) -> bool:
        return self.state in FINAL

    @property
    def ready_dose(self) -> tuple[Prepared, Prepared | None] | None:
        """The newest prepared dose and its second check, of this visit."""
        return charted.ready_dose([each for each in self.prepared if not self.stale(each.at)])

    @property
    def mismatch(self) -> tuple[Prepared, Prepared] | None:
        """The two newest entries, where two people wrote different things and nobody has entered anything since."""
        if len(self.prepared) < 2:
            return None
        first, second = self.prepared[-2:]
        if first.person_id == second.person_id or same_dose(first, second) or _was_settled(self.prepared[:-1]):
            return None
        return first, second

    @property
    def dose(self) -> Dose | None:
        """The dose of this session, once it has begun."""
        return self.doses[0] if self.doses else None

    @cached_property
    def delivered(self) -> Delivered | HistoryRefused | None:
        """What went in so far; None before the dose, a refusal where the steps cannot have happened so."""
        return None if self.dose is None else given.delivered(self.dose, self.steps, self.now, self._left_dosing_at)

    @cached_property
    def line(self) -> Line | None:
        """Planned, given, wasted."""
        if self.dose is None or not isinstance(self.delivered, Delivered):
            return None
        return given.line(self.delivered, self.dose, self.wasted)

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
    def checks(self) -> dict[str, Check]:
        """The newest answer to each item, of this visit: what the page shows as answered is what the guards count."""
        return {each.item_id: each.check for each in self.answered if not self.stale(each.check.at)}

    @property
    def answers(self) -> dict[str, Literal["passed", "failed"]]:
        """The newest answer to each item, of this visit."""
        return {item: "passed" if row.outcome == "passed" else "failed" for item, row in self.checks.items()}

    @property
    def measured_now(self) -> dict[str, protocol.Measured]:
        """The newest believed value of each vital sign, with the clinic's day on which it was measured."""
        zone = self.encounter.clinic.zone
        return {
            code: protocol.Measured(each.value, each.at.astimezone(zone).date(), each.at.timestamp())
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
    def call(self) -> Noted | None:
        """The patient's call for help that nobody has answered."""
        calls = [each for each in self.events if each.kind in {PATIENT_CALLS, CALL_ANSWERED}]
        open_calls: list[Noted] = []
        for each in calls:
            open_calls = [] if each.kind == CALL_ANSWERED else [*open_calls, each]
        return open_calls[0] if open_calls else None

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
    def adopted(self) -> bool:
        """Whether the clinic adopted the very version under which the session runs, and its protocol still acts."""
        decided = {row["rule_id"]: RuleAdoption(clinic_id=self.encounter.clinic_id, **row) for row in self._adoption}
        return self._frozen_was_adopted and any(
            each.newest.id == self.protocol.id and each.acting is not None for each in decide(decided, self.today)
        )

    def facts(self, reason: str = "", against: Against | None = None) -> Facts:
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
            systolic=[each.value for each in self.measured if each.code in SYSTOLIC and not each.doubt],
            open_high_alarms=tuple(
                book().rule(each.rule_id).title for each in self.alarms if each.priority == Priority.HIGH.value
            ),
            dose_ordered=ready is not None,
            second_checked=ready is not None and ready[1] is not None,
            dose_given=bool(self.doses),
            dose_ended_at=self.dose_ended_at,
            scores={item: row.value for item, row in self.checks.items()},
            escort_named=self.companion is not None,
            escort_present=here is not None and here.outcome == "passed",
            reason=reason,
            road=against.road if against else (),
            alarms_waiting=against.alarms_waiting if against else (),
            dose_against=against.dose if against else (),
            set_aside_before=self.set_aside_before,
            arrived_at=self.encounter.opened_at,
        )

    @property
    def set_aside_before(self) -> frozenset[str]:
        """What a prescriber signed for earlier in this session and nobody has answered anew: answers, not values of the
        moment, which are asked again by every step."""
        signed = [(each.at, each.overridden) for each in self.states]
        return compose.set_aside_before(signed, {item: row.at for item, row in self.checks.items()})

    def standing(self, transition: str, against: Against | None = None) -> tuple[protocol.Reason, ...]:
        """What stands in the way of a step now; empty where it may be taken."""
        answer = protocol.guard(transition, self.facts(against=against), self.protocol)
        return answer.reasons if isinstance(answer, protocol.Refused) else ()


@dataclass(frozen=True, slots=True)
class Against:
    """What stands against a dose at this moment, beside the session's own rows; and what it was judged by.

    ``decision``, ``known`` facts and medicines ``taken`` are as the record has them, for whoever shows them.
    """

    road: tuple[protocol.Reason, ...]
    alarms_waiting: tuple[str, ...]
    dose: tuple[protocol.Reason, ...]
    notices: tuple[Notice, ...]
    agreements: Mapping[str, Consent]
    version: PlanVersion | None
    basis: Mapping[str, Any]
    decision: CandidacyDecision | None
    known: eligibility.Facts
    taken: tuple[MedicineTaken, ...]


def _was_settled(rows: list[Prepared]) -> bool:
    """Whether the last of these rows confirmed the one before it: what follows is then a new preparation."""
    return len(rows) > 1 and rows[-1].person_id != rows[-2].person_id and same_dose(rows[-1], rows[-2])


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _mg(value: float) -> Decimal:
    return Decimal(str(value))


def _maybe_mg(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _maybe_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _array(rows: QuerySet[Any], *names: str, **expressions: Any) -> ArraySubquery:
    return ArraySubquery(rows.values(row=JSONObject(**{name: F(name) for name in names}, **expressions)))


def _of_session(model: type[Model]) -> QuerySet[Any]:
    return model._default_manager.filter(encounter_id=OuterRef("pk"))


def _source(name: str) -> Subquery:
    """A column of the reading that a signal shows."""
    struck = EnteredInError.objects.filter(encounter_id=OuterRef("encounter_id"), of="reading").values("row_id")
    rows = (
        Observation.objects.filter(
            encounter_id=OuterRef("encounter_id"), effective_at=OuterRef("effective_at"), code=OuterRef("code")
        )
        .exclude(pk__in=struck)
        .order_by("-id")
    )
    if name == "device":
        return Subquery(
            rows.annotate(name=Subquery(Device.objects.filter(pk=OuterRef("device_id")).values("name")[:1])).values(
                "name"
            )[:1]
        )
    if name == "by":
        return Subquery(
            rows.annotate(name=Subquery(Membership.objects.filter(pk=OuterRef("by_id")).values("name")[:1])).values(
                "name"
            )[:1]
        )
    return Subquery(rows.values(name)[:1])


def _name(column: str) -> Coalesce:
    """The name of a member of the clinic; "" for whoever may not see the members: a patient who says no loads their own
    session, and joining the members would take the rows away with the names."""
    return Coalesce(_member(column, "name"), Value(""))


def _person(column: str) -> Subquery:
    """The person behind a membership; None as above."""
    return _member(column, "person_id")


def _member(column: str, value: str) -> Subquery:
    return Subquery(Membership.objects.filter(pk=OuterRef(f"{column}_id")).values(value)[:1])


_DRAWN: Final = ("drawn_mg", "vial", "expires_on", "stock_mg_per_ml", "total_ml", "rate_ml_per_h", "devices")


def _subqueries() -> dict[str, ArraySubquery]:
    monitors = _of_session(DeviceAssociation).filter(until_at=None).order_by("id")
    signals = _of_session(CurrentVital)
    alarms = _of_session(AlarmState).filter(phase__in=OPEN)
    measured = _of_session(Observation).filter(Q(method="typed") | Q(code__in=SYSTOLIC)).order_by("effective_at", "id")
    decisions = RuleAdoption.objects.filter(rule_id=OuterRef("protocol_id")).order_by("-id")[:1]
    return {
        "states": _array(
            _of_session(SessionState).order_by("seq"),
            "seq", "state", "at", "reason", "overridden", "basis", "by_id", by=_name("by"),
        ),
        "checks": _array(
            _of_session(CheckResult).order_by("id"), "id", "item_id", "outcome", "value", "note", "at", by=_name("by")
        ),
        "dose_checks": _array(
            _of_session(DoseCheck).order_by("id"), "id", "drug", "route", "dose_mg", "lot", "at", "by_id", *_DRAWN,
            "drawn_ml", "over_min", person_id=_person("by"), by=_name("by"),
        ),
        "doses": _array(
            _of_session(MedicationAdministration).order_by("started_at", "id"),
            "id", "drug", "route", "dose_mg", "lot", "duration_min", "started_at", "note", *_DRAWN,
            by=_name("given_by"), checked_by=_name("checked_by"),
        ),
        "steps": _array(
            _of_session(DoseEvent).order_by("at", "id"),
            "id", "dose_id", "kind", "rate_ml_per_h", "remaining_ml", "mg", "note", "at", by=_name("by"),
        ),
        "waste": _array(
            _of_session(Waste).order_by("at", "id"), "id", "mg", "how", "at", by=_name("by"),
            by_person=_person("by"), witness_name=F("witness__by__name"),
            witness_person=F("witness__by__person_id"), witnessed_at=F("witness__at"),
        ),
        "by_hand": _array(
            _of_session(GivenMedicine).order_by("given_at", "id"),
            "id", "name", "ingredient", "amount", "unit", "route", "note", "warned", "given_at", "recorded_at",
            by=_name("by"),
        ),
        "signals": _array(
            signals, "code", "value", "doubt", "baseline",
            at=F("effective_at"), method=_source("method"), device=_source("device"), by=_source("by"),
        ),
        "alarms": _array(
            alarms, "rule_id", "code", "phase", "priority", "since_at", "why", "value", "limit",
            acknowledged_by=F("acknowledged_by_name"),
        ),
        "monitors": _array(
            monitors, "device_id", name=F("device__name"), seen_at=F("device__last_seen_at"),
            skew_s=F("device__clock_skew_s"),
        ),
        "events": _array(
            _of_session(SessionEvent).order_by("at", "id"),
            "id", "kind", "note", "at", "grade", "measure", "effect", "about_id", by=_name("by"),
        ),
        "measured": _array(
            measured, "code", "value", "doubt", "id", "method", at=F("effective_at"),
            by=Subquery(Membership.objects.filter(pk=OuterRef("by_id")).values("name")[:1]),
        ),
        "strikes": _array(_of_session(EnteredInError).order_by("id"), "of", "row_id", "reason", "at", by=F("by__name")),
        "adoption": _array(decisions, "rule_id", "version", "rule_hash", "parameters", "retired"),
    }  # fmt: skip


@cache
def _arrays() -> dict[str, RawSQL]:
    """The subqueries as SQL. Writing it takes Django several times as long as answering it takes the database, and it
    is the same for every session."""
    query = Encounter.objects.annotate(**{f"its_{name}": each for name, each in _subqueries().items()}).query
    compiler = query.get_compiler("default")
    compiler.setup_query()
    found = {}
    for name, each in query.annotations.items():
        sql, params = compiler.compile(each)
        found[name.removeprefix("its_")] = RawSQL(sql, params, each.output_field)  # noqa: S611 - our own words
    return found


def load(encounter_id: int, now: datetime) -> SessionSnapshot:
    """The session with everything about it, One query. Raises Encounter.DoesNotExist."""
    encounter = (
        Encounter.objects.select_related("patient", "chair", "care_plan", "appointment__companion", "clinic")
        .annotate(**{f"its_{name}": each for name, each in _arrays().items()})
        .filter(pk=encounter_id)
        .first()
    )
    if encounter is None:
        raise Encounter.DoesNotExist
    return SessionSnapshot(encounter, now)
