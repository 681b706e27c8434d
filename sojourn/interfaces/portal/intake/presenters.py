"""The story as the patient's screens show it: choices, what is typed, lines of lists, the review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from sojourn.care.intake import queries, wording
from sojourn.care.intake.known_as import known_as
from sojourn.care.intake.story import Question, Told
from sojourn.care.intake.typed import told_of
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.patients.queries import people_of
from sojourn.clinical.dosing import Kilograms, trimmed
from sojourn.clinical.units import LB
from sojourn.foundation.accounts.refused import Refused


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice on the screen."""

    value: str
    text: str
    hint: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list on the screen."""

    what: str
    details: str
    unchecked: bool
    ingredient: str
    not_checked: str
    change_url: str
    remove_url: str


# ---------------------------------------------------------------- one question


def known_weight(patient_id: int) -> str:
    """What the clinic knows of the patient's weight; "" where only the patient has told one. Two queries."""
    known = queries.newest_weight(patient_id)
    if known is None or known.told_by == "patient":
        return ""
    pounds = Kilograms.of(known.kg).quantity.to(LB).rounded(1)
    return _("On %(day)s your clinic wrote down %(kg)s kg (%(pounds)s pounds).") % {
        "day": date_format(known.on, _("j F Y")), "kg": number_format(trimmed(known.kg)),
        "pounds": number_format(trimmed(pounds)),
    }  # fmt: skip


def said_again(asked: Question, typed: Mapping[str, Sequence[str]]) -> str:
    """What was just said, in words."""
    try:
        return wording.said(asked, told_of(asked, typed))
    except Refused:
        return " ".join(typed.get("value", ()))


def picks(asked: Question, told: Told | None, typed: Mapping[str, Sequence[str]]) -> list[Pick]:
    if typed:
        chosen = set(typed.get("value", ()))
    elif told is None or told.standing != "told":
        chosen = set()
    elif asked.kind == "yes_no":
        chosen = {"yes" if told.value else "no"}
    else:
        chosen = set(told.value["yes"]) if asked.kind == "checklist" else {str(told.value)}
    if asked.kind == "yes_no":
        return [Pick("yes", _("Yes"), "", "yes" in chosen), Pick("no", _("No"), "", "no" in chosen)]
    return [Pick(each.id, _(each.text), _(each.hint) if each.hint else "", each.id in chosen) for each in asked.choices]


def typed_value(asked: Question, told: Told | None, typed: Mapping[str, Sequence[str]]) -> str:
    if typed:
        return next(iter(typed.get("value", ())), "")
    if told is None or told.standing != "told":
        return ""
    if asked.kind == "day":
        return str(told.value["day"])
    if asked.kind == "number":
        return str(told.value["typed"])
    return str(told.value) if asked.kind == "text" else ""


def unit_of(asked: Question, told: Told | None, typed: Mapping[str, Sequence[str]], jurisdiction: str) -> str:
    if typed.get("unit"):
        return typed["unit"][0]
    if told is not None and told.standing == "told" and asked.kind == "number":
        return str(told.value["unit"])
    if not asked.units:
        return ""
    return asked.units[0] if jurisdiction.startswith("US") else asked.units[-1]


# ---------------------------------------------------------------- lists


def list_context(patient_id: int, asked: Question) -> dict[str, Any]:
    """The lines of a list as they stand. One query."""
    if asked.of == "people":
        entries = [person_entry(each) for each in people_of(patient_id)]
    else:
        entries = [entry_of(asked, each) for each in queries.lists(patient_id).of(asked.of)]
    return {"entries": entries, "add_url": reverse("portal:story_add", args=[asked.id])}


def entry_of(asked: Question, each: Any) -> Entry:
    what, details = wording.line(asked.of, asdict(each))
    medicine = asked.of == "medicines"
    return Entry(
        what=what,
        details=details,
        unchecked=medicine and not each.checked,
        ingredient=known_as(each) if medicine else "",
        not_checked=", ".join(each.not_checked) if medicine else "",
        change_url=reverse("portal:story_line", args=[asked.id, each.line]),
        remove_url=reverse("portal:story_line", args=[asked.id, each.line]),
    )


def person_entry(each: RelatedPerson) -> Entry:
    values = {"name": each.name, "relationship": each.relationship, "phone": each.phone, "email": each.email,
              "emergency_contact": each.emergency_contact}  # fmt: skip
    what, details = wording.line("people", values)
    return Entry(what, details, False, "", "", "", reverse("portal:story_person", args=[each.pk]))


# ---------------------------------------------------------------- all of it


@dataclass(frozen=True, slots=True)
class Said:
    """One question in the review. ``lines`` are those of its list."""

    text: str
    answer: str
    open: bool
    unsure: bool
    url: str
    lines: tuple[Entry, ...] = ()
