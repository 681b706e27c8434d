"""What a person agreed to, as PDF: the text that was shown, the statements, and the signatures under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from sojourn.foundation.printing.setting import set_as_pdf

TEMPLATE = "agreement.typ"


@dataclass(frozen=True, slots=True)
class Passage:
    """A heading with its paragraphs; ``marked`` stand apart (what the law of the place adds)."""

    title: str
    paragraphs: Sequence[str]
    marked: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """Whose it is, a typed name or a drawing (an SVG) with what it shows, and lines under it."""

    label: str
    name: str = ""
    svg: str = ""
    alt: str = ""
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """A signed text of a clinic and one person. ``about`` stands on every page, ``hash`` in the footer, ``page`` too,
    with the words {page} and {pages} in it. ``warning`` stands over everything (withdrawn, superseded)."""

    language: str
    title: str
    summary: str
    about: str
    author: str
    made_at: datetime
    letterhead: Sequence[str]
    page: str
    hash_label: str
    hash: str
    facts: Sequence[tuple[str, str]]
    passages: Sequence[Passage]
    statements_title: str
    statements: Sequence[str]
    signatures_title: str
    signatures: Sequence[Signature] = field(default_factory=tuple)
    warning: str = ""
    paper: Literal["a4", "us-letter"] = "a4"


def pdf(agreement: Agreement) -> bytes:
    """The agreement as tagged PDF; see ``setting.set_as_pdf``."""
    return set_as_pdf(TEMPLATE, asdict(agreement), agreement.made_at)
