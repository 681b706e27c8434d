"""Signals of risk, each with what raised it and who answered it."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class FlagKind(models.TextChoices):
    SUICIDAL_THOUGHTS = "suicidal_thoughts", _("Thoughts of death or self-harm reported")
    SELF_HARM = "self_harm", _("Self-harm reported")
    VOICES = "voices", _("Voices or commands reported")
    RISK = "risk", _("A clinician sees a risk")
    ASKED_FOR_HELP = "asked_for_help", _("The patient asked for help")
    WORRIED = "worried", _("A support person is worried")


class Severity(models.TextChoices):
    """How soon somebody must answer. Each has its deadline in the rulebook; ``RANKS`` has their order."""

    EMERGENCY = "emergency", _("now")
    URGENT = "urgent", _("today")
    SOON = "soon", _("soon")


RANKS: Final = (Severity.EMERGENCY, Severity.URGENT, Severity.SOON)


class FlagSource(models.TextChoices):
    ANSWER = "answer", _("an answer in a questionnaire")
    WORDS = "words", _("words that the patient wrote")
    CLINICIAN = "clinician", _("a clinician's judgement")
    CHAIR = "chair", _("a question at the chair")
    BUTTON = "button", _("the patient's button")
    SUPPORT_PERSON = "support_person", _("a support person")


class Flag(ClinicScoped):
    """Something about a patient that a clinician must see. FHIR Flag. Raised once; what follows is rows.

    ``about`` names the row that raised it ("message:123"). ``severity`` and ``detail`` are those of its beginning: a
    later FlagReport may be graver.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=32, choices=FlagKind.choices)
    severity = models.CharField(max_length=16, choices=Severity.choices, default=Severity.URGENT)
    source = models.CharField(max_length=16, choices=FlagSource.choices, default=FlagSource.ANSWER)
    about = models.CharField(max_length=80)
    raised_at = models.DateTimeField()
    response = models.ForeignKey(QuestionnaireResponse, on_delete=models.PROTECT, related_name="flags", null=True)
    detail = models.CharField(max_length=200, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "kind": CLINICAL, "severity": CLINICAL,
        "source": CLINICAL, "about": OPERATIONAL, "raised_at": OPERATIONAL, "response": OPERATIONAL,
        "detail": CLINICAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("patient", "kind", "about"), name="one_flag_about_a_thing"),
            models.UniqueConstraint(fields=("response", "kind"), name="one_flag_a_response"),
        )
        indexes = (models.Index(fields=("clinic", "-raised_at"), name="flag_newest"),)


class FlagReport(ClinicScoped):
    """The same thing said again, otherwise than before: graver, or with other words. One that comes after the flag
    was closed opens it again; ``reopens`` is that closing."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="reports")
    severity = models.CharField(max_length=16, choices=Severity.choices)
    source = models.CharField(max_length=16, choices=FlagSource.choices)
    detail = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    reopens = models.ForeignKey("FlagAnswer", on_delete=models.PROTECT, related_name="reopened_by", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "flag": OPERATIONAL, "severity": CLINICAL,
        "source": CLINICAL, "detail": CLINICAL, "at": OPERATIONAL, "reopens": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("flag", "id"), name="flag_report_of"),)


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
