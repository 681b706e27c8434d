"""Two people changed the same record: what the other saved, and what was typed over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext as _

from sojourn.care.patients.days import days_in
from sojourn.care.patients.models import Patient, Sex
from sojourn.foundation.accounts.actor import Actor
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


@dataclass(frozen=True, slots=True)
class Change:
    """A field that somebody else saved meanwhile. ``yours`` is set where both changed it."""

    label: str
    was: str
    saved: str
    yours: str


def stored(patient: Patient) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value := getattr(patient, name), date) else value for name in FIELDS}


def shown_value(name: str, value: object) -> str:
    if name == "sex":
        return str(dict(Sex.choices).get(str(value), str(value)))
    if name == "language":
        return str(dict(settings.LANGUAGES).get(str(value), str(value)))
    if name == "restricted":
        return _("yes") if value else _("no")
    if name == "birth_date":
        days, _rest = days_in(str(value))
        return day_words(days[0]) if len(days) == 1 else str(value)
    return str(value) or _("(empty)")


def sealed(patient: Patient) -> str:
    """What stands there now, for a page to send back as what it was made from."""
    return signing.dumps(stored(patient), salt=BEFORE)


def _unsealed(text: str) -> dict[str, object]:
    try:
        found: dict[str, object] = signing.loads(text, salt=BEFORE)
    except signing.BadSignature:
        return {}
    return found


def merge(typed: QueryDict, before: str, patient: Patient, actor: Actor) -> tuple[PatientForm, list[Change]]:
    """What was typed over what the other saved: untouched fields take the other's value, typed ones stay."""
    was, now, data, changes = _unsealed(before), stored(patient), typed.copy(), list[Change]()
    for name in PatientForm(actor=actor).fields:
        if name in now and (name not in was or was[name] != now[name]):
            changes += _merge_field(name, was, now[name], data)
    return PatientForm(data, actor=actor), changes


def _merge_field(name: str, was: Mapping[str, object], now: object, data: QueryDict) -> list[Change]:
    """What to say of a field that the other saved; where nobody typed in it, its new value goes into ``data``."""
    typed: bool | str = name in data if name == "restricted" else data.get(name, "")
    untouched = name in was and typed == was[name]
    if not untouched and typed == now:
        return []
    if untouched:
        _take_over(name, now, data)
    label = str(PatientForm.base_fields[name].label)
    before = shown_value(name, was[name]) if name in was else ""
    return [Change(label, before, shown_value(name, now), "" if untouched else shown_value(name, typed))]


def _take_over(name: str, value: object, data: QueryDict) -> None:
    if name != "restricted":
        data[name] = str(value)
    elif value:
        data[name] = "on"
    else:
        data.pop(name, None)
