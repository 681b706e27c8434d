"""The people in care, and those who bring them home."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, QUASI, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Sex(models.TextChoices):
    """FHIR administrative gender."""

    FEMALE = "female", _("female")
    MALE = "male", _("male")
    OTHER = "other", _("other")
    UNKNOWN = "unknown", _("not said")


class Patient(ClinicScoped):
    """A person in care. FHIR Patient. ``restricted`` records open only to prescribers or by breaking the glass.

    ``search_key`` is the database's own folding of the name (no accents, lower case, a space before and after
    each word), so that no writer can forget it; sorting by it puts Ö beside O.
    """

    record_number = models.CharField(_("record number"), max_length=24)
    given_name = models.CharField(_("given name"), max_length=80)
    family_name = models.CharField(_("family name"), max_length=80)
    birth_date: models.DateField[date, date] = models.DateField(_("date of birth"))
    sex = models.CharField(_("sex"), max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    restricted = models.BooleanField(_("restricted record"), default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    version = models.PositiveIntegerField(default=1)
    search_key = models.GeneratedField(
        expression=models.Func(
            "family_name", "given_name", function="sojourn_name_key", output_field=models.TextField()
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "record_number": DIRECT, "given_name": DIRECT,
        "family_name": DIRECT, "birth_date": DIRECT, "sex": QUASI, "email": DIRECT, "phone": DIRECT,
        "language": QUASI, "restricted": OPERATIONAL, "created_at": OPERATIONAL, "created_by": OPERATIONAL,
        "version": OPERATIONAL, "search_key": DIRECT,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "record_number"), name="one_record_number"),)
        indexes = (models.Index(fields=("clinic", "family_name", "given_name"), name="patient_by_name"),)

    def __str__(self) -> str:
        return self.name

    @property
    def patient_id(self) -> int:
        """Whom this row is about, as every row of a patient says it."""
        return int(self.pk)

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    def age_on(self, day: date) -> int:
        """Completed years on ``day``."""
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (not had_birthday)


class DoseStart(ClinicScoped):
    """A dose was started for this patient. Written by the database beside each dose that the session's room records, so
    that the rooms below, which cannot see a session, know of every dose whoever recorded it and however."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="dose_starts")
    at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "at": CLINICAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("patient", "-at"), name="dose_start_newest"),)

    def __str__(self) -> str:
        return f"{self.patient_id} {self.at}"


class Leaving(ClinicScoped):
    """A patient has left after a session. Written by the database beside the state that says so, as ``DoseStart`` is,
    so that the rooms below know until when a dose is with somebody."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="leavings")
    at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "at": CLINICAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("patient", "-at"), name="leaving_newest"),)

    def __str__(self) -> str:
        return f"{self.patient_id} {self.at}"


class RelatedPerson(ClinicScoped):
    """Someone beside the patient: who brings them home, whom to call. FHIR RelatedPerson."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="related_people")
    name = models.CharField(_("name"), max_length=120)
    relationship = models.CharField(_("relationship"), max_length=60, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    brings_home = models.BooleanField(_("brings the patient home"), default=True)
    emergency_contact = models.BooleanField(_("may be called in an emergency"), default=False)
    created_at = models.DateTimeField()
    ended_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "name": DIRECT, "relationship": QUASI,
        "phone": DIRECT, "email": DIRECT, "brings_home": OPERATIONAL, "emergency_contact": OPERATIONAL,
        "created_at": OPERATIONAL, "ended_at": OPERATIONAL,
    }  # fmt: skip

    def __str__(self) -> str:
        return self.name
