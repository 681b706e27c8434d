"""The newest vital signs of a session, and where its alarms stand."""

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


class CurrentVital(models.Model):
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
    # "no-value" (clinical.vitals.NO_VALUE): its sensor says that it has none. ``value`` is then the last that it had,
    # or 0, and is shown nowhere.
    doubt = models.CharField(max_length=40, blank=True)
    # Which probe it came from: device, method and place, or "typed".
    source = models.CharField(max_length=60, blank=True)
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
        "received_at": OPERATIONAL, "doubt": CLINICAL, "source": OPERATIONAL, "silent_after": OPERATIONAL,
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
    WITHDRAWN = "withdrawn", _("withdrawn by the monitor")


# Why an alarm ended that no reading ended.
MONITOR_OFF, SESSION_OVER = "monitor off", "session ended"
# Why an alarm changed that no new reading changed: the reading that it rested on was struck.
ENTERED_IN_ERROR = "entered in error"
WITHDRAWN = "withdrawn by the monitor"


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
