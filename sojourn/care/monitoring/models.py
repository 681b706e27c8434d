"""Vital signs: where they come from, what they are, and what they set off.

The hot tables (Observation, InboundMessage) carry few constraints: a listener writes thousands of rows a second.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient
from sojourn.care.treatment.models import Encounter
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


class Signal(models.Model):
    """A vital sign that a session is expected to go on sending: its newest value, when silence
    is an alarm, and the patient's own value before the dose."""

    clinic = models.ForeignKey(
        "accounts.Clinic", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    encounter = models.ForeignKey(
        Encounter, on_delete=models.PROTECT, related_name="signals", db_constraint=False, db_index=False
    )
    code = models.CharField(max_length=12)
    value = models.FloatField()
    unit = models.CharField(max_length=12)
    effective_at = models.DateTimeField()
    received_at = models.DateTimeField()
    doubt = models.CharField(max_length=40, blank=True)
    silent_after: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    # What the watch looks through each second. An index on silent_after itself would be rewritten by every reading.
    awaited = models.GeneratedField(
        expression=models.ExpressionWrapper(models.Q(silent_after__isnull=False), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    baseline = models.FloatField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "code": CLINICAL, "value": CLINICAL, "unit": CLINICAL, "effective_at": CLINICAL,
        "received_at": OPERATIONAL, "doubt": CLINICAL, "silent_after": OPERATIONAL,
        "awaited": OPERATIONAL, "baseline": CLINICAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("encounter", "code"), name="one_signal_of_a_kind"),)
        indexes = (models.Index(fields=("encounter",), condition=models.Q(awaited=True), name="signal_awaited"),)


class AlarmState(models.Model):
    """Where one rule stands in one session, for one vital sign (clinical.alarms.State). Lives here, never in a
    process, so a restart forgets nothing. A rule that never left "quiet" has no row.
    """

    clinic = models.ForeignKey(
        "accounts.Clinic", on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    encounter = models.ForeignKey(
        Encounter, on_delete=models.PROTECT, related_name="alarm_states", db_constraint=False, db_index=False
    )
    rule_id = models.CharField(max_length=60)
    code = models.CharField(max_length=12)
    phase = models.CharField(max_length=12)
    priority = models.CharField(max_length=8, blank=True)
    since_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    deadline_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    acknowledged_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    acknowledged_by_name = models.CharField(max_length=160, blank=True)
    why = models.CharField(max_length=32, blank=True)
    value = models.FloatField(null=True)
    limit = models.FloatField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "rule_id": CLINICAL, "code": CLINICAL, "phase": CLINICAL, "priority": CLINICAL, "since_at": CLINICAL,
        "deadline_at": OPERATIONAL, "acknowledged_at": OPERATIONAL, "acknowledged_by_name": DIRECT,
        "why": CLINICAL, "value": CLINICAL, "limit": CLINICAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("encounter", "rule_id", "code"), name="one_state_a_rule"),)
        indexes = (
            models.Index(
                fields=("clinic",),
                condition=models.Q(phase__in=("raised", "acknowledged", "escalated")),
                name="alarm_open",
            ),
        )


class AlarmEventKind(models.TextChoices):
    RAISED = "raised", _("raised")
    PRIORITY_RAISED = "priority-raised", _("priority raised")
    PRIORITY_LOWERED = "priority-lowered", _("priority lowered")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    ESCALATED = "escalated", _("escalated")
    RECOVERED = "recovered", _("recovered")
    ENDED = "ended", _("ended with the session")


# Why an alarm ended that no reading ended.
MONITOR_OFF, SESSION_OVER = "monitor off", "session ended"


class AlarmEvent(ClinicScoped):
    """A change of an alarm, with the rule that spoke, its version and hash, and the value that made it."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="alarm_events")
    rule_id = models.CharField(max_length=60)
    rule_version = models.PositiveIntegerField()
    rule_hash = models.CharField(max_length=64)
    code = models.CharField(max_length=12)
    kind = models.CharField(max_length=20, choices=AlarmEventKind.choices)
    priority = models.CharField(max_length=8)
    at = models.DateTimeField()
    why = models.CharField(max_length=32, blank=True)
    value = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    baseline = models.FloatField(null=True)
    note = models.TextField(blank=True)
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "rule_id": CLINICAL, "rule_version": OPERATIONAL, "rule_hash": OPERATIONAL, "code": CLINICAL,
        "kind": CLINICAL, "priority": CLINICAL, "at": CLINICAL, "why": CLINICAL, "value": CLINICAL,
        "limit": CLINICAL, "baseline": CLINICAL, "note": CLINICAL, "by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("encounter", "at"), name="alarm_events_of_session"),)


class Heartbeat(models.Model):
    """A process of the house says that it lives. Pages show its age; /healthz fails when it is old."""

    name = models.CharField(max_length=24, unique=True)
    at = models.DateTimeField()
    detail = models.JSONField(default=dict)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "name": OPERATIONAL, "at": OPERATIONAL, "detail": OPERATIONAL,
    }  # fmt: skip
