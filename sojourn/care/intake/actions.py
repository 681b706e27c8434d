"""Tell the intake, piece by piece, and send it to the clinic."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.intake import doubts, weight_queries
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import Question, StatedAnswer, intake_form
from sojourn.care.intake.models import (
    AllergyIntolerance,
    Concern,
    Goal,
    IntakeAnswer,
    IntakeSubmission,
    ListItem,
    MedicationStatement,
    Outcome,
    PreviousTreatment,
    Standing,
    TakenBy,
    TreatmentKind,
)
from sojourn.care.intake.typed import long_text
from sojourn.care.patients import not_now
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.clinical.interactions import together
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, either, row, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook import medicines as shipped
from sojourn.foundation.scope import PatientScope

LINES: Final[Mapping[str, type[ListItem]]] = {
    "medicines": MedicationStatement,
    "allergies": AllergyIntolerance,
    "treatments": PreviousTreatment,
    "goals": Goal,
    "concerns": Concern,
}


# Something is said about a patient by themselves, or by staff on their behalf.
SPEAKS: Final = either("own.answer", "intake.enter")


def _speaker(by: Actor, of: PatientScope, now: datetime | None) -> Patient:
    """The patient about whom something is said. Refused: not-now."""
    not_now.must_be_later(by=by, at=now or timezone.now())
    return of.rows(Patient).get()


def _said(by: Actor, patient: Patient, now: datetime | None) -> dict[str, Any]:
    return {
        "clinic_id": by.own_clinic_id, "patient": patient, "said_at": now or timezone.now(),
        "said_by_id": by.membership_id,
        "on_behalf": by.patient_id is None,
    }  # fmt: skip


# ---------------------------------------------------------------- answers


@action(SPEAKS, locks=row(Patient, "patient_id"), audit="intake.answered")
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
    patient = _speaker(by, PatientScope(patient_id), now)
    question = intake_form().by_id.get(question_id)
    if question is None:
        raise ActionRefused(_("This question is not asked any more."), codes=("unknown-question",))
    newest = PatientScope(patient.pk).rows(IntakeAnswer).filter(question_id=question_id).order_by("-id").first()
    if newest is not None and (newest.standing, newest.value) == (told.standing, told.value):
        return unchanged(newest)
    if newest is not None and newest.pk != seen:
        raise Overtaken(
            _("This question was answered on another page meanwhile. Both answers are shown. Choose the right one."),
            codes=("overtaken",),
        )
    said = _said(by, patient, now)
    _check_value(question, told, patient, clinic_day(said["said_at"], by))
    confirmed = _check_contradictions(question, told, patient, confirmed, clinic_day(said["said_at"], by))
    kept = IntakeAnswer.objects.create(
        **said, question_id=question_id, standing=told.standing, value=told.value, confirmed=sorted(confirmed)
    )
    record(by, "intake.answered", kept, question=question_id)
    return kept


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
        return PatientScope(patient.pk).rows(RelatedPerson).filter(ended_at=None).exists()
    return intake_queries.newest_lines(LINES[question.of], PatientScope(patient.pk)).exists()


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
    given = {each.question_id: each.told for each in intake_queries.answers(PatientScope(patient.pk)).values()} | {
        question.id: told
    }
    found = {each.id: _(each.words) for each in intake_form().contradicted(question.id, given, patient.sex)}
    found |= _weight_told(question, told, patient, today)
    open_ones = {name: words for name, words in found.items() if name not in confirmed}
    if open_ones:
        raise ActionRefused(*open_ones.values(), codes=tuple(f"contradiction:{name}" for name in open_ones))
    return frozenset(found)


def _weight_told(question: Question, told: StatedAnswer, patient: Patient, today: date) -> dict[str, str]:
    """What is asked back about a weight that the patient tells."""
    if question.fact != doubts.WEIGHT or told.standing != Standing.TOLD:
        return {}
    last = doubts.last_before(weight_queries.weights(PatientScope(patient.pk)), today)
    asked = doubts.about_weight(patient.clinic_id, doubts.kilograms(told.value["number"]), last)
    return {code.replace(":", "-"): words for code, words in asked.items()}


# ---------------------------------------------------------------- lists


def plain_lines(values: Mapping[str, Any], longest: Mapping[str, int]) -> dict[str, Any]:
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
    out = plain_lines(values, {"name": 200, "dose": 120, "how_often": 120, "since": 120})
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
    for each in intake_queries.medicines(PatientScope(patient.pk)):
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
    out = plain_lines(values, {"substance": 200, "reaction": 300})
    if not out.get("substance"):
        raise ActionRefused(_("Write what you are allergic to."), codes=("name-missing",))
    return out


def _treatment_values(values: dict[str, Any]) -> dict[str, Any]:
    out = plain_lines(values, {"name": 200, "dose": 120, "duration": 120})
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


def _says_the_same(row: ListItem, values: Mapping[str, Any]) -> bool:
    return not row.removed and all(getattr(row, name) == each for name, each in values.items())


@action(SPEAKS, locks=row(Patient, "patient_id"), audit="intake.line_said")
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
) -> ListItem:
    """Add a line to a list ("medicines", "allergies", "treatments", "goals", "concerns"), or change ``line``.

    Values: medicines name, dose, how_often, since, route, current, stopped_on, ingredient; allergies substance,
    reaction; treatments kind, name, dose, duration, outcome, long_enough, ingredient; goals and concerns text.
    Refused: name-missing, too-long, not-a-choice, future, before-birth, stopped-and-current,
    contradiction:still-current unless ``sure``; Overtaken where the line was changed since ``seen``.
    """
    patient = _speaker(by, PatientScope(patient_id), now)
    model = LINES[of]
    said = _said(by, patient, now)
    key = line or uuid4()
    newest = PatientScope(patient.pk).rows(model).filter(line=key).order_by("-id").first() if line else None
    if line is not None and newest is None:
        raise model.DoesNotExist
    ready = _line_values(of, values, patient, clinic_day(said["said_at"], by), key, sure)
    if newest is None:
        same = intake_queries.newest_lines(model, PatientScope(patient_id)).filter(**ready).first()
        if same is not None:
            return unchanged(same)  # the second press of one button
    elif _says_the_same(newest, ready):
        return unchanged(newest)
    elif newest.pk != seen or newest.removed:
        raise Overtaken(
            _("This line was changed on another page meanwhile. Look at it again; what you typed is still here."),
            codes=("overtaken",),
        )
    kept = model._default_manager.create(**said, line=key, **ready)
    record(by, "intake.line_said", kept, list=of)
    return kept


@action(SPEAKS, locks=row(Patient, "patient_id"), audit="intake.line_removed")
def remove_line(*, by: Actor, patient_id: int, of: str, line: UUID, now: datetime | None = None) -> ListItem:
    """Take a line off a list; what it said stays readable. Removing twice changes nothing."""
    patient = _speaker(by, PatientScope(patient_id), now)
    model = LINES[of]
    newest = PatientScope(patient.pk).rows(model).filter(line=line).order_by("-id").first()
    if newest is None:
        raise model.DoesNotExist
    if newest.removed:
        return unchanged(newest)
    words = {
        field.name: getattr(newest, field.name)
        for field in model._meta.concrete_fields
        if field.name not in {"id", "clinic", "patient", "said_at", "said_by", "on_behalf", "removed"}
    }
    gone = model._default_manager.create(**_said(by, patient, now), **words, removed=True)
    record(by, "intake.line_removed", gone, list=of)
    return gone


@action(SPEAKS, locks=row(Patient, "patient_id"), audit="patient.person_added")
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
    patient = _speaker(by, PatientScope(patient_id), now)
    values = plain_lines(
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
    same = PatientScope(patient.pk).rows(RelatedPerson).filter(ended_at=None, **values, **roles).first()
    if same is not None:
        return unchanged(same)
    person = RelatedPerson.objects.create(
        clinic_id=by.own_clinic_id, patient=patient, created_at=now or timezone.now(), **values, **roles
    )
    record(by, "patient.person_added", person)
    return person


@action(SPEAKS, locks=row(RelatedPerson, "person_id"), audit="patient.person_ended")
def end_person(*, by: Actor, patient_id: int, person_id: int, now: datetime | None = None) -> RelatedPerson:
    """The person is no longer beside the patient. Ending twice changes nothing. Raises RelatedPerson.DoesNotExist.

    It takes something back, and so is possible at every minute."""
    person = PatientScope(patient_id).rows(RelatedPerson).get(pk=person_id)
    if person.ended_at is not None:
        return unchanged(person)
    person.ended_at = now or timezone.now()
    person.save(update_fields=["ended_at"])
    record(by, "patient.person_ended", person)
    return person


# ---------------------------------------------------------------- sending


@action(SPEAKS, locks=row(Patient, "patient_id"), audit="intake.sent")
def send(*, by: Actor, patient_id: int, now: datetime | None = None) -> IntakeSubmission:
    """Send the intake to the clinic as it stands. It can be changed and sent again. Refused: nothing-said.

    What was sent before, unchanged, is not sent twice.
    """
    patient = _speaker(by, PatientScope(patient_id), now)
    content = intake_queries.content(patient)
    if not intake_queries.anything(content):
        raise ActionRefused(_("Nothing has been told yet. Answer a question first."), codes=("nothing-said",))
    hashed = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    newest = intake_queries.latest_submission(PatientScope(patient_id))
    if newest is not None and newest.content_hash == hashed:
        return unchanged(newest)
    sent = IntakeSubmission.objects.create(
        **_said(by, patient, now), form_version=intake_form().version, content=content, content_hash=hashed
    )
    record(by, "intake.sent", sent, hash=hashed)
    return sent
