"""Tell the story, piece by piece; send it to the clinic; enter and import what clinicians and laboratories know."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from sojourn.care.intake import doubts, importing
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.models import (
    AllergyIntolerance,
    ClinicalFact,
    Concern,
    Goal,
    IntakeAnswer,
    IntakeSubmission,
    Line,
    MedicationStatement,
    Outcome,
    PreviousTreatment,
    Standing,
    TakenBy,
    TreatmentKind,
)
from sojourn.care.intake.story import Question, StatedAnswer, story
from sojourn.care.intake.typed import long_text
from sojourn.care.patients import not_now
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.clinical.eligibility.facts import VOCABULARY, Value, Word
from sojourn.clinical.interactions import together
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook import medicines as shipped

LINES: Final[Mapping[str, type[Line]]] = {
    "medicines": MedicationStatement,
    "allergies": AllergyIntolerance,
    "treatments": PreviousTreatment,
    "goals": Goal,
    "concerns": Concern,
}


def _speaker(by: Actor, patient_id: int, now: datetime | None) -> Patient:
    """The patient, held while something is said about them: by themselves, or by staff on their behalf. Refused:
    not-now."""
    by.require("own.answer" if by.patient_id is not None else "intake.enter")
    not_now.must_be_later(by=by, patient_id=patient_id, at=now or timezone.now())
    return Patient.objects.select_for_update(no_key=True).get(pk=patient_id)


def _said(by: Actor, patient: Patient, now: datetime | None) -> dict[str, Any]:
    return {
        "clinic_id": by.own_clinic_id, "patient": patient, "said_at": now or timezone.now(),
        "said_by_id": by.membership_id,
        "on_behalf": by.patient_id is None,
    }  # fmt: skip


# ---------------------------------------------------------------- answers


@transaction.atomic
def answer(
    *,
    by: Actor,
    patient_id: int,
    question_id: str,
    told: StatedAnswer,
    seen: int | None,
    confirmed: frozenset[str] = frozenset(),
    now: datetime | None = None,
) -> IntakeAnswer:
    """Answer one question. ``seen`` is the id of the answer that stood on the page, None for none.

    Overtaken ("overtaken") where another page answered it meanwhile. Refused: unknown-question, implausible, future,
    before-birth, lines-there, and contradiction:<id> unless ``confirmed`` names it (of a weight that changed much:
    weight-pounds, weight-kilograms, weight-changed). The same answer again changes nothing.
    """
    patient = _speaker(by, patient_id, now)
    question = story().by_id.get(question_id)
    if question is None:
        raise ActionRefused(_("This question is not asked any more."), codes=("unknown-question",))
    newest = IntakeAnswer.objects.filter(patient=patient, question_id=question_id).order_by("-id").first()
    if newest is not None and (newest.standing, newest.value) == (told.standing, told.value):
        return newest
    if newest is not None and newest.pk != seen:
        raise Overtaken(
            _("This question was answered on another page meanwhile. Both answers are shown. Choose the right one."),
            codes=("overtaken",),
        )
    said = _said(by, patient, now)
    _check_value(question, told, patient, clinic_day(said["said_at"], by))
    confirmed = _check_contradictions(question, told, patient, confirmed, clinic_day(said["said_at"], by))
    row = IntakeAnswer.objects.create(
        **said, question_id=question_id, standing=told.standing, value=told.value, confirmed=sorted(confirmed)
    )
    record(by, "intake.answered", row, question=question_id)
    return row


def _check_value(question: Question, told: StatedAnswer, patient: Patient, today: date) -> None:
    if told.standing not in Standing.values:
        raise ActionRefused(_("Choose one of the answers shown."), codes=("not-a-choice",))
    if told.standing != Standing.TOLD:
        return
    if question.kind == "number":
        _check_number(question, told.value)
    elif question.kind == "day":
        _check_day(date.fromisoformat(told.value["day"]), patient, today)
    elif question.kind == "list" and told.value == "none" and _has_lines(question, patient):
        raise ActionRefused(
            _("There is something on your list. Take it off first, if it is wrong."), codes=("lines-there",)
        )


def _has_lines(question: Question, patient: Patient) -> bool:
    if question.of == "people":
        return RelatedPerson.objects.filter(patient=patient, ended_at=None).exists()
    return intake_queries.newest_lines(LINES[question.of], patient.pk).exists()


def _check_number(question: Question, value: Mapping[str, Any]) -> None:
    word = VOCABULARY[question.fact]
    if word.fault(value["number"]) == "implausible":
        raise ActionRefused(
            _("%(typed)s %(unit)s cannot be right. Look at the number and the unit again.")
            % {"typed": value["typed"], "unit": value["unit"]}
            if value["unit"]
            else _("%(typed)s cannot be right. Look at the number again.") % {"typed": value["typed"]},
            codes=("implausible",),
        )


def _check_day(day: date, patient: Patient, today: date) -> None:
    if day > today:
        raise ActionRefused(
            _("%(day)s is in the future. Write a day in the past.") % {"day": date_format(day, _("j F Y"))},
            codes=("future",),
        )
    if day < patient.birth_date:
        raise ActionRefused(
            _("%(day)s is before the date of birth in your record. Look at the year again.")
            % {"day": date_format(day, _("j F Y"))},
            codes=("before-birth",),
        )


def _check_contradictions(
    question: Question, told: StatedAnswer, patient: Patient, confirmed: frozenset[str], today: date
) -> frozenset[str]:
    given = {each.question_id: each.told for each in intake_queries.answers(patient.pk).values()} | {question.id: told}
    found = {each.id: _(each.words) for each in story().contradicted(question.id, given, patient.sex)}
    found |= _weight_told(question, told, patient, today)
    open_ones = {name: words for name, words in found.items() if name not in confirmed}
    if open_ones:
        raise ActionRefused(*open_ones.values(), codes=tuple(f"contradiction:{name}" for name in open_ones))
    return frozenset(found)


def _weight_told(question: Question, told: StatedAnswer, patient: Patient, today: date) -> dict[str, str]:
    """What is asked back about a weight that the patient tells."""
    if question.fact != doubts.WEIGHT or told.standing != Standing.TOLD:
        return {}
    last = doubts.last_before(intake_queries.weights(patient.pk), today)
    asked = doubts.about_weight(patient.clinic_id, doubts.kilograms(told.value["number"]), last)
    return {code.replace(":", "-"): words for code, words in asked.items()}


# ---------------------------------------------------------------- lists


def _plain(values: Mapping[str, Any], longest: Mapping[str, int]) -> dict[str, Any]:
    """Single spaces, and no line longer than can be kept. Refused: too-long."""
    out = {name: " ".join(each.split()) if isinstance(each, str) else each for name, each in values.items()}
    for name, most in longest.items():
        if len(str(out.get(name) or "")) > most:
            raise ActionRefused(
                _("One of the lines is longer than we can keep (%(most)d characters). Please shorten it.")
                % {"most": most},
                codes=("too-long",),
            )
    return out


def recognised(name: str, ingredient: str | None) -> tuple[str, str]:
    """(ingredient, RxCUI) of a medicine as said: the chosen one, or all that its words name; else empty.

    ``ingredient`` "" says that the person looked and found none that fits.
    """
    if ingredient == "":
        return "", ""
    found = shipped.medicine(ingredient or _named(name))
    return (found.name, found.rxcui or "") if found.known and len(found.name) <= _INGREDIENT else ("", "")


_INGREDIENT: Final = 120  # characters that the column holds


def _named(name: str) -> str:
    """The medicine or product that the words name, several joined."""
    named = {each.name: each for _piece, each in shipped.recognise(name) if each is not None}
    return together(tuple(named.values()))


def _medicine_values(values: dict[str, Any], patient: Patient, today: date, line: UUID, sure: bool) -> dict[str, Any]:
    out = _plain(values, {"name": 200, "dose": 120, "how_often": 120, "since": 120})
    if not out.get("name"):
        raise ActionRefused(_("Write the name of the medicine."), codes=("name-missing",))
    if out.get("route", "") not in ("", *TakenBy.values):
        raise ActionRefused(_("Choose one of the answers shown."), codes=("not-a-choice",))
    out["ingredient"], out["rxcui"] = recognised(out["name"], out.pop("ingredient", None))
    stopped = out.get("stopped_on")
    if stopped is not None:
        if out["current"]:
            raise ActionRefused(
                _("You say that you take it now, and also that you stopped it. Change one of the two."),
                codes=("stopped-and-current",),
            )
        _check_day(stopped, patient, today)
    if out["ingredient"] and not sure:
        _check_same_medicine(out, patient, line)
    return out


def _check_same_medicine(out: Mapping[str, Any], patient: Patient, line: UUID) -> None:
    for each in intake_queries.medicines(patient.pk):
        if each.line != str(line) and each.ingredient == out["ingredient"] and each.current != out["current"]:
            raise ActionRefused(
                _("%(name)s is also on your list of what you take now. Have you stopped it? If so, take it off there.")
                % {"name": each.name}
                if each.current
                else _("%(name)s is also on your list of what you stopped. Do you take it again?")
                % {"name": each.name},
                codes=("contradiction:still-current",),
            )


def _allergy_values(values: dict[str, Any]) -> dict[str, Any]:
    out = _plain(values, {"substance": 200, "reaction": 300})
    if not out.get("substance"):
        raise ActionRefused(_("Write what you are allergic to."), codes=("name-missing",))
    return out


def _treatment_values(values: dict[str, Any]) -> dict[str, Any]:
    out = _plain(values, {"name": 200, "dose": 120, "duration": 120})
    if not out.get("name"):
        raise ActionRefused(_("Write the name of the treatment."), codes=("name-missing",))
    if out.get("kind") not in TreatmentKind.values or out.get("outcome") not in Outcome.values:
        raise ActionRefused(_("Choose one of the answers shown."), codes=("not-a-choice",))
    chosen = out.pop("ingredient", None)
    medicine = out["kind"] == TreatmentKind.MEDICINE
    out["ingredient"], out["rxcui"] = recognised(out["name"], chosen) if medicine else ("", "")
    return out


def _words_values(values: dict[str, Any]) -> dict[str, Any]:
    text = long_text(str(values.get("text") or "").strip())
    if not text:
        raise ActionRefused(_("Write a few words first."), codes=("name-missing",))
    return {"text": text}


def _line_values(
    of: str, values: dict[str, Any], patient: Patient, today: date, line: UUID, sure: bool
) -> dict[str, Any]:
    if of == "medicines":
        return _medicine_values(values, patient, today, line, sure)
    if of == "allergies":
        return _allergy_values(values)
    return _treatment_values(values) if of == "treatments" else _words_values(values)


@transaction.atomic
def say_line(
    *,
    by: Actor,
    patient_id: int,
    of: str,
    line: UUID | None = None,
    seen: int | None = None,
    sure: bool = False,
    now: datetime | None = None,
    **values: Any,
) -> Line:
    """Add a line to a list ("medicines", "allergies", "treatments", "goals", "concerns"), or change ``line``.

    Values: medicines name, dose, how_often, since, route, current, stopped_on, ingredient; allergies substance,
    reaction; treatments kind, name, dose, duration, outcome, long_enough, ingredient; goals and concerns text.
    Refused: name-missing, too-long, not-a-choice, future, before-birth, stopped-and-current,
    contradiction:still-current unless ``sure``; Overtaken where the line was changed since ``seen``.
    """
    patient = _speaker(by, patient_id, now)
    model = LINES[of]
    said = _said(by, patient, now)
    key = line or uuid4()
    newest = model._default_manager.filter(patient=patient, line=key).order_by("-id").first() if line else None
    if line is not None and newest is None:
        raise model.DoesNotExist
    ready = _line_values(of, values, patient, clinic_day(said["said_at"], by), key, sure)
    if newest is None:
        same = intake_queries.newest_lines(model, patient_id).filter(**ready).first()
        if same is not None:
            return same  # the second press of one button
    elif not newest.removed and all(getattr(newest, name) == each for name, each in ready.items()):
        return newest
    elif newest.pk != seen or newest.removed:
        raise Overtaken(
            _("This line was changed on another page meanwhile. Look at it again; what you typed is still here."),
            codes=("overtaken",),
        )
    row = model._default_manager.create(**said, line=key, **ready)
    record(by, "intake.line_said", row, list=of)
    return row


@transaction.atomic
def remove_line(*, by: Actor, patient_id: int, of: str, line: UUID, now: datetime | None = None) -> Line:
    """Take a line off a list; what it said stays readable. Removing twice changes nothing."""
    patient = _speaker(by, patient_id, now)
    model = LINES[of]
    newest = model._default_manager.filter(patient=patient, line=line).order_by("-id").first()
    if newest is None:
        raise model.DoesNotExist
    if newest.removed:
        return newest
    kept = {
        field.name: getattr(newest, field.name)
        for field in model._meta.concrete_fields
        if field.name not in {"id", "clinic", "patient", "said_at", "said_by", "on_behalf", "removed"}
    }
    row = model._default_manager.create(**_said(by, patient, now), **kept, removed=True)
    record(by, "intake.line_removed", row, list=of)
    return row


@transaction.atomic
def name_person(
    *,
    by: Actor,
    patient_id: int,
    name: str,
    relationship: str = "",
    phone: str = "",
    email: str = "",
    brings_home: bool = True,
    emergency_contact: bool = False,
    now: datetime | None = None,
) -> RelatedPerson:
    """Name somebody who takes the patient home, or whom the clinic may call in an emergency.

    Refused: name-missing, no-way-to-reach, too-long."""
    patient = _speaker(by, patient_id, now)
    values = _plain(
        {"name": name, "relationship": relationship, "phone": phone, "email": email},
        {"name": 120, "relationship": 60, "phone": 40, "email": 254},
    )
    reasons: dict[str, str] = {}
    if not values["name"]:
        reasons["name-missing"] = _("Write the person's name.")
    if not values["phone"] and not values["email"]:
        reasons["no-way-to-reach"] = _("Write a phone number or an e-mail address, so that the person can be reached.")
    if reasons:
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))
    roles = {"brings_home": brings_home, "emergency_contact": emergency_contact}
    same = RelatedPerson.objects.filter(patient=patient, ended_at=None, **values, **roles).first()
    if same is not None:
        return same
    person = RelatedPerson.objects.create(
        clinic_id=by.own_clinic_id, patient=patient, created_at=now or timezone.now(), **values, **roles
    )
    record(by, "patient.person_added", person)
    return person


@transaction.atomic
def end_person(*, by: Actor, patient_id: int, person_id: int, now: datetime | None = None) -> RelatedPerson:
    """The person is no longer beside the patient. Ending twice changes nothing. Raises RelatedPerson.DoesNotExist.

    It takes something back, and so is possible at every minute."""
    by.require("own.answer" if by.patient_id is not None else "intake.enter")
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    person = RelatedPerson.objects.select_for_update(no_key=True).get(pk=person_id, patient=patient)
    if person.ended_at is None:
        person.ended_at = now or timezone.now()
        person.save(update_fields=["ended_at"])
        record(by, "patient.person_ended", person)
    return person


# ---------------------------------------------------------------- sending


@transaction.atomic
def send(*, by: Actor, patient_id: int, now: datetime | None = None) -> IntakeSubmission:
    """Send the story to the clinic as it stands. It can be changed and sent again. Refused: nothing-said.

    What was sent before, unchanged, is not sent twice.
    """
    patient = _speaker(by, patient_id, now)
    content = intake_queries.content(patient)
    if not intake_queries.anything(content):
        raise ActionRefused(_("Nothing has been told yet. Answer a question first."), codes=("nothing-said",))
    hashed = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    newest = intake_queries.latest_submission(patient_id)
    if newest is not None and newest.content_hash == hashed:
        return newest
    row = IntakeSubmission.objects.create(
        **_said(by, patient, now), story_version=story().version, content=content, content_hash=hashed
    )
    record(by, "intake.sent", row, hash=hashed)
    return row


# ---------------------------------------------------------------- what clinicians and laboratories know


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


def _same_fact(patient_id: int, name: str, value: Any, on: date, told_by: str) -> ClinicalFact | None:
    """The newest standing row of that fact and day, if it says the same."""
    rows = ClinicalFact.objects.filter(
        patient_id=patient_id, name=name, observed_on=on, told_by=told_by, retracts=None, retractions=None
    )
    newest = rows.order_by("-id").first()
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
    return str(_plain({"note": text}, {"note": 300})["note"])


@transaction.atomic
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
    (row,) = enter_facts(
        by=by, patient_id=patient_id, values={name: value}, on=on, source_note=source_note, sure=sure, now=now
    )
    return row


@transaction.atomic
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
    by.require("fact.enter")
    now = now or timezone.now()
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    for name, value in values.items():
        _check_fact(name, value, on, patient, clinic_day(now, by))
    if not sure:
        doubts.ask(_doubts(patient, values, on))
    return tuple(
        _keep_fact(by, patient, name, value, on, _note(source_note), now) for name, value in values.items()
    )  # fmt: skip


def _keep_fact(
    by: Actor, patient: Patient, name: str, value: Value, on: date, note: str, now: datetime
) -> ClinicalFact:  # fmt: skip
    if same := _same_fact(patient.pk, name, _stored(value), on, "clinician"):
        return same
    row = _write_fact(by, patient, name, value, on, "clinician", note, now)
    record(by, "fact.entered", row, fact=name)
    return row


def _doubts(patient: Patient, values: Mapping[str, Value], on: date) -> dict[str, str]:
    """What is asked back about facts of one day. A pressure typed alone is looked at beside the other half of that
    day."""
    found: dict[str, str] = {}
    if all(_same_fact(patient.pk, name, _stored(value), on, "clinician") for name, value in values.items()):
        return found  # it was asked and confirmed before
    if doubts.WEIGHT in values:
        last = doubts.last_before(intake_queries.weights(patient.pk), on)
        found |= doubts.about_weight(patient.clinic_id, doubts.kilograms(values[doubts.WEIGHT]), last)
    if doubts.SYSTOLIC in values or doubts.DIASTOLIC in values:
        found |= doubts.about_pressure({**_pressure_of(patient.pk, on), **values})
    return found


def _pressure_of(patient_id: int, on: date) -> dict[str, Value]:
    """The halves of the pressure that stand already for a day."""
    entered = intake_queries.entered_facts(patient_id)
    halves = (doubts.SYSTOLIC, doubts.DIASTOLIC)
    return {
        each.fact.name: each.fact.value
        for each in entered
        if each.fact.name in halves and each.fact.on == on and not each.retracted
    }


@transaction.atomic
def keep_weight(
    *, by: Actor, patient_id: int, kg: Decimal, on: date, source_note: str, now: datetime | None = None
) -> ClinicalFact:  # fmt: skip
    """Put a weight that another room took (a session's scale, a checked plan) into the one stream of weights.

    Who may take it, and what is asked about it, that room has settled. The same weight of a day again changes nothing.
    Refused: what a weight cannot be (implausible, future, before-birth).
    """
    now = now or timezone.now()
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    value = float(kg)
    _check_fact(doubts.WEIGHT, value, on, patient, clinic_day(now, by))
    return _keep_fact(by, patient, doubts.WEIGHT, value, on, _note(source_note), now)


@transaction.atomic
def retract_fact(*, by: Actor, fact_id: int, reason: str, now: datetime | None = None) -> ClinicalFact:
    """Take a fact back that was entered in error; it stays readable. Refused: reason-missing. Twice changes nothing."""
    by.require("fact.enter")
    fact = ClinicalFact.objects.get(pk=fact_id, retracts=None)
    Patient.objects.select_for_update(no_key=True).get(pk=fact.patient_id)
    if not _note(reason):
        raise ActionRefused(_("Write why this entry was wrong."), codes=("reason-missing",))
    return take_back(by=by, fact=fact, reason=reason, now=now)


@transaction.atomic
def take_back(*, by: Actor, fact: ClinicalFact, reason: str, now: datetime | None = None) -> ClinicalFact:
    """The same for another room that struck what this fact came from; who may, it has settled."""
    before = ClinicalFact.objects.filter(retracts=fact).first()
    if before is not None:
        return before
    row = ClinicalFact.objects.create(
        clinic_id=by.own_clinic_id, patient_id=fact.patient_id, name=fact.name, value=None,
        observed_on=fact.observed_on,
        told_by=fact.told_by, source_note=_note(reason), entered_at=now or timezone.now(), entered_by_id=by.member,
        entered_by_name=by.name, retracts=fact,
    )  # fmt: skip
    record(by, "fact.retracted", fact, fact=fact.name)
    return row


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
        self.weights = intake_queries.weights(patient.pk)
        self.pressures: dict[date, dict[str, Value]] = {}

    def about(self, row: importing.ImportedValue) -> dict[str, str]:
        if row.name in _ASKED and _same_fact(self.patient.pk, row.name, _stored(row.value), row.on, "imported"):
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
        self.weights.append(intake_queries.Weight(kg, row.on, "imported", ""))
        self.weights.sort(key=lambda each: each.on)
        return found


@transaction.atomic
def import_facts(
    *, by: Actor, patient_id: int, text: str, source_note: str = "", sure: bool = False, now: datetime | None = None
) -> Imported:
    """Take facts from a CSV (name,value,unit,date) or a FHIR Bundle of Observations, all of them or none.

    Refused with one reason a line: unreadable, unknown-fact, unit, not-final, another-patient, and what ``enter_fact``
    refuses; where only something is asked back, that is confirmed for the whole text with ``sure``. Importing the same
    again changes nothing.
    """
    by.require("fact.enter")
    now = now or timezone.now()
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    reasons: list[str] = []
    codes: list[str] = []
    ready: list[importing.ImportedValue] = []
    asked = _Asked(patient)
    for where, found in importing.read(text, patient.birth_date):
        try:
            if isinstance(found, ActionRefused):
                raise found
            _check_fact(found.name, found.value, found.on, patient, clinic_day(now, by))
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
    note = _note(source_note)
    taken = [
        _write_fact(by, patient, each.name, each.value, each.on, "imported", note, now)
        for each in ready
        if _same_fact(patient_id, each.name, _stored(each.value), each.on, "imported") is None
    ]
    if taken:
        record(by, "fact.imported", patient, count=len(taken))
    return Imported(tuple(taken), len(ready) - len(taken))
