"""BibTeX: ``@article{key, title = {...}, ...}``. An entry begins on a line of its own, as every program writes it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, MutableMapping
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

_BEGINS = re.compile(rb"^(?:\xef\xbb\xbf)?\s*@\s*[A-Za-z]+\s*[{(]")
_HEAD = re.compile(r"\s*\ufeff?\s*@\s*(?P<kind>[A-Za-z]+)\s*(?P<opens>[{(])")
_NAME = re.compile(r"[\s,]*(?P<name>[A-Za-z][\w:.+/-]*)\s*=\s*")
_KEY = re.compile(r"[^,{}=]*,")
_WORD = re.compile(r"[\w:.+/-]+")
_MOST_STRINGS: Final = 2000


class _Broken(ValueError):
    """An entry is not written as BibTeX is."""


def records(
    chunks: Iterable[bytes], *, number: int = 0, at: int = 0, strings: MutableMapping[str, str] | None = None
) -> Iterator[Step]:
    """The entries of a file that begins at ``at`` after ``number`` of them. ``strings``: the abbreviations that
    the file has declared so far, which it may add to."""
    known = strings if strings is not None else {}
    held: list[bytes] = []
    size, end = 0, at
    for line, after in lines(chunks, at):
        if _BEGINS.match(line):
            if held and (found := _read(held, size, number + 1, known)) is not None:
                number += 1
                yield found, end
            held, size = [line], len(line)
        elif held:
            size += len(line)
            if size <= LONGEST:
                held.append(line)
        end = after  # what stands before an entry is a comment, says BibTeX
    if held and (found := _read(held, size, number + 1, known)) is not None:
        yield found, end


def _read(held: list[bytes], size: int, number: int, strings: MutableMapping[str, str]) -> Read | None:
    """The entry, or None for what is none (@comment, @string, @preamble)."""
    if size > LONGEST:
        return Refusal(number, Why.TOO_LONG)
    text = decoded(b"".join(held))
    if text is None:
        return Refusal(number, Why.ENCODING)
    head = _HEAD.match(text)
    kind = head["kind"].lower() if head else ""
    if head is None or kind in ("comment", "preamble"):
        return None
    try:
        fields = _fields(text, head.end(), "}" if head["opens"] == "{" else ")", kind == "string", strings)
    except _Broken as error:
        return Refusal(number, Why.NO_END if "ends" in str(error) else Why.BROKEN, str(error))
    if kind == "string":
        if len(strings) < _MOST_STRINGS:
            strings.update(fields)
        return None
    return _cited({name: plain(value) for name, value in fields.items()}, number)


def _cited(fields: dict[str, str], number: int) -> Read:
    title = fields.get("title", "")
    if not title:
        return Refusal(number, Why.NO_TITLE, fields.get("doi", ""))
    year = re.search(r"\d{4}", fields.get("year", "") or fields.get("date", ""))
    return Cited(
        number=number,
        title=plain_title(title),
        authors=authors_words([each for each in re.split(r"\s+and\s+", fields.get("author", "")) if each]),
        year=year[0] if year else "",
        journal=fields.get("journal", "") or fields.get("journaltitle", "") or fields.get("booktitle", ""),
        doi=doi_of(fields.get("doi", "")) or doi_of(fields.get("url", "")),
        pmid=pmid_of(fields.get("pmid", "")),
        abstract=fields.get("abstract", ""),
        retracted=says_retracted(title),
    )


# ---------------------------------------------------------------- the fields of an entry


def _fields(text: str, place: int, closes: str, nameless: bool, strings: MutableMapping[str, str]) -> dict[str, str]:
    if not nameless:
        key = _KEY.match(text, place)
        if key is None:
            raise _Broken("no key before the fields")
        place = key.end()
    fields: dict[str, str] = {}
    while True:
        while place < len(text) and text[place] in ", \t\r\n":
            place += 1
        if place >= len(text):
            raise _Broken("the file or the next entry begins before this one ends")
        if text[place] == closes:
            return fields
        name = _NAME.match(text, place)
        if name is None:
            raise _Broken(f"no field at: {text[place : place + 40].strip()}")
        value, place = _value(text, name.end(), strings)
        fields.setdefault(name["name"].lower(), value)


def _value(text: str, place: int, strings: MutableMapping[str, str]) -> tuple[str, int]:
    """A value and where it ends; parts of it may be joined by #."""
    parts: list[str] = []
    while True:
        part, place = _part(text, place, strings)
        parts.append(part)
        while place < len(text) and text[place].isspace():
            place += 1
        if text[place : place + 1] != "#":
            return "".join(parts), place
        place += 1


def _part(text: str, place: int, strings: MutableMapping[str, str]) -> tuple[str, int]:
    while place < len(text) and text[place].isspace():
        place += 1
    opens = text[place : place + 1]
    if opens in ("{", '"'):
        end = _close(text, place, "}" if opens == "{" else '"')
        return text[place + 1 : end], end + 1
    word = _WORD.match(text, place)
    if word is None:
        raise _Broken(f"no value at: {text[place : place + 40].strip()}")
    return strings.get(word[0].lower(), word[0]), word.end()


def _close(text: str, place: int, closes: str) -> int:
    """Where the brace or the quotation mark at ``place`` is closed."""
    depth = 0
    for at in range(place + 1, len(text)):
        each = text[at]
        if text[at - 1] == "\\":
            continue
        if each == closes and depth == 0:
            return at
        depth += (each == "{") - (each == "}")
    raise _Broken("the file or the next entry begins before this one ends")


# ---------------------------------------------------------------- TeX as a person reads it

_MARKS: Final = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
                 ".": "\u0307", "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "r": "\u030a",
                 "k": "\u0328"}  # fmt: skip
_ACCENT = re.compile(r"\\(?:(['`^\"~=.])\s*|([cvuHrk])(?:\s+|(?=\{)))(?:\{\s*(\\?[A-Za-z])\s*\}|(\\?[A-Za-z]))")
_LETTERS: Final = {"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
                   "aa": "å", "AA": "Å", "i": "i", "j": "j"}  # fmt: skip
_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|[oOlLij])(?![A-Za-z])\s*")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?\s*")


def plain(value: str) -> str:
    """A value without its TeX."""
    value = _ACCENT.sub(_accented, value)
    value = _LETTER.sub(lambda found: _LETTERS[found[1]], value)
    value = re.sub(r"\\([&%$#_{}])", r"\1", value)
    value = _COMMAND.sub("", value).replace("---", "–").replace("--", "–").replace("~", " ")
    return " ".join(re.sub(r"[{}]|(?<!\\)\$", "", value).split())


def _accented(found: re.Match[str]) -> str:
    letter = (found[3] or found[4]).removeprefix("\\")
    return unicodedata.normalize("NFC", letter + _MARKS[found[1] or found[2]])
