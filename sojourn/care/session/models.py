"""What is done in a session: checks, doses, events, discharge and signature. All history is rows."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models

from sojourn.care.encounter.models import Encounter
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class CheckResult(ClinicScoped):
    """One item of the pre-flight checklist, done. The newest row of an item counts."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="checks")
    item_id = models.CharField(max_length=60)
    outcome = models.CharField(max_length=12)
    value = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "item_id": OPERATIONAL, "outcome": CLINICAL, "value": CLINICAL, "note": CLINICAL, "at": OPERATIONAL,
        "by": OPERATIONAL,
    }  # fmt: skip


class MedicationAdministration(ClinicScoped):
    """A dose given. FHIR MedicationAdministration. ``dose_mg`` is milligrams of base."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="doses")
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=12)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    duration_min = models.DecimalField(max_digits=5, decimal_places=1)
    lot = models.CharField(max_length=40)
    expires_on: models.DateField[date | None, date | None] = models.DateField(null=True)
    started_at = models.DateTimeField()
    given_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    checked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    note = models.TextField(blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "drug": CLINICAL, "route": CLINICAL, "dose_mg": CLINICAL, "duration_min": CLINICAL,
        "lot": OPERATIONAL, "expires_on": OPERATIONAL, "started_at": OPERATIONAL, "given_by": OPERATIONAL,
        "checked_by": OPERATIONAL, "checked_at": OPERATIONAL, "recorded_at": OPERATIONAL, "note": CLINICAL,
    }  # fmt: skip


class DoseCheck(ClinicScoped):
    """The second, independent check of a dose, by another person signed in as themselves, before it is given."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="dose_checks")
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=12)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    lot = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "drug": CLINICAL, "route": CLINICAL, "dose_mg": CLINICAL, "lot": OPERATIONAL, "at": OPERATIONAL,
        "by": OPERATIONAL,
    }  # fmt: skip


class SessionEvent(ClinicScoped):
    """Something that happened in the session, at a time: infusion stopped, nausea, music, an emotional response."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "kind": CLINICAL, "note": CLINICAL, "at": OPERATIONAL, "recorded_at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip


class Discharge(ClinicScoped):
    """How the patient left: with whom, with which scores, told what."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.OneToOneField(Encounter, on_delete=models.PROTECT, related_name="discharge")
    companion = models.ForeignKey(RelatedPerson, on_delete=models.PROTECT, related_name="+", null=True)
    companion_name = models.CharField(max_length=120)
    criteria = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "companion": OPERATIONAL, "companion_name": DIRECT, "criteria": CLINICAL, "at": OPERATIONAL,
        "by": OPERATIONAL,
    }  # fmt: skip


class RecordSignature(ClinicScoped):
    """A clinician's signature under the record as it stood: the content's hash says what was signed."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="signatures")
    content_hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "content_hash": OPERATIONAL, "at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip


class Addendum(ClinicScoped):
    """Something added after the signature. The signed record stays as it was."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="addenda")
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "text": CLINICAL, "at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip
