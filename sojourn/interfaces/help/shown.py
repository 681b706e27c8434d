"""Help now as its pages say it: the clinic's own numbers, and the lines of a place, each ready to be tapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from sojourn.clinical import lines
from sojourn.clinical.lines import CrisisLine, PlaceLines
from sojourn.foundation.accounts import place
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic, LineCheck
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.clock import page_local

_ICONS: Mapping[str, str] = {"call": "phone", "sms": "message-circle", "whatsapp": "message-circle", "web": "link"}


@dataclass(frozen=True, slots=True)
class LineView:
    """A line on a page. ``label`` is what a tap does, "" where nothing is tapped; ``copies``: a button copies it."""

    name: str
    number: str
    label: str = ""
    href: str = ""
    icon: str = "phone"
    words: str = ""
    hours: str = ""
    note: str = ""
    copies: bool = False


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Further lines of one kind, under a heading."""

    title: str
    lines: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class CountryLines:
    """The lines of a country. ``known``: an emergency number is shown; else the page says to call the local one."""

    code: str
    name: str
    emergency: tuple[LineView, ...]
    first: tuple[LineView, ...]
    more: tuple[LineGroup, ...]

    @property
    def known(self) -> bool:
        return bool(self.emergency)


@dataclass(frozen=True, slots=True)
class HelpNow:
    """Everything that a page of help shows. ``place`` is None where no clinic is known, and so no country."""

    clinic_name: str
    clinic: tuple[LineView, ...]
    place: CountryLines | None


def help_now(clinic: Clinic | None) -> HelpNow:
    """What is shown to people of a clinic, or to a stranger, in their language. One query for a clinic, else none."""
    if clinic is None:
        return HelpNow("", (), None)
    return _help_now(clinic, _not_reached(clinic))


def help_at_once(clinic: Clinic | None) -> HelpNow:
    """The same without a query, for a page that must stand while the database does not."""
    return HelpNow("", (), None) if clinic is None else _help_now(clinic, {})


def _help_now(clinic: Clinic, not_reached: Mapping[str, LineCheck]) -> HelpNow:
    shown = place_of(lines.of(clinic.country, reading()), not_reached)
    if not shown.known and clinic.emergency_phone:
        shown = replace(shown, emergency=(_own(_("Emergency"), clinic.emergency_phone),))
    return HelpNow(clinic.name, _clinics_own(clinic), shown)


def reading() -> str:
    """The language that is read now, without its country."""
    return (translation.get_language() or "en").partition("-")[0]


def _not_reached(clinic: Clinic) -> dict[str, LineCheck]:
    """The lines that the clinic tried and did not reach. A patient's own view of the database shows none of it."""
    with acting_as(system_actor(clinic.pk)):
        return {line_id: row for line_id, row in place.checks_of(clinic.pk).items() if not row.works}


def _clinics_own(clinic: Clinic) -> tuple[LineView, ...]:
    found = []
    if clinic.crisis_phone:
        found.append(_own(clinic.crisis_name or _("the clinic's crisis line"), clinic.crisis_phone))
    if clinic.phone:
        found.append(replace(_own(clinic.name, clinic.phone), hours=clinic.phone_hours_in(reading())))
    return tuple(found)


def _own(name: str, number: str) -> LineView:
    label = _("Call %(name)s: %(number)s") % {"name": name, "number": number}
    return LineView(name, number, label, "tel:" + place.dialled(number))


# ---------------------------------------------------------------- the lines of a place


def _instead(
    first: Sequence[CrisisLine], more: Sequence[CrisisLine], checks: Mapping[str, LineCheck]
) -> list[CrisisLine]:
    """Another crisis line that was reached, where the first lines hold none."""
    if any(each.kind == "crisis" for each in first):
        return []
    return [each for each in more if each.kind == "crisis" and not _failed(each, checks)][:1]


def place_of(found: PlaceLines, not_reached: Mapping[str, LineCheck] | None = None) -> CountryLines:
    """A country's lines. One that the clinic could not reach is not among the first: it follows, with that note."""
    checks = not_reached or {}
    failed = [each for each in found.first if _failed(each, checks)]
    first = [each for each in found.first if each not in failed]
    first = _instead(first, found.more, checks) + first
    said = {each.id for each in (*found.buttons, *first)}
    rest = [each for each in (*failed, *found.more) if each.id not in said]
    shown = tuple(_line(each, checks.get(each.id)) for each in first)
    return CountryLines(
        found.country, found.name, tuple(map(_line, found.buttons)), shown, tuple(_groups(rest, checks))
    )


def _failed(line: CrisisLine, checks: Mapping[str, LineCheck]) -> bool:
    return line.kind != "emergency" and line.id in checks and checks[line.id].number == line.shown


def _groups(rest: list[CrisisLine], checks: Mapping[str, LineCheck]) -> list[LineGroup]:
    titles = {
        "crisis": _("More to call"), "text": _("To write to"), "chat": _("Chat"),
        "deaf": _("If you are deaf or cannot speak"), "emergency": _("Other emergency numbers"),
        "poison": _("Poisoning"),
    }  # fmt: skip
    groups = [
        LineGroup(title, tuple(_line(each, checks.get(each.id)) for each in rest if each.kind == kind))
        for kind, title in titles.items()
    ]
    return [each for each in groups if each.lines]


def _line(line: CrisisLine, check: LineCheck | None = None) -> LineView:
    return LineView(
        line.name, line.shown, _label(line), line.href, _ICONS.get(line.how, "phone"), line.words,
        _("24 hours a day") if line.hours == lines.ALWAYS else line.hours,
        _note(line, check), copies=line.how == "copy",
    )  # fmt: skip


def _label(line: CrisisLine) -> str:
    """What a tap does: "Call 988", "Text HOME to 741741"."""
    said = {"number": line.shown, "word": line.body, "name": line.name}
    if line.how == "call":
        of_a_service = line.kind == "emergency" and line.service != "general"
        return (_("Call %(number)s: %(name)s") if of_a_service else _("Call %(number)s")) % said
    if line.how == "sms":
        return (_("Text %(word)s to %(number)s") if line.body else _("Text %(number)s")) % said
    if line.how == "whatsapp":
        return _("WhatsApp %(number)s") % said
    return _("Open %(number)s") % said if line.how == "web" else ""


def _note(line: CrisisLine, check: LineCheck | None) -> str:
    if check is None or not _failed(line, {line.id: check}):
        return ""
    day = date_format(page_local(check.checked_at), "DATE_FORMAT")
    return _("The clinic could not reach it on %(day)s.") % {"day": day}


# ---------------------------------------------------------------- where somebody is


def countries() -> list[tuple[str, str]]:
    """Every country of which lines are known, by its name in the reader's language; the others last."""
    named = [(code, each.name(reading())) for code, each in lines.countries().items() if code != lines.ELSEWHERE]
    return [*sorted(named, key=lambda each: each[1].casefold()), (lines.ELSEWHERE, _("Another country"))]


def elsewhere() -> SafeString:
    """The lines of every country, each kept aside on the page for whoever is there. No query."""
    return _elsewhere(reading())


@cache
def _elsewhere(language: str) -> SafeString:
    places = [
        {"place": place_of(lines.of(code, language)), "zones": " ".join(country.zones)}
        for code, country in lines.countries().items()
    ]
    return mark_safe(render_to_string("help/elsewhere.html", {"places": places}))  # noqa: S308 - a template of ours
