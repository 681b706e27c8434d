"""Signals of risk, each with what raised it and who answered it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, DIRECT, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class FlagKind(models.TextChoices):
    SUICIDAL_THOUGHTS = "suicidal_thoughts", _("Thoughts of death or self-harm reported")
    SELF_HARM = "self_harm", _("Self-harm reported")
    VOICES = "voices", _("Voices or commands reported")
    RISK = "risk", _("A clinician sees a risk")
    ASKED_FOR_HELP = "asked_for_help", _("The patient asked for help")
    WORRIED = "worried", _("A support person is worried")


class Severity(models.TextChoices):
    """How soon somebody must answer. Each has its deadline in the rulebook; ``RANKS`` has their order."""

    EMERGENCY = "emergency", _("now")
    URGENT = "urgent", _("today")
    SOON = "soon", _("soon")


RANKS: Final = (Severity.EMERGENCY, Severity.URGENT, Severity.SOON)


class FlagSource(models.TextChoices):
    ANSWER = "answer", _("an answer in a questionnaire")
    WORDS = "words", _("words that the patient wrote")
    CLINICIAN = "clinician", _("a clinician's judgement")
    CHAIR = "chair", _("a question at the chair")
    BUTTON = "button", _("the patient's button")
    SUPPORT_PERSON = "support_person", _("a support person")


class Flag(ClinicScoped):
    """Something about a patient that a clinician must see. FHIR Flag. Raised once; what follows is rows.

    ``about`` names the row that raised it ("message:123"). ``severity`` and ``detail`` are those of its beginning: a
    later FlagReport may be graver.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=32, choices=FlagKind.choices)
    severity = models.CharField(max_length=16, choices=Severity.choices, default=Severity.URGENT)
    source = models.CharField(max_length=16, choices=FlagSource.choices, default=FlagSource.ANSWER)
    about = models.CharField(max_length=80)
    raised_at = models.DateTimeField()
    # Of what was written without a network, and arrived later: when, by our clock and by the device's own.
    written_at = models.DateTimeField(null=True)
    device_at = models.DateTimeField(null=True)
    response = models.ForeignKey(QuestionnaireResponse, on_delete=models.PROTECT, related_name="flags", null=True)
    detail = models.CharField(max_length=200, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "kind": CLINICAL, "severity": CLINICAL,
        "source": CLINICAL, "about": OPERATIONAL, "raised_at": OPERATIONAL, "written_at": OPERATIONAL,
        "device_at": OPERATIONAL, "response": OPERATIONAL, "detail": CLINICAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("patient", "kind", "about"), name="one_flag_about_a_thing"),
            models.UniqueConstraint(fields=("response", "kind"), name="one_flag_a_response"),
        )
        indexes = (models.Index(fields=("clinic", "-raised_at"), name="flag_newest"),)


class FlagReport(ClinicScoped):
    """The same thing said again, otherwise than before: graver, or with other words. One that comes after the flag
    was closed opens it again; ``reopens`` is that closing. ``about`` names what said it again, where the flag is about
    another ("asked:…", a second press of the patient's button)."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="reports")
    severity = models.CharField(max_length=16, choices=Severity.choices)
    source = models.CharField(max_length=16, choices=FlagSource.choices)
    detail = models.CharField(max_length=200, blank=True)
    about = models.CharField(max_length=80, blank=True, default="")
    at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)
    device_at = models.DateTimeField(null=True)
    reopens = models.ForeignKey("FlagAnswer", on_delete=models.PROTECT, related_name="reopened_by", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "flag": OPERATIONAL, "severity": CLINICAL,
        "source": CLINICAL, "detail": CLINICAL, "about": OPERATIONAL, "at": OPERATIONAL,
        "written_at": OPERATIONAL, "device_at": OPERATIONAL, "reopens": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("flag", "about"), condition=~models.Q(about=""), name="one_report_about_a_thing"
            ),
        )
        indexes = (models.Index(fields=("flag", "id"), name="flag_report_of"),)


class FlagAnswerKind(models.TextChoices):
    SEEN = "seen", _("Seen, I am taking this")
    HANDED = "handed", _("Handed over")
    CONTACTED = "contacted", _("Patient contacted")
    CLOSED = "closed", _("Closed")


class FlagOutcome(models.TextChoices):
    """What came of it, chosen at the closing beside the note."""

    SAFE = "safe", _("Spoken with: no danger now")
    SAFETY_PLAN = "safety_plan", _("Spoken with: a safety plan is agreed")
    REFERRED = "referred", _("Referred, or seen elsewhere")
    EMERGENCY_CALLED = "emergency_called", _("Emergency services called")
    NOT_MEANT = "not_meant", _("Not meant so, or entered by mistake")
    NOT_REACHED = "not_reached", _("Not reached; the note says what was done")


class FlagAnswer(ClinicScoped):
    """What was done about a flag, by whom. The newest row is its state, unless a FlagReport reopens it.

    ``by_name`` stands here as it was: a patient sees these rows and no membership but their own. ``to``: whom it was
    handed to, who must take it.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="answers")
    kind = models.CharField(max_length=16, choices=FlagAnswerKind.choices)
    outcome = models.CharField(max_length=20, choices=FlagOutcome.choices, blank=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200, blank=True)
    to = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "flag": OPERATIONAL,
        "kind": CLINICAL, "outcome": CLINICAL, "note": CLINICAL, "at": OPERATIONAL, "by": OPERATIONAL,
        "by_name": DIRECT, "to": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("flag", "-id"), name="flag_answer_newest"),)


class FlagReading(ClinicScoped):
    """Somebody who can answer it has opened the flag: the patient is told who, and when."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="readings")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    member_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "flag": OPERATIONAL, "member": OPERATIONAL,
        "member_name": DIRECT, "at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("flag", "member"), name="one_first_reading"),)


class Purpose(models.TextChoices):
    TAKE = "take", _("to be taken")
    ACT = "act", _("to reach the patient")


class FlagClock(ClinicScoped):
    """By when a flag must be answered, and who is told next when it is not. The newest row counts.

    The moments stand here, worked out when the clock began, so that the watch needs neither the rules nor the hours.
    Without an adopted rule there are none but ``all_at``, and that is at once. ``asked`` is who is asked first; None
    where nobody is.
    """

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="clocks")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    asked = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    begins_at = models.DateTimeField()
    backup_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    everybody_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    all_at = models.DateTimeField()
    rule_id = models.CharField(max_length=80, blank=True)
    rule_version = models.PositiveIntegerField(null=True)
    rule_hash = models.CharField(max_length=64, blank=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "flag": OPERATIONAL, "purpose": OPERATIONAL,
        "asked": OPERATIONAL, "begins_at": OPERATIONAL, "backup_at": OPERATIONAL, "everybody_at": OPERATIONAL,
        "all_at": OPERATIONAL, "rule_id": OPERATIONAL, "rule_version": OPERATIONAL, "rule_hash": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("flag", "-id"), name="flag_clock_newest"),)


class Reach(models.TextChoices):
    """Who is told, from the nearest to everybody."""

    OWNER = "owner", _("who is asked first")
    BACKUP = "backup", _("the back-up")
    EVERYBODY = "everybody", _("everybody on duty")
    ALL = "all", _("every clinical member")


class FlagTurn(ClinicScoped):
    """A circle of people was told of a flag, once for each clock. Written where the flag is raised, or by the watch."""

    append_only = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="turns")
    clock = models.ForeignKey(FlagClock, on_delete=models.PROTECT, related_name="turns")
    reach = models.CharField(max_length=12, choices=Reach.choices)
    at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "patient": OPERATIONAL, "flag": OPERATIONAL, "clock": OPERATIONAL,
        "reach": OPERATIONAL, "at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clock", "reach"), name="a_circle_is_told_once"),)
        indexes = (models.Index(fields=("at",), name="flag_turn_at"),)


class NoticeChannel(models.TextChoices):
    PAGE = "page", _("on the pages of Sojourn")
    EMAIL = "email", _("by e-mail")
    SMS = "sms", _("by text message")


class FlagNotice(ClinicScoped):
    """One person is to be told of one turn by one channel that they agreed to. No name of a patient is in it."""

    append_only = True

    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="notices")
    turn = models.ForeignKey(FlagTurn, on_delete=models.PROTECT, related_name="notices")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=NoticeChannel.choices)
    at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "flag": OPERATIONAL, "turn": OPERATIONAL, "member": OPERATIONAL,
        "channel": OPERATIONAL, "at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("turn", "member", "channel"), name="one_notice_a_channel"),)


class TryOutcome(models.TextChoices):
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed; it is tried again")
    NO_WAY = "no_way", _("cannot be sent this way")
    NOT_NEEDED = "not_needed", _("answered before it was sent")


class FlagNoticeTry(ClinicScoped):
    """The proof of one try to tell somebody. All but a failed one are final."""

    append_only = True

    notice = models.ForeignKey(FlagNotice, on_delete=models.PROTECT, related_name="tries")
    outcome = models.CharField(max_length=12, choices=TryOutcome.choices)
    detail = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "notice": OPERATIONAL, "outcome": OPERATIONAL,
        "detail": OPERATIONAL, "at": OPERATIONAL,
    }  # fmt: skip


class NoticeChoice(ClinicScoped):
    """By which channels somebody agrees to be told of a flag, beside the pages. The newest row counts."""

    append_only = True

    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    by_email = models.BooleanField(default=False)
    sms_number = models.CharField(max_length=20, blank=True)
    decided_at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "member": OPERATIONAL, "by_email": OPERATIONAL,
        "sms_number": DIRECT, "decided_at": OPERATIONAL,
    }  # fmt: skip


class DutyList(ClinicScoped):
    """Who is asked about a flag, in order: the first, the back-up, the others. The newest list counts."""

    append_only = True

    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "decided_at": OPERATIONAL, "decided_by": OPERATIONAL,
    }  # fmt: skip


class DutyContact(ClinicScoped):
    """One place on a list."""

    append_only = True

    list = models.ForeignKey(DutyList, on_delete=models.PROTECT, related_name="contacts")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "list": OPERATIONAL, "member": OPERATIONAL, "place": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("list", "place"), name="one_contact_a_place"),
            models.UniqueConstraint(fields=("list", "member"), name="one_place_a_contact"),
        )
