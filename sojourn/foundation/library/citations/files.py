"""Which format a file has, and its reader."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping
from enum import StrEnum

from sojourn.foundation.library.citations import bibtex, pubmed, ris
from sojourn.foundation.library.citations.record import Step


class Format(StrEnum):
    PUBMED = "pubmed"
    RIS = "ris"
    BIBTEX = "bibtex"


_LOOKS = (
    (Format.PUBMED, re.compile(rb"<Pubmed(?:Book)?Article")),
    (Format.RIS, re.compile(rb"(?:^|[\r\n])(?:\xef\xbb\xbf)?TY {0,3}-")),
    (Format.BIBTEX, re.compile(rb"(?:^|[\r\n])(?:\xef\xbb\xbf)?\s*@\s*[A-Za-z]+\s*[{(]")),
)


def format_of(beginning: bytes) -> Format | None:
    """The format of a file that begins so; None where it is none of ours."""
    return next((each for each, looks in _LOOKS if looks.search(beginning)), None)


def records(
    kind: Format, chunks: Iterable[bytes], *, number: int, at: int, strings: MutableMapping[str, str]
) -> Iterator[Step]:
    """The records of a file from ``at`` on, ``number`` of them having been read."""
    if kind is Format.PUBMED:
        return pubmed.records(chunks, number=number, at=at)
    if kind is Format.RIS:
        return ris.records(chunks, number=number, at=at)
    return bibtex.records(chunks, number=number, at=at, strings=strings)
