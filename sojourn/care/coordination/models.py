"""What follows from an appointment: the waiting list, reminders, the ride home, who is here, calendar feeds.

The tables keep the names that they were made with, when all of this was one room with the appointments (decision 0037).
"""

from __future__ import annotations

from datetime import datetime, time
from typing import ClassVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.plan.models import CarePlan
from sojourn.care.scheduling.models import Appointment, Chair
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, QUASI, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class WaitingEntry(ClinicScoped):
    """Somebody who would come earlier."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    care_plan = models.ForeignKey(CarePlan, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()
    joined_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    left_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "care_plan": OPERATIONAL,
        "joined_at": OPERATIONAL, "joined_by": OPERATIONAL, "left_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        db_table = "booking_waitingentry"
        constraints = (
            models.UniqueConstraint(fields=("care_plan",), condition=Q(left_at=None), name="one_wait_a_course"),
        )


class OfferAnswer(models.TextChoices):
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    GONE = "gone", _("somebody else came first")


class Offer(ClinicScoped):
    """A freed time offered to somebody who waits. All offers of one time share ``freed`` (the appointment that left).

    The link's token is kept as a hash. ``opens_at``: those who wait longer hear earlier.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(WaitingEntry, on_delete=models.PROTECT, related_name="offers")
    freed_id = models.BigIntegerField()
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="+")
    during = DateTimeRangeField()
    made_at = models.DateTimeField()
    opens_at = models.DateTimeField()
    told_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    token_hash = models.CharField(max_length=64, unique=True, null=True)
    answer = models.CharField(max_length=12, choices=OfferAnswer.choices, blank=True)
    answered_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "entry": OPERATIONAL,
        "freed_id": OPERATIONAL, "chair": OPERATIONAL, "during": QUASI, "made_at": OPERATIONAL,
        "opens_at": OPERATIONAL, "told_at": OPERATIONAL, "token_hash": OPERATIONAL, "answer": OPERATIONAL,
        "answered_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        db_table = "booking_offer"
        indexes = (models.Index(fields=("clinic", "freed_id"), name="offers_of_a_time"),)


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    NONE = "none", _("No reminders")


class ReminderPreference(ClinicScoped):
    """How and when a patient wants to be reminded, by the patient's own clock. No row: e-mail, the clinic's zone."""

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="+")
    zone = models.CharField(_("time zone"), max_length=64)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    quiet_from: models.TimeField[time, time] = models.TimeField()
    quiet_until: models.TimeField[time, time] = models.TimeField()
    changed_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "zone": QUASI, "channel": OPERATIONAL,
        "quiet_from": QUASI, "quiet_until": QUASI, "changed_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        db_table = "booking_reminderpreference"


class Reminder(ClinicScoped):
    """One reminder of one appointment at one beginning: sent once, or dropped."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="reminders")
    starts_at = models.DateTimeField()
    hours_before = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    sent_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    sent_by_channel = models.CharField(max_length=8, blank=True)
    dropped_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "appointment": OPERATIONAL,
        "starts_at": QUASI, "hours_before": OPERATIONAL, "due_at": QUASI, "sent_at": OPERATIONAL,
        "sent_by_channel": OPERATIONAL, "dropped_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        db_table = "booking_reminder"
        constraints = (
            models.UniqueConstraint(fields=("appointment", "starts_at", "hours_before"), name="reminded_once"),
        )


class CalendarFeed(ClinicScoped):
    """A secret address from which a calendar reads one person's appointments: a patient's, or a staff member's."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", null=True)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ended_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "member": OPERATIONAL,
        "token_hash": OPERATIONAL, "made_at": OPERATIONAL, "ended_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        db_table = "booking_calendarfeed"
        constraints = (
            models.UniqueConstraint(fields=("member",), condition=Q(ended_at=None), name="one_feed_a_person"),
        )


class EscortLink(ClinicScoped):
    """The link by which the person who brings the patient home answers, for one appointment. Only its hash is kept."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="escort_links")
    person = models.ForeignKey(RelatedPerson, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    token_hash = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField()
    sent_by_name = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField()
    ended_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "appointment": OPERATIONAL,
        "person": OPERATIONAL, "starts_at": QUASI, "token_hash": OPERATIONAL, "sent_at": OPERATIONAL,
        "sent_by_name": QUASI, "expires_at": OPERATIONAL, "ended_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        db_table = "booking_escortlink"
        constraints = (
            models.UniqueConstraint(
                fields=("appointment", "person"), condition=Q(ended_at=None), name="one_link_an_escort"
            ),
        )


class DayLink(ClinicScoped):
    """The link that opens the page of the days around one appointment without a sign-in. Only its hash is kept, and so
    is that of what the one device was given on which somebody opened it. When it opens and ends follows from the
    appointment, wherever that is moved."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="day_links")
    token_hash = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField()
    device_hash = models.CharField(max_length=64, blank=True)
    opened_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    ended_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "appointment": OPERATIONAL,
        "token_hash": OPERATIONAL, "sent_at": OPERATIONAL, "device_hash": OPERATIONAL, "opened_at": QUASI,
        "ended_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("appointment",), condition=Q(ended_at=None), name="one_day_link_a_visit"),
        )


class EscortAnswer(ClinicScoped):
    """What the escort said about bringing the patient home at one beginning; the newest row acts."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="escort_answers")
    person = models.ForeignKey(RelatedPerson, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    comes = models.BooleanField()
    note = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField()
    written_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "appointment": OPERATIONAL,
        "person": OPERATIONAL, "starts_at": QUASI, "comes": OPERATIONAL, "note": CLINICAL,
        "answered_at": OPERATIONAL, "written_by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        db_table = "booking_escortanswer"


class ArrivalNotice(ClinicScoped):
    """The patient says from their own pages that they are here for an appointment at one beginning, or it is taken
    back; the newest row acts. It tells the front desk and opens no session."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="arrival_notices")
    starts_at = models.DateTimeField()
    is_here = models.BooleanField()
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "appointment": OPERATIONAL,
        "starts_at": QUASI, "is_here": OPERATIONAL, "said_at": QUASI, "said_by": OPERATIONAL,
    }  # fmt: skip
