"""The evidence that ships: studies, what labels and services say about practice, and figures with their denominators.

Three tables under ``evidence/``: ``studies.csv`` (EV…), ``practice.csv`` (AC… after a dose, PR… before it) and
``outcomes.csv`` (OC…, one figure a row). Each row says how far we read its source; one that is recalled is shown as
not yet checked. A rule of the rulebook is evidence as well, by its own id. What a study found and what a practice says
stands there in both languages; the short words of the other columns are written in English, and ``spanish.csv`` says
each of them in Spanish.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, cast, get_args

EVIDENCE: Final = Path(__file__).parent / "evidence"
Checked = Literal["read", "second-hand", "recalled"]
Answer = Literal["yes", "no", "mixed", "unknown"]


class EvidenceInvalid(ValueError):
    """A row cannot be an entry; the message names the table, the row and what is wrong."""


@dataclass(frozen=True, slots=True)
class Study:
    """One study. ``people``: how many, ``who``: which; ``null``: whether it found nothing; ``how_read``: how much of
    it we saw; ``result``: by language."""

    id: str
    title: str
    authors: str
    year: str
    journal: str
    identifier: str
    design: str
    people: str
    who: str
    treatment: str
    compared_with: str
    result: Mapping[str, str]
    null: Answer
    money: str
    topics: tuple[str, ...]
    how_read: str
    mark: Checked


@dataclass(frozen=True, slots=True)
class Practice:
    """What a label, a guideline or a service says: ``says`` by language, empty where it only counts (``figure``)."""

    id: str
    topic: str
    treatment: str
    says: Mapping[str, str]
    figure: str
    people: str
    when: str
    call: str
    limits: str
    source: str
    identifier: str
    how_read: str
    mark: Checked


@dataclass(frozen=True, slots=True)
class Outcome:
    """One figure of one study: ``value`` in the unit that ``metric`` names; None where the source gives none.
    ``of``: how many people it is a share of, None where the source does not say; ``in_arm``: how many were in that
    group."""

    id: str
    study: str
    year: str
    citation: str
    design: str
    people: str
    arm: str
    in_arm: str
    when: str
    measure: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    count: int | None
    of: int | None
    checked: str
    note: str

    @property
    def verified(self) -> bool:
        return self.checked.startswith("verified")


Entry = Study | Practice | Outcome


@cache
def entries(folder: Path = EVIDENCE) -> Mapping[str, Entry]:
    """Every entry that ships, by its id. Raises EvidenceInvalid."""
    found: dict[str, Entry] = {}
    for name, made in (("studies", _study), ("practice", _practice), ("outcomes", _outcome)):
        path = folder / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                try:
                    entry = made(row)
                except (KeyError, ValueError) as error:
                    raise EvidenceInvalid(f"{path.name}: {row.get('id')}: {error}") from error
                if entry.id in found:
                    raise EvidenceInvalid(f"{path.name}: {entry.id} stands there twice")
                found[entry.id] = entry
    return found


@cache
def spanish(folder: Path = EVIDENCE) -> Mapping[str, str]:
    """What the columns of the tables say in English, in Spanish. Raises EvidenceInvalid."""
    with (folder / "spanish.csv").open(encoding="utf-8", newline="") as rows:
        found: dict[str, str] = {}
        for row in csv.DictReader(rows):
            if row["en"] in found or not row["es"]:
                raise EvidenceInvalid(f"spanish.csv: {row['en']}: it stands there twice, or says nothing")
            found[row["en"]] = row["es"]
    return found


def _study(row: Mapping[str, str]) -> Study:
    return Study(
        **{
            name: row[name]
            for name in (
                "id", "title", "authors", "year", "journal", "identifier", "design", "people", "who", "treatment",
                "compared_with", "money", "how_read",
            )
        },
        result={"en": _said(row, "result_en"), "es": row["result_es"]},
        null=cast(Answer, _one_of(row["null_or_negative"], get_args(Answer))),
        topics=tuple(each.strip() for each in row["topics"].split(";")),
        mark=cast(Checked, _one_of(row["mark"], get_args(Checked))),
    )  # fmt: skip


def _practice(row: Mapping[str, str]) -> Practice:
    if not (row["says_en"] or row["figure"]):
        raise ValueError("says nothing and counts nothing")
    return Practice(
        **{
            name: row[name]
            for name in (
                "id", "topic", "treatment", "figure", "people", "call", "limits", "source", "identifier", "how_read",
            )
        },
        says={"en": row["says_en"], "es": row["says_es"]},
        when=row["when_or_how_long"],
        mark=cast(Checked, _one_of(row["mark"], get_args(Checked))),
    )  # fmt: skip


def _outcome(row: Mapping[str, str]) -> Outcome:
    return Outcome(
        **{
            name: row[name]
            for name in ("id", "study", "year", "citation", "design", "arm", "measure", "metric", "note")
        },
        people=row["n_total"],
        in_arm=row["n_arm"],
        when=row["timepoint"],
        value=_number(row["value"]),
        low=_number(row["ci_low"]),
        high=_number(row["ci_high"]),
        count=_whole(row["numerator"]),
        of=_whole(row["denominator"]),
        checked=row["verification"],
    )


def _said(row: Mapping[str, str], name: str) -> str:
    if not row[name]:
        raise ValueError(f"{name} is empty")
    return row[name]


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return value


def _number(value: str) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None  # "19.6/13.4": two figures in one row are read by whoever shows them


def _whole(value: str) -> int | None:
    return int(value) if value.isdecimal() else None
