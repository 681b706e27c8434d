"""The session record: the session's snapshot, and beside it what only the record says.

What happened, what counts, what went in and which checks were missed is the snapshot's (care/session/snapshot.py), the
same that the session's page has. Here it gets the names under which it stands, every reading, the history of alarms and
monitors, the signatures and the papers. Three queries, however many sessions are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any, Protocol

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from sojourn.care.alarms.models import AlarmEvent
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.chart.content import Verified, content, content_hash, verify_signature
from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import (
    Accepted,
    AddedLater,
    Agreed,
    AlarmChange,
    ByHand,
    Check,
    Dose,
    DosePrepared,
    DoseStep,
    Event,
    FrozenProtocol,
    Gap,
    GivenDose,
    Left,
    Measure,
    Member,
    MonitorOn,
    Ordered,
    Papers,
    Plan,
    Reading,
    ReadTwice,
    Signature,
    StateEntry,
    Strike,
    Subject,
    Wasted,
    episodes,
)
from sojourn.care.consent.models import Consent
from sojourn.care.encounter.models import Encounter
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.plan.models import PlanVersion
from sojourn.care.plan.queries import order_from
from sojourn.care.session import snapshot
from sojourn.care.session.models import (
    Addendum,
    Discharge,
    MedicationAdministration,
    RecordSignature,
)
from sojourn.care.session.parts import array, of_session
from sojourn.care.session.signed import SIGNED
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.care.vitals.models import DeviceAssociation, Observation
from sojourn.clinical.rules import Rule
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.audit.signed_queries import hash_of, of_signatures
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.scope import CourseScope, MemberScope, PatientScope, SessionScope, rows_of

__all__ = [
    "SessionRecord",
    "Verified",
    "content",
    "content_hash",
    "session_record",
    "session_records",
    "verify_signature",
]


class _Iso(Func):
    """A time as ISO 8601 text, whatever the server's date style. Read so, a session of thirty thousand readings costs a
    third of what the driver's own reading of times does."""

    template = "(to_json(%(expressions)s) #>> '{}')"
    output_field = TextField()


_COLUMNS = (
    "encounter_id", "id", "code", "value", "unit", _Iso("effective_at"), _Iso("measured_at"), _Iso("received_at"),
    "method", "device_id", "message_id", "by_id", "status", "doubt", "supersedes_id",
)  # fmt: skip
_BY, _CORRECTS = map(_COLUMNS.index, ("by_id", "supersedes_id"))

Raw = Mapping[str, Any]


def session_record(of: SessionScope, *, now: datetime | None = None) -> SessionRecord:
    """Everything that happened in one session. Three queries. Raises Encounter.DoesNotExist."""
    found = session_records([of.encounter_id], now=now)
    if of.encounter_id not in found:
        raise Encounter.DoesNotExist
    return found[of.encounter_id]


def session_records(encounter_ids: Iterable[int], *, now: datetime | None = None) -> dict[int, SessionRecord]:
    """The records of several sessions, by encounter. Three queries, however many."""
    now = now or timezone.now()
    sessions = snapshot.load_many(encounter_ids, now, _beside())
    rows: dict[int, list[tuple[Any, ...]]] = {each: [] for each in sessions}
    for row in rows_of(Observation, SessionScope, rows).order_by("effective_at", "id").values_list(*_COLUMNS):
        rows[row[0]].append(row)
    people = _people(sessions.values(), rows.values())
    return {each: _Composer(session, rows[each], people).record() for each, session in sessions.items()}


def _people(
    sessions: Iterable[SessionSnapshot], readings: Iterable[Sequence[tuple[Any, ...]]]
) -> dict[int, Member]:  # fmt: skip
    """Everybody who is named in the rows, by number. A number that names nobody stays a number. One query."""
    wanted = {row[_BY] for rows in readings for row in rows}
    for session in sessions:
        wanted |= _who_acted(session)
        for name in _SUBQUERIES:
            for row in getattr(session.encounter, name):
                wanted.update(value for key, value in row.items() if key.endswith("by_id"))
    wanted.discard(None)
    found = {each: Member(each, "", "", "") for each in wanted}
    for row in rows_of(Membership, MemberScope, wanted):
        found[row.pk] = Member(row.pk, row.name, row.credentials, row.role)
    return found


def _accepted(row: Mapping[str, Any]) -> Accepted:
    return Accepted(row["id"], row["kind"], _at(row["decided_at"]), row["decider_name"], row["open_eyes"])


def _agreed(row: Mapping[str, Any]) -> Agreed:
    return Agreed(row["id"], row["document_id"], row["document_version"], _at(row["signed_at"]))


class _Done(Protocol):
    """A row that says which membership wrote it."""

    @property
    def by_id(self) -> int | None: ...


def _who_acted(session: SessionSnapshot) -> set[int | None]:
    """The memberships that a snapshot's rows name."""
    done: tuple[_Done, ...] = (
        *session.states, *session.prepared, *session.steps, *session.every_waste, *session.every_medicine,
        *session.every_event, *session.strikes.values(),
    )  # fmt: skip
    return {
        *(each.by_id for each in done),
        *(each.check.by_id for each in session.every_answer),
        *(each.given_by_id for each in session.doses),
        *(each.checked_by_id for each in session.doses),
        *(each.witness_by_id for each in session.every_waste),
    }


class _Composer:
    """Puts a session's snapshot and what stands beside it together. ``raw``: the arrays beside the encounter."""

    def __init__(
        self, session: SessionSnapshot, readings: Sequence[tuple[Any, ...]], people: Mapping[int, Member]
    ) -> None:
        self.session = session
        self.encounter = session.encounter
        self.people = people
        self.now = session.now
        self.raw: dict[str, list[Raw]] = {name: getattr(self.encounter, name) for name in _SUBQUERIES}
        self.struck = {
            key: Strike(each.id, each.reason, each.at, self.who(each.by_id)) for key, each in session.strikes.items()
        }
        corrected = {row[_CORRECTS] for row in readings}
        self.readings = tuple(
            Reading(
                number, code, value, unit, _at(at), _at(measured_at) if measured_at else None, _at(received_at), method,
                device_id, message_id, people[by_id] if by_id else None, status, doubt, corrects, number in corrected,
                ("reading", number) in self.struck,
            )
            for (
                _session, number, code, value, unit, at, measured_at, received_at, method, device_id, message_id, by_id,
                status, doubt, corrects,
            ) in readings
        )  # fmt: skip

    def who(self, number: int | None) -> Member | None:
        return self.people[number] if number else None

    def by(self, row: Raw, name: str = "by_id") -> Member | None:
        return self.who(row[name])

    def record(self) -> SessionRecord:
        encounter, session = self.encounter, self.session
        patient, plan, booked = encounter.patient, encounter.care_plan, encounter.appointment
        order = order_from(plan, encounter.order_before)  # type: ignore[attr-defined]
        rule = _released(encounter.protocol_id, encounter.protocol_version)
        states, doses, changes = self.states(), self.doses(), self.alarm_changes()
        went_in = {each.dose.id: each for each in session.went_in}  # a dose that had none would be no record
        began = next((each.started_at for each in doses), encounter.opened_at)
        over = session.glance.ended_at
        due = session.glance.due
        return SessionRecord(
            encounter_id=encounter.pk,
            clinic_id=encounter.clinic_id,
            composed_at=self.now,
            patient=Subject(
                patient.pk, patient.record_number, patient.name, patient.birth_date, patient.sex, patient.restricted
            ),
            plan=Plan(plan.pk, plan.title, order.indication, order.dose_mg, order.planned_sessions),
            protocol=FrozenProtocol(encounter.protocol_id, encounter.protocol_version, encounter.protocol_hash, rule),
            schedule=session.glance.schedule,
            chair=encounter.chair.name,
            chair_id=encounter.chair_id,
            appointment_id=booked.pk,
            booked_from=booked.during.lower,
            booked_until=booked.during.upper,
            escort_name=booked.escort.name if booked.escort else "",
            opened_at=encounter.opened_at,
            states=states,
            checks=self.checks(),
            prepared=self.prepared(),
            doses=doses,
            readings=self.readings,
            alarm_changes=changes,
            alarms=episodes(changes),
            monitors=self.monitors(),
            events=self.events(),
            left=self.left(),
            measures=self.measures(began, over or self.now),
            gaps=tuple(Gap(each) for each in due.missed) if due else (),
            signatures=self.signatures(),
            addenda=tuple(
                AddedLater(row["id"], row["text"], _at(row["at"]), self.by(row)) for row in self.raw["record_addenda"]
            ),
            steps=self.steps(),
            wasted=self.wasted(),
            by_hand=self.by_hand(),
            given=tuple(
                GivenDose(dose, each.delivered, each.balance, each.told)
                for dose, each in ((dose, went_in[dose.id]) for dose in doses)
            ),
            read_twice=tuple(
                ReadTwice(each.first.id, each.second.id, each.agree) for each in session.double_check.pairs
            ),
            dose_ended_at=session.dose_ended_at,
            papers=self.papers(states),
            struck=self.struck,
        )

    def signatures(self) -> tuple[Signature, ...]:
        in_audit = {row["said"] for row in self.raw["record_signed_so"]}
        return tuple(
            Signature(row["id"], row["content_hash"], _at(row["at"]), self.by(row), row["content_hash"] in in_audit)
            for row in self.raw["record_signatures"]
        )

    def states(self) -> tuple[StateEntry, ...]:
        return tuple(
            StateEntry(
                each.seq, each.state, each.at, self.who(each.by_id), each.reason, each.overridden, each.basis
            )
            for each in self.session.states
        )  # fmt: skip

    def checks(self) -> tuple[Check, ...]:
        counts = {each.id for each in self.session.checks.values()}
        rows = sorted(self.session.every_answer, key=lambda each: (each.check.at, each.check.id))
        return tuple(
            Check(
                row.id, each.item_id, row.outcome == "passed", row.value, row.note, row.at, self.who(row.by_id),
                row.id in counts,
            )
            for each in rows
            for row in (each.check,)
        )  # fmt: skip

    def prepared(self) -> tuple[DosePrepared, ...]:
        return tuple(
            DosePrepared(
                each.id, each.drug, each.route, each.dose_mg, each.lot, each.at, self.who(each.by_id), each.drawn_mg,
                each.vial, each.expires_on, each.stock_mg_per_ml, each.drawn_ml, each.total_ml, each.over_min,
                each.rate_ml_per_h, each.devices,
            )
            for each in self.session.prepared
        )  # fmt: skip

    def doses(self) -> tuple[Dose, ...]:
        return tuple(
            Dose(
                each.id, each.drug, each.route, each.dose_mg, each.duration_min, each.lot, each.expires_on,
                each.started_at, self.who(each.given_by_id), self.who(each.checked_by_id), each.checked_at,
                each.recorded_at, each.note, each.drawn_mg, each.vial, each.stock_mg_per_ml, each.total_ml,
                each.rate_ml_per_h, each.devices, each.plan_version_id,
            )
            for each in self.session.doses
        )  # fmt: skip

    def steps(self) -> tuple[DoseStep, ...]:
        return tuple(
            DoseStep(
                each.id, each.dose_id, each.kind, each.rate_ml_per_h, each.remaining_ml, each.mg, each.note, each.at,
                each.recorded_at, self.who(each.by_id),
            )
            for each in self.session.steps
        )  # fmt: skip

    def wasted(self) -> tuple[Wasted, ...]:
        return tuple(
            Wasted(
                each.id, each.mg, each.how, each.at, self.who(each.by_id), self.who(each.witness_by_id),
                each.witnessed_at,
            )
            for each in self.session.every_waste
        )  # fmt: skip

    def by_hand(self) -> tuple[ByHand, ...]:
        return tuple(
            ByHand(
                each.id, each.name, each.ingredient, each.amount, each.unit, each.route, each.note, each.warned,
                each.given_at, each.recorded_at, self.who(each.by_id),
            )
            for each in self.session.every_medicine
        )  # fmt: skip

    def events(self) -> tuple[Event, ...]:
        return tuple(
            Event(
                each.id, each.kind, each.note, each.at, each.recorded_at or each.at, self.who(each.by_id), each.grade,
                each.measure, each.effect, each.about_id, each.amount, each.unit,
            )
            for each in self.session.every_event
        )  # fmt: skip

    def papers(self, states: Iterable[StateEntry]) -> Papers:
        """What the bases of the steps name by its number."""
        bases = [each.basis for each in states]
        decisions = {each.get("decision") for each in bases}
        agreements = {number for each in bases for number in each.get("agreements", ())}
        versions = {each.get("plan_version") for each in bases}
        return Papers(
            {row["id"]: _accepted(row) for row in self.raw["record_decisions"] if row["id"] in decisions},
            {row["id"]: _agreed(row) for row in self.raw["record_agreements"] if row["id"] in agreements},
            {row["id"]: self._ordered(row) for row in self.raw["record_versions"] if row["id"] in versions},
        )

    def _ordered(self, row: Mapping[str, Any]) -> Ordered:
        signed_at = _at(row["signed_at"]) if row["signed_at"] else None
        return Ordered(row["id"], row["number"], signed_at, self.by(row, "signed_by_id"))

    def alarm_changes(self) -> tuple[AlarmChange, ...]:
        return tuple(
            AlarmChange(
                row["id"], row["rule_id"], row["rule_version"], row["rule_hash"], row["code"], row["kind"],
                row["priority"], _at(row["at"]), row["why"], _float(row["value"]), _float(row["limit"]),
                _float(row["baseline"]), row["note"], self.by(row),
            )
            for row in self.raw["record_alarms"]
        )  # fmt: skip

    def monitors(self) -> tuple[MonitorOn, ...]:
        ahead: dict[int, list[float]] = {}
        for reading in self.readings:
            if reading.device_id is not None and reading.measured_at is not None:
                ahead.setdefault(reading.device_id, []).append((reading.measured_at - reading.at).total_seconds())
        return tuple(
            MonitorOn(
                row["id"], row["device_id"], row["name"], row["maker"], _at(row["from_at"]), self.by(row, "from_by_id"),
                _at(row["until_at"]) if row["until_at"] else None, self.by(row, "until_by_id"),
                median(ahead[row["device_id"]]) if row["device_id"] in ahead else None,
            )
            for row in self.raw["record_monitors"]
        )  # fmt: skip

    def left(self) -> Left | None:
        for row in self.raw["record_left"]:
            return Left(row["id"], row["escort_id"], row["escort_name"], row["criteria"], _at(row["at"]), self.by(row))
        return None

    def measures(self, began: datetime, until: datetime) -> tuple[Measure, ...]:
        """The newest of each questionnaire before the dose (or the opening), and those completed during the session."""
        found: dict[tuple[str, bool], Measure] = {}
        for row in self.raw["record_measures"]:  # the oldest first: the newest stays
            at = _at(row["completed_at"])
            if at > until:
                break
            during = at > began
            found[row["scale_id"], during] = Measure(
                row["id"], row["scale_id"], row["scale_version"], row["scale_hash"], at,
                None if row["points"] is None else Decimal(row["points"]), row["band"], row["safety_positive"], during,
            )  # fmt: skip
        return tuple(sorted(found.values(), key=lambda each: (each.completed_at, each.scale_id)))


def _released(protocol_id: str, version: str) -> Rule | None:
    try:
        return released_rulebook().rule(protocol_id, int(version))
    except (KeyError, ValueError):
        return None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _float(value: float | None) -> float | None:
    """JSON writes 92.0 as 92."""
    return None if value is None else float(value)


def _exactly(name: str) -> Cast:
    """A decimal as text: JSON would make a float of it."""
    return Cast(name, TextField())


(_SIGNED,) = SIGNED.rows


def _audited_of_session() -> QuerySet[AuditEvent]:
    """What the audit says of the signatures under the session that the array stands beside."""
    return of_signatures(_SIGNED).filter(patient_id=OuterRef("patient_id"), entity_id=OuterRef("pk"))


def _subqueries() -> dict[str, ArraySubquery]:
    answered = rows_of(QuestionnaireResponse, PatientScope, OuterRef("patient_id")).filter(completed_at__isnull=False)
    return {
        "alarms": array(
            of_session(AlarmEvent, "at", "id"),
            "id", "rule_id", "rule_version", "rule_hash", "code", "kind", "priority", "at", "why", "value", "limit",
            "baseline", "note", "by_id",
        ),
        "monitors": array(
            of_session(DeviceAssociation, "from_at", "id"),
            "id", "device_id", "from_at", "from_by_id", "until_at", "until_by_id",
            name=F("device__name"), maker=F("device__maker"),
        ),
        "left": array(
            of_session(Discharge, "id"), "id", "escort_id", "escort_name", "criteria", "at", "by_id"
        ),
        "measures": array(
            answered.order_by("completed_at", "id"),
            "id", "scale_id", "scale_version", "scale_hash", "completed_at", "band", "safety_positive",
            points=_exactly("score"),
        ),
        "signatures": array(of_session(RecordSignature, "at", "id"), "id", "content_hash", "at", "by_id"),
        "signed_so": array(_audited_of_session(), said=hash_of(_SIGNED)),
        "addenda": array(of_session(Addendum, "at", "id"), "id", "text", "at", "by_id"),
        "decisions": array(
            rows_of(CandidacyDecision, PatientScope, OuterRef("patient_id")).order_by("id"),
            "id", "kind", "decided_at", "decider_name", "open_eyes",
        ),
        "agreements": array(
            rows_of(Consent, PatientScope, OuterRef("patient_id")).order_by("id"),
            "id", "document_id", "document_version", "signed_at",
        ),
        "versions": array(
            rows_of(PlanVersion, CourseScope, OuterRef("care_plan_id")).order_by("id"),
            "id", "number", "signed_at", "signed_by_id",
        ),
    }  # fmt: skip


# By the name of the encounter's attribute.
_SUBQUERIES = {f"record_{name}": each for name, each in _subqueries().items()}

# The order under which a session ran is the one that stood at its first dose, or else when it was opened: a plan that
# is signed later changes no record. The first signature after that moment holds what it set aside.
_ORDERED_BY = Coalesce(
    Subquery(
        rows_of(MedicationAdministration, SessionScope, OuterRef("pk")).order_by("started_at").values("started_at")[:1]
    ),
    F("opened_at"),
)
_ORDER_BEFORE = Subquery(
    rows_of(PlanVersion, CourseScope, OuterRef("care_plan_id"))
    .filter(signed_at__gt=OuterRef("ordered_by"))
    .order_by("signed_at")
    .values("before")[:1]
)


def _beside() -> dict[str, Any]:
    """What the record reads of a session beside its snapshot."""
    return {"ordered_by": _ORDERED_BY, "order_before": _ORDER_BEFORE, **_SUBQUERIES}
