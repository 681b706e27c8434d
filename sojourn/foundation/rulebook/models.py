"""Which rules a clinic has made its own, and with which stricter numbers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class RuleAdoption(ClinicScoped):
    """A prescriber adopted (or retired) one version of a rule. The newest row of a rule counts.

    ``parameters`` holds only what the clinic changed. ``rule_hash`` is of the released content, so that what
    was adopted can be shown exactly. ``raised`` is the first signature where a ceiling was raised; ``adopted_by`` is
    then who gave the second, and the database refuses the same person.
    """

    append_only = True

    rule_id = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    rule_hash = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    retired = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    adopted_at = models.DateTimeField()
    adopted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    raised = models.OneToOneField("CeilingRaise", on_delete=models.PROTECT, related_name="second", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "rule_id": OPERATIONAL, "version": OPERATIONAL,
        "rule_hash": OPERATIONAL, "parameters": OPERATIONAL, "retired": OPERATIONAL, "reason": OPERATIONAL,
        "adopted_at": OPERATIONAL, "adopted_by": OPERATIONAL, "raised": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "rule_id", "-id"), name="adoption_newest"),)

    def __str__(self) -> str:
        return f"{self.rule_id} {self.version}"


class CeilingRaise(ClinicScoped):
    """A prescriber signed that a ceiling goes up again, up to the rulebook's bound. It changes nothing until another
    prescriber signs too: that signature is a RuleAdoption whose ``raised`` is this row.

    ``follows`` is the decision that stood when it was signed. Where there is a newer one, it is void.
    """

    append_only = True

    rule_id = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    rule_hash = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    follows = models.ForeignKey(RuleAdoption, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "rule_id": OPERATIONAL, "version": OPERATIONAL,
        "rule_hash": OPERATIONAL, "parameters": OPERATIONAL, "follows": OPERATIONAL, "signed_at": OPERATIONAL,
        "signed_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "rule_id", "-id"), name="raise_newest"),)

    def __str__(self) -> str:
        return f"{self.rule_id} {self.version}"
