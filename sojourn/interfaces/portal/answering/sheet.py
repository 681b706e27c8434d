"""A questionnaire that is being answered: what is asked, what was answered, where one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import Http404
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.models import MeasureRequest, QuestionnaireResponse
from sojourn.care.measures.queries import scale
from sojourn.clinical.scales import Item, Scale, say

REVIEW = "review"


@dataclass(frozen=True)
class Sheet:
    """A request of this patient with what has been answered so far."""

    request: MeasureRequest
    response: QuestionnaireResponse | None
    scale: Scale
    given: dict[str, int | None]

    @property
    def id(self) -> int:
        return self.request.pk

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The questions that are asked, given the answers so far."""
        return self.scale.asked(self.given)

    @property
    def total(self) -> int:
        return len(self.items)

    @property
    def answered(self) -> int:
        return sum(item.link_id in self.given for item in self.items)

    @property
    def title(self) -> str:
        return say(self.scale.title, reading_language())

    @property
    def sent(self) -> bool:
        return self.response is not None and self.response.completed_at is not None

    @property
    def withdrawn(self) -> bool:
        return self.request.withdrawn_at is not None and self.response is None

    @property
    def standing(self) -> int | None:
        return measures_queries.standing(self.given, self.scale)

    def at(self, number: int) -> str:
        return reverse("portal:question", args=[self.id, number])


@dataclass(frozen=True, slots=True)
class Choice:
    value: int
    text: str
    key: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One line of the review: a question and what was answered."""

    number: int
    text: str
    answer: str
    open: bool
    url: str


def reading_language() -> str:
    return translation.get_language() or "en"


@dataclass(frozen=True, slots=True)
class Place:
    """A question of a sheet, by its number as the address says it."""

    sheet: Sheet
    number: int

    @property
    def is_asked(self) -> bool:
        return 1 <= self.number <= self.sheet.total


def sheet_of(request_id: int) -> Sheet:
    """Raises MeasureRequest.DoesNotExist."""
    row, response = measures_queries.request_of(request_id)
    given = measures_queries.answers_of([response.pk]).get(response.pk, {}) if response is not None else {}
    return Sheet(row, response, scale(row.scale_id), given)


def meant_item(sheet: Sheet, link_id: str, number: int) -> tuple[Item, int]:
    """The question that was read, and its place now: another page may have opened or closed a branch since. What is not
    asked any more is taken all the same, since it may be about danger."""
    try:
        item = sheet.scale.item(link_id)
    except KeyError:
        raise Http404 from None
    place = sheet.items.index(item) + 1 if item in sheet.items else max(1, min(number, sheet.total))
    return item, place


def url_onward(sheet: Sheet) -> str:
    """The first question that is open, or the review."""
    return sheet.at(sheet.standing) if sheet.standing else reverse("portal:review", args=[sheet.id])


def url_after(sheet: Sheet, number: int, to_review: bool) -> str:
    if to_review or number == sheet.total:
        return reverse("portal:review", args=[sheet.id])
    return sheet.at(number + 1)


def answer_words(item: Item, sheet: Sheet, language: str) -> str:
    if item.link_id not in sheet.given:
        return _("Still open")
    value = sheet.given[item.link_id]
    if value is None:
        return _("Skipped")
    if item.kind == "number":
        return f"{value} {item.unit}".strip()
    return next(say(option.text, language) for option in item.options if option.value == value)


@dataclass(frozen=True, slots=True)
class MeasureStep:
    """One questionnaire of a measure session."""

    title: str
    words: str
    done: bool
    now: bool


def part_words(part: measures_queries.MeasureSessionPart) -> str:
    if part.done:
        return _("sent")
    if part.answered:
        return _("%(done)d of %(all)d answered") % {"done": part.answered, "all": part.questions}
    return ngettext("%(n)d question", "%(n)d questions", part.questions) % {"n": part.questions}
