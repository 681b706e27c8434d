"""The clinic's own details, and what it found when it dialled the lines of its place."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.clinical import lines
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.locks import OWN_CLINIC
from sojourn.foundation.accounts.models import Clinic, LineCheck, VisitWords
from sojourn.foundation.accounts.place import needed, visit_words
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.action import NoLock, action, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.columns import fits, fitting

_TELEPHONE: Final = re.compile(r"\+?[0-9 ()./-]+(?:(?:ext\.?|x) ?[0-9]{1,6})?", re.IGNORECASE)
_DIGITS: Final = range(5, 16)  # ITU-T E.164 ends at fifteen
_SHORT_DIGITS: Final = range(2, 16)  # emergency numbers and short codes: France's ambulance is 15
DETAILS: Final = (
    "phone",
    "address",
    "phone_hours",
    "phone_hours_other",
    "crisis_name",
    "crisis_phone",
    "emergency_phone",
)
ABOUT_VISITS: Final = ("finding", "costs", "changing")
VISIT_WORDS: Final = ("map_url", *(name for each in ABOUT_VISITS for name in (each, f"{each}_other")))


@action(
    "clinic.make",
    locks=NoLock("the clinic's id is taken from the sequence for this one, and no two bear one short name"),
    audit="clinic.made",
)
def make_clinic(*, by: Actor, name: str, slug: str, time_zone: str, jurisdiction: str) -> Clinic:
    """Make the clinic in which ``by`` asks already. IntegrityError where another has the short name."""
    clinic = Clinic.objects.create(
        id=by.own_clinic_id, name=name, slug=slug, time_zone=time_zone, jurisdiction=jurisdiction
    )
    record(by, "clinic.made", clinic)
    return clinic


@action("clinic.details", locks=OWN_CLINIC, audit="clinic.details_set")
def set_details(
    *, by: Actor, phone: str, address: str, phone_hours: str, phone_hours_other: str = "", crisis_name: str = "",
    crisis_phone: str = "", emergency_phone: str = "",
) -> Clinic:  # fmt: skip
    """Write the clinic's telephone, address and hours, and a crisis line of its own where it has one.

    ``phone_hours`` is in the clinic's language, ``phone_hours_other`` the same in the other one.
    ``emergency_phone`` is kept only where no number of the country is known. Nothing changed writes no row.
    Refused: phone-missing, phone-unreadable, address-missing, hours-missing, crisis-unreadable, emergency-missing,
    emergency-unreadable.
    """
    clinic = Clinic.objects.get(pk=by.own_clinic_id)
    typed = {
        "phone": phone, "phone_hours": phone_hours, "phone_hours_other": phone_hours_other, "crisis_name": crisis_name,
        "crisis_phone": crisis_phone, "emergency_phone": emergency_phone,
    }  # fmt: skip
    wanted = {name: " ".join(each.split()) for name, each in typed.items()}
    wanted["address"] = "\n".join(filter(None, map(str.strip, address.splitlines())))
    if lines.country_of(clinic.country) != lines.ELSEWHERE:
        wanted["emergency_phone"] = ""
    _must_reach_the_clinic(clinic, wanted)
    changed = [name for name in DETAILS if getattr(clinic, name) != wanted[name]]
    if not changed:
        return unchanged(clinic)
    for name in changed:
        setattr(clinic, name, wanted[name])
    clinic.save(update_fields=changed)
    record(by, "clinic.details_set", clinic, fields=changed)
    return clinic


def _must_reach_the_clinic(clinic: Clinic, wanted: dict[str, str]) -> None:
    reasons: dict[str, str] = {}
    if not wanted["phone"]:
        reasons["phone-missing"] = _("Write the telephone on which patients reach the clinic.")
    elif not is_telephone(wanted["phone"]):
        reasons["phone-unreadable"] = _("This is not a telephone number. Write it as it is dialled.")
    if not wanted["address"]:
        reasons["address-missing"] = _("Write the address at which the clinic is found.")
    if not wanted["phone_hours"]:
        reasons["hours-missing"] = _("Write when somebody answers the telephone.")
    if wanted["crisis_phone"] and not is_telephone(wanted["crisis_phone"], short=True):
        reasons["crisis-unreadable"] = _("This is not a telephone number. Write it as it is dialled.")
    if lines.country_of(clinic.country) == lines.ELSEWHERE and not is_telephone(wanted["emergency_phone"], short=True):
        code = "emergency-unreadable" if wanted["emergency_phone"] else "emergency-missing"
        reasons[code] = _("Write the emergency number of your country as it is dialled.")
    if reasons:
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))


@action("clinic.details", locks=OWN_CLINIC, audit="clinic.visit_words_written")
def write_visit_words(
    *, by: Actor, map_url: str = "", finding: str = "", finding_other: str = "", costs: str = "", costs_other: str = "",
    changing: str = "", changing_other: str = "", now: datetime | None = None,
) -> VisitWords | None:  # fmt: skip
    """Write what patients read before they come: the clinic on a map, how it is found, what a visit costs, and what
    holds for moving and cancelling one. Each may be empty; ``_other`` is the same in the other language.

    Nothing changed writes no row: what stood, None where nothing did. Refused: map-unreadable, NAME-too-long,
    NAME-missing (it is written in the other language alone).
    """
    clinic = Clinic.objects.get(pk=by.own_clinic_id)
    typed = {
        "finding": finding, "finding_other": finding_other, "costs": costs, "costs_other": costs_other,
        "changing": changing, "changing_other": changing_other,
    }  # fmt: skip
    wanted = {name: _in_lines(text) for name, text in typed.items()} | {"map_url": map_url.strip()}
    _must_be_told_whole(wanted)
    before = visit_words(clinic)
    changed = [name for name in VISIT_WORDS if wanted[name] != (getattr(before, name) if before is not None else "")]
    if not changed:
        return unchanged(before)
    written = VisitWords.objects.create(
        clinic=clinic, written_at=now or timezone.now(), written_by_id=by.member, **wanted
    )
    record(by, "clinic.visit_words_written", written, fields=changed)
    return written


def _in_lines(text: str) -> str:
    """A text without what nobody sees: no space at the ends of its lines, and never two empty lines."""
    lines_ = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines_).strip()


def _must_be_told_whole(wanted: dict[str, str]) -> None:
    reasons: dict[str, str] = {}
    if wanted["map_url"] and not is_web_address(wanted["map_url"]):
        reasons["map-unreadable"] = _("Copy the whole address of the map. It begins with https://.")
    for name in VISIT_WORDS:
        if not fits(VisitWords, name, wanted[name]):
            reasons[f"{name}-too-long"] = _("This is too long. Write it shorter.")
    for name in ABOUT_VISITS:
        if wanted[f"{name}_other"] and not wanted[name]:
            reasons[f"{name}-missing"] = _("Write it in your clinic’s own language first.")
    if reasons:
        raise ActionRefused(*reasons.values(), codes=tuple(reasons))


def is_web_address(typed: str) -> bool:
    """Whether an address leads to a page of the web over a line that nobody reads on the way, and holds nothing else:
    no name, no password, no space."""
    try:
        parts = urlsplit(typed)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = not re.search(r"[\s<>\"\\^`{|}]", typed)
    return plain and parts.scheme == "https" and "." in host.strip(".") and "@" not in parts.netloc


def is_telephone(typed: str, *, short: bool = False) -> bool:
    """Whether a telephone number was typed; ``short``: an emergency number or a short code is one too."""
    number, *_extension = re.split(r"(?i)ext|x", typed)
    digits = len(re.sub(r"[^0-9]", "", number))
    return _TELEPHONE.fullmatch(typed) is not None and digits in (_SHORT_DIGITS if short else _DIGITS)


@action(
    "clinic.lines",
    locks=NoLock("two who try a line are two checks of it, and a check is of the number that was tried"),
    audit="clinic.line_checked",
)
def check_line(
    *, by: Actor, line_id: str, number: str, works: bool, note: str = "", now: datetime | None = None
) -> LineCheck:
    """Note that somebody dialled a line of the clinic's place, or looked at it, and whether it is as it is written.

    ``number`` is what the person had before them. Refused: unknown-line, number-changed, note-missing (why it is not
    right).
    """
    clinic = Clinic.objects.get(pk=by.own_clinic_id)
    known = {each.id: each for each in lines.of(clinic.country, "en").every} | needed(clinic.country)
    line, note = known.get(line_id), " ".join(note.split())
    if line is None:
        raise ActionRefused(_("There is no such line for this place."), codes=("unknown-line",))
    if line.shown != number:
        raise ActionRefused(
            _("This number has changed since you opened the page. Look again."), codes=("number-changed",)
        )
    if not works and not note:
        raise ActionRefused(_("Say what happened when you tried it."), codes=("note-missing",))
    checked = LineCheck.objects.create(
        clinic=clinic, line_id=line.id, number=line.shown, works=works, note=fitting(LineCheck, "note", note),
        checked_by_id=by.member, checked_by_name=by.name, checked_at=now or timezone.now(),
    )  # fmt: skip
    record(by, "clinic.line_checked", checked, line=line.id, number=line.shown, works=works)
    return checked
