"""Readers' questions and what they found unclear, as the clinic reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from sojourn.care.reading.actions import Passage
from sojourn.care.reading.queries import Asked, PartClarity
from sojourn.care.reading.voice_queries import OneVoice
from sojourn.foundation.library.article import library


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the library something was said. An article that is gone is named by its address."""

    title: str
    heading: str
    language: str


def place(slug: str, part: int, language: str) -> Place:
    article = library().get(slug, {}).get(language)
    return Place(slug, "", language) if article is None else Place(
        article.title, Passage(article, part).heading, language
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionRow:
    url: str
    text: str
    place: Place
    asked_on: date
    danger: bool
    state: StrPromise | str


def question_row(each: Asked) -> QuestionRow:
    asked = each.question
    state = each.newest.get_kind_display() if each.newest is not None else _("new")
    return QuestionRow(
        reverse("console:reader_question", args=[asked.pk]), asked.text,
        place(asked.slug, asked.part, asked.language), asked.asked_on, bool(asked.danger), state,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClarityRow:
    place: Place
    clear: int
    unclear: int
    asked: int
    paragraphs: tuple[tuple[str, int], ...]
    words: tuple[str, ...]
    danger: bool


def clarity_rows(found: Sequence[PartClarity]) -> list[ClarityRow]:
    return [
        ClarityRow(
            place(each.slug, each.part, each.language), each.clear, each.unclear, each.asked, each.paragraphs,
            tuple(said.word for said in each.words), any(said.danger for said in each.words),
        )
        for each in found
    ]  # fmt: skip


# ---------------------------------------------------------------- voices


@dataclass(frozen=True, slots=True)
class VoiceRow:
    url: str
    kind: str
    state: str
    at: datetime | None
    first_line: str


def voice_row(each: OneVoice) -> VoiceRow:
    state = each.step.get_kind_display() if each.step is not None else ""
    return VoiceRow(
        reverse("console:voice", args=[each.voice.pk]), each.voice.get_kind_display(), state,
        each.step.at if each.step is not None else None, each.text[:160],
    )  # fmt: skip
