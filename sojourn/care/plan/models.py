"""The course of treatment, the versions of its plan, and who checked and signed them."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, QUASI, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class CarePlan(ClinicScoped):
    """A course of treatment. FHIR CarePlan. The dose is milligrams of base."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="care_plans")
    title = models.CharField(_("title"), max_length=120)
    indication = models.CharField(_("indication"), max_length=120)
    protocol_id = models.CharField(_("protocol"), max_length=60)
    dose_mg = models.DecimalField(_("planned dose, mg as base"), max_digits=7, decimal_places=2)
    planned_sessions = models.PositiveSmallIntegerField(_("sessions planned"))
    intention = models.TextField(_("intention"), blank=True)
    started_on: models.DateField[date, date] = models.DateField(_("starts on"))
    ended_on: models.DateField[date | None, date | None] = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "title": CLINICAL,
        "indication": CLINICAL, "protocol_id": CLINICAL, "dose_mg": CLINICAL, "planned_sessions": CLINICAL,
        "intention": CLINICAL, "started_on": QUASI, "ended_on": QUASI, "created_at": OPERATIONAL,
        "created_by": OPERATIONAL,
    }  # fmt: skip

    def __str__(self) -> str:
        return self.title


class PlanVersion(ClinicScoped):
    """One version of the plan of a course. A draft is edited by several people; once signed it is frozen by trigger.

    The first version of a patient has no course yet: its signature begins one. ``before`` is the order of the course
    as it stood until this version was signed, so that every moment's order can be told (see queries.ordered_at).
    ``parts`` and ``goals`` are lists of plain tables, ``plan.parts`` says their shape. Doses are milligrams of base.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="plan_versions")
    care_plan = models.ForeignKey(CarePlan, on_delete=models.PROTECT, related_name="versions", null=True)
    number = models.PositiveSmallIntegerField()
    revision = models.PositiveIntegerField(default=1)

    indication = models.CharField(_("indication"), max_length=120, blank=True)
    protocol_id = models.CharField(_("protocol"), max_length=60, blank=True)
    route = models.CharField(max_length=12, blank=True)
    drug = models.CharField(max_length=40, blank=True)
    per_kg = models.DecimalField(_("mg for each kg"), max_digits=7, decimal_places=4, null=True)
    fixed_mg = models.DecimalField(_("dose, mg as base"), max_digits=7, decimal_places=2, null=True)
    weight_kg = models.DecimalField(_("weight, kg"), max_digits=6, decimal_places=2, null=True)
    weight_on: models.DateField[date | None, date | None] = models.DateField(_("weighed on"), null=True)
    round_mg = models.DecimalField(_("rounded to, mg"), max_digits=5, decimal_places=2, null=True)
    round_direction = models.CharField(max_length=8, default="nearest")
    over_min = models.DecimalField(_("over, minutes"), max_digits=5, decimal_places=1, null=True)
    stock_mg_per_ml = models.DecimalField(_("in the vial, mg/mL"), max_digits=7, decimal_places=3, null=True)
    total_ml = models.DecimalField(_("made up to, mL"), max_digits=7, decimal_places=2, null=True)
    dose_mg = models.DecimalField(_("dose, mg as base"), max_digits=7, decimal_places=2, null=True)
    working = models.JSONField(default=list)
    rules = models.JSONField(default=list)
    dosed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    sessions = models.PositiveSmallIntegerField(_("sessions"), null=True)
    min_days = models.PositiveSmallIntegerField(_("days between, at least"), null=True)
    max_days = models.PositiveSmallIntegerField(_("days between, at most"), null=True)
    starts_on: models.DateField[date | None, date | None] = models.DateField(_("starts on"), null=True)
    parts = models.JSONField(default=list)
    goals = models.JSONField(default=list)
    intention = models.TextField(_("intention"), blank=True)
    review_after = models.PositiveSmallIntegerField(_("review after so many sessions"), null=True)
    review_on: models.DateField[date | None, date | None] = models.DateField(_("review on"), null=True)
    change_reason = models.TextField(_("reason for the change"), blank=True)

    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    edited_at = models.DateTimeField()
    edited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    discarded_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    discarded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    beyond = models.JSONField(default=list)
    beyond_reason = models.TextField(_("reason for going outside"), blank=True)
    standing = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    signed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        **dict.fromkeys(
            (
                "id", "clinic", "patient", "care_plan", "number", "revision", "rules", "dosed_by", "drafted_at",
                "drafted_by", "edited_at", "edited_by", "discarded_at", "discarded_by", "content_hash", "signed_at",
                "signed_by",
            ),
            OPERATIONAL,
        ),
        **dict.fromkeys(
            (
                "indication", "protocol_id", "route", "drug", "per_kg", "fixed_mg", "weight_kg", "round_mg",
                "round_direction", "over_min", "stock_mg_per_ml", "total_ml", "dose_mg", "working", "sessions",
                "min_days", "max_days", "parts", "goals", "intention", "review_after", "change_reason", "beyond",
                "beyond_reason", "standing", "before",
            ),
            CLINICAL,
        ),
        "weight_on": QUASI, "starts_on": QUASI, "review_on": QUASI,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("care_plan", "number"), name="plan_version_number"),
            models.UniqueConstraint(
                fields=("care_plan",), name="plan_one_draft",
                condition=models.Q(signed_at=None, discarded_at=None, care_plan__isnull=False),
            ),
            models.UniqueConstraint(
                fields=("patient",), name="plan_one_first_draft",
                condition=models.Q(signed_at=None, discarded_at=None, care_plan=None),
            ),
        )  # fmt: skip
        indexes = (models.Index(fields=("care_plan", "-signed_at"), name="plan_version_in_force"),)

    def __str__(self) -> str:
        return f"{self.care_plan_id or 'new'}/{self.number}"

    @property
    def open(self) -> bool:
        """Still a draft, neither signed nor thrown away."""
        return self.signed_at is None and self.discarded_at is None


class DoubleCheck(ClinicScoped):
    """A second clinician worked the dose out from her own figures and came to the same. Counts for that dose alone:
    ``dose_hash`` is of the order as it then stood."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="checks")
    dose_hash = models.CharField(max_length=64)
    weight_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    amount = models.DecimalField(max_digits=8, decimal_places=4)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    checked_at = models.DateTimeField()
    checked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "version": OPERATIONAL,
        "dose_hash": OPERATIONAL, "weight_kg": CLINICAL, "amount": CLINICAL, "dose_mg": CLINICAL,
        "checked_at": OPERATIONAL, "checked_by": OPERATIONAL,
    }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.version_id}: {self.dose_mg} mg"
