"""Two people changed the same record: what the other saved, and what was typed over it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from sojourn.care.patients.days import days_in
from sojourn.care.patients.models import Patient, Sex
from sojourn.foundation.accounts.asker import Asker
from sojourn.interfaces.console.patients.forms import PatientForm
from sojourn.interfaces.shared.days import day_words

FIELDS = (
    "record_number",
    "given_name",
    "family_name",
    "birth_date",
    "sex",
    "phone",
    "email",
    "language",
    "restricted",
)

BEFORE = "console.patient.before"


# ---------------------------------------------------------------- making and changing


@dataclass(frozen=True, slots=True)
class Change:
    """A field that somebody else saved meanwhile. ``yours`` is set where both changed it."""

    label: str
    was: str
    saved: str
    yours: str


def stored(patient: Patient) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value := getattr(patient, name), date) else value for name in FIELDS}


def shown_value(name: str, value: Any) -> str:
    if name == "sex":
        return str(dict(Sex.choices).get(value, value))
    if name == "language":
        return str(dict(settings.LANGUAGES).get(value, value))
    if name == "restricted":
        return _("yes") if value else _("no")
    if name == "birth_date":
        days, _rest = days_in(str(value))
        return day_words(days[0]) if len(days) == 1 else str(value)
    return str(value) or _("(empty)")


def merge(request: HttpRequest, patient: Patient, asker: Asker) -> tuple[PatientForm, list[Change]]:
    """What was typed over what the other saved: untouched fields take the other's value, typed ones stay."""
    try:
        before: dict[str, Any] = signing.loads(request.POST.get("before", ""), salt=BEFORE)
    except signing.BadSignature:
        before = {}
    saved, data, changes = stored(patient), request.POST.copy(), list[Change]()
    for name in PatientForm(asker=asker).fields:
        if name not in saved or (name in before and before[name] == saved[name]):
            continue
        typed: Any = name in data if name == "restricted" else data.get(name, "")
        untouched = name in before and typed == before[name]
        if untouched:
            if name == "restricted":
                data.pop(name, None)
                if saved[name]:
                    data[name] = "on"
            else:
                data[name] = str(saved[name])
        if untouched or typed != saved[name]:
            label = str(PatientForm.base_fields[name].label)
            was = shown_value(name, before[name]) if name in before else ""
            changes.append(
                Change(label, was, shown_value(name, saved[name]), "" if untouched else shown_value(name, typed))
            )
    return PatientForm(data, asker=asker), changes
