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
    """A monitor. FHIR Device. ``key`` is how its messages name it (EUI-64, bed, serial), as read by its dialect.

    ``address`` is the one it speaks from, learned from its first message and confirmed by a person;
    ``other_address`` the last one that spoke in its name beside it. The ``clock_`` columns are the evidence of its
    clock (see clock.py), here because two listeners hear it. ``faults``: what is wrong with what it sends now.
    """

    name = models.CharField(_("name"), max_length=60)
    key = models.CharField(_("identifier in its messages"), max_length=120)
    maker = models.CharField(_("maker"), max_length=60, blank=True)
    added_at = models.DateTimeField()
    retired_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    last_seen_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    clock_skew_s = models.FloatField(null=True, blank=True)
    clock_candidate_s = models.FloatField(null=True, blank=True)
    clock_candidate_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    clock_unsettled_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    clock_moved_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    address = models.CharField(_("address"), max_length=64, blank=True)
    address_confirmed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    other_address = models.CharField(max_length=64, blank=True)
    other_address_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    faults = models.CharField(max_length=120, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "name": OPERATIONAL, "key": OPERATIONAL, "maker": OPERATIONAL,
        "added_at": OPERATIONAL, "retired_at": OPERATIONAL, "last_seen_at": OPERATIONAL,
        "clock_skew_s": OPERATIONAL, "clock_candidate_s": OPERATIONAL, "clock_candidate_at": OPERATIONAL,
        "clock_unsettled_at": OPERATIONAL, "clock_moved_at": OPERATIONAL, "address": OPERATIONAL,
        "address_confirmed_at": OPERATIONAL, "other_address": OPERATIONAL, "other_address_at": OPERATIONAL,
        "faults": OPERATIONAL,
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


class PatientConfirmed(ClinicScoped):
    """A nurse has said that a number in a monitor's messages means the patient whom it is on, for this session.
    ``identifier`` is folded (see whose.py)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="+")
    identifier = models.CharField(max_length=100)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    append_only = True
    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "device": OPERATIONAL,
        "encounter": OPERATIONAL, "identifier": DIRECT, "at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("encounter", "device", "identifier"), name="one_confirmation_of_a_number"),
        )


class HeldReading(ClinicScoped):
    """A value whose message names another patient than the one in the chair: judged when it came, and charted only
    once a nurse says that it is this patient's."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+")
    message_id = models.BigIntegerField()
    identifier = models.CharField(max_length=100)
    code = models.CharField(max_length=12)
    value = models.FloatField()
    unit = models.CharField(max_length=12)
    effective_at = models.DateTimeField()
    measured_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    status = models.CharField(max_length=12, default="final")
    doubt = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=60, blank=True)

    append_only = True
    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "device": OPERATIONAL, "message_id": OPERATIONAL, "identifier": DIRECT, "code": CLINICAL, "value": CLINICAL,
        "unit": CLINICAL, "effective_at": CLINICAL, "measured_at": CLINICAL, "received_at": OPERATIONAL,
        "status": OPERATIONAL, "doubt": CLINICAL, "source": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("encounter", "device"), name="held_of_session"),)


class Whose(models.TextChoices):
    """Whose a value was that its monitor took back as posted wrong."""

    THIS = "this-patient", _("this patient's: the value alone was wrong")
    OTHER = "other-patient", _("somebody else's: the cables were not on this patient")


class PostedWrong(ClinicScoped):
    """A value that a monitor took back as posted wrong, perhaps on the wrong patient (HL7 v2, table 0085: W). Whose it
    was is asked at its session until a person answers. ``observation_id`` is the row that was struck."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+")
    observation_id = models.BigIntegerField()
    code = models.CharField(max_length=12)
    value = models.FloatField()
    measured_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=16, blank=True, choices=Whose.choices)
    answered_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "device": OPERATIONAL, "observation_id": OPERATIONAL, "code": CLINICAL, "value": CLINICAL,
        "measured_at": CLINICAL, "asked_at": OPERATIONAL, "answer": CLINICAL, "answered_at": OPERATIONAL,
        "answered_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (
            models.Index(fields=("encounter",), condition=models.Q(answered_at=None), name="posted_wrong_waiting"),
        )


class ListenerPort(ClinicScoped):
    """A port of the monitors' listener that belongs to one clinic, beside the one of SOJOURN_MLLP_PORT."""

    port = models.PositiveIntegerField(unique=True)
    added_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "port": OPERATIONAL, "added_at": OPERATIONAL,
    }  # fmt: skip


class NotUsed(ClinicScoped):
    """What a monitor sends that is not used, or not quite believed: how often, and when last. ``what`` is a code of the
    monitor or of ours, ``name`` what the monitor calls it."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="not_used")
    kind = models.CharField(max_length=24)
    what = models.CharField(max_length=80)
    name = models.CharField(max_length=80, blank=True)
    count = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "device": OPERATIONAL, "kind": OPERATIONAL, "what": OPERATIONAL,
        "name": OPERATIONAL, "count": OPERATIONAL, "first_at": OPERATIONAL, "last_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("device", "kind", "what"), name="one_count_of_what"),)


class Stranger(models.Model):
    """A sender of messages that belong to no monitor of ours: which it says it is, from where, how often, and the codes
    that it sends. Never what they say of a patient. ``clinic_id`` is that of the listener's port, or empty.

    ``fault`` is the kind of what cannot be read ("" for an unknown monitor). ``keys`` and ``gateway_keys``: one a line.
    """

    clinic_id = models.BigIntegerField(null=True)
    host = models.CharField(max_length=64)
    name = models.CharField(max_length=120, blank=True)
    fault = models.CharField(max_length=24, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    keys = models.TextField(blank=True)
    gateway_keys = models.TextField(blank=True)
    codes = models.JSONField(default=dict)
    count = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic_id": OPERATIONAL, "host": OPERATIONAL, "name": OPERATIONAL, "fault": OPERATIONAL,
        "reason": OPERATIONAL, "keys": OPERATIONAL, "gateway_keys": OPERATIONAL, "codes": OPERATIONAL,
        "count": OPERATIONAL, "first_at": OPERATIONAL, "last_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("clinic_id", "host", "name", "fault"), name="one_stranger", nulls_distinct=False
            ),
        )


class StrangerMessage(models.Model):
    """The bytes of a stranger's message, as many as the quota lets us keep. What belongs to nobody is not history: the
    oldest go when newer ones come, and all go in time."""

    clinic_id = models.BigIntegerField(null=True)
    stranger_id = models.BigIntegerField()
    received_at = models.DateTimeField()
    peer = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=32)
    raw = models.BinaryField()
    ack = models.CharField(max_length=2)
    fault = models.CharField(max_length=300, blank=True)
    control_id = models.CharField(max_length=80, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic_id": OPERATIONAL, "stranger_id": OPERATIONAL, "received_at": OPERATIONAL,
        "peer": OPERATIONAL, "digest": OPERATIONAL, "raw": DIRECT, "ack": OPERATIONAL, "fault": OPERATIONAL,
        "control_id": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("digest",), name="one_stranger_message_of_its_bytes"),)
        indexes = (models.Index(fields=("stranger_id", "-received_at"), name="messages_of_a_stranger"),)


class InboundMessage(models.Model):
    """A monitor's message as it arrived, to the byte. (Rows of older versions may be of unknown monitors.)

    ``digest`` is unique, so a resend finds the first one and is answered like it, unless what was wrong then is mended
    (MessageDecision).
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


class MessageDecision(models.Model):
    """That a message which was answered AE was used after all, because what was wrong was mended. One a message, so
    that it is charted once."""

    clinic_id = models.BigIntegerField()
    message_id = models.BigIntegerField(unique=True)
    encounter_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)

    append_only: ClassVar[bool] = True
    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic_id": OPERATIONAL, "message_id": OPERATIONAL, "encounter_id": OPERATIONAL,
        "decided_at": OPERATIONAL, "reason": OPERATIONAL,
    }  # fmt: skip


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
    # Which probe it came from: device, method and place (judging.source_of), or "typed". "" in rows of older versions.
    source = models.CharField(max_length=60, blank=True)
    supersedes_id = models.BigIntegerField(null=True)

    append_only: ClassVar[bool] = True
    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "code": CLINICAL, "value": CLINICAL, "unit": CLINICAL, "effective_at": CLINICAL,
        "measured_at": CLINICAL, "received_at": OPERATIONAL, "method": OPERATIONAL, "device_id": OPERATIONAL,
        "message_id": OPERATIONAL, "by_id": OPERATIONAL, "status": OPERATIONAL, "doubt": CLINICAL,
        "source": OPERATIONAL, "supersedes_id": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (
            models.Index(fields=("encounter", "effective_at"), name="observation_of_session"),
            models.Index(  # few rows: what monitors took back
                fields=("encounter", "supersedes_id"),
                condition=models.Q(status="withdrawn"),
                name="withdrawn_of_session",
            ),
        )
