"""Chairs and appointments. The database itself refuses to book a chair or a patient twice."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, QUASI, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Chair(ClinicScoped):
    """A place for one patient. FHIR Location."""

    name = models.CharField(_("name"), max_length=40)
    in_use = models.BooleanField(default=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "name": OPERATIONAL, "in_use": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "name"), name="one_chair_of_a_name"),)

    def __str__(self) -> str:
        return self.name


class AppointmentStatus(models.TextChoices):
    BOOKED = "booked", _("booked")
    CANCELLED = "cancelled", _("cancelled")


class Appointment(ClinicScoped):
    """A time in a chair. FHIR Appointment. ``during`` is half-open; overlaps are refused by exclusion."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    care_plan = models.ForeignKey(CarePlan, on_delete=models.PROTECT, related_name="appointments")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="appointments")
    during = DateTimeRangeField()
    status = models.CharField(max_length=12, choices=AppointmentStatus.choices, default=AppointmentStatus.BOOKED)
    companion = models.ForeignKey(RelatedPerson, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    cancelled_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    cancelled_because = models.CharField(_("reason"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "care_plan": OPERATIONAL,
        "chair": OPERATIONAL, "during": QUASI, "status": OPERATIONAL, "companion": OPERATIONAL,
        "booked_at": OPERATIONAL, "booked_by": OPERATIONAL, "cancelled_at": OPERATIONAL,
        "cancelled_by": OPERATIONAL, "cancelled_because": CLINICAL, "version": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "patient"), name="appointment_of_patient"),)
