"""One session as its page needs it, read in one query.

A tablet asks for this every few seconds, so everything comes in one round trip: the rows that belong to a session
are gathered by the database into arrays beside it. The facts for the guards are put together from the same rows;
a test holds them equal to what the engine itself would find.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject

from sojourn.care.alarms.models import AlarmState, CurrentVital
from sojourn.care.alarms.queries import OPEN
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.encounter.queries import protocol_of
from sojourn.care.session.actions import CALL_ANSWERED, PATIENT_CALLS
from sojourn.care.session.models import CheckResult, DoseCheck, MedicationAdministration, SessionEvent
from sojourn.care.vitals.models import Device, DeviceAssociation, Observation
from sojourn.clinical import protocol
from sojourn.clinical.alarms import Priority
from sojourn.clinical.protocol import FINAL, Facts, Latest, Protocol, State
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
class Prepared:
    """What one person wrote down of the dose in the hand. ``dose_mg`` is base."""

    drug: str
    route: str
    dose_mg: Decimal
    lot: str
    at: datetime
    person_id: int
    by: str

    def same(self, other: Prepared) -> bool:
        """As ``treatment.queries.same_dose``."""
        mine = (self.drug, self.route, self.dose_mg, self.lot.upper())
        return mine == (other.drug, other.route, other.dose_mg, other.lot.upper())


@dataclass(frozen=True, slots=True)
class Given:
    """A dose given. ``dose_mg`` is base."""

    drug: str
    route: str
    dose_mg: Decimal
    lot: str
    duration_min: float
    started_at: datetime
    by: str
    checked_by: str
    note: str


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

    kind: str
    note: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A value that a person typed, or a pressure."""

    code: str
    value: float
    at: datetime
    doubt: str


class SessionSnapshot:
    """A session at one moment, with everything that its page shows and its guards ask."""

    def __init__(self, encounter: Encounter, now: datetime) -> None:
        rows = {name: getattr(encounter, f"its_{name}") or [] for name in _arrays()}
        self.encounter = encounter
        self.now = now
        self.protocol: Protocol = protocol_of(encounter)
        self.companion = encounter.appointment.companion
        self.states = [
            Entered(r["seq"], State(r["state"]), _at(r["at"]), r["by"] or "", r["by_id"], r["reason"],
                    tuple(r["overridden"]))
            for r in rows["states"]
        ]  # fmt: skip
        self.checks = {
            r["item_id"]: Check(r["id"], r["outcome"], r["value"], r["note"], _at(r["at"]), r["by"])
            for r in rows["checks"]  # the oldest first: the newest stays
        }
        self.prepared = [
            Prepared(r["drug"], r["route"], _mg(r["dose_mg"]), r["lot"], _at(r["at"]), r["person_id"], r["by"])
            for r in rows["dose_checks"]
        ]
        self.doses = [
            Given(r["drug"], r["route"], _mg(r["dose_mg"]), r["lot"], float(r["duration_min"]), _at(r["started_at"]),
                  r["by"], r["checked_by"], r["note"])
            for r in rows["doses"]
        ]  # fmt: skip
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
        self.events = [Noted(r["kind"], r["note"], _at(r["at"]), r["by"]) for r in rows["events"]]
        self.measured = [Measured(r["code"], r["value"], _at(r["at"]), r["doubt"]) for r in rows["measured"]]
        self._adoption = rows["adoption"]

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
        """The newest prepared dose and its second check, as ``treatment.queries.dose_ready`` finds them."""
        ready: tuple[Prepared, Prepared | None] | None = None
        for row in self.prepared:
            if ready is not None and ready[0].same(row) and row.person_id != ready[0].person_id:
                ready = (ready[0], row)
            else:
                ready = (row, None)
        return ready

    @property
    def mismatch(self) -> tuple[Prepared, Prepared] | None:
        """The two newest entries, where two people wrote different things and nobody has entered anything since."""
        if len(self.prepared) < 2:
            return None
        first, second = self.prepared[-2:]
        if first.person_id == second.person_id or first.same(second) or _was_settled(self.prepared[:-1]):
            return None
        return first, second

    @cached_property
    def dose_ended_at(self) -> datetime | None:
        ends = (State.OBSERVING, State.STOPPED_EARLY)
        return next((each.at for each in self.states if each.state in ends), None) if self.doses else None

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

    # --- what the guards ask ---

    @cached_property
    def adopted(self) -> bool:
        decided = {row["rule_id"]: RuleAdoption(clinic_id=self.encounter.clinic_id, **row) for row in self._adoption}
        return any(
            each.newest.id == self.protocol.id and each.acting is not None for each in decide(decided, self.now.date())
        )

    def facts(self, reason: str = "") -> Facts:
        """What ``monitoring.actions.take_step`` would ask, from the rows at hand."""
        believed = {code: each for code, each in self.newest.items() if not each.doubt}
        baseline = {code: each.baseline for code, each in self.newest.items() if each.baseline is not None}
        if not self.doses and not baseline:
            baseline = {code: each.value for code, each in believed.items()}
        ended = self.dose_ended_at
        ready = self.ready_dose
        systolic = [each.value for each in self.measured if each.code in SYSTOLIC and not each.doubt][-3:]
        here = self.checks.get("companion_here")
        return Facts(
            state=self.state,
            protocol_adopted=self.adopted,
            checks={item: "passed" if row.outcome == "passed" else "failed" for item, row in self.checks.items()},
            latest={
                code: Latest(each.value, max(0.0, (self.now - each.at).total_seconds() / 60))
                for code, each in believed.items()
            },
            baseline=baseline,
            pressure_rising=systolic[2] > systolic[1] > systolic[0] if len(systolic) == 3 else None,
            open_high_alarms=tuple(
                book().rule(each.rule_id).title for each in self.alarms if each.priority == Priority.HIGH.value
            ),
            dose_ordered=ready is not None,
            second_checked=ready is not None and ready[1] is not None,
            dose_given=bool(self.doses),
            minutes_since_dose_end=(self.now - ended).total_seconds() / 60 if ended else None,
            padss=_score(self.checks.get("padss")),
            aldrete=_score(self.checks.get("aldrete")),
            escort_named=self.companion is not None,
            escort_present=here is not None and here.outcome == "passed",
            reason=reason,
        )

    def standing(self, transition: str) -> tuple[protocol.Reason, ...]:
        """What stands in the way of a step now; empty where it may be taken."""
        answer = protocol.guard(transition, self.facts(), self.protocol)
        return answer.reasons if isinstance(answer, protocol.Refused) else ()


def _was_settled(rows: list[Prepared]) -> bool:
    """Whether the last of these rows confirmed the one before it: what follows is then a new preparation."""
    return len(rows) > 1 and rows[-1].person_id != rows[-2].person_id and rows[-1].same(rows[-2])


def _score(row: Check | None) -> int | None:
    return int(row.value) if row is not None and row.value.isdigit() else None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _mg(value: float) -> Decimal:
    return Decimal(str(value))


def _array(rows: QuerySet[Any], *names: str, **expressions: Any) -> ArraySubquery:
    return ArraySubquery(rows.values(row=JSONObject(**{name: F(name) for name in names}, **expressions)))


def _of_session(model: type[Model]) -> QuerySet[Any]:
    return model._default_manager.filter(encounter_id=OuterRef("pk"))


def _source(name: str) -> Subquery:
    """A column of the reading that a signal shows."""
    rows = Observation.objects.filter(
        encounter_id=OuterRef("encounter_id"), effective_at=OuterRef("effective_at"), code=OuterRef("code")
    ).order_by("-id")
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


def _subqueries() -> dict[str, ArraySubquery]:
    monitors = _of_session(DeviceAssociation).filter(until_at=None).order_by("id")
    signals = _of_session(CurrentVital)
    alarms = _of_session(AlarmState).filter(phase__in=OPEN)
    measured = _of_session(Observation).filter(Q(method="typed") | Q(code__in=SYSTOLIC)).order_by("effective_at", "id")
    decisions = RuleAdoption.objects.filter(rule_id=OuterRef("protocol_id")).order_by("-id")[:1]
    return {
        "states": _array(
            _of_session(SessionState).order_by("seq"),
            "seq", "state", "at", "reason", "overridden", "by_id", by=F("by__name"),
        ),
        "checks": _array(
            _of_session(CheckResult).order_by("id"), "id", "item_id", "outcome", "value", "note", "at", by=F("by__name")
        ),
        "dose_checks": _array(
            _of_session(DoseCheck).order_by("id"), "drug", "route", "dose_mg", "lot", "at",
            person_id=F("by__person_id"), by=F("by__name"),
        ),
        "doses": _array(
            _of_session(MedicationAdministration).order_by("started_at", "id"),
            "drug", "route", "dose_mg", "lot", "duration_min", "started_at", "note",
            by=F("given_by__name"), checked_by=F("checked_by__name"),
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
        "events": _array(_of_session(SessionEvent).order_by("at", "id"), "kind", "note", "at", by=F("by__name")),
        "measured": _array(measured, "code", "value", "doubt", at=F("effective_at")),
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
        Encounter.objects.select_related("patient", "chair", "care_plan", "appointment__companion")
        .annotate(**{f"its_{name}": each for name, each in _arrays().items()})
        .filter(pk=encounter_id)
        .first()
    )
    if encounter is None:
        raise Encounter.DoesNotExist
    return SessionSnapshot(encounter, now)
