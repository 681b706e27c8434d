"""Questionnaires asked and answered. Definitions are files (FHIR Questionnaire); rows here point to them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class MeasureRequest(ClinicScoped):
    """A questionnaire that the clinic asks of a patient. FHIR ServiceRequest."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="measure_requests")
    scale_id = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    withdrawn_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "scale_id": CLINICAL,
        "due_at": OPERATIONAL, "requested_at": OPERATIONAL, "requested_by": OPERATIONAL,
        "withdrawn_at": OPERATIONAL,
    }  # fmt: skip


class QuestionnaireResponse(ClinicScoped):
    """Answers to one questionnaire. FHIR QuestionnaireResponse. Open until completed, then frozen by trigger."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="questionnaire_responses")
    request = models.OneToOneField(MeasureRequest, on_delete=models.PROTECT, related_name="response", null=True)
    scale_id = models.CharField(max_length=40)
    scale_version = models.CharField(max_length=20)
    scale_hash = models.CharField(max_length=64)
    language = models.CharField(max_length=8)
    started_at = models.DateTimeField()
    completed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    score = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    band = models.CharField(max_length=40, blank=True)
    safety_positive = models.BooleanField(default=False)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "request": OPERATIONAL,
        "scale_id": CLINICAL, "scale_version": OPERATIONAL, "scale_hash": OPERATIONAL, "language": OPERATIONAL,
        "started_at": OPERATIONAL, "completed_at": OPERATIONAL, "score": CLINICAL, "band": CLINICAL,
        "safety_positive": CLINICAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "patient", "scale_id", "completed_at"), name="response_trend"),)


class Answer(ClinicScoped):
    """One answer, kept as given; the newest of an item counts until the questionnaire is completed."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    response = models.ForeignKey(QuestionnaireResponse, on_delete=models.PROTECT, related_name="answers")
    link_id = models.CharField(max_length=40)
    value = models.SmallIntegerField(null=True)
    answered_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "response": OPERATIONAL,
        "link_id": OPERATIONAL, "value": CLINICAL, "answered_at": OPERATIONAL,
    }  # fmt: skip
