"""Signals of risk, each with what raised it and who answered it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class FlagKind(models.TextChoices):
    SUICIDAL_THOUGHTS = "suicidal_thoughts", _("Thoughts of death or self-harm reported")


class Flag(ClinicScoped):
    """Something about a patient that a clinician must see. FHIR Flag. Raised once; its answers are rows."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=32, choices=FlagKind.choices)
    raised_at = models.DateTimeField()
    response = models.ForeignKey(QuestionnaireResponse, on_delete=models.PROTECT, related_name="flags", null=True)
    detail = models.CharField(max_length=200, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "kind": CLINICAL,
        "raised_at": OPERATIONAL, "response": OPERATIONAL, "detail": CLINICAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("response", "kind"), name="one_flag_a_response"),)
        indexes = (models.Index(fields=("clinic", "-raised_at"), name="flag_newest"),)


class FlagAnswerKind(models.TextChoices):
    SEEN = "seen", _("Seen, I am taking this")
    CONTACTED = "contacted", _("Patient contacted")
    CLOSED = "closed", _("Closed")


class FlagAnswer(ClinicScoped):
    """What was done about a flag, by whom. The newest row is its state."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="answers")
    kind = models.CharField(max_length=16, choices=FlagAnswerKind.choices)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "flag": OPERATIONAL,
        "kind": CLINICAL, "note": CLINICAL, "at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("flag", "-id"), name="flag_answer_newest"),)
