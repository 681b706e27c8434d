"""Clinics, people, and what a person is in a clinic.

``Person`` is a sign-in and nothing more: an address and the proof of it. Names and roles stand in ``Membership``,
which row-level security keeps to its clinic.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, QUASI, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class Clinic(models.Model):
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=8, default="en")
    jurisdiction = models.CharField(_("jurisdiction"), max_length=12, default="US")
    address = models.TextField(_("address"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    phone_hours = models.CharField(_("hours of the phone"), max_length=200, blank=True)  # in the clinic's language
    phone_hours_other = models.CharField(_("hours of the phone"), max_length=200, blank=True)  # in the other one
    crisis_name = models.CharField(_("crisis line"), max_length=120, blank=True)
    crisis_phone = models.CharField(_("crisis number"), max_length=40, blank=True)
    # Only where clinical.lines knows none: a country that it knows has the number that stands there.
    emergency_phone = models.CharField(_("emergency number"), max_length=40, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "name": OPERATIONAL, "slug": OPERATIONAL, "time_zone": OPERATIONAL,
        "language": OPERATIONAL, "jurisdiction": OPERATIONAL, "address": OPERATIONAL, "phone": OPERATIONAL,
        "phone_hours": OPERATIONAL, "phone_hours_other": OPERATIONAL, "crisis_name": OPERATIONAL,
        "crisis_phone": OPERATIONAL, "emergency_phone": OPERATIONAL,
    }  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def phone_hours_in(self, language: str) -> str:
        """When somebody answers the telephone, in a reader's language where the clinic has written it in that too."""
        return self.phone_hours if language == self.language else self.phone_hours_other or self.phone_hours

    @property
    def country(self) -> str:
        """ISO 3166 code of the clinic's country, by its jurisdiction: "US-CO" is in "US"."""
        return self.jurisdiction.partition("-")[0]


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None) -> Person:
        person = self.model(email=self.normalize_email(email).lower())
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """A sign-in. ``demo`` marks the invented people of the demo clinic, who can sign in only in demo mode."""

    email = models.EmailField(_("e-mail address"), unique=True)
    language = models.CharField(max_length=8, blank=True)
    is_active = models.BooleanField(default=True)
    demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "password": OPERATIONAL, "last_login": OPERATIONAL, "email": DIRECT,
        "language": QUASI, "is_active": OPERATIONAL, "demo": OPERATIONAL, "joined_at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="accounts_person_email_ci"),)

    def __str__(self) -> str:
        return self.email


class Membership(ClinicScoped):
    """What a person is in a clinic. A patient's membership names the patient record that is theirs.

    A clinical role is born ``unconfirmed_since`` the moment it was taken up, and is worth nothing until another holder
    of it has confirmed it (RoleConfirmation); the database keeps to that too.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=24)
    name = models.CharField(_("name"), max_length=120)
    credentials = models.CharField(_("credentials"), max_length=60, blank=True)
    patient_id = models.BigIntegerField(null=True, blank=True)
    since_at = models.DateTimeField(auto_now_add=True)
    ended_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    unconfirmed_since: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "person": OPERATIONAL, "role": OPERATIONAL, "name": DIRECT,
        "credentials": QUASI, "patient_id": OPERATIONAL, "since_at": OPERATIONAL, "ended_at": OPERATIONAL,
        "unconfirmed_since": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("clinic", "person", "role"), condition=models.Q(ended_at=None), name="one_membership_a_role"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}, {self.credentials}" if self.credentials else self.name


class RoleConfirmation(ClinicScoped):
    """A present holder of a clinical role confirmed that a newcomer holds it. ``confirmed_by`` is None where the
    machine's owner did so on the command line, for the first of a role; the database asks for the owner's own word."""

    append_only = True

    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="confirmation")
    confirmed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    confirmed_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "membership": OPERATIONAL, "confirmed_by": OPERATIONAL,
        "confirmed_at": OPERATIONAL,
    }  # fmt: skip


class Invitation(ClinicScoped):
    """A one-time link by e-mail. Only the hash of its token is kept."""

    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(max_length=24)
    credentials = models.CharField(max_length=60, blank=True)
    patient_id = models.BigIntegerField(null=True, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    expires_at = models.DateTimeField()
    accepted_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    withdrawn_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "email": DIRECT, "name": DIRECT, "role": OPERATIONAL,
        "credentials": QUASI, "patient_id": OPERATIONAL, "token_hash": OPERATIONAL, "sent_at": OPERATIONAL,
        "sent_by": OPERATIONAL, "expires_at": OPERATIONAL, "accepted_at": OPERATIONAL,
        "withdrawn_at": OPERATIONAL,
    }  # fmt: skip


class LineCheck(ClinicScoped):
    """Somebody of the clinic dialled a line of its place, or looked at it, and said whether it is right.

    ``line_id`` and ``number`` are of clinical.lines as they were then: a line whose number has changed since is
    unchecked again. The newest row of a line is what holds.
    """

    append_only = True

    line_id = models.CharField(max_length=40)
    number = models.CharField(max_length=200)
    works = models.BooleanField()
    note = models.CharField(max_length=200, blank=True)
    checked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    checked_by_name = models.CharField(max_length=200)
    checked_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "line_id": OPERATIONAL, "number": OPERATIONAL, "works": OPERATIONAL,
        "note": OPERATIONAL, "checked_by": OPERATIONAL, "checked_by_name": DIRECT, "checked_at": OPERATIONAL,
    }  # fmt: skip


class VisitWords(ClinicScoped):
    """What the clinic says of coming to it, in its own words: where its place is on a map, how it is found, what a
    visit costs, and what holds for moving and cancelling one. The newest row is what holds.

    The first of each two is in the clinic's language, ``_other`` the same in the other one.
    """

    append_only = True

    map_url = models.CharField(max_length=500, blank=True)
    finding = models.CharField(max_length=1200, blank=True)
    finding_other = models.CharField(max_length=1200, blank=True)
    costs = models.CharField(max_length=1200, blank=True)
    costs_other = models.CharField(max_length=1200, blank=True)
    changing = models.CharField(max_length=1200, blank=True)
    changing_other = models.CharField(max_length=1200, blank=True)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "map_url": OPERATIONAL, "finding": OPERATIONAL,
        "finding_other": OPERATIONAL, "costs": OPERATIONAL, "costs_other": OPERATIONAL, "changing": OPERATIONAL,
        "changing_other": OPERATIONAL, "written_at": OPERATIONAL, "written_by": OPERATIONAL,
    }  # fmt: skip


class BreakGlass(ClinicScoped):
    """A restricted record opened in need, with a reason, for a while. The patient and the auditor see it.

    The opener's name and role stand here as they were: a patient sees these rows and no membership but their own.
    """

    append_only = True

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    opener_name = models.CharField(max_length=200)
    opener_role = models.CharField(max_length=24)
    patient_id = models.BigIntegerField()
    reason = models.TextField()
    opened_at = models.DateTimeField()
    until_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "membership": OPERATIONAL, "opener_name": DIRECT,
        "opener_role": OPERATIONAL, "patient_id": OPERATIONAL, "reason": CLINICAL,
        "opened_at": OPERATIONAL, "until_at": OPERATIONAL,
    }  # fmt: skip
