"""The inspector's record: who did what to which record, when. Not the page's history; that is the rows' own.

No foreign keys: an audit row outlives what it speaks of. The database numbers and chains the rows (see the
migration): each hash covers the row and the hash before it, per clinic, so a changed, removed or inserted row
breaks the chain at that row. Clinic 0 is the house itself (start, sign-in failures).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, Privacy


class AuditEvent(models.Model):
    clinic_id = models.BigIntegerField()
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    person_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=160, blank=True)
    role = models.CharField(max_length=24, blank=True)
    action = models.CharField(max_length=80)
    entity = models.CharField(max_length=80, blank=True)
    entity_id = models.BigIntegerField(null=True)
    patient_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    append_only: ClassVar[bool] = True
    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic_id": OPERATIONAL, "seq": OPERATIONAL, "at": OPERATIONAL,
        "person_id": OPERATIONAL, "name": DIRECT, "role": OPERATIONAL, "action": OPERATIONAL,
        "entity": OPERATIONAL, "entity_id": OPERATIONAL, "patient_id": OPERATIONAL, "detail": CLINICAL,
        "prev_hash": OPERATIONAL, "hash": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic_id", "seq"), name="audit_row_number"),)
        indexes = (
            models.Index(fields=("clinic_id", "patient_id", "-at"), name="audit_of_patient"),
            models.Index(fields=("clinic_id", "-at"), name="audit_newest"),
        )
