"""What is signed: every column of every table whose rows a signature stands under is in the signed content.

A new column that nobody adds to it could be changed under a signature, and nobody would see it. So each column is read
by name from the record and the content must change with it, or the table below says why it stands outside. How to add
one so that what was signed before stays whole: docs/how-to/add-a-signed-column.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import pytest
from django.db import models
from django.utils import timezone

from sojourn.care.alarms.models import AlarmEvent
from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.chart import content as signed_content
from sojourn.care.chart.content import content_hash
from sojourn.care.chart.queries import session_record
from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import Event, Member
from sojourn.care.consent.models import Consent
from sojourn.care.encounter.models import Encounter, SessionState
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.plan import dose
from sojourn.care.plan.models import PlanVersion
from sojourn.care.session.models import (
    CheckResult,
    Discharge,
    DoseCheck,
    DoseEvent,
    EnteredInError,
    GivenMedicine,
    MedicationAdministration,
    SessionEvent,
    Waste,
    WasteWitness,
)
from sojourn.care.vitals.models import DeviceAssociation, Observation
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.scope import SessionScope
from tests.care.stage import adopt_everything, to_dosing
from tests.care.test_record_content import MORE, old_session
from tests.conftest import Cast
from tests.interfaces import every_row

HEAD: Final = "signed once, at the head of the content"
NAME: Final = "people are signed by their number: a name may be put right"
DO = "add it to the signed content (docs/how-to/add-a-signed-column.md), or say in this file why it stands outside"


@dataclass(frozen=True)
class Signed:
    """``rows``: the field of SessionRecord that holds the rows of a table. ``named``: what a column is called there.
    ``outside``: why a column is not signed."""

    rows: str
    named: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)


FORM: Final = "the number of the form that sent it, so that it counts once"
ANSWERED: Final = "the record quotes a score; how it was answered stands with the answers, which nobody can change"

RECORD: dict[type[models.Model], Signed] = {
    SessionState: Signed("states", outside={"id": "a state is signed by its number in the session"}),
    CheckResult: Signed("checks", {"outcome": "passed"}),
    DoseCheck: Signed("prepared"),
    MedicationAdministration: Signed("doses", {"plan_version": "plan_version_id"}),
    DoseEvent: Signed("steps", {"dose": "dose_id"}),
    Waste: Signed("wasted", outside={"key": FORM}),
    WasteWitness: Signed(
        "wasted", {"at": "witnessed_at", "by": "witness", "waste": "id"}, {"id": "a waste has one witness"}
    ),
    GivenMedicine: Signed("by_hand", outside={"key": FORM}),
    SessionEvent: Signed("events", {"about": "about_id"}, {"by_name": NAME}),
    EnteredInError: Signed("struck"),
    Discharge: Signed("left", {"escort": "escort_id"}),
    Observation: Signed(
        "readings", {"effective_at": "at", "by_id": "by"},
        {"source": "which of a monitor's signals it was: the message is signed by its number and kept to the byte"},
    ),
    AlarmEvent: Signed("alarm_changes"),
    DeviceAssociation: Signed("monitors", {"device": "device_id"}),
    QuestionnaireResponse: Signed(
        "measures", outside=dict.fromkeys(
            ("request", "language", "started_at", "family", "source", "parts", "findings", "rater", "origin",
             "entered_by"), ANSWERED,
        ),
    ),
}  # fmt: skip
# The session itself: the columns of an encounter, and where in the record they stand.
HEADER: Final = {
    "id": ("encounter_id",), "care_plan": ("plan", "id"), "appointment": ("appointment_id",), "chair": ("chair_id",),
    "protocol_id": ("protocol", "id"), "protocol_version": ("protocol", "version"),
    "protocol_hash": ("protocol", "hash"), "opened_at": ("opened_at",),
}  # fmt: skip
# Tables of a session that no signature stands under.
NOT_SIGNED: Final = {
    "RecordSignature": "the signature itself", "Addendum": "what is added after a signature, under its own name",
    "PatientConfirmed": "whose monitor it is: what was taken from it is signed",
    "HeldReading": "it is a reading of the session once somebody has said whose it is, and signed as one",
    "PostedWrong": "what a monitor took back, and the answer to it: the readings themselves are signed",
    "CurrentVital": "what is shown now, and no history", "AlarmState": "what sounds now; its history is signed",
}  # fmt: skip
OF_PLAN: Final = {
    "id": "signed as the version", "clinic": "a patient is of one clinic", "care_plan": "given by the first signature",
    "revision": "counts the edits of the draft",
    **dict.fromkeys(
        ("drafted_at", "drafted_by", "edited_at", "edited_by", "discarded_at", "discarded_by", "dosed_by"),
        "the history of the draft, not what is ordered",
    ),
    **dict.fromkeys(
        ("beyond", "beyond_reason", "standing", "before", "content_hash", "signed_at", "signed_by"),
        "written by the signature, beside what it stands under",
    ),
}  # fmt: skip
SHOWN, SIGNED = (
    "in the content, as it was shown",
    "the patient's own hand under the content; no row of it is ever changed",
)
OF_CONSENT: Final = {
    "id": "given after the signature", "content": "hashed", "content_hash": "the hash itself",
    **dict.fromkeys(("document_id", "document_version", "language", "route", "jurisdiction"), SHOWN),
    **dict.fromkeys(("decision", "statements", "signed_name", "drawn", "nonce", "signed_at"), SIGNED),
}  # fmt: skip
OF_DECISION: Final = {
    "id": "given after the signature", "clinic": "a patient is of one clinic", "content_hash": "the hash itself"
}  # fmt: skip


# ---------------------------------------------------------------- the record of a session


@pytest.fixture
def written(clinic: Cast) -> tuple[Encounter, dict[type[models.Model], Any]]:
    """A session with a row in every table that is signed, and something in every column of it."""
    adopt_everything(clinic)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        stage = to_dosing(clinic)
        rows = {}
        for model in RECORD:
            said = every_row.whole(model, **exactly(clinic).get(model, {}))
            rows[model] = every_row.make(model, clinic, stage.patient, "word", said)
        assert stage.encounter is not None
    return stage.encounter, rows


def exactly(clinic: Cast) -> dict[type[models.Model], dict[str, Any]]:
    """What rules of the program or of the database want of a row."""
    return {
        SessionState: {"seq": 9, "state": "paused", "overridden": ["weight"], "basis": {"plan_version": 1}},
        CheckResult: {"outcome": "passed"},
        GivenMedicine: {"warned": [{"code": "shown"}]},
        WasteWitness: {"by": clinic.members["prescriber"]},
        Observation: {"method": "typed"},
    }


def columns(model: type[models.Model]) -> list[str]:
    head = {"clinic", "patient", "encounter", "clinic_id", "patient_id", "encounter_id"}
    return [each.name for each in model._meta.concrete_fields if each.name not in head]


def plain(value: Any) -> Any:
    """As it is compared: a person and a thing by number, amounts as numbers."""
    if isinstance(value, Member):
        return value.id
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal | float):
        return float(value)
    return list(value) if isinstance(value, tuple) else value


def other(value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case None:
            return 1
        case Member():
            return replace(value, id=value.id + 1)
        case datetime():
            return value + timedelta(seconds=1)
        case date():
            return value + timedelta(days=1)
        case Enum():
            return next(each for each in type(value) if each is not value)
        case str():
            return f"{value}x"
        case dict():
            return {**value, "more": 1}
        case tuple():
            return (*value, *({"more": "1"},)) if value and isinstance(value[0], dict) else (*value, "more")
        case _:
            return value + 1


def of_record(record: SessionRecord, signed: Signed, number: int) -> Any:
    rows = getattr(record, signed.rows)
    if signed.rows == "struck":
        return next(each for each in rows.values() if each.id == number)
    rows = rows if isinstance(rows, tuple) else (rows,)
    return next(each for each in rows if getattr(each, "id", getattr(each, "seq", 0)) == number)


def with_another(record: SessionRecord, signed: Signed, row: Any, changed: Any) -> SessionRecord:
    rows = getattr(record, signed.rows)
    if signed.rows == "struck":
        return replace(record, struck={key: changed if each is row else each for key, each in rows.items()})
    if not isinstance(rows, tuple):
        return replace(record, **{signed.rows: changed})
    return replace(record, **{signed.rows: tuple(changed if each is row else each for each in rows)})


def altered(whole: Any, name: str, *inside: str) -> Any:
    """A copy in which one field, or a field of a field, has another value."""
    now = getattr(whole, name)
    return replace(whole, **{name: altered(now, *inside) if inside else other(now)})


def faults(record: SessionRecord, model: type[models.Model], row: Any) -> list[str]:
    signed = RECORD[model]
    number = row.seq if model is SessionState else row.waste_id if model is WasteWitness else row.pk
    found, signed_now, wrong = of_record(record, signed, number), content_hash(record), []
    for column in columns(model):
        name = signed.named.get(column, column)
        if column in signed.outside or (model, column) in ELSEWHERE:
            continue
        if not hasattr(found, name):
            wrong.append(f"{model.__name__}.{column} does not reach the record")
        elif name != "passed" and plain(getattr(found, name)) != plain(getattr(row, column)):
            wrong.append(f"{model.__name__}.{column} reaches the record as {getattr(found, name)!r}")
        elif content_hash(with_another(record, signed, found, altered(found, name))) == signed_now:
            wrong.append(f"{model.__name__}.{column} can be changed under a signature")
    return wrong


# Which entry was struck is the key under which the strike stands; its own test is beside this one.
ELSEWHERE: Final = {(EnteredInError, "of"), (EnteredInError, "row_id")}


def test_every_column_of_a_session_is_signed(written: tuple[Encounter, dict[type[models.Model], Any]], clinic: Cast):
    encounter, rows = written
    with acting_as(clinic.actor("nurse")):
        record = session_record(SessionScope(encounter.pk), now=timezone.now() + timedelta(seconds=5))
        wrong = [fault for model, row in rows.items() for fault in faults(record, model, row)]
    assert not wrong, f"{wrong}: {DO}"
    assert set(HEADER) == set(columns(Encounter)), f"Encounter: {DO}"
    for where in HEADER.values():
        assert content_hash(altered(record, *where)) != content_hash(record), where
    struck = {("event", 1): next(iter(record.struck.values()))}
    assert content_hash(replace(record, struck=struck)) != content_hash(record)


def test_every_table_of_a_session_is_signed_or_says_why_not():
    of_session = {each for each in every_row.tables() if any(one.name == "encounter" for one in each._meta.fields)}
    open_ones = {each.__name__ for each in of_session - RECORD.keys()} - NOT_SIGNED.keys()
    assert not open_ones, f"{open_ones}: {DO}"
    gone = {name for model, signed in RECORD.items() for name in signed.outside if name not in columns(model)}
    assert not gone, f"{gone} stand outside and are no columns"


# ---------------------------------------------------------------- plan, decision, agreement


def unsigned(row: Any, hashed: Callable[[Any], str], outside: Mapping[str, str]) -> list[str]:
    """The columns that may change without another hash."""
    found = []
    for column in row._meta.concrete_fields:
        before, was = hashed(row), getattr(row, column.attname)
        setattr(row, column.attname, changed(column, was))
        if hashed(row) == before and column.name not in outside:
            found.append(column.name)
        setattr(row, column.attname, was)
    return found


def changed(column: models.Field[Any, Any], was: Any) -> Any:
    if was is None:
        return every_row.plain(column)
    return [*was, 1] if isinstance(was, list) else other(was)


def test_every_column_of_a_plan_is_signed():
    left = unsigned(PlanVersion(pk=1, patient_id=1, number=1), dose.content_hash, OF_PLAN)
    assert not left, f"PlanVersion {left}: {DO}"


def test_every_column_of_a_decision_is_signed():
    row = CandidacyDecision(pk=1, patient_id=1, decided_at=timezone.now(), decided_by_id=1, basis={})
    left = unsigned(row, candidacy_actions.content_hash, OF_DECISION)
    assert not left, f"CandidacyDecision {left}: {DO}"


def test_every_column_of_an_agreement_is_shown_or_is_the_signature():
    assert set(columns(Consent)) == set(OF_CONSENT), f"Consent: {DO}"
    assert Consent.append_only


# ---------------------------------------------------------------- what was signed before a column came


@dataclass(frozen=True, slots=True)
class EventWithOxygen(Event):
    """An event as it would be with a new column."""

    litres_min: Decimal | None = None


def with_oxygen(record: SessionRecord, litres: Decimal | None) -> SessionRecord:
    """The record as the program with the new column reads it."""
    rows = [EventWithOxygen(**{one.name: getattr(each, one.name) for one in fields(each)}) for each in record.events]
    return replace(record, events=(*rows[:-1], replace(rows[-1], litres_min=litres)))


@pytest.mark.parametrize("session", [old_session, lambda: MORE["a grade"](old_session())], ids=["first", "second form"])
def test_what_was_signed_before_a_column_came_stays_whole(
    session: Callable[[], SessionRecord], monkeypatch: pytest.MonkeyPatch
):
    record = session()
    before = content_hash(record)
    monkeypatch.setattr(signed_content, "LATER", {"events": ("litres_min",)})
    assert content_hash(with_oxygen(record, None)) == before, "signed before the column came"
    four, six = (content_hash(with_oxygen(record, Decimal(litres))) for litres in (4, 6))
    assert len({before, four, six}) == 3, "the new column is signed where it is filled"


def test_a_plan_signed_before_a_column_came_stays_whole(monkeypatch: pytest.MonkeyPatch):
    version = PlanVersion(pk=1, patient_id=1, number=1)
    before = dose.content_hash(version)
    monkeypatch.setattr(dose, "LATER_FIELDS", ("beyond_reason",))
    assert dose.content_hash(version) == before
    version.beyond_reason = "said"
    assert dose.content_hash(version) != before
