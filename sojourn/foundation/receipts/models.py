"""A receipt: the server has taken an entry of a device's outbox."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Receipt(ClinicScoped):
    """Written in the transaction of what the entry did: one without the other there is not.

    ``entry`` is the device's own name for it. ``made_at`` and ``sent_at`` are by the device's clock, which may be wrong
    by a day; ``received_at`` is by ours. ``leads_to``: the path that the person goes on to.
    """

    append_only = True

    patient_id = models.BigIntegerField(null=True)  # a number and no reference: patients stand above
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    entry = models.UUIDField()
    command = models.CharField(max_length=60)
    leads_to = models.CharField(max_length=500)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient_id": OPERATIONAL, "membership": OPERATIONAL,
        "entry": OPERATIONAL, "command": OPERATIONAL, "leads_to": OPERATIONAL, "made_at": OPERATIONAL,
        "sent_at": OPERATIONAL, "received_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("membership", "entry"), name="entry_taken_once"),)
