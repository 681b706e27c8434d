"""What the file of lines holds: its keys, the words that each may be, and what must hold between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sojourn.clinical.shapes import Shape, anything, day, either, flag, some, table, text, word

ELSEWHERE: Final = "ZZ"  # a country of which nothing was collected: a directory of lines, and no number
LANGUAGES: Final = ("en", "es")
KINDS: Final = ("emergency", "crisis", "text", "chat", "deaf", "poison")
SERVICES: Final = ("general", "ambulance", "police", "fire")
HOWS: Final = ("call", "sms", "whatsapp", "web", "copy", "words", "registered")
MARKS: Final = ("read", "second-hand")
ALWAYS: Final = "always"
_NOT_DIALLED: Final = re.compile(r"[^0-9+*#]")
_DIALLED: Final = ("call", "sms", "whatsapp")
_IN_BOTH: Final = table(dict.fromkeys(LANGUAGES, text))


def _like(pattern: str, what: str) -> Shape:
    def shape(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            yield f"{place} is no {what}"

    return shape


_COUNTRY: Final = _like("[A-Z]{2}", "country")
_LINE: Final = table(
    {
        "id": text, "country": _COUNTRY, "kind": word(KINDS), "how": word(HOWS), "name": _IN_BOTH,
        "languages": some(_like("[a-z]{2,3}", "language"), least=0), "mark": word(MARKS), "source": text,
        "read_on": day,
    },
    {
        "service": word(SERVICES), "number": _like(r".*\d.*", "number"), "dial": _like(r"\+?[0-9]{2,15}", "number"),
        "address": _like(r"https?://\S+", "address"), "body": text, "words": _IN_BOTH,
        "hours": either(word((ALWAYS,)), _IN_BOTH), "lead": flag, "instead_of": text,
    },
)  # fmt: skip
_FILE: Final = table(
    {
        "country": some(
            table({"code": _COUNTRY, "name": _IN_BOTH}, {"zones": some(_like("[A-Z][A-Za-z0-9_/+-]*", "zone"))})
        ),
        "line": some(anything, doubles=True),
    }
)  # fmt: skip


def faults(file: str, data: Any) -> Iterator[str]:
    """All that is wrong with a file of lines; nothing where it is sound."""
    found = list(_FILE(file, data)) or [f"{file}: {each}" for each in of_lines(data["line"])]
    yield from found or [f"{file}: {each}" for each in _laws(data)]


def of_lines(rows: list[Any]) -> Iterator[str]:
    """All that is wrong with lines, each by itself."""
    for at, row in enumerate(rows):
        named = row.get("id") if isinstance(row, Mapping) else None
        name = named if isinstance(named, str) and named.strip() else f"line {at}"
        found = list(_LINE(name, row))
        yield from found or (f"{name}: {each}" for each in _of_line(row))
        if named is not None and any(isinstance(one, Mapping) and one.get("id") == named for one in rows[:at]):
            yield f"two lines have one id: {name}"


def _laws(data: Mapping[str, Any]) -> Iterator[str]:
    countries, lines = data["country"], data["line"]
    yield from _twice("two countries have one code", (each["code"] for each in countries))
    yield from _twice("two countries have one zone", (zone for each in countries for zone in each.get("zones", ())))
    for each in countries:
        if ("zones" in each) == (each["code"] == ELSEWHERE):
            yield f"{each['code']}: every country has zones, and {ELSEWHERE} none"
    if ELSEWHERE not in (each["code"] for each in countries):
        yield f"{ELSEWHERE} is missing: what is shown where nothing was collected"
    codes, ids = {each["code"] for each in countries}, {each["id"]: each for each in lines}
    for each in lines:
        if each["country"] not in codes:
            yield f"{each['id']}: there is no country {each['country']}"
        if "instead_of" in each and ids.get(each["instead_of"], {}).get("country") != each["country"]:
            yield f"{each['id']}: there is no line {each['instead_of']} of its country"


def _twice(words: str, values: Any) -> Iterator[str]:
    yield from (f"{words}: {each}" for each, times in Counter(values).items() if times > 1)


def _of_line(row: Mapping[str, Any]) -> Iterator[str]:
    if (row["kind"] == "emergency") != ("service" in row):
        yield "an emergency number, and no other, says whose it is"
    is_web = row["how"] == "web"
    if is_web == ("number" in row) or is_web != ("address" in row):
        yield "a line has a number, or an address on the web"
    elif row["how"] in _DIALLED and not re.fullmatch(r"\+?[0-9]{2,15}", dial(row)):
        yield f"{dial(row)} cannot be dialled from a link"
    if "body" in row and row["how"] != "sms":
        yield "only a text message has a body"
    if not row["languages"] and not is_web:
        yield "somebody answers in some language"


def dial(row: Mapping[str, Any]) -> str:
    """What a telephone is given of a line."""
    return str(row.get("dial", "")) or _NOT_DIALLED.sub("", row.get("number", ""))
