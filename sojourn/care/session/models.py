"""What is done in a session: checks, doses, events, discharge and signature. All history is rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.encounter.models import Encounter
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan.models import PlanVersion
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
    """A dose that was begun, as it was prepared. FHIR MedicationAdministration. Milligrams are of base.

    ``dose_mg`` is what was to go in, ``drawn_mg`` what was taken out of the vial. What really went in stands in no
    field: it is worked out from the dose's events (see given.py).
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="doses")
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=12)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    drawn_mg = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    duration_min = models.DecimalField(max_digits=5, decimal_places=1)
    lot = models.CharField(max_length=40)
    vial = models.CharField(max_length=40, blank=True)
    expires_on: models.DateField[date | None, date | None] = models.DateField(null=True)
    stock_mg_per_ml = models.DecimalField(max_digits=7, decimal_places=3, null=True)
    total_ml = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    rate_ml_per_h = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    devices = models.PositiveSmallIntegerField(null=True)
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+", null=True)
    started_at = models.DateTimeField()
    given_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    checked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    checked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    note = models.TextField(blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "drug": CLINICAL, "route": CLINICAL, "dose_mg": CLINICAL, "drawn_mg": CLINICAL, "duration_min": CLINICAL,
        "lot": OPERATIONAL, "vial": OPERATIONAL, "expires_on": OPERATIONAL, "stock_mg_per_ml": CLINICAL,
        "total_ml": CLINICAL, "rate_ml_per_h": CLINICAL, "devices": CLINICAL, "plan_version": OPERATIONAL,
        "started_at": OPERATIONAL, "given_by": OPERATIONAL,
        "checked_by": OPERATIONAL, "checked_at": OPERATIONAL, "recorded_at": OPERATIONAL, "note": CLINICAL,
    }  # fmt: skip


class DoseCheck(ClinicScoped):
    """What one person reads off the vial and the syringe before a dose is given: first whoever prepares it, then,
    unseen, a second person signed in as themselves. Milligrams are of base."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="dose_checks")
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=12)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    drawn_mg = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    lot = models.CharField(max_length=40)
    vial = models.CharField(max_length=40, blank=True)
    expires_on: models.DateField[date | None, date | None] = models.DateField(null=True)
    stock_mg_per_ml = models.DecimalField(max_digits=7, decimal_places=3, null=True)
    drawn_ml = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    total_ml = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    over_min = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    rate_ml_per_h = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    devices = models.PositiveSmallIntegerField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "drug": CLINICAL, "route": CLINICAL, "dose_mg": CLINICAL, "drawn_mg": CLINICAL, "lot": OPERATIONAL,
        "vial": OPERATIONAL, "expires_on": OPERATIONAL, "stock_mg_per_ml": CLINICAL, "drawn_ml": CLINICAL,
        "total_ml": CLINICAL, "over_min": CLINICAL, "rate_ml_per_h": CLINICAL, "devices": CLINICAL, "at": OPERATIONAL,
        "by": OPERATIONAL,
    }  # fmt: skip


class DoseEventKind(models.TextChoices):
    START = "start", _("started")
    RATE = "rate", _("rate changed")
    PAUSE = "pause", _("paused")
    RESUME = "resume", _("went on")
    STOP = "stop", _("stopped")
    END = "end", _("ended")
    COUNTED = "counted", _("read off the pump")
    PART = "part", _("part given")
    ASKED = "asked", _("told")


class DoseEvent(ClinicScoped):
    """What happened to a dose after it was drawn up: the pump started, slowed, paused, stopped; a device given.

    ``rate_ml_per_h`` of a start, a change or a resume; ``remaining_ml`` what the pump or the syringe still held, as a
    person read it; ``mg`` of a part (a spray device, an injection), or what a person says was given in all, as base.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="dose_events")
    dose = models.ForeignKey(MedicationAdministration, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=8, choices=DoseEventKind.choices)
    rate_ml_per_h = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    remaining_ml = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    mg = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "dose": OPERATIONAL, "kind": CLINICAL, "rate_ml_per_h": CLINICAL, "remaining_ml": CLINICAL, "mg": CLINICAL,
        "note": CLINICAL, "at": CLINICAL, "recorded_at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip


class Waste(ClinicScoped):
    """Milligrams of base that were drawn up and went into nobody. It counts once a second person has witnessed it."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="waste")
    mg = models.DecimalField(max_digits=7, decimal_places=2)
    how = models.CharField(max_length=200, blank=True)
    key = models.UUIDField(unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL, "mg": CLINICAL,
        "how": CLINICAL, "key": OPERATIONAL, "at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip


class WasteWitness(ClinicScoped):
    """The second person who saw the waste, signed in as themselves. The database refuses whoever wasted it."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    waste = models.OneToOneField(Waste, on_delete=models.PROTECT, related_name="witness")
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "waste": OPERATIONAL, "at": OPERATIONAL,
        "by": OPERATIONAL,
    }  # fmt: skip


class GivenMedicine(ClinicScoped):
    """Another medicine that somebody gave in the session: oxygen, something against nausea or for the pressure.

    It is charted as given even when it is written down late. ``warned`` holds the interactions that were shown: a
    warning never keeps anybody from giving it or from writing it down.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="given_medicines")
    name = models.CharField(max_length=200)
    ingredient = models.CharField(max_length=200, blank=True)
    amount = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    unit = models.CharField(max_length=12, blank=True)
    route = models.CharField(max_length=12)
    note = models.TextField(blank=True)
    warned = models.JSONField(default=list)
    key = models.UUIDField(unique=True)
    given_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL, "name": CLINICAL,
        "ingredient": CLINICAL, "amount": CLINICAL, "unit": CLINICAL, "route": CLINICAL, "note": CLINICAL,
        "warned": CLINICAL, "key": OPERATIONAL, "given_at": CLINICAL, "recorded_at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip


class SessionEvent(ClinicScoped):
    """Something that happened in the session, at a time; ``kind`` is one of event_kinds.

    ``grade`` says how strong a discomfort was ("mild", "moderate", "severe"), ``measure`` what was done about it;
    ``about`` names the event that a later one follows up, with the ``effect`` ("gone", "better", "same", "worse");
    ``amount`` is in ``unit``, a code of clinical.units.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24)
    grade = models.CharField(max_length=8, blank=True)
    measure = models.CharField(max_length=200, blank=True)
    effect = models.CharField(max_length=8, blank=True)
    amount = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    unit = models.CharField(max_length=12, blank=True, default="")
    about = models.ForeignKey("self", on_delete=models.PROTECT, related_name="followed_by", null=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    # Of who saw a call or goes: a patient sees no membership but their own, and reads here who is coming.
    by_name = models.CharField(max_length=160, blank=True, default="")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "kind": CLINICAL, "grade": CLINICAL, "measure": CLINICAL, "effect": CLINICAL, "amount": CLINICAL,
        "unit": CLINICAL, "about": OPERATIONAL, "note": CLINICAL, "at": OPERATIONAL, "recorded_at": OPERATIONAL,
        "by": OPERATIONAL, "by_name": DIRECT,
    }  # fmt: skip


class StruckKind(models.TextChoices):
    READING = "reading", _("reading")
    CHECK = "check", _("answer")
    EVENT = "event", _("note")
    MEDICINE = "medicine", _("medicine")
    WASTE = "waste", _("waste")


class EnteredInError(ClinicScoped):
    """A row of a session that somebody took back: it was entered in error. The row stays where it is and is shown
    struck, with who, when and why; it counts for nothing any more. FHIR status entered-in-error.

    ``of`` says which table, ``row_id`` which row of it (a typed reading, an answer to a check, an event, a medicine
    given by hand, a waste with its witness). What a monitor sent is never struck.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="struck")
    of = models.CharField(max_length=8, choices=StruckKind.choices)
    row_id = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL, "of": OPERATIONAL,
        "row_id": OPERATIONAL, "reason": CLINICAL, "at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("of", "row_id"), name="struck_once"),)


class Discharge(ClinicScoped):
    """How the patient left: with whom, with which scores, told what."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.OneToOneField(Encounter, on_delete=models.PROTECT, related_name="discharge")
    escort = models.ForeignKey(RelatedPerson, on_delete=models.PROTECT, related_name="+", null=True)
    escort_name = models.CharField(max_length=120)
    criteria = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "escort": OPERATIONAL, "escort_name": DIRECT, "criteria": CLINICAL, "at": OPERATIONAL,
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
