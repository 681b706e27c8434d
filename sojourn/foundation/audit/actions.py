"""Write an audit row, in the transaction of the action that declares it."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import note_written

_INSERT = (
    "INSERT INTO audit_auditevent"
    " (clinic_id, seq, at, person_id, name, role, action, entity, entity_id, patient_id, detail, prev_hash, hash)"
    " VALUES (%s, 0, clock_timestamp(), %s, %s, %s, %s, %s, %s, %s, %s, '', '')"
)


def record(
    by: Actor,
    action: str,
    entity: models.Model | None = None,
    *,
    patient_id: int | None = None,
    **detail: Any,
) -> None:
    """Record that ``by`` did ``action`` to ``entity``. Number, hash and time come from the database.

    ``patient_id`` defaults to the entity's own. ``detail`` must be JSON-able and holds no free text of a patient.
    Raises NotDeclared outside of an action that declares the verb ``action``.
    """
    if patient_id is None and entity is not None:
        patient_id = getattr(entity, "patient_id", None)
    note_written(action)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            (
                by.clinic_id or 0,
                by.person_id,
                by.name,
                by.role,
                action,
                entity._meta.label if entity is not None else "",
                entity.pk if entity is not None else None,
                patient_id,
                json.dumps(detail, cls=DjangoJSONEncoder, sort_keys=True),
            ),
        )
