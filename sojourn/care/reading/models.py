"""What readers of the library ask and say without their name, and what the clinic makes of it.

None of these tables has a column for a person who reads, and a day stands where others have a moment: what is not kept
cannot be found out.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

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
    """Somebody said whether a part of an article was clear, and perhaps a word on it. ``danger`` as with a question."""

    append_only = True

    slug = models.CharField(max_length=80)
    part = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2)
    clear = models.BooleanField()
    word = models.CharField(max_length=300, blank=True)
    danger = models.CharField(max_length=32, blank=True)
    said_on = models.DateField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "slug": OPERATIONAL, "part": OPERATIONAL, "language": OPERATIONAL,
        "clear": OPERATIONAL, "word": CLINICAL, "danger": CLINICAL, "said_on": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "said_on"), name="clarity_of_day"),)
