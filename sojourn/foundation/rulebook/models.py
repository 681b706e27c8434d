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
    was adopted can be shown exactly.
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

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "rule_id": OPERATIONAL, "version": OPERATIONAL,
        "rule_hash": OPERATIONAL, "parameters": OPERATIONAL, "retired": OPERATIONAL, "reason": OPERATIONAL,
        "adopted_at": OPERATIONAL, "adopted_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "rule_id", "-id"), name="adoption_newest"),)

    def __str__(self) -> str:
        return f"{self.rule_id} {self.version}"
