"""Given data, set as PDF.

Data goes to typst as JSON in ``sys.inputs`` and reaches the page as strings, never as markup: whatever somebody typed
stands on paper as it was typed. The fonts are those that the typst wheel carries (Libertinus Serif, DejaVu Sans Mono):
typst reads TTF and OTF only, and the npm packages of the screen's typeface ship WOFF2 only.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import typst

FONT: Final = "Libertinus Serif"
STANDARDS: Final = ("a-2a", "ua-1")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. ``width``: "auto" or a share like "2fr". ``figures``: digits of one width, to the right."""

    head: str
    width: str = "auto"
    figures: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class DatedLine:
    """One line of a list in time."""

    when: str
    title: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """An SVG with what it shows in words, a sentence under it, and what its numbers mean."""

    svg: str
    alt: str
    caption: str
    key: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, in this order; what is empty is left out."""

    title: str
    lead: str = ""
    facts: Sequence[tuple[str, str]] = ()
    picture: FigureBlock | None = None
    table: Table | None = None
    entries: Sequence[DatedLine] = ()
    paragraphs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a clinic about one person.

    ``about`` (name and number) stands on every page, ``hash`` in the footer. ``page`` is what stands there too, with
    the words {page} and {pages} in it. ``standing``: how the signature stands, for the box under the title.
    """

    language: str
    title: str
    about: str
    author: str
    made_at: datetime
    letterhead: Sequence[str]
    page: str
    hash_label: str
    hash: str
    facts: Sequence[tuple[str, str]]
    standing_title: str
    standing: Sequence[str]
    sections: Sequence[Section] = field(default_factory=tuple)
    paper: Literal["a4", "us-letter"] = "a4"


def pdf(document: Document) -> bytes:
    """The document as tagged PDF; see ``set_as_pdf``."""
    return set_as_pdf("document.typ", asdict(document), document.made_at)


def set_as_pdf(template: str, data: dict[str, Any], made: datetime) -> bytes:
    """Data set by a template of this room as tagged PDF (PDF/A-2a and PDF/UA-1); ``made_at`` becomes its parts.

    Where somebody typed a sign that the carried fonts lack, those standards refuse it; it is then set with this
    machine's own fonts, tagged all the same.
    """
    data["made"] = {"year": made.year, "month": made.month, "day": made.day, "hour": made.hour, "minute": made.minute}
    del data["made_at"]
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    try:
        return _compile(template, inputs, made, system=False, standards=list(STANDARDS))
    except typst.TypstError:
        return _compile(template, inputs, made, system=True, standards=[])


def _compile(template: str, inputs: Mapping[str, str], made: datetime, *, system: bool, standards: list[Any]) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a font that the machine lacks; the text is there all the same
        folder = _folder()
        return typst.compile(
            str(folder / template), root=str(folder), font_paths=_fonts(system), ignore_system_fonts=not system,
            sys_inputs=dict(inputs), pdf_standards=standards, timestamp=int(made.timestamp()),
        )  # fmt: skip


def _folder() -> Path:
    return Path(str(resources.files("sojourn.foundation.printing") / "templates"))


@cache
def _fonts(system: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=system, include_embedded_fonts=True)
