"""What a clinic adds to the library that ships: its evidence, its articles, its own rules; and what it hides.

Nothing of it is ever changed: what is written anew is a new row, and the newest counts. Readers (patients, and whoever
follows a clinic's link) see what was approved or published, and the database sees to that (migrations).
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.privacy import DIRECT, OPERATIONAL, Privacy
from sojourn.foundation.accounts.scoping import ClinicScoped
from sojourn.foundation.library.article import LANGUAGES

BY_LANGUAGE = [(each, each) for each in LANGUAGES]


def _words(language: str, result: str) -> models.GeneratedField:
    """The words by which PostgreSQL finds a text in one language, without accents (migrations/0001_initial.py)."""
    return models.GeneratedField(
        expression=models.Func(
            "title", result, "who", "treatment", "compared_with", "design", "authors", "journal", "abstract",
            function=f"sojourn_evidence_{language}", output_field=SearchVectorField(),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )  # fmt: skip


class Null(models.TextChoices):
    """Whether a study found nothing of what it looked for, or the contrary."""

    YES = "yes", _("found no effect, or the contrary")
    NO = "no", _("found an effect")
    MIXED = "mixed", pgettext_lazy("a result", "mixed")
    UNKNOWN = "unknown", _("not stated")


class EvidenceImport(ClinicScoped):
    """A file of citations that an editor handed over. Its bytes are kept in parts until they have been read."""

    append_only = True

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8)
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "name": OPERATIONAL, "kind": OPERATIONAL,
        "begun_at": OPERATIONAL, "begun_by": OPERATIONAL, "by_name": DIRECT,
    }  # fmt: skip

    def __str__(self) -> str:
        return self.name


class ImportPart(ClinicScoped):
    """A piece of a file, packed; it goes when the file has been read."""

    of = models.ForeignKey(EvidenceImport, on_delete=models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    packed = models.BinaryField()

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "of": OPERATIONAL, "number": OPERATIONAL, "packed": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        constraints = (models.UniqueConstraint(fields=("of", "number"), name="import_part_once"),)


class ImportProgress(ClinicScoped):
    """How far the reading of a file has come, moved on by each job. ``place``: where in the file the next record
    begins; ``strings``: what a BibTeX file has abbreviated so far."""

    of = models.OneToOneField(EvidenceImport, on_delete=models.PROTECT, related_name="progress")
    size = models.BigIntegerField()
    place = models.BigIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    retracted = models.PositiveIntegerField(default=0)
    strings = models.JSONField(default=dict)
    moved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "of": OPERATIONAL, "size": OPERATIONAL, "place": OPERATIONAL,
        "read": OPERATIONAL, "taken": OPERATIONAL, "known": OPERATIONAL, "refused": OPERATIONAL,
        "retracted": OPERATIONAL, "strings": OPERATIONAL, "moved_at": OPERATIONAL, "ended_at": OPERATIONAL,
    }  # fmt: skip


class NoteKind(models.TextChoices):
    REFUSED = "refused", _("not taken")
    KNOWN = "known", _("already there")
    RETRACTED = "retracted", _("retracted")


class ImportNote(ClinicScoped):
    """What there is to say of one record of a file: why it was not taken, which entry it doubles, that it is retracted.
    ``number``: which record; ``code``: why, or by what it was recognised; ``detail``: as the reader saw it."""

    append_only = True

    of = models.ForeignKey(EvidenceImport, on_delete=models.PROTECT, related_name="notes")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=NoteKind.choices)
    code = models.CharField(max_length=20)
    detail = models.CharField(max_length=300)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "of": OPERATIONAL, "number": OPERATIONAL, "kind": OPERATIONAL,
        "code": OPERATIONAL, "detail": OPERATIONAL,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("of", "kind", "id"), name="import_note_of"),)


class EvidenceEntry(ClinicScoped):
    """One version of an entry. ``first``: the version that it goes back to, None where it is that; by its number the
    entry is called, "CL17". ``key``: by what its title is known again (citations/record.py)."""

    append_only = True

    first = models.ForeignKey("self", on_delete=models.PROTECT, related_name="versions", null=True)
    title = models.TextField()
    authors = models.TextField(blank=True)
    year = models.CharField(max_length=20, blank=True)
    journal = models.TextField(blank=True)
    doi = models.CharField(max_length=300, blank=True)
    pmid = models.CharField(max_length=10, blank=True)
    key = models.CharField(max_length=32, blank=True)
    design = models.TextField(blank=True)
    people = models.TextField(blank=True)
    who = models.TextField(blank=True)
    treatment = models.TextField(blank=True)
    compared_with = models.TextField(blank=True)
    result_en = models.TextField(blank=True)
    result_es = models.TextField(blank=True)
    null = models.CharField(max_length=8, choices=Null.choices, default=Null.UNKNOWN)
    money = models.TextField(blank=True)
    how_checked = models.TextField(blank=True)
    abstract = models.TextField(blank=True)
    imported = models.ForeignKey(EvidenceImport, on_delete=models.PROTECT, related_name="+", null=True)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    by_name = models.CharField(max_length=200)
    words_en = _words("english", "result_en")
    words_es = _words("spanish", "result_es")

    privacy: ClassVar[dict[str, Privacy]] = dict.fromkeys(
        (
            "id", "clinic", "first", "title", "authors", "year", "journal", "doi", "pmid", "key", "design", "people",
            "who", "treatment", "compared_with", "result_en", "result_es", "null", "money", "how_checked", "abstract",
            "imported", "written_at", "written_by", "words_en", "words_es",
        ),
        OPERATIONAL,
    ) | {"by_name": DIRECT}  # fmt: skip

    class Meta:
        indexes = (
            models.Index(fields=("clinic", "doi"), name="evidence_doi", condition=~models.Q(doi="")),
            models.Index(fields=("clinic", "pmid"), name="evidence_pmid", condition=~models.Q(pmid="")),
            models.Index(fields=("clinic", "key"), name="evidence_key", condition=~models.Q(key="")),
            GinIndex(fields=("words_en",), name="evidence_words_en"),
            GinIndex(fields=("words_es",), name="evidence_words_es"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def number(self) -> int:
        """Of its first version, which all of its versions have in common."""
        return self.first_id or self.pk

    @property
    def called(self) -> str:
        """As an article names it."""
        return f"{OF_THE_CLINIC}{self.number}"


OF_THE_CLINIC = "CL"


class DecisionKind(models.TextChoices):
    APPROVED = "approved", _("approved")
    WITHDRAWN = "withdrawn", _("withdrawn by the clinic")
    RETRACTED = "retracted", _("retracted by its journal")


class EvidenceDecision(ClinicScoped):
    """What an editor decided about an entry, or that a file said it was retracted; the newest of an entry counts.
    ``about``: the entry as an article names it, one that ships ("EV001") among them; ``version``: which of its texts,
    None for what ships and for what was never approved."""

    append_only = True

    about = models.CharField(max_length=60)
    version = models.ForeignKey(EvidenceEntry, on_delete=models.PROTECT, related_name="decisions", null=True)
    kind = models.CharField(max_length=9, choices=DecisionKind.choices)
    reason = models.TextField(blank=True)
    review_by = models.DateField(null=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    by_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "about": OPERATIONAL, "version": OPERATIONAL, "kind": OPERATIONAL,
        "reason": OPERATIONAL, "review_by": OPERATIONAL, "decided_at": OPERATIONAL, "decided_by": OPERATIONAL,
        "by_name": DIRECT,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "about", "-id"), name="evidence_decided"),)

    def __str__(self) -> str:
        return f"{self.about}: {self.kind}"


class ArticleHidden(ClinicScoped):
    """The clinic does not show one of our articles, or shows it again; the newest row of an article counts."""

    append_only = True

    slug = models.CharField(max_length=80)
    hidden = models.BooleanField()
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "slug": OPERATIONAL, "hidden": OPERATIONAL, "reason": OPERATIONAL,
        "at": OPERATIONAL, "by": OPERATIONAL, "by_name": DIRECT,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "slug", "-id"), name="article_hidden"),)


class ClinicRule(ClinicScoped):
    """What holds in this clinic, beside one of our articles, in one language; empty where it no longer holds. The
    newest row of an article and a language counts."""

    append_only = True

    slug = models.CharField(max_length=80)
    language = models.CharField(max_length=2, choices=BY_LANGUAGE)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "slug": OPERATIONAL, "language": OPERATIONAL, "text": OPERATIONAL,
        "at": OPERATIONAL, "by": OPERATIONAL, "by_name": DIRECT,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "slug", "language", "-id"), name="rule_beside"),)


class ClinicArticle(ClinicScoped):
    """One version of an article of the clinic's own, as Markdown with its front matter (article.py)."""

    append_only = True

    slug = models.CharField(max_length=80)
    language = models.CharField(max_length=2, choices=BY_LANGUAGE)
    title = models.CharField(max_length=200)
    body = models.TextField()
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "slug": OPERATIONAL, "language": OPERATIONAL, "title": OPERATIONAL,
        "body": OPERATIONAL, "written_at": OPERATIONAL, "written_by": OPERATIONAL, "by_name": DIRECT,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "slug", "language", "-id"), name="own_article"),)

    def __str__(self) -> str:
        return self.title


class ArticleDecision(ClinicScoped):
    """A version of an article of the clinic's own was published, or that article withdrawn; the newest of an article
    and a language counts."""

    append_only = True

    slug = models.CharField(max_length=80)
    language = models.CharField(max_length=2, choices=BY_LANGUAGE)
    version = models.ForeignKey(ClinicArticle, on_delete=models.PROTECT, related_name="decisions")
    published = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200)

    privacy: ClassVar[dict[str, Privacy]] = {
        "id": OPERATIONAL, "clinic": OPERATIONAL, "slug": OPERATIONAL, "language": OPERATIONAL,
        "version": OPERATIONAL, "published": OPERATIONAL, "at": OPERATIONAL, "by": OPERATIONAL, "by_name": DIRECT,
    }  # fmt: skip

    class Meta:
        indexes = (models.Index(fields=("clinic", "slug", "language", "-id"), name="own_article_decided"),)
