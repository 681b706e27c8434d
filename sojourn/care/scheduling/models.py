"""Rooms and chairs, who works when, appointments and who attends them, and when patients can come.

The database itself refuses to book a chair, a patient or a member of the staff twice (migration 0005).
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, QUASI, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Room(ClinicScoped):
    """Chairs that stand together. FHIR Location."""

    name = models.CharField(_("name"), max_length=40)

    privacy: ClassVar[dict[str, Privacy]] = {"id": OPERATIONAL, "clinic": OPERATIONAL, "name": OPERATIONAL}

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "name"), name="one_room_of_a_name"),)

    def __str__(self) -> str:
        return self.name


class Chair(ClinicScoped):
    """A place for one patient. FHIR Location."""

    name = models.CharField(_("name"), max_length=40)
    in_use = models.BooleanField(default=True)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="chairs", null=True, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "name": OPERATIONAL, "in_use": OPERATIONAL, "room": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "name"), name="one_chair_of_a_name"),)

    def __str__(self) -> str:
        return self.name


class BookingRules(ClinicScoped):
    """The clinic's own numbers for booking; the newest row acts, each row says who decided it.

    ``chairs_per_nurse`` has no source but the clinic: None until somebody adopts a number, and until then a nurse is
    booked for one chair at a time.
    """

    append_only = True

    chairs_per_nurse: models.PositiveSmallIntegerField[int | None, int | None] = models.PositiveSmallIntegerField(
        null=True
    )
    turnover_minutes = models.PositiveSmallIntegerField(default=0)
    remind_hours = ArrayField(models.PositiveSmallIntegerField(), default=list)
    head_start_minutes = models.PositiveSmallIntegerField(default=30)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "chairs_per_nurse": OPERATIONAL, "turnover_minutes": OPERATIONAL,
        "remind_hours": OPERATIONAL, "head_start_minutes": OPERATIONAL, "decided_at": OPERATIONAL,
        "decided_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(chairs_per_nurse=None) | Q(chairs_per_nurse__gte=1), name="a_nurse_has_a_chair"
            ),
        )


class WorkingHours(ClinicScoped):
    """A stretch of an ordinary week by the clinic's clock. Without ``member`` the clinic's own opening hours."""

    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    weekday = models.PositiveSmallIntegerField()  # 0 is Monday
    begins: models.TimeField[time, time] = models.TimeField()
    ends: models.TimeField[time, time] = models.TimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "member": OPERATIONAL, "weekday": OPERATIONAL,
        "begins": OPERATIONAL, "ends": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(begins__lt=models.F("ends")), name="hours_begin_before_they_end"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="a_week_has_seven_days"),
        )


class HoursOnDay(ClinicScoped):
    """A day unlike its week: other hours, or none where ``begins`` is None. Without ``member`` the whole clinic's."""

    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    on: models.DateField[date, date] = models.DateField()
    begins: models.TimeField[time | None, time | None] = models.TimeField(null=True)
    ends: models.TimeField[time | None, time | None] = models.TimeField(null=True)
    why = models.CharField(_("why"), max_length=80, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "member": OPERATIONAL, "on": OPERATIONAL, "begins": OPERATIONAL,
        "ends": OPERATIONAL, "why": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("clinic", "member", "on"), name="one_exception_a_day", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(begins=None, ends=None) | Q(begins__lt=models.F("ends")), name="a_day_begins_before_it_ends"
            ),
        )


class AppointmentStatus(models.TextChoices):
    BOOKED = "booked", _("booked")
    CANCELLED = "cancelled", _("cancelled")


class Appointment(ClinicScoped):
    """A time in a chair. FHIR Appointment. ``during`` is half-open; overlaps are refused by exclusion.

    The chair is held ``turnover_minutes`` longer than the patient is. ``session_opened_at``: from then on the session
    decides what happens, and the appointment stays where it is; None before.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    care_plan = models.ForeignKey(CarePlan, on_delete=models.PROTECT, related_name="appointments")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="appointments")
    during = DateTimeRangeField()
    turnover_minutes = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=12, choices=AppointmentStatus.choices, default=AppointmentStatus.BOOKED)
    escort = models.ForeignKey(RelatedPerson, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    cancelled_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    cancelled_because = models.CharField(_("reason"), max_length=300, blank=True)
    session_opened_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "care_plan": OPERATIONAL,
        "chair": OPERATIONAL, "during": QUASI, "turnover_minutes": OPERATIONAL, "status": OPERATIONAL,
        "escort": OPERATIONAL, "booked_at": OPERATIONAL, "booked_by": OPERATIONAL, "cancelled_at": OPERATIONAL,
        "cancelled_by": OPERATIONAL, "cancelled_because": CLINICAL, "session_opened_at": OPERATIONAL,
        "version": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "patient"), name="appointment_of_patient"),)


class Attendance(ClinicScoped):
    """Who of the staff attends an appointment. FHIR Appointment.participant.

    ``during`` and ``active`` follow the appointment by trigger. Therapists and prescribers attend one appointment at
    a time by exclusion; nurses as many as the clinic's adopted number says, counted by trigger under a lock.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="attendances")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=24)
    during = DateTimeRangeField()
    active = models.BooleanField(default=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "appointment": OPERATIONAL,
        "member": OPERATIONAL, "role": OPERATIONAL, "during": QUASI, "active": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("appointment", "role"), condition=Q(active=True), name="one_of_a_role_attends"
            ),
        )
        indexes = (models.Index(fields=("member", "active"), name="attendance_of_member"),)


class PreferredTimes(ClinicScoped):
    """When a patient can come, in the patient's own words; the newest row acts. Empty lists mean "any"."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list)
    parts = ArrayField(models.CharField(max_length=12), default=list)
    cannot = ArrayField(models.DateField(), default=list)
    stated_at = models.DateTimeField()
    stated_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "weekdays": QUASI, "parts": QUASI,
        "cannot": QUASI, "stated_at": OPERATIONAL, "stated_by": OPERATIONAL,
    }  # fmt: skip
