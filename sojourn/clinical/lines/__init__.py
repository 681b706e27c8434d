"""Whom a person in danger can call, write to or reach without hearing, by country. Data: lines.toml, with its sources.

Lines go by country and never by number: 111 is an emergency number in one country and a doctor's in another.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sojourn.clinical.lines import shape
from sojourn.clinical.lines.shape import ALWAYS as ALWAYS
from sojourn.clinical.lines.shape import ELSEWHERE as ELSEWHERE
from sojourn.clinical.lines.shape import KINDS
from sojourn.clinical.lines.shape import LANGUAGES as LANGUAGES


class LinesInvalid(ValueError):
    """The data of the lines breaks a law of its own; the message names the line and the law."""


@dataclass(frozen=True, slots=True)
class CrisisLine:
    """One line, in one language. ``hours``: "always", words, or "" where nothing was read of them.

    ``mark`` says whether its own page was read ("read") or another's ("second-hand"); ``languages`` are ISO 639 codes.
    """

    id: str
    country: str
    kind: str
    service: str
    how: str
    number: str
    dial: str
    address: str
    body: str
    name: str
    words: str
    hours: str
    languages: tuple[str, ...]
    lead: bool
    instead_of: str
    mark: str
    source: str
    read_on: date

    @property
    def href(self) -> str:
        """What a tap opens: ``tel:``, ``sms:`` with what is to be written, or an address; "" where it is not tapped."""
        if self.how == "call":
            return f"tel:{self.dial}"
        if self.how == "sms":
            # Read by both kinds of telephones: one of them looks for "?", the other for "&".
            return f"sms:{self.dial}?&body={self.body}" if self.body else f"sms:{self.dial}"
        if self.how == "whatsapp":
            return f"https://wa.me/{self.dial}"
        return self.address

    @property
    def shown(self) -> str:
        """The number as people write it, or the address without its beginning."""
        return self.number or re.sub(r"^https?://(www\.)?", "", self.address).rstrip("/")

    def speaks(self, language: str) -> bool:
        """Whether somebody answers in the language."""
        return language in self.languages


@dataclass(frozen=True, slots=True)
class PlaceLines:
    """The lines of a country for readers of one language, each kind in the order in which it is shown.

    ``emergency`` holds numbers of emergency services alone; a poison line is never among them. Where a country has
    one number for everything it is the first. ``country`` is "ZZ" where nothing was collected.
    """

    country: str
    name: str
    emergency: tuple[CrisisLine, ...]
    crisis: tuple[CrisisLine, ...]
    text: tuple[CrisisLine, ...]
    chat: tuple[CrisisLine, ...]
    deaf: tuple[CrisisLine, ...]
    poison: tuple[CrisisLine, ...]

    @property
    def buttons(self) -> tuple[CrisisLine, ...]:
        """The emergency numbers that are offered large: the country's general one, else each service by its name."""
        general = tuple(each for each in self.emergency if each.service == "general")
        return general or self.emergency

    @property
    def first(self) -> tuple[CrisisLine, ...]:
        """What is offered next: the lines that lead, and the first by text."""
        return (*(each for each in self.crisis if each.lead), *self.text[:1])

    @property
    def more(self) -> tuple[CrisisLine, ...]:
        """Every other line, in the order of the kinds."""
        said = {each.id for each in (*self.buttons, *self.first)}
        every = (*self.emergency, *self.crisis, *self.text, *self.chat, *self.deaf, *self.poison)
        return tuple(each for each in every if each.id not in said)

    @property
    def every(self) -> tuple[CrisisLine, ...]:
        """All of them, those that are shown first before the others."""
        return (*self.buttons, *self.first, *self.more)


@dataclass(frozen=True, slots=True)
class Country:
    """A country of which lines were collected. ``zones``: its clocks, by their names in the IANA time zone database."""

    code: str
    names: Mapping[str, str]
    zones: tuple[str, ...]

    def name(self, language: str) -> str:
        return self.names.get(language, self.names["en"])


def of(country: str, language: str) -> PlaceLines:
    """The lines of a country for readers of a language ("es", "es-MX"; an unknown one reads English), never none.

    ``country`` is an ISO 3166 code; of a state ("US-CO") its country counts. A country of which nothing was collected
    gives the directory and no emergency number.
    """
    code, spoken = country_of(country), language.lower().partition("-")[0]
    language = spoken if spoken in LANGUAGES else "en"
    found = [each for each in _lines(language) if each.country == code and each.how != "registered"]
    found = _in_own_language(found, language)

    def kind(name: str) -> tuple[CrisisLine, ...]:
        rows = [each for each in found if each.kind == name]
        if name == "emergency":
            return tuple(rows)
        return tuple(sorted(rows, key=lambda each: (not each.lead, not (each.lead or each.speaks(language)))))

    return PlaceLines(code, countries()[code].name(language), *(kind(each) for each in KINDS))


def country_of(place: str) -> str:
    """The country of a code of a country or state, as the lines know it: "US-CO" gives "US", an unknown one "ZZ"."""
    code = place.strip().upper().partition("-")[0]
    return code if code in countries() else ELSEWHERE


def by_id(line_id: str, language: str = "en") -> CrisisLine | None:
    """One line by its id, whether it is offered or not."""
    return next((each for each in _lines(language) if each.id == line_id), None)


def _in_own_language(rows: list[CrisisLine], language: str) -> list[CrisisLine]:
    """For readers of another language a line of theirs takes the place of the usual one, and leads where none does."""
    replaced = {each.instead_of for each in rows if each.instead_of and each.speaks(language)}
    kept = [each for each in rows if each.id not in replaced]
    own = [each for each in kept if each.kind == "crisis" and each.speaks(language)]
    shown = [_not_first(each, language) for each in kept]
    if not own or any(each.lead for each in own):
        return shown
    first, *_ = own
    return [_led(each, each.lead or each.id == first.id) for each in shown]


def _not_first(line: CrisisLine, language: str) -> CrisisLine:
    """What stands in for a line in another language does not lead for those who do not read it."""
    return _led(line, line.lead and not (line.instead_of and not line.speaks(language)))


def _led(line: CrisisLine, lead: bool) -> CrisisLine:
    return line if line.lead == lead else replace(line, lead=lead)


# ---------------------------------------------------------------- reading the data


FILE: Final = "lines.toml"


@cache
def _data() -> Mapping[str, Any]:
    return read(files(__package__).joinpath(FILE).read_text("utf-8"))


def read(text: str) -> Mapping[str, Any]:
    """The countries and lines of a file's text. Raises LinesInvalid."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise LinesInvalid(f"{FILE}: {wrong}") from wrong
    if found := [*shape.faults(FILE, data)]:
        raise LinesInvalid("; ".join(found))
    return data


@cache
def countries() -> Mapping[str, Country]:
    """Every country of which lines were collected, by its code, and "ZZ" for the others."""
    return {
        each["code"]: Country(each["code"], each["name"], tuple(each.get("zones", ()))) for each in _data()["country"]
    }


@cache
def _lines(language: str) -> tuple[CrisisLine, ...]:
    return tuple(_line(each, language) for each in _data()["line"])


def _line(row: Mapping[str, Any], language: str) -> CrisisLine:
    return CrisisLine(
        id=row["id"], country=row["country"], kind=row["kind"], service=row.get("service", ""), how=row["how"],
        number=row.get("number", ""), dial=shape.dial(row), address=row.get("address", ""), body=row.get("body", ""),
        name=row["name"][language], words=row.get("words", {}).get(language, ""),
        hours=_hours(row.get("hours", ""), language), languages=tuple(row["languages"]), lead=row.get("lead", False),
        instead_of=row.get("instead_of", ""), mark=row["mark"], source=row["source"], read_on=row["read_on"],
    )  # fmt: skip


def _hours(said: str | Mapping[str, str], language: str) -> str:
    return said if isinstance(said, str) else said[language]
