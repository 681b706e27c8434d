"""Whether somebody is treated: the prescriber's decision with what it rested on, and the blocks that were overridden.

Every table is append-only: the newest decision counts, and the older ones stay readable.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Kind(models.TextChoices):
    ACCEPT = "accept", _("accept")
    CONDITIONS = "accept_with_conditions", _("accept with conditions")
    DEFER = "defer", _("defer")
    DECLINE = "decline", _("decline")


class CandidacyDecision(ClinicScoped):
    """A prescriber's decision about one medicine by one route. FHIR ClinicalImpression.

    ``basis`` is what was seen, as plain values: facts with day and who told them, medicines, findings, interactions,
    what was missing, and the stamp of every rule that was applied. ``overrides`` are the signed overrides it rests on.
    ``open_eyes`` is what an acceptance was given in spite of, each with its reason (see open_eyes.py); empty otherwise,
    and for decisions of an earlier release.
    ``content_hash`` is the SHA-256 of all that was signed. ``previous`` is the decision that it follows: one page can
    be signed once. The name stands here as it was, since a patient sees no member of the clinic.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="candidacy_decisions")
    previous = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)
    kind = models.CharField(_("decision"), max_length=24, choices=Kind.choices)
    drug = models.CharField(max_length=20)
    route = models.CharField(max_length=8)
    conditions: models.JSONField[Any, Any] = models.JSONField(default=list)
    until_on: models.DateField[date | None, date | None] = models.DateField(null=True)
    awaited: models.JSONField[Any, Any] = models.JSONField(default=list)
    awaited_words = models.CharField(max_length=300, blank=True)
    explanation = models.TextField(_("what the patient reads"), blank=True)
    alternatives = models.TextField(_("what else could help"), blank=True)
    would_change = models.TextField(_("what would change the answer"), blank=True)
    basis: models.JSONField[Any, Any] = models.JSONField()
    overrides: models.JSONField[Any, Any] = models.JSONField(default=list)
    open_eyes: models.JSONField[Any, Any] = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    decider_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "previous": OPERATIONAL, "kind": CLINICAL,
        "drug": CLINICAL, "route": CLINICAL, "conditions": CLINICAL, "until_on": CLINICAL, "awaited": CLINICAL,
        "awaited_words": CLINICAL, "explanation": CLINICAL, "alternatives": CLINICAL, "would_change": CLINICAL,
        "basis": CLINICAL, "overrides": CLINICAL, "open_eyes": CLINICAL, "content_hash": OPERATIONAL,
        "decided_at": OPERATIONAL, "decided_by": OPERATIONAL, "decider_name": DIRECT,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("previous",), name="one_decision_follows"),)
        indexes = (models.Index(fields=("patient", "-id"), name="candidacy_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.drug} {self.route}"


class Override(ClinicScoped):
    """A prescriber's reason to treat although a rule blocks. Without an OverrideSignature it has no effect.

    ``finding`` is the fingerprint of exactly what was overridden: the rule, its version, its degree and the values
    that made it so. Another value is another finding. ``shown`` is the finding in plain values.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    drug = models.CharField(max_length=20)
    finding = models.CharField(max_length=64)
    rule_id = models.CharField(max_length=60)
    rule_version = models.PositiveSmallIntegerField()
    rule_hash = models.CharField(max_length=64)
    shown: models.JSONField[Any, Any] = models.JSONField()
    reason = models.TextField(_("reason"))
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "drug": CLINICAL, "finding": OPERATIONAL,
        "rule_id": OPERATIONAL, "rule_version": OPERATIONAL, "rule_hash": OPERATIONAL, "shown": CLINICAL,
        "reason": CLINICAL, "signed_at": OPERATIONAL, "signed_by": OPERATIONAL, "signer_name": DIRECT,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("patient", "-id"), name="override_newest"),)

    def __str__(self) -> str:
        return self.rule_id


class OverrideSignature(ClinicScoped):
    """The second prescriber's signature. The database refuses the person who signed first."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    override = models.OneToOneField(Override, on_delete=models.PROTECT, related_name="second")
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "override": OPERATIONAL,
        "signed_at": OPERATIONAL, "signed_by": OPERATIONAL, "signer_name": DIRECT,
    }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.override_id}: {self.signer_name}"


class ClearanceKind(models.TextChoices):
    SPECIALIST = "clearance", _("a specialist’s answer")
    SEEN = "seen", _("seen by somebody who can act")


class Clearance(ClinicScoped):
    """What somebody outside of the decision says to one finding: a specialist, or who has seen the person since.

    ``finding`` is its fingerprint, as an Override has it: another value is another finding. ``document`` is where the
    answer stands: a reference, or the name of a file.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=ClearanceKind.choices)
    finding = models.CharField(max_length=64)
    rule_id = models.CharField(max_length=60)
    shown: models.JSONField[Any, Any] = models.JSONField()
    who = models.CharField(_("who"), max_length=200)
    field = models.CharField(_("field"), max_length=120, blank=True)
    answered_on: models.DateField[date, date] = models.DateField(_("day"))
    document = models.CharField(_("document"), max_length=300, blank=True)
    said = models.TextField(_("what they say"), blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    recorder_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "kind": CLINICAL, "finding": OPERATIONAL,
        "rule_id": OPERATIONAL, "shown": CLINICAL, "who": DIRECT, "field": CLINICAL, "answered_on": CLINICAL,
        "document": CLINICAL, "said": CLINICAL, "recorded_at": OPERATIONAL, "recorded_by": OPERATIONAL,
        "recorder_name": DIRECT,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("patient", "-id"), name="clearance_newest"),)

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.who}"


class ClearanceStruck(ClinicScoped):
    """A clearance that was recorded in error: it stays readable, and counts for nothing any more."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    clearance = models.OneToOneField(Clearance, on_delete=models.PROTECT, related_name="struck")
    reason = models.TextField(_("reason"))
    struck_at = models.DateTimeField()
    struck_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    striker_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "clearance": OPERATIONAL, "reason": CLINICAL,
        "struck_at": OPERATIONAL, "struck_by": OPERATIONAL, "striker_name": DIRECT,
    }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.clearance_id}: {self.striker_name}"
