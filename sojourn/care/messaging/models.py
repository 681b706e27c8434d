"""Writing between a patient and their clinic: one thread for each patient, and nothing in it is ever changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Communication(ClinicScoped):
    """One message. FHIR Communication. The sender's name stands here: a patient sees no membership but their own.

    ``typed_key`` is made with the empty form, so that a form sent twice is one message. ``sent_by`` is nobody where it
    came by the link of a day: whoever held the patient's phone had not signed in.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="communications")
    body = models.TextField(_("message"))
    from_patient = models.BooleanField()
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    sender_name = models.CharField(max_length=200, blank=True)
    typed_key = models.UUIDField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "body": CLINICAL,
        "from_patient": OPERATIONAL, "sent_at": OPERATIONAL, "sent_by": OPERATIONAL, "sender_name": DIRECT,
        "typed_key": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("patient", "typed_key"), name="message_sent_once"),)
        indexes = (models.Index(fields=("patient", "-id"), name="message_newest"),)

    @property
    def by_link(self) -> bool:
        """Whether it came by the link of a day, from somebody who was not signed in."""
        return self.sent_by_id is None


class MarkKind(models.TextChoices):
    READ = "read", _("read by the patient")
    SETTLED = "settled", _("needs no answer")


class CommunicationMark(ClinicScoped):
    """Up to which message somebody has read, or nothing more is needed."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    upto = models.ForeignKey(Communication, on_delete=models.PROTECT, related_name="marks")
    kind = models.CharField(max_length=8, choices=MarkKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "upto": OPERATIONAL,
        "kind": OPERATIONAL, "at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("upto", "kind"), name="one_mark_of_a_kind"),)
        indexes = (models.Index(fields=("patient", "kind", "-upto"), name="mark_newest"),)
