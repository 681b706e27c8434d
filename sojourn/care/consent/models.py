"""What a patient agreed to: the clinic's texts, what was asked about them, what was signed, by whom, and withdrawn.

Every table is append-only. A text itself is a file; ``Consent.content`` keeps exactly what was shown.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, QUASI, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Decision(models.TextChoices):
    """FHIR Consent.provision.type."""

    PERMIT = "permit", _("agreed")
    DENY = "deny", _("said no")


class ConsentAdoption(ClinicScoped):
    """A prescriber made one version of a text the clinic's own. The newest row of a text counts.

    ``text_id`` names a document ("treatment") or a pack of clauses ("pack:US-CA").
    """

    append_only = True

    text_id = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    text_hash = models.CharField(max_length=64)
    adopted_at = models.DateTimeField()
    adopted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "text_id": OPERATIONAL, "version": OPERATIONAL,
        "text_hash": OPERATIONAL, "adopted_at": OPERATIONAL, "adopted_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "text_id", "-id"), name="consent_adopted"),)

    def __str__(self) -> str:
        return f"{self.text_id} {self.version}"


class ConsentRequest(ClinicScoped):
    """The clinic asks a patient for agreement, for one way of giving the medicine. The newest row counts."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consent_requests")
    route = models.CharField(max_length=20)
    note = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "route": CLINICAL, "note": CLINICAL,
        "requested_at": OPERATIONAL, "requested_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "patient", "-id"), name="consent_asked"),)


class ConsentQuestion(ClinicScoped):
    """What a patient asked about a section before signing. FHIR Communication."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consent_questions")
    document_id = models.CharField(max_length=40)
    section_id = models.CharField(max_length=40)
    text = models.TextField()
    asked_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "document_id": OPERATIONAL,
        "section_id": OPERATIONAL, "text": CLINICAL, "asked_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "patient", "document_id"), name="consent_question"),)


class ConsentReply(ClinicScoped):
    """The clinic's answer to a question, or why a clinician lets it stand without one (``waived``).

    The name stands here as it was: a patient sees no member of the clinic.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    question = models.ForeignKey(ConsentQuestion, on_delete=models.PROTECT, related_name="replies")
    text = models.TextField()
    waived = models.BooleanField(default=False)
    replied_at = models.DateTimeField()
    replied_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    replier_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "question": OPERATIONAL, "text": CLINICAL,
        "waived": OPERATIONAL, "replied_at": OPERATIONAL, "replied_by": OPERATIONAL, "replier_name": DIRECT,
    }  # fmt: skip


class Consent(ClinicScoped):
    """A patient's decision about one document. FHIR Consent.

    ``content`` is the canonical JSON of what was shown and ``content_hash`` its SHA-256. ``drawn`` is the path of an
    SVG (M and L only) in a box of 600 by 200. ``nonce`` makes one form one signature. ``route`` is "" where the text
    says the same for every way of giving the medicine.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    document_id = models.CharField(max_length=40)
    document_version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=8)
    route = models.CharField(max_length=20, blank=True)
    jurisdiction = models.CharField(max_length=12)
    content = models.TextField()
    content_hash = models.CharField(max_length=64)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    statements = models.JSONField(default=list)
    signed_name = models.CharField(max_length=120, blank=True)
    drawn = models.TextField(blank=True)
    nonce = models.CharField(max_length=32)
    signed_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "document_id": OPERATIONAL,
        "document_version": OPERATIONAL, "language": QUASI, "route": CLINICAL, "jurisdiction": QUASI,
        "content": CLINICAL, "content_hash": OPERATIONAL, "decision": CLINICAL, "statements": CLINICAL,
        "signed_name": DIRECT, "drawn": DIRECT, "nonce": OPERATIONAL, "signed_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "nonce"), name="one_form_one_signature"),)
        indexes = (models.Index(fields=("clinic", "patient", "document_id", "-id"), name="consent_newest"),)

    def __str__(self) -> str:
        return f"{self.document_id} {self.document_version}"


class ConsentCountersignature(ClinicScoped):
    """A prescriber confirms capacity and signs beside the patient."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="countersignature")
    capacity_confirmed = models.BooleanField()
    note = models.TextField(blank=True)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "consent": OPERATIONAL,
        "capacity_confirmed": CLINICAL, "note": CLINICAL, "signed_at": OPERATIONAL, "signed_by": OPERATIONAL,
        "signer_name": DIRECT,
    }  # fmt: skip


class ConsentWithdrawal(ClinicScoped):
    """A patient took an agreement back. ``noted_by_name`` is set where a clinician wrote down what the patient said."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField(blank=True)
    withdrawn_at = models.DateTimeField()
    noted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    noted_by_name = models.CharField(max_length=200, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "consent": OPERATIONAL, "reason": CLINICAL,
        "withdrawn_at": OPERATIONAL, "noted_by": OPERATIONAL, "noted_by_name": DIRECT,
    }  # fmt: skip
