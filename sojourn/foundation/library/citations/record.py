"""One record of a file of citations, and the keys by which two of them are known to be the same work."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

LONGEST: Final = 4 * 2**20  # bytes of one record; the largest of PubMed, with thousands of authors, have about two
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_PMID = re.compile(r"\d{1,9}")
_RETRACTED = re.compile(r"^\W*retracted(?: article| paper| publication)?\s*[:\]\-–.]\s*", re.I)
_SHORT: Final = 25  # letters of a title below which it names no work: "Reply", "Ketamine", "Erratum"


class Why(StrEnum):
    """Why a record was not taken."""

    BROKEN = "broken"
    NO_END = "no-end"
    NO_BEGINNING = "no-beginning"
    OUTSIDE = "outside"
    TOO_LONG = "too-long"
    ENCODING = "encoding"
    NO_TITLE = "no-title"


@dataclass(frozen=True, slots=True)
class Refusal:
    """``number``: which record of the file, from 1; ``detail``: what the reader saw, as it stands."""

    number: int
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Cited:
    """A work as a file cites it. ``retracts``: the PMIDs that this notice retracts; it is no evidence itself."""

    number: int
    title: str
    authors: str = ""
    year: str = ""
    journal: str = ""
    doi: str = ""
    pmid: str = ""
    design: str = ""
    abstract: str = ""
    retracted: bool = False
    retracts: tuple[str, ...] = ()


Read = Cited | Refusal
# What was read, and where in the file the next record begins.
Step = tuple[Read, int]


def doi_of(text: str) -> str:
    """A DOI as everybody writes it: without its resolver, in small letters; "" where there is none."""
    found = _DOI.search(text.strip().lower())
    if found is None:
        return ""
    doi = found[0].rstrip(".,;]}\"'")
    while doi.endswith(")") and doi.count(")") > doi.count("("):
        doi = doi[:-1]
    return doi


def pmid_of(text: str) -> str:
    found = _PMID.fullmatch(text.strip().lstrip("0"))
    return found[0] if found else ""


def folded(text: str) -> str:
    """Letters and digits alone, small, without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(each for each in plain if not unicodedata.combining(each))))


def title_key(title: str) -> str:
    """By what a title is known again; "" where it is too short to name a work."""
    plain = folded(_RETRACTED.sub("", title))
    return blake2b(plain.encode(), digest_size=16).hexdigest() if len(plain) >= _SHORT else ""


def says_retracted(title: str) -> bool:
    """Whether a title says so itself, as publishers write it: "RETRACTED: ..."."""
    return bool(_RETRACTED.match(title))


def plain_title(title: str) -> str:
    return _RETRACTED.sub("", " ".join(title.split())).strip().removesuffix(".")


def authors_words(names: list[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return f"{shown}, et al." if len(names) > most else shown


def decoded(piece: bytes) -> str | None:
    """The text of a record: UTF-8, or what old programs wrote on Windows; None where it is neither."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return piece.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def lines(chunks: Iterable[bytes], at: int) -> Iterator[tuple[bytes, int]]:
    """The lines of a file and where each ends. A line that is longer than a record may be comes in parts."""
    held = b""
    for chunk in chunks:
        held += chunk
        whole = held.splitlines(keepends=True)
        held = b"" if held.endswith(b"\n") else whole.pop() if whole else b""
        for line in whole:
            at += len(line)
            yield line, at
        if len(held) > LONGEST:
            at += len(held)
            yield held, at
            held = b""
    for line in held.splitlines(keepends=True):
        at += len(line)
        yield line, at
