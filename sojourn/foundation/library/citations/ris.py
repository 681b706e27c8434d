"""RIS: a line a field, ``TY  -`` begins a record and ``ER  -`` ends it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from sojourn.foundation.library.citations.record import (
    LONGEST,
    Cited,
    Read,
    Refusal,
    Step,
    Why,
    authors_words,
    decoded,
    doi_of,
    lines,
    plain_title,
    pmid_of,
    says_retracted,
)

_BEGINS = re.compile(rb"^(?:\xef\xbb\xbf)?TY {0,3}-")
_ENDS = re.compile(rb"^ER {0,3}-")
_FIELD = re.compile(r"^([A-Z][A-Z0-9]) {0,3}- ?(.*)$")
_OF_PUBMED = re.compile(r"pubmed|medline", re.I)
_TITLES: Final = ("TI", "T1", "CT", "BT")


def records(chunks: Iterable[bytes], *, number: int = 0, at: int = 0) -> Iterator[Step]:
    """The records of a file that begins at ``at`` after ``number`` records. One without an end is whole where the next
    begins; at the end of the file it may have been cut, and is refused."""
    held: list[bytes] = []
    size, end, outside = 0, at, False
    for line, after in lines(chunks, at):
        if _BEGINS.match(line):
            if held:
                number += 1
                yield _read(held, size, number), end
            held, size, outside = [line], len(line), False
        elif held:
            size += len(line)
            if size <= LONGEST:
                held.append(line)
            if _ENDS.match(line):
                number += 1
                yield _read(held, size, number), after
                held, size = [], 0
        elif line.strip() and not outside:
            outside = True
            number += 1
            yield Refusal(number, Why.OUTSIDE, line[:80].decode("utf-8", "replace").strip()), after
        end = after
    if held:
        yield Refusal(number + 1, Why.NO_END), end


def _read(held: list[bytes], size: int, number: int) -> Read:
    if size > LONGEST:
        return Refusal(number, Why.TOO_LONG)
    text = decoded(b"".join(held))
    if text is None:
        return Refusal(number, Why.ENCODING)
    fields = _fields(text)
    title = next((fields[name][0] for name in _TITLES if fields.get(name) and fields[name][0]), "")
    if not title:
        return Refusal(number, Why.NO_TITLE, (fields.get("DO") or fields.get("ID") or [""])[0])
    year = re.search(r"\d{4}", _first(fields, "PY", "Y1", "DA"))
    return Cited(
        number=number,
        title=plain_title(title),
        authors=authors_words([*fields.get("AU", ()), *fields.get("A1", ())]),
        year=year[0] if year else "",
        journal=_first(fields, "JO", "JF", "JA", "J2", "T2"),
        doi=doi_of(_first(fields, "DO")) or doi_of(" ".join(fields.get("UR", ()))),
        pmid=pmid_of(_first(fields, "AN")) if _OF_PUBMED.search(_first(fields, "DB", "DP")) else "",
        abstract=_first(fields, "AB", "N2"),
        retracted=says_retracted(title),
    )


def _fields(text: str) -> dict[str, list[str]]:
    """The values of each field; a line that begins none goes on with the one before it."""
    fields: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in text.splitlines():
        if found := _FIELD.match(line):
            last = fields.setdefault(found[1], [])
            last.append(found[2].strip())
        elif last and line.strip():
            last[-1] = f"{last[-1]} {line.strip()}".strip()
    return fields


def _first(fields: dict[str, list[str]], *names: str) -> str:
    return next((fields[name][0] for name in names if fields.get(name) and fields[name][0]), "")
