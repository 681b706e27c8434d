"""A person's intake as they told it, and what clinicians and laboratories added. Nothing here is ever changed:
the newest row of a question, of a line or of a fact counts, and the older ones stay readable."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Standing(models.TextChoices):
    """How a question was met. Unsure and skipped tell no fact: neither is ever taken for "no"."""

    TOLD = "told", _("answered")
    UNSURE = "unsure", _("not sure")
    SKIPPED = "skipped", _("skipped")


_SAID: dict[str, Privacy] = {
    "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "said_at": OPERATIONAL, "said_by": OPERATIONAL,
    "on_behalf": OPERATIONAL,
}  # fmt: skip
_LINE: dict[str, Privacy] = _SAID | {"line": OPERATIONAL, "removed": OPERATIONAL}


class PatientStatement(ClinicScoped):
    """Something told on a day. ``on_behalf``: a member of staff wrote down what the patient said."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    on_behalf = models.BooleanField(default=False)

    class Meta:
        abstract = True


class IntakeAnswer(PatientStatement):
    """One answer to one question of the intake. ``value`` is what was said, in the shape of the question's kind;
    ``confirmed`` names the contradictions that the person was shown and confirmed."""

    question_id = models.CharField(max_length=60)
    standing = models.CharField(max_length=8, choices=Standing.choices)
    value: models.JSONField[Any, Any] = models.JSONField(null=True)
    confirmed: models.JSONField[Any, Any] = models.JSONField(default=list)

    privacy: ClassVar[dict[str, Privacy]] = _SAID | {
        "question_id": OPERATIONAL, "standing": CLINICAL, "value": CLINICAL, "confirmed": CLINICAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("patient", "question_id", "-id"), name="intake_newest_answer"),)


class ListItem(PatientStatement):
    """A line of a list that one adds to: the newest row of a ``line`` counts; ``removed`` takes it off."""

    line = models.UUIDField(default=uuid.uuid4)
    removed = models.BooleanField(default=False)

    class Meta:
        abstract = True


class TakenBy(models.TextChoices):
    """How a person takes a medicine. Some classes hold by one of them only: a steroid spray is one by nose."""

    MOUTH = "mouth", _("by mouth")
    NOSE = "nose", _("into the nose")
    INHALED = "inhaled", _("breathed in")
    SKIN = "skin", _("on the skin")
    INJECTION = "injection", _("as an injection")
    OTHER = "other", _("another way")


class MedicationStatement(ListItem):
    """A medicine as it was said. FHIR MedicationStatement. ``ingredient``: the medicine or product that was recognised,
    several joined by " + "; empty where none was, so that a person looks at it."""

    name = models.CharField(_("medicine"), max_length=200)
    ingredient = models.CharField(max_length=120, blank=True)
    rxcui = models.CharField(max_length=20, blank=True)
    dose = models.CharField(_("dose"), max_length=120, blank=True)
    how_often = models.CharField(_("how often"), max_length=120, blank=True)
    since = models.CharField(_("since when"), max_length=120, blank=True)
    route = models.CharField(_("how it is taken"), max_length=20, blank=True, choices=TakenBy.choices)
    current = models.BooleanField(default=True)
    stopped_on: models.DateField[date | None, date | None] = models.DateField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = _LINE | {
        "name": CLINICAL, "ingredient": CLINICAL, "rxcui": CLINICAL, "dose": CLINICAL, "how_often": CLINICAL,
        "since": CLINICAL, "route": CLINICAL, "current": CLINICAL, "stopped_on": CLINICAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("patient", "line", "-id"), name="medicine_newest"),)


class AllergyIntolerance(ListItem):
    """An allergy as it was said. FHIR AllergyIntolerance."""

    substance = models.CharField(_("what to"), max_length=200)
    reaction = models.CharField(_("what happened"), max_length=300, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = _LINE | {"substance": CLINICAL, "reaction": CLINICAL}

    class Meta:
        indexes = (models.Index(fields=("patient", "line", "-id"), name="allergy_newest"),)


class TreatmentKind(models.TextChoices):
    MEDICINE = "medicine", _("medicine")
    TALK = "talk", _("talk therapy")
    STIMULATION = "stimulation", _("brain stimulation (such as TMS or ECT)")
    KETAMINE = "ketamine", _("ketamine or esketamine")
    OTHER = "other", _("something else")


class Outcome(models.TextChoices):
    HELPED = "helped", _("it helped")
    PARTLY = "partly", _("it helped a little, or for a while")
    NOT = "not", _("it did not help")
    STOPPED = "stopped", _("I stopped because of side effects")
    UNSURE = "unsure", _("not sure")


class PreviousTreatment(ListItem):
    """A treatment tried before. ``long_enough``: whether it was taken long enough at a full dose, in the person's
    own judgement; None where they are not sure."""

    kind = models.CharField(max_length=12, choices=TreatmentKind.choices, default=TreatmentKind.MEDICINE)
    name = models.CharField(_("treatment"), max_length=200)
    ingredient = models.CharField(max_length=120, blank=True)
    rxcui = models.CharField(max_length=20, blank=True)
    dose = models.CharField(_("highest dose"), max_length=120, blank=True)
    duration = models.CharField(_("how long"), max_length=120, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.UNSURE)
    long_enough: models.BooleanField[bool | None, bool | None] = models.BooleanField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = _LINE | {
        "kind": CLINICAL, "name": CLINICAL, "ingredient": CLINICAL, "rxcui": CLINICAL, "dose": CLINICAL,
        "duration": CLINICAL, "outcome": CLINICAL, "long_enough": CLINICAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("patient", "line", "-id"), name="treatment_newest"),)


class Goal(ListItem):
    """What the person hopes for, in their own words. FHIR Goal."""

    text = models.TextField(_("goal"))

    privacy: ClassVar[dict[str, Privacy]] = _LINE | {"text": CLINICAL}

    class Meta:
        indexes = (models.Index(fields=("patient", "line", "-id"), name="goal_newest"),)


class Concern(ListItem):
    """A worry or a question that the person wants to talk about."""

    text = models.TextField(_("worry or question"))

    privacy: ClassVar[dict[str, Privacy]] = _LINE | {"text": CLINICAL}

    class Meta:
        indexes = (models.Index(fields=("patient", "line", "-id"), name="concern_newest"),)


class IntakeSubmission(PatientStatement):
    """The intake as it was sent to the clinic. ``content`` is all that was said, ``content_hash`` its SHA-256."""

    form_version = models.CharField(max_length=20)
    content: models.JSONField[Any, Any] = models.JSONField()
    content_hash = models.CharField(max_length=64)

    privacy: ClassVar[dict[str, Privacy]] = _SAID | {
        "form_version": OPERATIONAL, "content": DIRECT, "content_hash": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("patient", "-id"), name="intake_newest_sent"),)


class ClinicalFact(ClinicScoped):
    """A fact of the vocabulary as a clinician or a laboratory gave it. FHIR Observation.

    A row with ``retracts`` takes an earlier one back (entered in error) and tells nothing itself.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    value: models.JSONField[Any, Any] = models.JSONField(null=True)
    observed_on: models.DateField[date, date] = models.DateField()
    told_by = models.CharField(max_length=12)
    source_note = models.CharField(max_length=300, blank=True)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    entered_by_name = models.CharField(max_length=200)
    retracts = models.ForeignKey("self", on_delete=models.PROTECT, related_name="retractions", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "name": CLINICAL, "value": CLINICAL,
        "observed_on": CLINICAL, "told_by": OPERATIONAL, "source_note": CLINICAL, "entered_at": OPERATIONAL,
        "entered_by": OPERATIONAL, "entered_by_name": DIRECT, "retracts": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("retracts",), name="one_retraction"),)
        indexes = (models.Index(fields=("patient", "name", "-observed_on", "-id"), name="fact_newest"),)
