"""Pictures as a page draws them: one hundred people, and a drawing by steps. Both are told in words as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import gettext as _

from sojourn.foundation.library.models import EvidenceDecision
from sojourn.foundation.library.pictures import Hundred, Kept, Steps
from sojourn.interfaces.portal.library.entries import GONE

Group = Literal["remitted", "responded", "same", "worse"]

A_ROW: Final = 10
_SIDE: Final = 24  # of the square that a person stands in


@dataclass(frozen=True, slots=True)
class Drawn:
    """One of the hundred: where they stand, and in which group."""

    x: int
    y: int
    group: Group


@dataclass(frozen=True, slots=True)
class Legend:
    """A group with how many of a hundred, in words too. ``within``: it lies inside the group above it."""

    group: Group
    of_hundred: int
    words: str
    within: bool = False


@dataclass(frozen=True, slots=True)
class ShownKept:
    """Of a hundred who responded, how many still did."""

    of_hundred: int
    words: str


@dataclass(frozen=True, slots=True)
class Source:
    """An entry that a picture rests on: the study by its name, and each further figure of it by what it counts."""

    id: str
    words: str


@dataclass(frozen=True, slots=True)
class ShownHundred:
    name: str
    title: str
    words: str
    people: tuple[Drawn, ...]
    legend: tuple[Legend, ...]
    kept: tuple[ShownKept, ...]
    counted: str
    not_counted: str
    sources: tuple[Source, ...]
    gone: str


Gone = Mapping[str, EvidenceDecision]


def _gone(ids: Iterable[str], gone: Gone) -> str:
    """That one of these entries does not stand any more, in words; "" where all stand."""
    return next((str(GONE[gone[each].kind]) for each in ids if each in gone), "")


def hundred(picture: Hundred, language: str, gone: Gone) -> ShownHundred:
    legend = tuple(_legend(picture))
    kept = tuple(ShownKept(each.of_hundred, _kept_words(each)) for each in picture.kept)
    return ShownHundred(
        name=picture.name,
        title=picture.title[language],
        words=" ".join(f"{each.words}." for each in legend),
        people=tuple(_people(picture)),
        legend=legend,
        kept=kept,
        counted=_counted(picture, language),
        not_counted=picture.not_counted[language],
        sources=tuple(_sources(picture)),
        gone=_gone((each.id for each in picture.rows), gone),
    )


def _legend(picture: Hundred) -> Iterator[Legend]:
    """The groups from the best to the worst; that of the remitted is a part of those who are much better."""
    n = picture.responded
    yield Legend("responded", n, _("%(n)s of 100 are much better: at least half of the symptoms gone") % {"n": n})
    if picture.remitted is not None:
        n = picture.remitted
        words = _("%(n)s of these have hardly any symptoms left") % {"n": n}
        yield Legend("remitted", n, words, within=True)
    if picture.worse is None:
        yield Legend("same", picture.same, _("%(n)s of 100 are not much better, or worse") % {"n": picture.same})
        return
    yield Legend("same", picture.same, _("%(n)s of 100 are a little better or the same") % {"n": picture.same})
    yield Legend("worse", picture.worse, _("%(n)s of 100 are worse") % {"n": picture.worse})


def _sources(picture: Hundred) -> Iterator[Source]:
    counts = [f"{picture.source.study} {picture.source.year}"]
    if picture.remitted is not None:
        counts.append(_("hardly any symptoms left"))
    if picture.worse is not None:
        counts.append(_("worse"))
    counts += [_("after %(weeks)s weeks") % {"weeks": each.weeks} for each in picture.kept]
    for row, words in zip(picture.rows, counts, strict=True):
        yield Source(row.id, words)


def _people(picture: Hundred) -> Iterator[Drawn]:
    remitted = picture.remitted or 0
    groups: list[Group] = [
        *["remitted"] * remitted,  # type: ignore[list-item]
        *["responded"] * (picture.responded - remitted),  # type: ignore[list-item]
        *["same"] * picture.same,  # type: ignore[list-item]
        *["worse"] * (picture.worse or 0),  # type: ignore[list-item]
    ]
    for place, group in enumerate(groups):
        yield Drawn(place % A_ROW * _SIDE, place // A_ROW * _SIDE, group)


def _kept_words(kept: Kept) -> str:
    return _("About %(n)s of 100 who were much better still are after %(weeks)s weeks") % {
        "n": kept.of_hundred, "weeks": kept.weeks,
    }  # fmt: skip


def _counted(picture: Hundred, language: str) -> str:
    if picture.began is None:
        return _("Counted: %(n)s people") % {"n": _whole(picture.counted, language)}
    return _("Counted: %(n)s of %(began)s people") % {
        "n": _whole(picture.counted, language), "began": _whole(picture.began, language),
    }  # fmt: skip


def _whole(number: int, language: str) -> str:
    """As the articles write it: 9,016 in English, 9016 in Spanish."""
    return str(number) if language == "es" else f"{number:,}"


# ---------------------------------------------------------------- by steps


@dataclass(frozen=True, slots=True)
class ShownStep:
    """``evidence``: the entries that it rests on, with their numbers in the article's list; None where they are not in
    it."""

    number: int
    words: str
    evidence: tuple[tuple[str, int | None], ...]
    shows: str
    gone: str


@dataclass(frozen=True, slots=True)
class ShownSteps:
    name: str
    title: str
    steps: tuple[ShownStep, ...]


def steps(drawing: Steps, language: str, gone: Gone, numbers: Mapping[str, int]) -> ShownSteps:
    return ShownSteps(
        name=drawing.name,
        title=drawing.title[language],
        steps=tuple(
            ShownStep(
                number,
                each.says[language],
                tuple((id_, numbers.get(id_)) for id_ in each.evidence),
                " ".join(each.shows),
                _gone(each.evidence, gone),
            )
            for number, each in enumerate(drawing.steps, 1)
        ),
    )
