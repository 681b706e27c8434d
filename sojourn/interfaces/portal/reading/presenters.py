"""Published answers as the library shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from sojourn.care.reading.actions import Passage
from sojourn.care.reading.models import ReaderAnswer
from sojourn.foundation.accounts.roles import role, roles
from sojourn.foundation.clock import page_day
from sojourn.foundation.library.article import Article
from sojourn.foundation.library.pictures import Hundred


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and its answer, by a role and not by a name. ``heading``: the part that it asks about, or ""."""

    part: int
    heading: str
    question: str
    answer: str
    role: StrPromise | str
    on: date


def answered(row: ReaderAnswer, article: Article) -> Answered:
    part = row.question.part
    called = role(row.role).label if row.role in roles() else ""
    return Answered(part, Passage(article, part).heading, row.question_text, row.text, called, page_day(row.at))


def in_short(hundred: Hundred) -> str:
    """The hundred people in a few words, for beside a story. The picture at the top says what is meant by them."""
    words = _("%(much)s are much better, %(same)s a little better or the same, %(worse)s worse.")
    if hundred.worse is None:
        words = _("%(much)s are much better, %(same)s are not, or are worse.")
    return words % {"much": hundred.responded, "same": hundred.same, "worse": hundred.worse}
