"""The course of treatment: what for, by which route, under which protocol, how many sessions."""

from __future__ import annotations

from datetime import date
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
