"""The session as such: who, when, in which chair, under which protocol, and the states that it entered."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from sojourn.care.patients.models import Patient
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling.models import Appointment, Chair
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Encounter(ClinicScoped):
    """One session. FHIR Encounter. The protocol is frozen into it by id, version and hash when it is opened."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="encounters")
    care_plan = models.ForeignKey(CarePlan, on_delete=models.PROTECT, related_name="encounters")
    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="encounter")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="encounters")
    protocol_id = models.CharField(max_length=60)
    protocol_version = models.CharField(max_length=20)
    protocol_hash = models.CharField(max_length=64)
    opened_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "care_plan": OPERATIONAL,
        "appointment": OPERATIONAL, "chair": OPERATIONAL, "protocol_id": CLINICAL,
        "protocol_version": OPERATIONAL, "protocol_hash": OPERATIONAL, "opened_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "opened_at"), name="encounter_newest"),)


class SessionState(ClinicScoped):
    """A state that the session entered. The newest is where it stands; ``seq`` lets a second nurse see that
    someone was quicker. ``overridden`` holds the codes of the guard's reasons that a prescriber set aside, with why;
    ``basis`` what a dose step rested on: the reasons as they were read, decision, agreements, plan, rules, ceilings."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="states")
    seq = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    reason = models.TextField(blank=True)
    overridden = models.JSONField(default=list)
    basis = models.JSONField(default=dict)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "encounter": OPERATIONAL,
        "seq": OPERATIONAL, "state": CLINICAL, "at": OPERATIONAL, "by": OPERATIONAL, "reason": CLINICAL,
        "overridden": CLINICAL, "basis": CLINICAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("encounter", "seq"), name="one_state_at_a_time"),)
