"""Questionnaires asked and answered. Definitions are files (FHIR Questionnaire); rows here point to them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class OwnScale(ClinicScoped):
    """A questionnaire that a clinic loaded itself, as it came, with who vouches for the licence. FHIR Questionnaire.

    The newest version of a code is the one that is asked; ``retired`` rows end it. ``stands_for`` names a scale of ours
    whose text this is; its scoring is then ours, else it stands in ``scoring``.
    """

    append_only = True

    code = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    stands_for = models.CharField(max_length=40, blank=True)
    questionnaire = models.TextField()
    scoring = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)
    licence_holder = models.CharField(max_length=200)
    licence_statement = models.TextField()
    retired = models.BooleanField(default=False)
    loaded_at = models.DateTimeField()
    loaded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "code": OPERATIONAL, "version": OPERATIONAL, "title": OPERATIONAL,
        "stands_for": OPERATIONAL, "questionnaire": OPERATIONAL, "scoring": OPERATIONAL, "hash": OPERATIONAL,
        "licence_holder": OPERATIONAL, "licence_statement": OPERATIONAL, "retired": OPERATIONAL,
        "loaded_at": OPERATIONAL, "loaded_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "code", "version"), name="one_version_of_own_scale"),)


class MeasureSession(ClinicScoped):
    """Several questionnaires asked at once, answered in one sitting. The battery's rule as it stood then."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="measure_sessions")
    indication = models.CharField(max_length=40)
    rule_id = models.CharField(max_length=60)
    rule_version = models.PositiveSmallIntegerField()
    rule_hash = models.CharField(max_length=64)
    due_at = models.DateTimeField()
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "indication": CLINICAL,
        "rule_id": OPERATIONAL, "rule_version": OPERATIONAL, "rule_hash": OPERATIONAL, "due_at": OPERATIONAL,
        "requested_at": OPERATIONAL, "requested_by": OPERATIONAL,
    }  # fmt: skip


class MeasureRequest(ClinicScoped):
    """A questionnaire that the clinic asks of a patient. FHIR ServiceRequest."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="measure_requests")
    scale_id = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    withdrawn_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    measure_session = models.ForeignKey(MeasureSession, on_delete=models.PROTECT, related_name="requests", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "scale_id": CLINICAL,
        "due_at": OPERATIONAL, "requested_at": OPERATIONAL, "requested_by": OPERATIONAL,
        "withdrawn_at": OPERATIONAL, "measure_session": OPERATIONAL,
    }  # fmt: skip


class Source(models.TextChoices):
    PATIENT = "patient", _("answered by the patient")
    PAPER = "paper", _("entered from paper, answer by answer")
    ENTERED = "entered", _("entered as a score")


class QuestionnaireResponse(ClinicScoped):
    """Answers to one questionnaire. FHIR QuestionnaireResponse. Open until completed, then frozen by trigger.

    ``family`` is the scale within which scores are compared, "" for ``scale_id`` itself; ``parts`` are subscales by
    code; ``findings`` what the pattern of answers amounts to. An entered score has a rater and says where it stood.
    """

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
    family = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=12, choices=Source.choices, default=Source.PATIENT)
    parts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    rater = models.CharField(max_length=120, blank=True)
    origin = models.CharField(max_length=200, blank=True)
    entered_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "request": OPERATIONAL,
        "scale_id": CLINICAL, "scale_version": OPERATIONAL, "scale_hash": OPERATIONAL, "language": OPERATIONAL,
        "started_at": OPERATIONAL, "completed_at": OPERATIONAL, "score": CLINICAL, "band": CLINICAL,
        "safety_positive": CLINICAL, "family": CLINICAL, "source": OPERATIONAL, "parts": CLINICAL,
        "findings": CLINICAL, "rater": OPERATIONAL, "origin": CLINICAL, "entered_by": OPERATIONAL,
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
