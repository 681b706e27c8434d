"""The session record, composed of every room's rows. Three queries, however many sessions are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from statistics import median
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, Model, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce, JSONObject
from django.utils import timezone

from sojourn.care.alarms.models import AlarmEvent
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.chart.content import Verified, content, content_hash, verify_signature
from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import (
    TYPED,
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
    Signature,
    StateEntry,
    Strike,
    Subject,
    Wasted,
    episodes,
)
from sojourn.care.consent.models import Consent
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.plan.models import PlanVersion
from sojourn.care.plan.queries import order_from
from sojourn.care.session import given
from sojourn.care.session.models import (
    Addendum,
    CheckResult,
    Discharge,
    DoseCheck,
    DoseEvent,
    EnteredInError,
    GivenMedicine,
    MedicationAdministration,
    RecordSignature,
    SessionEvent,
    Waste,
)
from sojourn.care.vitals.models import DeviceAssociation, Observation
from sojourn.clinical.administration import Delivered
from sojourn.clinical.protocol import FINAL, State
from sojourn.clinical.protocol.schedule import next_check_due
from sojourn.clinical.rules import Rule
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.rulebook.load import book

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

Raw = Mapping[str, Any]


def session_record(encounter_id: int, *, now: datetime | None = None) -> SessionRecord:
    """Everything that happened in one session. Three queries. Raises Encounter.DoesNotExist."""
    found = session_records([encounter_id], now=now)
    if encounter_id not in found:
        raise Encounter.DoesNotExist
    return found[encounter_id]


def session_records(encounter_ids: Iterable[int], *, now: datetime | None = None) -> dict[int, SessionRecord]:
    """The records of several sessions, by encounter. Three queries, however many."""
    now = now or timezone.now()
    encounters = list(
        Encounter.objects.select_related("patient", "chair", "care_plan", "appointment__companion")
        .annotate(ordered_by=_ORDERED_BY, order_before=_ORDER_BEFORE)
        .annotate(**{f"its_{name}": each for name, each in _SUBQUERIES.items()})
        .filter(pk__in=list(encounter_ids))
    )
    rows: dict[int, list[tuple[Any, ...]]] = {each.pk: [] for each in encounters}
    for row in (
        Observation.objects.filter(encounter_id__in=list(rows)).order_by("effective_at", "id").values_list(*_COLUMNS)
    ):
        rows[row[0]].append(row)
    people = _people(encounters, rows.values())
    return {each.pk: _Composer(each, rows[each.pk], people, now).record() for each in encounters}


def _people(encounters: Iterable[Encounter], readings: Iterable[Sequence[tuple[Any, ...]]]) -> dict[int, Member]:
    """Everybody who is named in the rows, by number. A number that names nobody stays a number. One query."""
    wanted = {row[11] for rows in readings for row in rows}
    for encounter in encounters:
        for name in _SUBQUERIES:
            for row in getattr(encounter, f"its_{name}"):
                wanted.update(value for key, value in row.items() if key.endswith("by_id"))
    wanted.discard(None)
    found = {each: Member(each, "", "", "") for each in wanted}
    for row in Membership.objects.filter(pk__in=wanted):
        found[row.pk] = Member(row.pk, row.name, row.credentials, row.role)
    return found


class _Composer:
    """Puts one session's rows together. ``raw`` are the arrays that the database gathered beside the encounter."""

    def __init__(
        self, encounter: Encounter, readings: Sequence[tuple[Any, ...]], people: Mapping[int, Member], now: datetime
    ) -> None:
        self.encounter = encounter
        self.people = people
        self.now = now
        self.raw: dict[str, list[Raw]] = {name: getattr(encounter, f"its_{name}") for name in _SUBQUERIES}
        self.struck = {
            (row["of"], row["row_id"]): Strike(row["id"], row["reason"], _at(row["at"]), self.by(row))
            for row in self.raw["struck"]
        }  # fmt: skip
        corrected = {row[14] for row in readings if row[14] is not None}
        self.readings = tuple(
            Reading(
                row[1], row[2], row[3], row[4], _at(row[5]), _at(row[6]) if row[6] else None, _at(row[7]), row[8],
                row[9], row[10], people[row[11]] if row[11] else None, row[12], row[13], row[14], row[1] in corrected,
                ("reading", row[1]) in self.struck,
            )
            for row in readings
        )  # fmt: skip

    def by(self, row: Raw, name: str = "by_id") -> Member | None:
        return self.people[row[name]] if row[name] else None

    def record(self) -> SessionRecord:
        encounter = self.encounter
        patient, plan, booked = encounter.patient, encounter.care_plan, encounter.appointment
        order = order_from(plan, encounter.order_before)  # type: ignore[attr-defined]
        rule = _released(encounter.protocol_id, encounter.protocol_version)
        schedule = tuple(int(each) for each in rule.fact("schedule")) if rule else ()
        states, doses, changes = self.states(), self.doses(), self.alarm_changes()
        over = states[-1].at if states and states[-1].state in FINAL else None
        steps, wasted = self.steps(), self.wasted()
        found = SessionRecord(
            encounter_id=encounter.pk,
            clinic_id=encounter.clinic_id,
            composed_at=self.now,
            patient=Subject(
                patient.pk, patient.record_number, patient.name, patient.birth_date, patient.sex, patient.restricted
            ),
            plan=Plan(plan.pk, plan.title, order.indication, order.dose_mg, order.planned_sessions),
            protocol=FrozenProtocol(encounter.protocol_id, encounter.protocol_version, encounter.protocol_hash, rule),
            schedule=schedule,
            chair=encounter.chair.name,
            chair_id=encounter.chair_id,
            appointment_id=booked.pk,
            booked_from=booked.during.lower,
            booked_until=booked.during.upper,
            companion_name=booked.companion.name if booked.companion else "",
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
            measures=self.measures(doses[0].started_at if doses else encounter.opened_at, over or self.now),
            gaps=self.gaps(schedule, doses[0].started_at, over) if doses else (),
            signatures=tuple(
                Signature(row["id"], row["content_hash"], _at(row["at"]), self.by(row))
                for row in self.raw["signatures"]
            ),
            addenda=tuple(
                AddedLater(row["id"], row["text"], _at(row["at"]), self.by(row)) for row in self.raw["addenda"]
            ),
            steps=steps,
            wasted=wasted,
            by_hand=self.by_hand(),
            papers=self.papers(states),
            struck=self.struck,
        )
        return replace(found, given=tuple(self.went_in(found, each) for each in doses))

    def states(self) -> tuple[StateEntry, ...]:
        return tuple(
            StateEntry(
                row["seq"], State(row["state"]), _at(row["at"]), self.by(row), row["reason"], tuple(row["overridden"]),
                row["basis"],
            )
            for row in self.raw["states"]
        )  # fmt: skip

    def checks(self) -> tuple[Check, ...]:
        rows = sorted(self.raw["checks"], key=lambda row: int(row["id"]))
        newest = {row["item_id"]: row["id"] for row in rows if ("check", row["id"]) not in self.struck}
        return tuple(
            Check(
                row["id"], row["item_id"], row["outcome"] == "passed", row["value"], row["note"], _at(row["at"]),
                self.by(row), newest.get(row["item_id"]) == row["id"],
            )
            for row in self.raw["checks"]
        )  # fmt: skip

    def prepared(self) -> tuple[DosePrepared, ...]:
        return tuple(
            DosePrepared(
                row["id"], row["drug"], row["route"], Decimal(row["mg"]), row["lot"], _at(row["at"]), self.by(row),
                _decimal(row["drawn_mg"]), row["vial"], _day(row["expires_on"]), _decimal(row["stock"]),
                _decimal(row["drawn_ml"]), _decimal(row["total_ml"]), _decimal(row["over_min"]), _decimal(row["rate"]),
                row["devices"],
            )
            for row in self.raw["prepared"]
        )  # fmt: skip

    def doses(self) -> tuple[Dose, ...]:
        return tuple(
            Dose(
                row["id"], row["drug"], row["route"], Decimal(row["mg"]), Decimal(row["minutes"]), row["lot"],
                _day(row["expires_on"]), _at(row["started_at"]),
                self.by(row, "given_by_id"), self.by(row, "checked_by_id"),
                None if row["checked_at"] is None else _at(row["checked_at"]),
                _at(row["recorded_at"]), row["note"], _decimal(row["drawn_mg"]), row["vial"], _decimal(row["stock"]),
                _decimal(row["total_ml"]), _decimal(row["rate"]), row["devices"], row["plan_version_id"],
            )
            for row in self.raw["doses"]
        )  # fmt: skip

    def steps(self) -> tuple[DoseStep, ...]:
        return tuple(
            DoseStep(
                row["id"], row["dose_id"], row["kind"], _decimal(row["rate"]), _decimal(row["remaining_ml"]),
                _decimal(row["amount_mg"]), row["note"], _at(row["at"]), _at(row["recorded_at"]), self.by(row),
            )
            for row in self.raw["steps"]
        )  # fmt: skip

    def wasted(self) -> tuple[Wasted, ...]:
        return tuple(
            Wasted(
                row["id"], Decimal(row["amount_mg"]), row["how"], _at(row["at"]), self.by(row),
                self.by(row, "witness_by_id"), _at(row["witnessed_at"]) if row["witnessed_at"] else None,
            )
            for row in self.raw["waste"]
        )  # fmt: skip

    def by_hand(self) -> tuple[ByHand, ...]:
        return tuple(
            ByHand(
                row["id"], row["name"], row["ingredient"], _decimal(row["quantity"]), row["unit"], row["route"],
                row["note"], tuple(row["warned"]), _at(row["given_at"]), _at(row["recorded_at"]), self.by(row),
            )
            for row in self.raw["by_hand"]
        )  # fmt: skip

    def went_in(self, record: SessionRecord, dose: Dose) -> GivenDose:
        """What of a dose went in: by the one arithmetic that the session's page and its guards use too."""
        prepared, steps = _prepared_as(dose), [_step_as(each) for each in record.steps]
        found = given.delivered(prepared, steps, self.now, record.left_dosing_at)
        wasted = self._wasted_of_people() if dose is record.doses[0] else []  # a waste names its session, not its dose
        sums = given.balance(found, prepared, wasted) if isinstance(found, Delivered) else None
        return GivenDose(dose, found, sums, told=any(each.dose_id == dose.id for each in steps))

    def _wasted_of_people(self) -> list[given.Wasted]:
        """The wastes with the people behind the memberships: two roles of one person are no two people."""
        return [
            given.Wasted(
                each.id, each.mg, each.how, each.at, str(each.by or ""), row["by_person_id"], str(each.witness or ""),
                row["witness_person_id"], each.witnessed_at,
            )
            for each, row in zip(self.wasted(), self.raw["waste"], strict=True)
        ]  # fmt: skip

    def papers(self, states: Iterable[StateEntry]) -> Papers:
        """What the bases of the steps name by its number."""
        bases = [each.basis for each in states]
        decisions = {each.get("decision") for each in bases}
        agreements = {number for each in bases for number in each.get("agreements", ())}
        versions = {each.get("plan_version") for each in bases}
        return Papers(
            {
                row["id"]: Accepted(row["id"], row["kind"], _at(row["decided_at"]), row["decider_name"])
                for row in self.raw["decisions"]
                if row["id"] in decisions
            },
            {
                row["id"]: Agreed(row["id"], row["document_id"], row["document_version"], _at(row["signed_at"]))
                for row in self.raw["agreements"]
                if row["id"] in agreements
            },
            {
                row["id"]: Ordered(
                    row["id"], row["number"], _at(row["signed_at"]) if row["signed_at"] else None,
                    self.by(row, "signed_by_id"),
                )
                for row in self.raw["versions"]
                if row["id"] in versions
            },
        )  # fmt: skip

    def alarm_changes(self) -> tuple[AlarmChange, ...]:
        return tuple(
            AlarmChange(
                row["id"], row["rule_id"], row["rule_version"], row["rule_hash"], row["code"], row["kind"],
                row["priority"], _at(row["at"]), row["why"], _float(row["value"]), _float(row["limit"]),
                _float(row["baseline"]), row["note"], self.by(row),
            )
            for row in self.raw["alarms"]
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
            for row in self.raw["monitors"]
        )  # fmt: skip

    def events(self) -> tuple[Event, ...]:
        return tuple(
            Event(
                row["id"], row["kind"], row["note"], _at(row["at"]), _at(row["recorded_at"]), self.by(row),
                row["grade"], row["measure"], row["effect"], row["about_id"],
            )
            for row in self.raw["events"]
        )  # fmt: skip

    def left(self) -> Left | None:
        for row in self.raw["left"]:
            return Left(
                row["id"], row["companion_id"], row["companion_name"], row["criteria"], _at(row["at"]), self.by(row)
            )
        return None

    def measures(self, began: datetime, until: datetime) -> tuple[Measure, ...]:
        """The newest of each questionnaire before the dose (or the opening), and those completed during the session."""
        found: dict[tuple[str, bool], Measure] = {}
        for row in self.raw["measures"]:  # the oldest first: the newest stays
            at = _at(row["completed_at"])
            if at > until:
                break
            during = at > began
            found[row["scale_id"], during] = Measure(
                row["id"], row["scale_id"], row["scale_version"], row["scale_hash"], at,
                None if row["points"] is None else Decimal(row["points"]), row["band"], row["safety_positive"], during,
            )  # fmt: skip
        return tuple(sorted(found.values(), key=lambda each: (each.completed_at, each.scale_id)))

    def gaps(self, schedule: Sequence[int], began: datetime, over: datetime | None) -> tuple[Gap, ...]:
        """Missed checks. A check is what somebody typed, or a pressure, as on the session's page."""
        made = {
            each.at
            for each in self.readings
            if not each.doubt and not each.struck and (each.method == TYPED or each.code in SYSTOLIC)
        }
        if not schedule:
            return ()
        due = next_check_due(schedule, began, made, over or self.now)
        missed = list(due.missed)
        if over is not None and due.next is not None and due.next.due_at <= over:
            missed.append(due.next)  # it was still due when the patient left
        return tuple(Gap(each) for each in missed)


def _released(protocol_id: str, version: str) -> Rule | None:
    try:
        return book().rule(protocol_id, int(version))
    except (KeyError, ValueError):
        return None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _prepared_as(dose: Dose) -> given.Dose:
    return given.Dose(
        dose.id, dose.drug, dose.route, dose.dose_mg, dose.drawn_mg, dose.duration_min, dose.lot, dose.vial,
        dose.stock_mg_per_ml, dose.total_ml, dose.rate_ml_per_h, dose.devices, dose.started_at,
        str(dose.given_by or ""), str(dose.checked_by or ""), dose.note,
    )  # fmt: skip


def _step_as(row: DoseStep) -> given.DoseStep:
    return given.DoseStep(
        row.id, row.dose_id, row.kind, row.rate_ml_per_h, row.remaining_ml, row.mg, row.note, row.at, str(row.by or "")
    )


def _float(value: float | None) -> float | None:
    """JSON writes 92.0 as 92."""
    return None if value is None else float(value)


def _array(rows: QuerySet[Any], *names: str, **expressions: Any) -> ArraySubquery:
    return ArraySubquery(rows.values(row=JSONObject(**{name: F(name) for name in names}, **expressions)))


def _exactly(name: str) -> Cast:
    """A decimal as text: JSON would make a float of it."""
    return Cast(name, TextField())


def _of_session(model: type[Model], *order: str) -> QuerySet[Any]:
    return model._default_manager.filter(encounter_id=OuterRef("pk")).order_by(*order)


_DRAWN = {
    "drawn_mg": _exactly("drawn_mg"), "stock": _exactly("stock_mg_per_ml"), "total_ml": _exactly("total_ml"),
    "rate": _exactly("rate_ml_per_h"),
}  # fmt: skip


def _subqueries() -> dict[str, ArraySubquery]:
    answered = QuestionnaireResponse.objects.filter(patient_id=OuterRef("patient_id"), completed_at__isnull=False)
    return {
        "states": _array(
            _of_session(SessionState, "seq"), "seq", "state", "at", "by_id", "reason", "overridden", "basis"
        ),
        "checks": _array(
            _of_session(CheckResult, "at", "id"), "id", "item_id", "outcome", "value", "note", "at", "by_id"
        ),
        "prepared": _array(
            _of_session(DoseCheck, "id"),
            "id", "drug", "route", "lot", "at", "by_id", "vial", "expires_on", "devices", mg=_exactly("dose_mg"),
            drawn_ml=_exactly("drawn_ml"), over_min=_exactly("over_min"), **_DRAWN,
        ),
        "doses": _array(
            _of_session(MedicationAdministration, "started_at", "id"),
            "id", "drug", "route", "lot", "expires_on", "started_at", "given_by_id", "checked_by_id", "checked_at",
            "recorded_at", "note", "vial", "devices", "plan_version_id", mg=_exactly("dose_mg"),
            minutes=_exactly("duration_min"), **_DRAWN,
        ),
        "steps": _array(
            _of_session(DoseEvent, "at", "id"),
            "id", "dose_id", "kind", "note", "at", "recorded_at", "by_id", rate=_exactly("rate_ml_per_h"),
            remaining_ml=_exactly("remaining_ml"), amount_mg=_exactly("mg"),
        ),
        "waste": _array(
            _of_session(Waste, "at", "id"),
            "id", "how", "at", "by_id", amount_mg=_exactly("mg"), by_person_id=F("by__person_id"),
            witness_by_id=F("witness__by_id"), witness_person_id=F("witness__by__person_id"),
            witnessed_at=F("witness__at"),
        ),
        "by_hand": _array(
            _of_session(GivenMedicine, "given_at", "id"),
            "id", "name", "ingredient", "unit", "route", "note", "warned", "given_at", "recorded_at", "by_id",
            quantity=_exactly("amount"),
        ),
        "alarms": _array(
            _of_session(AlarmEvent, "at", "id"),
            "id", "rule_id", "rule_version", "rule_hash", "code", "kind", "priority", "at", "why", "value", "limit",
            "baseline", "note", "by_id",
        ),
        "monitors": _array(
            _of_session(DeviceAssociation, "from_at", "id"),
            "id", "device_id", "from_at", "from_by_id", "until_at", "until_by_id",
            name=F("device__name"), maker=F("device__maker"),
        ),
        "events": _array(
            _of_session(SessionEvent, "at", "id"),
            "id", "kind", "note", "at", "recorded_at", "by_id", "grade", "measure", "effect", "about_id",
        ),
        "left": _array(
            _of_session(Discharge, "id"), "id", "companion_id", "companion_name", "criteria", "at", "by_id"
        ),
        "measures": _array(
            answered.order_by("completed_at", "id"),
            "id", "scale_id", "scale_version", "scale_hash", "completed_at", "band", "safety_positive",
            points=_exactly("score"),
        ),
        "struck": _array(_of_session(EnteredInError, "id"), "id", "of", "row_id", "reason", "at", "by_id"),
        "signatures": _array(_of_session(RecordSignature, "at", "id"), "id", "content_hash", "at", "by_id"),
        "addenda": _array(_of_session(Addendum, "at", "id"), "id", "text", "at", "by_id"),
        "decisions": _array(
            CandidacyDecision.objects.filter(patient_id=OuterRef("patient_id")).order_by("id"),
            "id", "kind", "decided_at", "decider_name",
        ),
        "agreements": _array(
            Consent.objects.filter(patient_id=OuterRef("patient_id")).order_by("id"),
            "id", "document_id", "document_version", "signed_at",
        ),
        "versions": _array(
            PlanVersion.objects.filter(care_plan_id=OuterRef("care_plan_id")).order_by("id"),
            "id", "number", "signed_at", "signed_by_id",
        ),
    }  # fmt: skip


_SUBQUERIES = _subqueries()

# The order under which a session ran is the one that stood at its first dose, or else when it was opened: a plan that
# is signed later changes no record. The first signature after that moment holds what it set aside.
_ORDERED_BY = Coalesce(
    Subquery(
        MedicationAdministration.objects.filter(encounter=OuterRef("pk"))
        .order_by("started_at")
        .values("started_at")[:1]
    ),
    F("opened_at"),
)
_ORDER_BEFORE = Subquery(
    PlanVersion.objects.filter(care_plan=OuterRef("care_plan_id"), signed_at__gt=OuterRef("ordered_by"))
    .order_by("signed_at")
    .values("before")[:1]
)
