"""Vital signs: where they come from, and what they are.

The hot tables (Observation, InboundMessage) carry few constraints: a listener writes thousands of rows a second.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.encounter.models import Encounter
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Device(ClinicScoped):
    """A monitor. FHIR Device. ``key`` is how its messages name it (EUI-64, bed, serial), as read by its dialect."""

    name = models.CharField(_("name"), max_length=60)
    key = models.CharField(_("identifier in its messages"), max_length=120)
    maker = models.CharField(_("maker"), max_length=60, blank=True)
    added_at = models.DateTimeField()
    retired_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    last_seen_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    clock_skew_s = models.FloatField(null=True, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "name": OPERATIONAL, "key": OPERATIONAL, "maker": OPERATIONAL,
        "added_at": OPERATIONAL, "retired_at": OPERATIONAL, "last_seen_at": OPERATIONAL,
        "clock_skew_s": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("clinic", "key"), condition=models.Q(retired_at=None), name="one_device_of_a_key"
            ),
        )

    def __str__(self) -> str:
        return self.name


class DeviceAssociation(ClinicScoped):
    """A nurse put this monitor on this patient, from then until then. One session a monitor, by constraint."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="associations")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="associations")
    from_at = models.DateTimeField()
    from_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    until_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    until_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "device": OPERATIONAL,
        "encounter": OPERATIONAL, "from_at": OPERATIONAL, "from_by": OPERATIONAL, "until_at": OPERATIONAL,
        "until_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("device",), condition=models.Q(until_at=None), name="one_session_a_monitor"
            ),
        )


class InboundMessage(models.Model):
    """A message as it arrived, to the byte. ``clinic_id`` is empty where nobody knows whose monitor sent it.

    ``digest`` is unique, so a resend finds the first one and is answered like it.
    """

    clinic_id = models.BigIntegerField(null=True)
    device_id = models.BigIntegerField(null=True)
    encounter_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()
    peer = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=32)
    raw = models.BinaryField()
    ack = models.CharField(max_length=2)
    fault = models.CharField(max_length=300, blank=True)
    control_id = models.CharField(max_length=80, blank=True)

    append_only: ClassVar[bool] = True
    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic_id": OPERATIONAL, "device_id": OPERATIONAL, "encounter_id": OPERATIONAL,
        "received_at": OPERATIONAL, "peer": OPERATIONAL, "digest": OPERATIONAL, "raw": DIRECT,
        "ack": OPERATIONAL, "fault": OPERATIONAL, "control_id": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("digest",), name="one_message_of_its_bytes"),)
        indexes = (
            models.Index(
                fields=("clinic_id", "-received_at"),
                condition=~models.Q(fault=""),
                name="messages_with_a_fault",
            ),
        )


class Observation(models.Model):
    """One measured value, immutable. FHIR Observation. A correction names the row that it supersedes.

    ``effective_at`` is where the chart puts it: the monitor's own time where its clock can be believed, the time
    of arrival otherwise. Both stay readable.
    """

    clinic = models.ForeignKey(
        "accounts.Clinic", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    encounter = models.ForeignKey(
        Encounter, on_delete=models.PROTECT, related_name="observations", db_constraint=False, db_index=False
    )
    code = models.CharField(max_length=12)
    value = models.FloatField()
    unit = models.CharField(max_length=12)
    effective_at = models.DateTimeField()
    measured_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    method = models.CharField(max_length=12)
    device_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    by_id = models.BigIntegerField(null=True)
    status = models.CharField(max_length=12, default="final")
    doubt = models.CharField(max_length=40, blank=True)
    supersedes_id = models.BigIntegerField(null=True)

    append_only: ClassVar[bool] = True
    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "code": CLINICAL, "value": CLINICAL, "unit": CLINICAL, "effective_at": CLINICAL,
        "measured_at": CLINICAL, "received_at": OPERATIONAL, "method": OPERATIONAL, "device_id": OPERATIONAL,
        "message_id": OPERATIONAL, "by_id": OPERATIONAL, "status": OPERATIONAL, "doubt": CLINICAL,
        "supersedes_id": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("encounter", "effective_at"), name="observation_of_session"),)
