"""The rows of a session as the database gathers them: one array of JSON objects for each kind, beside the session.

There is one text for each kind. The snapshot asks for all of them, the board and the streams for those of ``NOW``, with
a connection of their own; so nobody reads another row than another does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, Func, JSONField, Model, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce
from psycopg import sql

from sojourn.care.alarms.models import AlarmState, CurrentVital
from sojourn.care.alarms.queries import OPEN
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.session.calls import KINDS as CALLS
from sojourn.care.session.models import (
    CheckResult,
    DoseCheck,
    DoseEvent,
    EnteredInError,
    GivenMedicine,
    MedicationAdministration,
    SessionEvent,
    StruckKind,
    Waste,
)
from sojourn.care.session.queries import strikes_of
from sojourn.care.vitals.models import Device, DeviceAssociation, Observation
from sojourn.clinical import recovery
from sojourn.clinical.alarms import Phase
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.rulebook.queries import ids_of
from sojourn.foundation.scope import MemberScope, SessionScope, clinic_rows, one_row, rows_of

# What the board and the streams ask for, every tenth of a second.
NOW: Final = ("state_now", "first_dose", "vitals_now", "alarms", "monitors", "calls")


def array(rows: QuerySet[Any], *names: str, **expressions: Any) -> ArraySubquery:
    """``rows`` as an array of JSON objects, with the columns ``names`` and what else is said of each."""
    return ArraySubquery(rows.values(row=_object({name: F(name) for name in names} | expressions)))


def _object(values: Mapping[str, Any]) -> Func:
    """A JSON object. Django's own asks the server for its version first, which the streams, who ask through another
    connection, could not wait for."""
    parts = [part for name, each in values.items() for part in (Cast(Value(name), TextField()), each)]
    return Func(*parts, function="JSONB_BUILD_OBJECT", output_field=JSONField())


def of_session(model: type[Model], *order: str) -> QuerySet[Any]:
    """The rows of the session that the array stands beside."""
    return rows_of(model, SessionScope, OuterRef("pk")).order_by(*order)


def _source(name: str) -> Subquery:
    """A column of the reading that a signal shows."""
    struck = Exists(strikes_of(StruckKind.READING, OuterRef("pk")))
    rows = (
        rows_of(Observation, SessionScope, OuterRef("encounter_id"))
        .filter(~struck, effective_at=OuterRef("effective_at"), code=OuterRef("code"))
        .order_by("-id")
    )
    tables: dict[str, type[Model]] = {"device": Device, "by": Membership}
    if name in tables:
        named = one_row(tables[name], OuterRef(f"{name}_id")).values("name")[:1]
        return Subquery(rows.annotate(name=Subquery(named)).values("name")[:1])
    return Subquery(rows.values(name)[:1])


def _name(column: str) -> Coalesce:
    """The name of a member of the clinic; "" for whoever may not see the members: a patient who says no loads their own
    session, and joining the members would take the rows away with the names."""
    return Coalesce(_member(column, "name"), Value(""))


def _person(column: str) -> Subquery:
    """The person behind a membership; None as above."""
    return _member(column, "person_id")


def _member(column: str, value: str) -> Subquery:
    return Subquery(rows_of(Membership, MemberScope, OuterRef(f"{column}_id")).values(value)[:1])


_DRAWN: Final = ("drawn_mg", "vial", "expires_on", "stock_mg_per_ml", "total_ml", "rate_ml_per_h", "devices")
# An alarm that exists, or that is over and that nobody has seen.
_TO_SEE: Final = Q(phase__in=OPEN) | Q(phase=Phase.RECOVERED.value, acknowledged_at=None)


def _subqueries() -> dict[str, ArraySubquery]:
    monitors = of_session(DeviceAssociation, "id").filter(until_at=None)
    vitals = of_session(CurrentVital, "id")
    events = of_session(SessionEvent, "at", "id")
    doses = of_session(MedicationAdministration, "started_at", "id")
    measured = of_session(Observation, "effective_at", "id").filter(Q(method="typed") | Q(code__in=SYSTOLIC))
    decisions = (
        clinic_rows(RuleAdoption)
        .filter(Q(rule_id=OuterRef("protocol_id")) | Q(rule_id__in=sorted(ids_of(*recovery.KINDS))))
        .order_by("rule_id", "-id")
        .distinct("rule_id")
    )
    return {
        "states": array(
            of_session(SessionState, "seq"),
            "seq", "state", "at", "reason", "overridden", "basis", "by_id", by=_name("by"),
        ),
        "state_now": array(of_session(SessionState, "-seq")[:1], "seq", "state", "at"),
        "checks": array(
            of_session(CheckResult, "id"),
            "id", "item_id", "outcome", "value", "note", "at", "by_id", by=_name("by"),
        ),
        "dose_checks": array(
            of_session(DoseCheck, "id"), "id", "drug", "route", "dose_mg", "lot", "at", "by_id", *_DRAWN,
            "drawn_ml", "over_min", person_id=_person("by"), by=_name("by"),
        ),
        "doses": array(
            doses, "id", "drug", "route", "dose_mg", "lot", "duration_min", "started_at", "note", *_DRAWN,
            "plan_version_id", "given_by_id", "checked_by_id", "checked_at", "recorded_at", by=_name("given_by"),
            checked_by=_name("checked_by"),
        ),
        "first_dose": array(doses[:1], "started_at"),
        "steps": array(
            of_session(DoseEvent, "at", "id"), "id", "dose_id", "kind", "rate_ml_per_h", "remaining_ml", "mg", "note",
            "at", "recorded_at", "by_id", by=_name("by"),
        ),
        "waste": array(
            of_session(Waste, "at", "id"), "id", "mg", "how", "at", "by_id", by=_name("by"), by_person=_person("by"),
            witness_name=F("witness__by__name"), witness_by_id=F("witness__by_id"),
            witness_person=F("witness__by__person_id"), witnessed_at=F("witness__at"),
        ),
        "by_hand": array(
            of_session(GivenMedicine, "given_at", "id"), "id", "name", "ingredient", "amount", "unit", "route", "note",
            "warned", "given_at", "recorded_at", "by_id", by=_name("by"),
        ),
        "vitals": array(
            vitals, "code", "value", "doubt", "baseline",
            at=F("effective_at"), method=_source("method"), device=_source("device"), by=_source("by"),
        ),
        "vitals_now": array(vitals, "code", "value", "doubt", "source", at=F("effective_at")),
        "alarms": array(
            of_session(AlarmState, "id").filter(_TO_SEE), "rule_id", "code", "phase", "priority", "since_at", "why",
            "value", "limit", acknowledged_by=F("acknowledged_by_name"),
        ),
        "monitors": array(
            monitors, "device_id", name=F("device__name"), seen_at=F("device__last_seen_at"),
            skew_s=F("device__clock_skew_s"),
        ),
        "events": array(
            events, "id", "kind", "note", "at", "grade", "measure", "effect", "about_id", "recorded_at", "by_id",
            "amount", "unit", by=_name("by"),
        ),
        "calls": array(events.filter(kind__in=sorted(CALLS)), "id", "kind", "note", "at", "by_name"),
        "measured": array(
            measured, "code", "value", "doubt", "id", "method", at=F("effective_at"), by=_member("by", "name"),
        ),
        "strikes": array(
            of_session(EnteredInError, "id"), "id", "of", "row_id", "reason", "at", "by_id", by=F("by__name")
        ),
        "adoption": array(decisions, "rule_id", "version", "rule_hash", "parameters", "retired"),
    }  # fmt: skip


@cache
def _written() -> dict[str, tuple[str, tuple[Any, ...], Any]]:
    """The subqueries as SQL. Writing it takes Django several times as long as answering it takes the database, and it
    is the same for every session."""
    query = clinic_rows(Encounter).annotate(**{f"its_{name}": each for name, each in _subqueries().items()}).query
    compiler = query.get_compiler("default")
    compiler.setup_query()
    found = {}
    for name, each in query.annotations.items():
        text, values = compiler.compile(each)
        found[name.removeprefix("its_")] = (text, tuple(values), each.output_field)
    return found


@cache
def whole() -> dict[str, RawSQL]:
    """Every part of a snapshot, by name, to stand beside a session that Django loads."""
    return {
        name: RawSQL(text, values, field)  # noqa: S611 - our own words
        for name, (text, values, field) in _written().items()
        if name not in NOW or name in ("alarms", "monitors")
    }


@cache
def now_columns() -> str:
    """The parts of ``NOW`` in order, as the columns of a statement over ``encounter_encounter``. Its few values are
    constants of ours and stand in the text: the streams ask through a connection that knows nothing of Django."""
    columns = []
    for name in NOW:
        text, values, _field = _written()[name]
        literals = [sql.Literal(value).as_string(None) for value in values]
        assert text.count("%") == len(literals), name
        assert not any("%" in each for each in literals), name
        columns.append(text % tuple(literals))
    return ",\n  ".join(columns)
