"""What readers of the library ask and say without their name, what the clinic makes of it, and voices.

None of the tables of readers has a column for a person who reads, and a day stands where others have a moment: what is
not kept cannot be found out.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import CLINICAL, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped


class ReaderQuestion(ClinicScoped):
    """A question to the clinic from nobody in particular, at a part of an article.

    ``danger``: the kind of danger that was read in it, "" for none. ``typed_key`` is made with the empty form, so that
    a form sent twice is one question.
    """

    append_only = True

    slug = models.CharField(max_length=80)
    part = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2)
    text = models.TextField(_("question"))
    asked_on = models.DateField()
    danger = models.CharField(max_length=32, blank=True)
    typed_key = models.UUIDField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "slug": OPERATIONAL, "part": OPERATIONAL, "language": OPERATIONAL,
        "text": CLINICAL, "asked_on": OPERATIONAL, "danger": CLINICAL, "typed_key": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "typed_key"), name="question_asked_once"),)
        indexes = (models.Index(fields=("clinic", "asked_on"), name="question_of_day"),)


class AnswerKind(models.TextChoices):
    PUBLISHED = "published", _("published")
    SET_ASIDE = "set_aside", _("set aside")
    TAKEN_BACK = "taken_back", _("taken back")


class ReaderAnswer(ClinicScoped):
    """What was decided of a question; the newest row of a question holds.

    Published, it shows ``question_text`` as it was edited, ``text``, the day and the role of whoever answered; never a
    name. Set aside, ``reason`` says why.
    """

    append_only = True

    question = models.ForeignKey(ReaderQuestion, on_delete=models.PROTECT, related_name="answers")
    kind = models.CharField(max_length=12, choices=AnswerKind.choices)
    question_text = models.TextField(blank=True)
    text = models.TextField(_("answer"), blank=True)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=32)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "question": OPERATIONAL, "kind": OPERATIONAL,
        "question_text": CLINICAL, "text": OPERATIONAL, "reason": OPERATIONAL, "at": OPERATIONAL, "by": OPERATIONAL,
        "role": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("question", "-id"), name="answer_newest"),)


class Clarity(ClinicScoped):
    """Somebody said whether a part of an article was clear, and perhaps a word on it. ``paragraph``: the first words of
    the one that was not, as the article had them; "" for the whole part. ``danger`` as with a question."""

    append_only = True

    slug = models.CharField(max_length=80)
    part = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2)
    clear = models.BooleanField()
    paragraph = models.CharField(max_length=80, blank=True)
    word = models.CharField(max_length=300, blank=True)
    danger = models.CharField(max_length=32, blank=True)
    said_on = models.DateField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "slug": OPERATIONAL, "part": OPERATIONAL, "language": OPERATIONAL,
        "clear": OPERATIONAL, "paragraph": OPERATIONAL, "word": CLINICAL, "danger": CLINICAL, "said_on": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "said_on"), name="clarity_of_day"),)


class VoiceKind(models.TextChoices):
    STORY = "story", _("a patient's story")
    VIEW = "view", _("a professional's view")


class Voice(ClinicScoped):
    """A story of one patient, or the view of one professional (``patient`` is None). What is written in it stands in
    ``VoiceText`` and can be deleted; here and in ``VoiceStep`` stands only that it was.

    ``invented``: it was written in a clinic of the demo. The database fills it in and asks nobody else, so that no
    example goes without its mark and nothing real bears it; an invented person cannot write anywhere else.
    """

    append_only = True

    kind = models.CharField(max_length=8, choices=VoiceKind.choices)
    writer = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", null=True)
    language = models.CharField(max_length=2)
    begun_at = models.DateTimeField()
    invented = models.BooleanField(default=False)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "kind": OPERATIONAL, "writer": OPERATIONAL,
        "patient": OPERATIONAL, "language": OPERATIONAL, "begun_at": OPERATIONAL, "invented": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("writer", "-id"), name="voice_of_writer"),)


class VoiceText(ClinicScoped):
    """One wording of a voice; the newest counts. All of them are deleted when the voice is withdrawn."""

    voice = models.ForeignKey(Voice, on_delete=models.PROTECT, related_name="texts")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", null=True)
    text = models.TextField(_("text"))
    from_writer = models.BooleanField()
    at = models.DateTimeField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "voice": OPERATIONAL, "patient": OPERATIONAL, "text": CLINICAL,
        "from_writer": OPERATIONAL, "at": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("voice", "-id"), name="voice_text_newest"),)


class VoiceStepKind(models.TextChoices):
    SENT = "sent", _("sent")
    PROPOSED = "proposed", _("waits for the writer")
    AGREED = "agreed", _("shown")
    SET_ASIDE = "set_aside", _("set aside")
    WITHDRAWN = "withdrawn", _("withdrawn")


class VoiceStep(ClinicScoped):
    """What happened with a voice; the newest row holds. ``text_hash``: the wording that was sent, proposed or agreed
    to; only that very wording is ever shown. ``told``: the version of the words by which its writer knew what happens
    with it (consent_words.py)."""

    append_only = True

    voice = models.ForeignKey(Voice, on_delete=models.PROTECT, related_name="steps")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", null=True)
    kind = models.CharField(max_length=12, choices=VoiceStepKind.choices)
    text_hash = models.CharField(max_length=64, blank=True)
    told = models.CharField(max_length=12, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "voice": OPERATIONAL, "patient": OPERATIONAL, "kind": OPERATIONAL,
        "text_hash": OPERATIONAL, "told": OPERATIONAL, "reason": OPERATIONAL, "at": OPERATIONAL, "by": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("voice", "-id"), name="voice_step_newest"),)
