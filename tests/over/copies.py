"""A second row like one that stands, and the rows of a furnished patient that are copied."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import uuid4

from django.db import models

from tests.furnished import Furnished

M = TypeVar("M", bound=models.Model)


def again(row: M, **changes: Any) -> M:
    """A second row like this one, but for ``changes`` and what may not be there twice."""
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key
    }
    for field in row._meta.concrete_fields:
        if field.unique and not field.primary_key and not field.is_relation:
            values[field.attname] = uuid4() if isinstance(field, models.UUIDField) else f"{uuid4().hex:0>64}"
    return type(row)._default_manager.create(**{**values, **changes})


def of(model: type[M], rows: Furnished) -> M:
    return model._default_manager.filter(patient_id=rows.running.patient.pk).order_by("id")[0]
