"""An article as its page shows it: shelves by stage, numbered sources, pictures in their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.companion.stages import Facts, Stage
from sojourn.foundation.library import finding
from sojourn.foundation.library.article import STAGES, Article, Block, Figure, Paragraph, Points, Section, Table
from sojourn.foundation.library.finding import Reading
from sojourn.foundation.library.models import ClinicRule, EvidenceDecision
from sojourn.foundation.library.pictures import hundreds, steps
from sojourn.interfaces.portal.library import pictures
from sojourn.interfaces.portal.library.entries import GONE_BEHIND, ShownEntry, shown

SHELVES: Final[Mapping[str, StrPromise]] = {
    "understand": gettext_lazy("To understand it"),
    "candidacy": gettext_lazy("Is it for me?"),
    "prepare": gettext_lazy("Getting ready"),
    "session": gettext_lazy("The session"),
    "after": gettext_lazy("Afterwards"),
    "well": gettext_lazy("Staying well"),
    "beside": gettext_lazy("Beside other treatment, and for those beside you"),
}
# Where a patient is on the way: which shelf is offered first.
_FIRST: Final[Mapping[Stage, str]] = {
    **dict.fromkeys(("invited", "intake", "deciding", "declined"), "candidacy"),
    **dict.fromkeys(("agreed", "planned", "waiting", "week_before"), "prepare"),
    **dict.fromkeys(("day", "arriving", "session", "between"), "session"),
    **dict.fromkeys(("first_evening", "window", "after_series", "paused"), "after"),
    **dict.fromkeys(("staying_well", "ended"), "well"),
}


@dataclass(frozen=True, slots=True)
class Card:
    slug: str
    title: str
    summary: str
    minutes: int
    ours: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """The articles of one stage. ``first``: it is offered first, since its reader is there on the way."""

    stage: str
    label: StrPromise
    cards: tuple[Card, ...]
    first: bool


def shelf_of(stage: Stage, facts: Facts) -> str:
    """The shelf that fits where a patient is. Whose answer was put off before a first session still asks whether it is
    for them; before a later session the shelf of the session is the nearer one."""
    if stage == "paused" and not facts.was_dosed:
        return "candidacy"
    return "session" if stage == "week_before" and facts.sessions_done else _FIRST[stage]


def cards(articles: Iterable[Article]) -> tuple[Card, ...]:
    return tuple(Card(each.slug, each.title, each.summary, each.minutes, finding.is_ours(each)) for each in articles)


def shelves(articles: Iterable[Article], stage: str) -> list[Shelf]:
    """The stages in the order of the way, that of ``stage`` first; empty ones are left out."""
    by_stage: dict[str, list[Article]] = {each: [] for each in STAGES}
    for each in articles:
        by_stage[each.stage].append(each)
    # Nothing stands on the shelf where they are: nothing is offered before the rest.
    order = sorted(STAGES, key=lambda each: each != stage)
    return [Shelf(each, SHELVES[each], cards(by_stage[each]), each == stage) for each in order if by_stage[each]]


# ---------------------------------------------------------------- an article


@dataclass(frozen=True, slots=True)
class Reference:
    """A number behind a sentence, which leads to what it rests on; ``gone``: in words that this does not stand any
    more."""

    number: int
    id: str
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as it is shown: already safe, with the numbers behind it."""

    html: SafeString
    references: tuple[Reference, ...]


Line = tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """One block by its ``kind``: a paragraph (``line``), a list (``lines``), a table (``head``, ``rows``), pictures of
    a hundred people that stand side by side (``hundreds``), or a drawing by steps (``steps``)."""

    kind: str
    line: Line = ()
    lines: tuple[Line, ...] = ()
    ordered: bool = False
    head: tuple[Line, ...] = ()
    rows: tuple[tuple[tuple[Line, str], ...], ...] = ()
    hundreds: tuple[pictures.ShownHundred, ...] = ()
    steps: pictures.ShownSteps | None = None


@dataclass(frozen=True, slots=True)
class ShownSection:
    number: int
    heading: str
    blocks: tuple[ShownBlock, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """An entry in the list at the article's end."""

    number: int
    entry: ShownEntry


@dataclass(frozen=True, slots=True)
class SourceGroup:
    """Entries that stand together in that list: the figures of one study under its name; else one alone."""

    sources: tuple[Source, ...]

    @property
    def first(self) -> ShownEntry:
        return self.sources[0].entry

    @property
    def study(self) -> str:
        """The study whose figures these are; "" for one alone."""
        return self.first.title if len(self.sources) > 1 else ""


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """``ours``: it ships; else the clinic wrote it. ``rule``: what holds in the clinic beside it, None for nothing."""

    slug: str
    ours: bool
    rule: ClinicRule | None
    title: str
    summary: str
    minutes: int
    shelf: StrPromise
    reviewed_on: date
    review_by: date
    overdue: bool
    sections: tuple[ShownSection, ...]
    sources: tuple[SourceGroup, ...]

    @property
    def contents(self) -> list[ShownSection]:
        return [each for each in self.sections if each.heading]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which number stands for an entry, and which entries do not stand any more."""

    of: Mapping[str, int]
    gone: Mapping[str, EvidenceDecision]

    def reference(self, entry_id: str) -> Reference:
        number, gone = self.of[entry_id], self.gone.get(entry_id)
        return Reference(number, entry_id, str(GONE_BEHIND[gone.kind]) % {"n": number} if gone is not None else "")


def article(reading: Reading, language: str, today: date) -> ShownArticle:
    found = reading.article
    numbers = Numbers({entry_id: number for number, entry_id in enumerate(found.evidence, 1)}, reading.gone)
    return ShownArticle(
        slug=found.slug,
        ours=reading.ours,
        rule=reading.rule,
        title=found.title,
        summary=found.summary,
        minutes=found.minutes,
        shelf=SHELVES[found.stage],
        reviewed_on=found.reviewed_on,
        review_by=found.review_by,
        overdue=found.review_by < today,
        sections=tuple(_section(each, numbers, language) for each in found.sections),
        sources=tuple(_grouped(_sources(reading, numbers, language, today))),
    )


def _sources(reading: Reading, numbers: Numbers, language: str, today: date) -> Iterator[Source]:
    for entry_id, entry in reading.rests_on.items():
        yield Source(numbers.of[entry_id], shown(entry, language, reading.gone.get(entry_id), today))


def _grouped(sources: Iterable[Source]) -> Iterator[SourceGroup]:
    """Where its first entry stands, a study has all of its figures."""
    groups: dict[str, list[Source]] = {}
    for each in sources:
        groups.setdefault(f"{each.entry.title} {each.entry.by}" if each.entry.gist else each.entry.id, []).append(each)
    return (SourceGroup(tuple(each)) for each in groups.values())


def _section(section: Section, numbers: Numbers, language: str) -> ShownSection:
    blocks: list[ShownBlock] = []
    for kind, together in groupby(section.blocks, key=_together):
        if kind == "hundred":
            names = [each.name for each in together if isinstance(each, Figure)]
            drawn = tuple(pictures.hundred(hundreds()[name], language, numbers.gone) for name in names)
            blocks.append(ShownBlock("hundreds", hundreds=drawn))
        else:
            blocks += [_block(each, numbers, language) for each in together]
    return ShownSection(section.number, section.heading, tuple(blocks))


def _together(block: Block) -> str:
    """Pictures of a hundred people that follow each other are compared: they stand side by side."""
    return block.shows if isinstance(block, Figure) else block.kind


def _block(block: Block, numbers: Numbers, language: str) -> ShownBlock:
    if isinstance(block, Figure):
        return ShownBlock("steps", steps=pictures.steps(steps()[block.name], language, numbers.gone, numbers.of))
    if isinstance(block, Points):
        return ShownBlock("points", lines=tuple(_line(each, numbers) for each in block.items), ordered=block.ordered)
    if isinstance(block, Table):
        return _table(block, numbers)
    return ShownBlock("paragraph", line=_line(block, numbers))


def _table(table: Table, numbers: Numbers) -> ShownBlock:
    heads = [" ".join(each.text for each in head.sentences) for head in table.head]
    rows = tuple(
        tuple((_line(cell, numbers), label) for cell, label in zip(row, heads, strict=False)) for row in table.rows
    )
    return ShownBlock("table", head=tuple(_line(each, numbers) for each in table.head), rows=rows)


def _line(paragraph: Paragraph, numbers: Numbers) -> Line:
    return tuple(
        Said(
            mark_safe(each.html),  # noqa: S308 (rendered by our own reader, which lets no HTML in)
            tuple(numbers.reference(entry_id) for entry_id in each.evidence),
        )
        for each in paragraph.sentences
    )
