"""Enter, import and take back what clinicians and laboratories know of a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from sojourn.care.intake import doubts, importing, weight_queries
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.actions import plain_lines
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.patients.locks import patient_of
from sojourn.care.patients.models import Patient
from sojourn.clinical.eligibility.facts import VOCABULARY, Value, Word
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import action, part, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import PatientScope, clinic_rows, one_row


def fault_words(word: Word, value: object) -> str | None:
    """Why a value cannot be a fact, in words, or None."""
    fault = word.fault(value)
    if fault is None:
        return None
    label = _(word.label)
    match fault:
        case "implausible":
            bounds = {
                "label": label, "value": number_format(str(value)), "unit": word.unit,
                "low": number_format(word.low or 0), "high": number_format(word.high or 0),
            }  # fmt: skip
            return _("%(label)s: %(value)s %(unit)s is outside of %(low)s to %(high)s. Is it a slip?") % bounds
        case "not-a-number":
            return _("%(label)s: write a number.") % {"label": label}
        case "not-a-day":
            return _("%(label)s: write a day like 2026-03-12.") % {"label": label}
        case "not-a-choice":
            return _("%(label)s: write one of %(choices)s.") % {"label": label, "choices": ", ".join(word.choices)}
    return _("%(label)s: write yes or no.") % {"label": label}


def _check_fact(name: str, value: object, on: date, patient: Patient, today: date) -> None:
    word = VOCABULARY.get(name)
    if word is None:
        raise ActionRefused(_("“%(name)s” is not a fact that we know of.") % {"name": name}, codes=("unknown-fact",))
    if name in {"age_years", "sex"}:
        raise ActionRefused(_("Age and sex come from the patient's record."), codes=("of-the-record",))
    if words := fault_words(word, value):
        raise ActionRefused(words, codes=(word.fault(value) or "",))
    days = [on, value] if isinstance(value, date) else [on]
    if any(day > today for day in days):
        raise ActionRefused(_("%(label)s: the day is in the future.") % {"label": _(word.label)}, codes=("future",))
    if any(day < patient.birth_date for day in days):
        raise ActionRefused(
            _("%(label)s: the day is before the date of birth.") % {"label": _(word.label)}, codes=("before-birth",)
        )


def _same_fact(of: PatientScope, name: str, value: Any, on: date, told_by: str) -> ClinicalFact | None:
    """The newest standing row of that fact and day, if it says the same."""
    found = of.rows(ClinicalFact).filter(name=name, observed_on=on, told_by=told_by, retracts=None, retractions=None)
    newest = found.order_by("-id").first()
    return newest if newest is not None and newest.value == value else None


def _stored(value: Value) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _write_fact(
    by: Actor, patient: Patient, name: str, value: Value, on: date, told_by: str, note: str, now: datetime
) -> ClinicalFact:
    return ClinicalFact.objects.create(
        clinic_id=by.own_clinic_id, patient=patient, name=name, value=_stored(value), observed_on=on, told_by=told_by,
        source_note=note, entered_at=now, entered_by_id=by.member, entered_by_name=by.name,
    )  # fmt: skip


def _note(text: str) -> str:
    return str(plain_lines({"note": text}, {"note": 300})["note"])


@action("fact.enter", locks=row(Patient, "patient_id"), audit="fact.entered")
def enter_fact(
    *,
    by: Actor,
    patient_id: int,
    name: str,
    value: Value,
    on: date,
    source_note: str = "",
    sure: bool = False,
    now: datetime | None = None,
) -> ClinicalFact:
    """Enter one fact as a clinician: a blood pressure, a test, a finding. See ``enter_facts``."""
    (fact,) = _enter(by, patient_id, {name: value}, on, source_note, sure, now or timezone.now())
    return fact


@action("fact.enter", locks=row(Patient, "patient_id"), audit="fact.entered")
def enter_facts(
    *,
    by: Actor,
    patient_id: int,
    values: Mapping[str, Value],
    on: date,
    source_note: str = "",
    sure: bool = False,
    now: datetime | None = None,
) -> tuple[ClinicalFact, ...]:
    """Enter facts that belong together as a clinician, all of them or none. ``on``: the day that they were observed.

    Refused: unknown-fact, of-the-record, implausible, not-a-number, not-a-choice, not-a-day, not-yes-or-no, future,
    before-birth, too-long; and, unless somebody is ``sure``, what is asked back (weight:..., pressure:..., see
    doubts.py). The same entry again changes nothing.
    """
    return _enter(by, patient_id, values, on, source_note, sure, now or timezone.now())


def _enter(
    by: Actor, patient_id: int, values: Mapping[str, Value], on: date, source_note: str, sure: bool, now: datetime
) -> tuple[ClinicalFact, ...]:
    patient = one_row(Patient, patient_id).get()
    for name, value in values.items():
        _check_fact(name, value, on, patient, clinic_day(now, by))
    known = {
        name: _same_fact(PatientScope(patient.pk), name, _stored(value), on, "clinician")
        for name, value in values.items()
    }
    fresh = any(each is None for each in known.values())
    if fresh and not sure:  # what is known was asked and confirmed before
        doubts.ask(_doubts(patient, values, on))
    note = _note(source_note)
    kept = tuple(known[name] or _keep_fact(by, patient, name, value, on, note, now) for name, value in values.items())
    return kept if fresh else unchanged(kept)


def _keep_fact(
    by: Actor, patient: Patient, name: str, value: Value, on: date, note: str, now: datetime
) -> ClinicalFact:  # fmt: skip
    fact = _write_fact(by, patient, name, value, on, "clinician", note, now)
    record(by, "fact.entered", fact, fact=name)
    return fact


def _doubts(patient: Patient, values: Mapping[str, Value], on: date) -> dict[str, str]:
    """What is asked back about facts of one day. A pressure typed alone is looked at beside the other half of that
    day."""
    found: dict[str, str] = {}
    if doubts.WEIGHT in values:
        last = doubts.last_before(weight_queries.weights(PatientScope(patient.pk)), on)
        found |= doubts.about_weight(patient.clinic_id, doubts.kilograms(values[doubts.WEIGHT]), last)
    if doubts.SYSTOLIC in values or doubts.DIASTOLIC in values:
        found |= doubts.about_pressure({**_pressure_of(PatientScope(patient.pk), on), **values})
    return found


def _pressure_of(of: PatientScope, on: date) -> dict[str, Value]:
    """The halves of the pressure that stand already for a day."""
    entered = intake_queries.entered_facts(of)
    halves = (doubts.SYSTOLIC, doubts.DIASTOLIC)
    return {
        each.fact.name: each.fact.value
        for each in entered
        if each.fact.name in halves and each.fact.on == on and not each.retracted
    }


@part(locks=row(Patient, "patient_id"), audit="fact.entered")
def keep_weight(
    *, by: Actor, patient_id: int, kg: Decimal, on: date, source_note: str, now: datetime | None = None
) -> ClinicalFact:  # fmt: skip
    """Put a weight that another room took (a session's scale, a checked plan) into the one stream of weights.

    Who may take it, and what is asked about it, that room has settled. The same weight of a day again changes nothing.
    Refused: what a weight cannot be (implausible, future, before-birth).
    """
    now = now or timezone.now()
    patient = one_row(Patient, patient_id).get()
    value = float(kg)
    _check_fact(doubts.WEIGHT, value, on, patient, clinic_day(now, by))
    if same := _same_fact(PatientScope(patient.pk), doubts.WEIGHT, value, on, "clinician"):
        return unchanged(same)
    return _keep_fact(by, patient, doubts.WEIGHT, value, on, _note(source_note), now)


# The row of a fact is never changed: who takes it back holds its patient.
@action("fact.enter", locks=patient_of(ClinicalFact, "fact_id"), audit="fact.retracted")
def retract_fact(*, by: Actor, fact_id: int, reason: str, now: datetime | None = None) -> ClinicalFact:
    """Take a fact back that was entered in error; it stays readable. Refused: reason-missing. Twice changes nothing."""
    fact = one_row(ClinicalFact, fact_id).get(retracts=None)
    if not _note(reason):
        raise ActionRefused(_("Write why this entry was wrong."), codes=("reason-missing",))
    return _retract(by, fact, reason, now or timezone.now())


@part(locks=patient_of(ClinicalFact, "fact"), audit="fact.retracted")
def take_back(*, by: Actor, fact: ClinicalFact, reason: str, now: datetime | None = None) -> ClinicalFact:
    """The same for another room that struck what this fact came from; who may, it has settled."""
    return _retract(by, fact, reason, now or timezone.now())


def _retract(by: Actor, fact: ClinicalFact, reason: str, now: datetime) -> ClinicalFact:
    before = clinic_rows(ClinicalFact).filter(retracts=fact).first()
    if before is not None:
        return unchanged(before)
    retraction = ClinicalFact.objects.create(
        clinic_id=by.own_clinic_id, patient_id=fact.patient_id, name=fact.name, value=None,
        observed_on=fact.observed_on, told_by=fact.told_by, source_note=_note(reason), entered_at=now,
        entered_by_id=by.member, entered_by_name=by.name, retracts=fact,
    )  # fmt: skip
    record(by, "fact.retracted", fact, fact=fact.name)
    return retraction


@dataclass(frozen=True, slots=True)
class Imported:
    """``taken``: facts written now; ``known``: those that stood here already."""

    taken: tuple[ClinicalFact, ...]
    known: int


_ASKED: Final = frozenset((doubts.WEIGHT, doubts.SYSTOLIC, doubts.DIASTOLIC))


class _Asked:
    """What is asked back about the lines of one report, each beside what is known and the lines before it."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        self.weights = weight_queries.weights(PatientScope(patient.pk))
        self.pressures: dict[date, dict[str, Value]] = {}

    def about(self, row: importing.ImportedValue) -> dict[str, str]:
        if row.name in _ASKED and _same_fact(
            PatientScope(self.patient.pk), row.name, _stored(row.value), row.on, "imported"
        ):
            return {}  # it was asked and confirmed before
        if row.name == doubts.WEIGHT:
            return self._about_weight(row)
        if row.name in (doubts.SYSTOLIC, doubts.DIASTOLIC):
            day = self.pressures.setdefault(row.on, {})
            if row.name in day:  # the next pressure of that day begins
                day.clear()
            day[row.name] = row.value
            return doubts.about_pressure(day)
        return {}

    def _about_weight(self, row: importing.ImportedValue) -> dict[str, str]:
        kg = doubts.kilograms(row.value)
        found = doubts.about_weight(self.patient.clinic_id, kg, doubts.last_before(self.weights, row.on))
        self.weights.append(weight_queries.Weight(kg, row.on, "imported", ""))
        self.weights.sort(key=lambda each: each.on)
        return found


def _read_whole(text: str, patient: Patient, today: date, sure: bool) -> list[importing.ImportedValue]:
    """What a text holds; raises Refused with one reason a line where any line is not to be taken."""
    reasons: list[str] = []
    codes: list[str] = []
    ready: list[importing.ImportedValue] = []
    asked = _Asked(patient)
    for where, found in importing.read(text, patient.birth_date):
        try:
            if isinstance(found, ActionRefused):
                raise found
            _check_fact(found.name, found.value, found.on, patient, today)
            if not sure:
                doubts.ask(asked.about(found))
            ready.append(found)
        except ActionRefused as refused:
            reasons += [f"{where}: {reason}" for reason in refused.reasons]
            codes += refused.codes
    if reasons:
        raise ActionRefused(*reasons, codes=codes)
    if not ready:
        raise ActionRefused(_("There is nothing to take from this text."), codes=("unreadable",))
    return ready


@action("fact.enter", locks=row(Patient, "patient_id"), audit="fact.imported")
def import_facts(
    *, by: Actor, patient_id: int, text: str, source_note: str = "", sure: bool = False, now: datetime | None = None
) -> Imported:
    """Take facts from a CSV (name,value,unit,date) or a FHIR Bundle of Observations, all of them or none.

    Refused with one reason a line: unreadable, unknown-fact, unit, not-final, another-patient, and what ``enter_fact``
    refuses; where only something is asked back, that is confirmed for the whole text with ``sure``. Importing the same
    again changes nothing.
    """
    now = now or timezone.now()
    patient = one_row(Patient, patient_id).get()
    ready = _read_whole(text, patient, clinic_day(now, by), sure)
    note = _note(source_note)
    taken = [
        _write_fact(by, patient, each.name, each.value, each.on, "imported", note, now)
        for each in ready
        if _same_fact(PatientScope(patient_id), each.name, _stored(each.value), each.on, "imported") is None
    ]
    imported = Imported(tuple(taken), len(ready) - len(taken))
    if not taken:
        return unchanged(imported)
    record(by, "fact.imported", patient, count=len(taken))
    return imported
