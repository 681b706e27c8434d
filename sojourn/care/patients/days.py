"""A day as people write it: 1980-03-12, 12/03/1980, 12.3.1980, 12 March 1980, March 12, 1980, 12 de marzo de 1980."""

from __future__ import annotations

import re
from datetime import date

_ENGLISH = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_SPANISH = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
]
_MONTHS = {
    written: number
    for names in (_ENGLISH, _SPANISH)
    for number, name in enumerate(names, 1)
    for written in (name, name[:3])
} | {"sept": 9, "setiembre": 9, "set": 9}

_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?!\d)")
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.|º)?\s+(?:de\s+|of\s+)?([^\W\d_]{3,10})\.?,?\s+(?:de\s+|del\s+)?(\d{4})(?!\d)",
    re.I,
)
_MONTH_FIRST = re.compile(r"\b([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)", re.I)


def _day(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _years(written: str) -> tuple[int, ...]:
    return (int(written),) if len(written) == 4 else (1900 + int(written), 2000 + int(written))


def _numbers(found: re.Match[str]) -> list[date]:
    first, joint, second, year = int(found[1]), found[2], int(found[3]), found[4]
    days: list[date] = []
    for each in _years(year):
        days += _day(each, second, first)
        if joint == "/" and first != second:
            days += _day(each, first, second)
    return days


def _worded(month: str, day: str, year: str) -> list[date]:
    number = _MONTHS.get(month.lower())
    return _day(int(year), number, int(day)) if number else []


def days_in(text: str) -> tuple[list[date], str]:
    """The days that the first date in ``text`` may mean, and the text without it.

    12/03/1980 means both the 12th of March and the 3rd of December: which one depends on where one learnt to write.
    No day and the whole text where none is written.
    """
    for pattern, read in (
        (_ISO, lambda m: _day(int(m[1]), int(m[2]), int(m[3]))),
        (_NUMBERS, _numbers),
        (_DAY_FIRST, lambda m: _worded(m[2], m[1], m[3])),
        (_MONTH_FIRST, lambda m: _worded(m[1], m[2], m[3])),
    ):
        for found in pattern.finditer(text):
            days = read(found)
            if days:
                return days, f"{text[: found.start()]} {text[found.end() :]}".strip()
    return [], text
