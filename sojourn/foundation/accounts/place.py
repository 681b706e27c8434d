"""The clinic's own telephone and words about coming, and the lines of its place: what stands, what was checked, and
what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import gettext as _

from sojourn.clinical import lines
from sojourn.clinical.lines import CrisisLine
from sojourn.foundation.accounts.models import Clinic, LineCheck, VisitWords
from sojourn.foundation.accounts.readiness import Missing
from sojourn.foundation.scope import clinic_rows

_NOT_DIALLED: Final = re.compile(r"[^0-9+]")
About = Literal["finding", "costs", "changing"]


@dataclass(frozen=True, slots=True)
class ToldInWords:
    """Something that the clinic says in its own words, and the language in which it does."""

    text: str
    language: str


def visit_words(clinic: Clinic) -> VisitWords | None:
    """What the clinic says now of coming to it; None where it never said anything. One query. A patient may ask."""
    return clinic_rows(VisitWords).filter(clinic_id=clinic.pk).order_by("-pk").first()


def told(words: VisitWords | None, about: About, clinic: Clinic, language: str) -> ToldInWords | None:
    """What the clinic says about one thing in a reader's language, else in the one in which it does; None where it says
    nothing. No query."""
    if words is None:
        return None
    own, other = getattr(words, about), getattr(words, f"{about}_other")
    both = [ToldInWords(own, clinic.language), ToldInWords(other, other_language(clinic))]
    there = [each for each in both if each.text]
    return next((each for each in there if each.language == language), there[0] if there else None)


def other_language(clinic: Clinic) -> str:
    """The second of the two languages in which pages are read."""
    return "en" if clinic.language == "es" else "es"


def dialled(number: str) -> str:
    """A number as people write it, as a telephone takes it, without the digits of an extension."""
    return _NOT_DIALLED.sub("", re.split(r"(?i)ext|x", number)[0])


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A line of the clinic's place, in the reader's language, and its newest check of the number that it has now.

    ``needed``: it is among those that a patient is shown first, in one of the languages.
    """

    line: CrisisLine
    check: LineCheck | None
    needed: bool


def checks_of(clinic_id: int) -> dict[str, LineCheck]:
    """The newest check of each line that the clinic has ever checked, by the line's id. One query."""
    rows = clinic_rows(LineCheck).filter(clinic_id=clinic_id).order_by("line_id", "-pk").distinct("line_id")
    return {row.line_id: row for row in rows}


def holds(line: CrisisLine, checks: Mapping[str, LineCheck]) -> LineCheck | None:
    """The check that holds for a line: None where there is none, or its number has changed since."""
    found = checks.get(line.id)
    return found if found is not None and found.number == line.shown else None


def needed(country: str) -> dict[str, CrisisLine]:
    """The lines of a country that somebody is shown first, in any of the languages, by id."""
    shown = [lines.of(country, language) for language in lines.LANGUAGES]
    return {each.id: each for place in shown for each in (*place.buttons, *place.first)}


def checked_lines(clinic: Clinic, language: str) -> list[CheckedLine]:
    """Every line of the clinic's place with its check, those that are shown first before the others. One query."""
    checks, first = checks_of(clinic.pk), needed(clinic.country)
    own = {each.id: each for each in lines.of(clinic.country, language).every}
    every = {**{each: own.get(each, line) for each, line in first.items()}, **own}
    return [CheckedLine(line, holds(line, checks), line.id in first) for line in every.values()]


def without_telephone(clinic: Clinic) -> Missing | None:
    """A condition of readiness: a patient must be able to call the clinic. No query."""
    if clinic.phone:
        return None
    return Missing("telephone-missing", _("The clinic's telephone is not written down. An administrator writes it."))


def without_lines(clinic: Clinic) -> Missing | None:
    """A condition of readiness: the lines that a patient is shown first are checked, and one of them works. One query.

    An emergency number must be among them: that of the country, or, where none is known, the clinic's own word.
    """
    first = needed(clinic.country)
    emergency = {each.id for each in first.values() if each.kind == "emergency"}
    if not emergency and not clinic.emergency_phone:
        return Missing(
            "emergency-missing",
            _("No emergency number is known for the country of this clinic. An administrator writes it."),
        )
    checks = checks_of(clinic.pk)
    held = {line_id: holds(line, checks) for line_id, line in first.items()}
    if None in held.values():
        return Missing("lines-unchecked", _("The emergency and crisis lines of this place are not checked yet."))
    return _without_working_lines(clinic, emergency, _working(held))


def _working(held: Mapping[str, LineCheck | None]) -> set[str]:
    return {line_id for line_id, check in held.items() if check is not None and check.works}


def _without_working_lines(clinic: Clinic, emergency: set[str], works: set[str]) -> Missing | None:
    """What is missing among lines that are all checked: every emergency number and one crisis line must work."""
    if emergency - works:
        return Missing("emergency-wrong", _("Somebody noted that the emergency number is not right."))
    if not clinic.crisis_phone and not works - emergency:
        return Missing("no-line-works", _("No crisis line of this place works. Write one of your own."))
    return None
