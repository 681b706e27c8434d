"""What readers asked and said, what waits, and what is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from sojourn.care.reading.models import AnswerKind, Clarity, ReaderAnswer, ReaderQuestion
from sojourn.clinical.danger import read
from sojourn.foundation.scope import clinic_rows, one_row


def needs_help(text: str) -> bool:
    """Whether what was written calls for help now, also where it could not be kept. No query."""
    return read(text) is not None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what was decided of it last."""

    question: ReaderQuestion
    newest: ReaderAnswer | None

    @property
    def seen(self) -> int:
        return self.newest.pk if self.newest is not None else 0

    @property
    def waits(self) -> bool:
        return self.newest is None or self.newest.kind == AnswerKind.TAKEN_BACK

    @property
    def published(self) -> bool:
        return self.newest is not None and self.newest.kind == AnswerKind.PUBLISHED


def _with_newest() -> QuerySet[Any]:
    newest = clinic_rows(ReaderAnswer).filter(question=OuterRef("pk")).order_by("-id")
    return clinic_rows(ReaderQuestion).annotate(
        newest_id=Subquery(newest.values("pk")[:1]), newest_kind=Subquery(newest.values("kind")[:1])
    )


_WAITS = Q(newest_kind=None) | Q(newest_kind=AnswerKind.TAKEN_BACK)


def _asked(questions: Iterable[ReaderQuestion]) -> list[Asked]:
    found = list(questions)
    answers = clinic_rows(ReaderAnswer).in_bulk([number for each in found if (number := _newest_id(each))])
    return [Asked(each, answers.get(_newest_id(each))) for each in found]


def _newest_id(question: ReaderQuestion) -> int:
    return getattr(question, "newest_id", None) or 0


def waiting_questions(limit: int = 200) -> list[Asked]:
    """The questions that nobody has decided on: those with words of danger first, then the oldest. Two queries."""
    found = _asked(_with_newest().filter(_WAITS).order_by("id")[:limit])
    return sorted(found, key=lambda each: not each.question.danger)


def waiting_question_count() -> int:
    """How many questions wait. One query."""
    return _with_newest().filter(_WAITS).count()


def decided_questions(limit: int = 100) -> list[Asked]:
    """The questions that were answered or set aside, the newest decision first. Two queries."""
    return _asked(_with_newest().exclude(_WAITS).order_by("-newest_id")[:limit])


def asked(reader_question_id: int) -> Asked:
    """One question with what was decided of it last. Raises DoesNotExist. Two queries."""
    question = one_row(ReaderQuestion, reader_question_id).get()
    return Asked(question, clinic_rows(ReaderAnswer).filter(question=question).order_by("-id").first())


def published_answers(slug: str, language: str) -> list[ReaderAnswer]:
    """What is published under an article, in the order of its parts. Ask as the program: a patient sees no question of
    others. One query."""
    newest = clinic_rows(ReaderAnswer).filter(question=OuterRef("question")).order_by("-id").values("pk")[:1]
    rows = clinic_rows(ReaderAnswer).filter(question__slug=slug, question__language=language, pk=Subquery(newest))
    return list(rows.filter(kind=AnswerKind.PUBLISHED).select_related("question").order_by("question__part", "id"))


Part = tuple[str, int, str]  # article, part, language
_PART: Final = ("slug", "part", "language")


@dataclass(frozen=True, slots=True)
class PartClarity:
    """How many said of a part that it was clear, how many that it was not, how many asked about it, which paragraphs
    were not clear (their first words, the most first), and readers' words, the newest first."""

    slug: str
    part: int
    language: str
    clear: int
    unclear: int
    asked: int
    paragraphs: tuple[tuple[str, int], ...]
    words: tuple[Clarity, ...]


def clarity_by_part(words: int = 10) -> list[PartClarity]:
    """What readers said of each part and how many asked about it: where most asked or said no first. Three queries."""
    yes, no, paragraphs = Counter[Part](), Counter[Part](), dict[Part, list[tuple[str, int]]]()
    said = clinic_rows(Clarity).values(*_PART, "paragraph").annotate(
        yes=Count("pk", filter=Q(clear=True)), no=Count("pk", filter=Q(clear=False))
    )  # fmt: skip
    for each in said.order_by("-no", "paragraph"):
        part = each["slug"], each["part"], each["language"]
        yes[part] += each["yes"]
        no[part] += each["no"]
        if each["paragraph"] and each["no"]:
            paragraphs.setdefault(part, []).append((each["paragraph"], each["no"]))
    asked = {
        (each["slug"], each["part"], each["language"]): each["n"]
        for each in clinic_rows(ReaderQuestion).values(*_PART).annotate(n=Count("pk")).order_by()
    }
    wrote: dict[Part, list[Clarity]] = {}
    for row in clinic_rows(Clarity).exclude(word="").order_by("-id")[:2000]:
        wrote.setdefault((row.slug, row.part, row.language), []).append(row)
    return [
        PartClarity(
            *part, yes[part], no[part], asked.get(part, 0), tuple(paragraphs.get(part, ())),
            tuple(wrote.get(part, ())[:words]),
        )
        for part in sorted({*yes, *no, *asked}, key=lambda part: (-no[part] - asked.get(part, 0), part))
    ]  # fmt: skip
