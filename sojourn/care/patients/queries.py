"""Who is in care: found, listed, and shown or withheld."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import CharField, Exists, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from sojourn.care.patients.days import days_in
from sojourn.care.patients.models import DoseStart, Patient, RelatedPerson
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import BreakGlass, Membership
from sojourn.foundation.scope import MemberScope, PatientScope, clinic_rows, rows_of

FIRST_NUMBER = "1001"
_JOINT = re.compile(r"[\s\-.,;/()_\u2010-\u2014]+")
_NUMBERED = re.compile(r"^(.*?)(\d+)$", re.DOTALL)


class _Fold(Func):
    """The database's folding of a word, the same that made ``search_key``."""

    function = "sojourn_fold"
    output_field = CharField()


def _spaced(word: str, *, whole: bool) -> Concat:
    parts = [Value(" "), _Fold(Value(word))]
    return Concat(*parts, Value(" ")) if whole else Concat(*parts)


def _words(text: str) -> list[str]:
    return [word for word in _JOINT.split(text) if word.strip("'’‘`´ʼ")][:8]


def _named(words: Iterable[str]) -> Q:
    """Every word stands somewhere in the name; a word of one or two letters begins a part of it."""
    found = Q()
    for word in words:
        sought = _Fold(Value(word)) if len(word) > 2 else _spaced(word, whole=False)
        found &= Q(search_key__contains=sought)
    return found


def _named_wholly(words: list[str]) -> Q:
    """Every word is a whole part of the name."""
    found = Q()
    for word in words:
        found &= Q(search_key__contains=_spaced(word, whole=True))
    return found


def opened_by(actor: Actor, now: datetime) -> frozenset[int]:
    """The restricted records whose glass this actor has broken and that are still open. One query."""
    if actor.membership_id is None:
        return frozenset()
    return frozenset(
        MemberScope(actor.membership_id).rows(BreakGlass).filter(until_at__gt=now).values_list("patient_id", flat=True)
    )


def withheld(actor: Actor, patients: Iterable[Patient], now: datetime) -> frozenset[int]:
    """The ids among ``patients`` of which this actor may only know that they exist. No query without one."""
    restricted = {patient.pk for patient in patients if patient.restricted}
    if not restricted or actor.may("patient.restricted"):
        return frozenset()
    return frozenset(restricted - opened_by(actor, now))


@dataclass(frozen=True, slots=True)
class Record:
    """A patient, and whether this actor may only know that the record exists. ``signs_in``: to the own portal."""

    patient: Patient
    withheld: bool
    signs_in: bool


def record_for(actor: Actor, of: PatientScope, now: datetime) -> Record:
    """One record as this actor may see it. One query. Raises Patient.DoesNotExist."""
    glass = rows_of(BreakGlass, PatientScope, OuterRef("pk")).filter(
        membership_id=actor.membership_id or 0, until_at__gt=now
    )
    own = rows_of(Membership, PatientScope, OuterRef("pk")).filter(role="patient", ended_at=None)
    patient = of.rows(Patient).annotate(glass=Exists(glass), signs_in=Exists(own)).get()
    shut = patient.restricted and not actor.may("patient.restricted") and not patient.glass
    return Record(patient, shut, patient.signs_in)


def find(text: str, *, actor: Actor, now: datetime) -> QuerySet[Patient]:
    """The patients that ``text`` may mean: parts of a name in any order, a day of birth, a record number.

    All of them where ``text`` is empty. A restricted record answers an actor who may not open it only to its exact
    record number or to its name in full, so that nobody spells it out letter by letter.
    """
    text = " ".join(text.split())[:120]
    days, rest = days_in(text)
    words = _words(rest)
    match = Q()
    if days:
        match &= Q(birth_date__in=days)
    if words:
        match &= _named(words)
    if text:
        match |= Q(record_number__iexact=text)
    if not actor.may("patient.restricted"):
        wholly = Q(record_number__iexact=text)
        if len(words) > 1 or (words and days):
            wholly |= _named_wholly(words)
        match &= Q(restricted=False) | Q(pk__in=opened_by(actor, now)) | (wholly if text else Q())
    return clinic_rows(Patient).filter(match).order_by("search_key", "birth_date", "id")


def same_person(*, given_name: str, family_name: str, birth_date: date, other_than: int | None = None) -> list[Patient]:
    """Records that bear the same name (accents and case aside) and the same day of birth, at most five."""
    words = _words(f"{family_name} {given_name}")
    if not words:
        return []
    rows = clinic_rows(Patient).filter(_named_wholly(words), birth_date=birth_date).order_by("id")
    return list(rows.exclude(pk=other_than)[:5] if other_than else rows[:5])


def next_record_number() -> str:
    """The number after the highest one of the newest record's kind in the actor's clinic: "P-0041" after "P-0040"."""
    newest = (
        clinic_rows(Patient)
        .filter(record_number__regex=r"[0-9]$")
        .order_by("-id")
        .values_list("record_number", flat=True)
        .first()
    )
    found = _NUMBERED.match(newest) if newest else None
    if found is None:
        return FIRST_NUMBER
    before, digits = found.groups()
    numbers = [
        number.removeprefix(before)
        for number in clinic_rows(Patient)
        .filter(record_number__regex=f"^{re.escape(before)}[0-9]{{1,12}}$")
        .values_list("record_number", flat=True)
    ]
    highest = max((int(number) for number in numbers if number.isdigit()), default=int(digits))
    return f"{before}{highest + 1:0{len(digits)}d}"


def people_of(of: PatientScope, *, with_ended: bool = False) -> list[RelatedPerson]:
    """The people beside a patient, those who bring them home first. One query."""
    rows = of.rows(RelatedPerson).order_by("-brings_home", "name", "id")
    return list(rows if with_ended else rows.filter(ended_at=None))


def last_dose_at(of: PatientScope, now: datetime) -> datetime | None:
    """When the newest dose of a patient was started by then; None where there was none. One query. A patient may ask
    it."""
    starts = of.rows(DoseStart).filter(at__lte=now).order_by("-at")
    return starts.values_list("at", flat=True).first()


def emergency_contacts(of: PatientScope) -> list[RelatedPerson]:
    """Who may be called in an emergency about a patient, the first named first. One query."""
    return list(of.rows(RelatedPerson).filter(emergency_contact=True, ended_at=None).order_by("id"))
