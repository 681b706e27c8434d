"""A row in every table that belongs to a patient, and of every kind, so that a page that forgets whom it may name has
something to give away.

The tables are walked, and their columns filled by their type: a new table is covered without a line here. Where a
column holds a code that pages look up, or a rule of the database wants more, say so in ``HINTS``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import models
from django.utils import timezone

from sojourn.care.patients.models import Patient
from sojourn.care.session.event_kinds import KINDS
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.rulebook.scales import scales
from tests.conftest import Cast

# Columns of codes without choices of their own: one row of each.
CODES: dict[tuple[str, str], Iterable[str]] = {
    ("SessionEvent", "kind"): KINDS,
    ("QuestionnaireResponse", "scale_id"): [each.id for each in scales()],
    ("MeasureRequest", "scale_id"): [each.id for each in scales()],
}
# What stands in a column whose type says too little.
HINTS: dict[tuple[str, str], Any] = {
    ("ReminderPreference", "zone"): "America/Denver",
    # A pump that starts has a rate, a reading of it what was left, a part its milligrams.
    ("DoseEvent", "rate_ml_per_h"): 75,
    ("DoseEvent", "remaining_ml"): 1,
    ("DoseEvent", "mg"): 1,
}
# A row of another kind would move the session on.
ONE_IS_ENOUGH = {"SessionState"}
WORDS_FROM = 60  # a column that holds this many characters holds words; a shorter one a code

_numbers = count(1)


def tables() -> list[type[models.Model]]:
    """Every model whose rows belong to one patient."""
    return [each for each in apps.get_models() if any(field.name == "patient" for field in each._meta.concrete_fields)]


def missing(model: type[models.Model]) -> Iterator[dict[str, str]]:
    """Of which kinds there is no row: by column and code."""
    rows: Any = model._default_manager
    if not rows.exists():
        yield {}
    if model.__name__ in ONE_IS_ENOUGH or model._meta.get_field("patient").unique:
        return
    for field in model._meta.concrete_fields:
        for code in _codes(model, field):
            if not rows.filter(**{field.name: code}).exists():
                yield {field.name: code}


def _codes(model: type[models.Model], field: models.Field[Any, Any]) -> Iterable[str]:
    named = CODES.get((model.__name__, field.name))
    return named if named is not None else [code for code, _ in field.flatchoices if code]


def fill(cast: Cast, patient: Patient, secret: str) -> None:
    """Rows of ``patient`` wherever there are none yet; ``secret`` stands in every column that holds words."""
    for model in tables():
        while (kind := next(missing(model), None)) is not None:
            make(model, cast, patient, secret, kind)


def said(model: type[models.Model], **only: str) -> str:
    """What a page that knows of no restriction would show of a table: its words, and whose they are."""
    rows: Any = model._default_manager.filter(**only)  # type: ignore[misc]
    return " ".join(f"{each.patient.name} {' '.join(map(str, vars(each).values()))}" for each in rows)


def make(model: type[models.Model], cast: Cast, patient: Patient, secret: str, kind: dict[str, Any]) -> Any:
    """One row, with the columns of ``kind`` as they are said."""
    values = {
        field.name: value_of(field, cast, patient, secret)
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.has_default() and field.name not in kind
    }
    rows: Any = model._default_manager
    return rows.create(**values, **kind)


def whole(model: type[models.Model], **said: Any) -> dict[str, Any]:
    """Something in every column that may stay empty, but for references."""
    optional = [
        each for each in model._meta.concrete_fields if (each.null or each.has_default()) and not each.is_relation
    ]
    return {each.name: _filled(each) for each in optional if not each.primary_key} | said


def _filled(field: models.Field[Any, Any]) -> Any:
    hint = HINTS.get((field.model.__name__, field.name))
    if isinstance(field, (models.CharField, models.TextField)):
        return "1"
    return hint if hint is not None else plain(field)


def value_of(field: models.Field[Any, Any], cast: Cast, patient: Patient, secret: str) -> Any:
    if (hint := HINTS.get((field.model.__name__, field.name))) is not None:
        return hint() if callable(hint) else hint
    if isinstance(field, models.ForeignKey):
        return _reference(field, cast, patient, secret)
    if field.flatchoices:
        return field.flatchoices[0][0]
    if isinstance(field, (models.CharField, models.TextField)):
        room = field.max_length or 1000
        return (
            f"{secret} {next(_numbers)}"
            if room >= WORDS_FROM and "hash" not in field.name
            else f"x{next(_numbers)}"[-room:]
        )
    if field.null:
        return None
    return plain(field)


def _reference(field: Any, cast: Cast, patient: Patient, secret: str) -> Any:
    target = field.related_model
    if target is Patient:
        return patient
    if target is type(cast.clinic):
        return cast.clinic
    if target is Membership:
        return cast.members["nurse"]
    if field.null:
        return None
    rows = target.objects.filter(**{"patient": patient} if target in tables() else {})
    if isinstance(field, models.OneToOneField):
        rows = rows.exclude(pk__in=field.model.objects.values(field.attname))
    return rows.first() or make(target, cast, patient, secret, {})


def plain(field: Any) -> Any:
    now = timezone.now() + timedelta(days=next(_numbers))
    match field.get_internal_type():
        case "DateTimeField":
            return timezone.now()
        case "DateField":
            return timezone.localdate()
        case "TimeField":
            return timezone.localtime().time()
        case "DateTimeRangeField":
            return (now, now + timedelta(hours=1))
        case "UUIDField":
            return uuid4()
        case "JSONField":
            return {}
        case "BooleanField":
            return False
        case "BinaryField":
            return uuid4().bytes
        case "ArrayField":
            return []
        case _:
            return 1
