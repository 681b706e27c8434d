"""Make, change and open a patient's record, and the people beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.care.patients import queries as patients_queries
from sojourn.care.patients.models import Patient, RelatedPerson, Sex
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import Arguments, NoLock, When, action, by_value, row, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import one_row

OLDEST_YEARS = 130
_FIELDS = ("given_name", "family_name", "birth_date", "sex", "email", "phone", "language")
_IDENTITY = frozenset(("given_name", "family_name", "birth_date"))  # by which two records are found to be alike


def _tidy(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: " ".join(v.split()) if isinstance(v, str) else v for name, v in values.items()}


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - years, day=28)


def _check_identity(values: Mapping[str, Any], today: date) -> None:
    reasons: dict[str, str] = {}
    if not values["given_name"] or not values["family_name"]:
        reasons["name-missing"] = _("Write the given name and the family name.")
    if values["birth_date"] > today:
        reasons["born-in-future"] = _("The date of birth is in the future.")
    elif values["birth_date"] < _years_before(today, OLDEST_YEARS):
        reasons["born-too-long-ago"] = _("The date of birth is more than %(years)d years ago.") % {
            "years": OLDEST_YEARS
        }
    if values["sex"] not in Sex.values:
        reasons["sex-unknown"] = _("Choose one of the given words for sex.")
    if reasons:
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))


def _check_alone(values: Mapping[str, Any], other_than: int | None = None) -> None:
    if patients_queries.same_person(
        given_name=values["given_name"],
        family_name=values["family_name"],
        birth_date=values["birth_date"],
        other_than=other_than,
    ):
        raise ActionRefused(
            _("Someone of this name and date of birth has a record already."), codes=("possible-duplicate",)
        )


def _number_taken(number: str) -> ActionRefused:
    return ActionRefused(
        _("The record number %(number)s belongs to another record.") % {"number": number},
        codes=("record-number-taken",),
    )


@action(
    "patient.create",
    When("patient.restricted", lambda _by, asked: asked["restricted"]),
    locks=turn("record_number"),
    audit="patient.added",
)
def add(
    *,
    by: Actor,
    given_name: str,
    family_name: str,
    birth_date: date,
    sex: str = Sex.UNKNOWN,
    email: str = "",
    phone: str = "",
    language: str = "en",
    record_number: str = "",
    restricted: bool = False,
    another_person: bool = False,
    now: datetime | None = None,
) -> Patient:
    """Make a record. Without ``record_number`` the next free one of the clinic is given.

    Raises Refused: name-missing, born-in-future, born-too-long-ago, sex-unknown, record-number-taken, and
    possible-duplicate unless ``another_person`` says that the likeness has been looked at.
    """
    assert by.clinic_id is not None
    now = now or timezone.now()
    values = _tidy({
        "given_name": given_name, "family_name": family_name, "birth_date": birth_date, "sex": sex,
        "email": email, "phone": phone, "language": language,
    })  # fmt: skip
    _check_identity(values, clinic_day(now, by))
    if not another_person:
        _check_alone(values)
    # Two desks that save at once take turns, and get two numbers.
    number = " ".join(record_number.split()) or patients_queries.next_record_number()
    try:
        with transaction.atomic():
            patient = Patient.objects.create(
                clinic_id=by.clinic_id, record_number=number, restricted=restricted, created_at=now,
                created_by_id=by.membership_id, **values,
            )  # fmt: skip
    except IntegrityError as error:
        if "one_record_number" in str(error):
            raise _number_taken(number) from error
        raise
    record(by, "patient.added", patient, restricted=restricted)
    return patient


def _save(patient: Patient, values: Mapping[str, Any]) -> None:
    """Write what changed, as the next version. Refused: record-number-taken."""
    for name, value in values.items():
        setattr(patient, name, value)
    patient.version += 1
    try:
        with transaction.atomic():
            patient.save(update_fields=[*values, "version"])
    except IntegrityError as error:
        if "one_record_number" in str(error):
            raise _number_taken(patient.record_number) from error
        raise


def _changes_restriction(_by: Actor, asked: Arguments) -> bool:
    wanted = asked["restricted"]
    return wanted is not None and not one_row(Patient, asked["patient_id"]).filter(restricted=wanted).exists()


@action(
    "patient.edit",
    When("patient.restricted", _changes_restriction),
    locks=row(Patient, "patient_id"),
    audit="patient.edited",
)
def edit(
    *,
    by: Actor,
    patient_id: int,
    version: int,
    record_number: str,
    restricted: bool | None = None,
    another_person: bool = False,
    now: datetime | None = None,
    **values: Any,
) -> Patient:
    """Change who the patient is: given_name, family_name, birth_date, sex, email, phone, language.

    ``version`` is the one that the actor saw: Overtaken where somebody saved since. ``restricted`` is left alone
    without patient.restricted. Refuses as ``add`` does; a likeness is asked about only when name or birth change.
    """
    if strange := sorted(set(values) - set(_FIELDS)):
        raise TypeError(f"not a part of a patient: {strange}")
    now = now or timezone.now()
    patient = one_row(Patient, patient_id).get()
    _must_be_as_seen(patient, version)
    wanted = _as_edited(patient, values, record_number)
    if restricted is not None and restricted != patient.restricted:
        wanted["restricted"] = restricted
    changed = _changed(patient, wanted)
    _check_identity(wanted, clinic_day(now, by))
    if not another_person and _IDENTITY & set(changed):
        _check_alone(wanted, other_than=patient.pk)
    if not changed:
        return unchanged(patient)
    _save(patient, {name: wanted[name] for name in changed})
    record(by, "patient.edited", patient, fields=changed)
    return patient


def _must_be_as_seen(patient: Patient, version: int) -> None:
    if patient.version != version:
        raise Overtaken(
            _("Somebody saved this record while you were writing. Your entries are still here."),
            codes=("overtaken",),
        )


def _as_edited(patient: Patient, values: Mapping[str, object], record_number: str) -> dict[str, Any]:
    """Who the patient is once ``values`` are written; without a record number the one that stands is kept."""
    wanted = _tidy({name: getattr(patient, name) for name in _FIELDS} | dict(values))
    wanted["record_number"] = " ".join(record_number.split()) or patient.record_number
    return wanted


def _changed(patient: Patient, wanted: Mapping[str, object]) -> list[str]:
    return sorted(name for name, value in wanted.items() if getattr(patient, name) != value)


@action(
    by_value("part", {"clinical": "patient.clinical", "identity": "patient.find"}),
    locks=NoLock("looking changes nothing"),
    audit="patient.opened",
)
def open_record(*, by: Actor, patient: Patient, part: str) -> Patient:
    """Note that ``by`` opened a page of the record: ``part`` is "identity" or "clinical"."""
    record(by, "patient.opened", patient, part=part)
    return patient


def _check_person(name: str, phone: str, email: str) -> None:
    reasons: dict[str, str] = {}
    if not name:
        reasons["name-missing"] = _("Write the person's name.")
    if not phone and not email:
        reasons["no-way-to-reach"] = _("Write a phone number or an e-mail address, so that the person can be reached.")
    if reasons:
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))


@action("patient.edit", locks=NoLock("two people are two rows"), audit="patient.person_added")
def add_person(
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
    """Put someone beside the patient. Refused: name-missing, no-way-to-reach."""
    assert by.clinic_id is not None
    values = _tidy({"name": name, "relationship": relationship, "phone": phone, "email": email})
    _check_person(values["name"], values["phone"], values["email"])
    patient = one_row(Patient, patient_id).get()
    person = RelatedPerson.objects.create(
        clinic_id=by.clinic_id,
        patient=patient,
        brings_home=brings_home,
        emergency_contact=emergency_contact,
        created_at=now or timezone.now(),
        **values,
    )
    record(by, "patient.person_added", person)
    return person


@action("patient.edit", locks=row(RelatedPerson, "person_id"), audit="patient.person_edited")
def edit_person(
    *,
    by: Actor,
    person_id: int,
    name: str,
    relationship: str,
    phone: str,
    email: str,
    brings_home: bool,
    emergency_contact: bool | None = None,
) -> RelatedPerson:
    """Change what is known of a person beside the patient; None leaves whether they may be called.

    Refused: name-missing, no-way-to-reach, ended."""
    values = _tidy({"name": name, "relationship": relationship, "phone": phone, "email": email})
    _check_person(values["name"], values["phone"], values["email"])
    person = one_row(RelatedPerson, person_id).get()
    if person.ended_at is not None:
        raise ActionRefused(
            _("%(name)s is no longer a contact of this patient.") % {"name": person.name}, codes=("ended",)
        )
    values["brings_home"] = brings_home
    if emergency_contact is not None:
        values["emergency_contact"] = emergency_contact
    changed = sorted(field for field, value in values.items() if getattr(person, field) != value)
    if not changed:
        return unchanged(person)
    for field in changed:
        setattr(person, field, values[field])
    person.save(update_fields=changed)
    record(by, "patient.person_edited", person, fields=changed)
    return person


@action("patient.edit", locks=row(RelatedPerson, "person_id"), audit="patient.person_ended")
def end_person(*, by: Actor, person_id: int, now: datetime | None = None) -> RelatedPerson:
    """The person is no longer beside the patient; what they did stays on record. Ending twice changes nothing."""
    person = one_row(RelatedPerson, person_id).get()
    if person.ended_at is not None:
        return unchanged(person)
    person.ended_at = now or timezone.now()
    person.save(update_fields=["ended_at"])
    record(by, "patient.person_ended", person)
    return person
