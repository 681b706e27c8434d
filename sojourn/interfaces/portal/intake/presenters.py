"""The intake as the patient's screens show it: choices, what is typed, lines of lists, the review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake import weight_queries, wording
from sojourn.care.intake.intake_form import Question, StatedAnswer, intake_form
from sojourn.care.intake.known_as import known_as
from sojourn.care.intake.queries import Answered, Lists
from sojourn.care.intake.typed import told_of
from sojourn.care.patients.models import RelatedPerson
from sojourn.care.patients.queries import people_of
from sojourn.clinical.dosing import Kilograms, trimmed
from sojourn.clinical.units import LB
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.portal.intake.way import IntakeProgress, section_of, url_before, url_of


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice on the screen."""

    value: str
    text: str
    hint: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class IntakeEntry:
    """A line of a list on the screen. ``key``: the line's own, or the number of a person."""

    what: str
    details: str
    unchecked: bool
    ingredient: str
    not_checked: str
    change_url: str
    remove_url: str
    key: str


# ---------------------------------------------------------------- one question


def known_weight(patient_id: int) -> str:
    """What the clinic knows of the patient's weight; "" where only the patient has told one. Two queries."""
    known = weight_queries.newest_weight(PatientScope(patient_id))
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
    except ActionRefused:
        return " ".join(typed.get("value", ()))


def picks(asked: Question, told: StatedAnswer | None, typed: Mapping[str, Sequence[str]]) -> list[Pick]:
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


def typed_value(asked: Question, told: StatedAnswer | None, typed: Mapping[str, Sequence[str]]) -> str:
    if typed:
        return next(iter(typed.get("value", ())), "")
    if told is None or told.standing != "told":
        return ""
    if asked.kind == "day":
        return str(told.value["day"])
    if asked.kind == "number":
        return str(told.value["typed"])
    return str(told.value) if asked.kind == "text" else ""


def unit_of(asked: Question, told: StatedAnswer | None, typed: Mapping[str, Sequence[str]], jurisdiction: str) -> str:
    if typed.get("unit"):
        return typed["unit"][0]
    if told is not None and told.standing == "told" and asked.kind == "number":
        return str(told.value["unit"])
    if not asked.units:
        return ""
    return asked.units[0] if jurisdiction.startswith("US") else asked.units[-1]


# ---------------------------------------------------------------- lists


def list_context(patient_id: int, asked: Question) -> dict[str, object]:
    """The lines of a list as they stand. One query."""
    if asked.of == "people":
        entries = [person_entry(each) for each in people_of(PatientScope(patient_id))]
    else:
        entries = [entry_of(asked, each) for each in intake_queries.lists(PatientScope(patient_id)).of(asked.of)]
    return {"entries": entries, "add_url": reverse("portal:intake_add", args=[asked.id])}


def entry_of(asked: Question, each: Any) -> IntakeEntry:
    what, details = wording.line(asked.of, asdict(each))
    medicine = asked.of == "medicines"
    return IntakeEntry(
        what=what,
        details=details,
        unchecked=medicine and not each.checked,
        ingredient=known_as(each) if medicine else "",
        not_checked=", ".join(each.not_checked) if medicine else "",
        change_url=reverse("portal:intake_line", args=[asked.id, each.line]),
        remove_url=reverse("portal:intake_line", args=[asked.id, each.line]),
        key=str(each.line),
    )


def person_entry(each: RelatedPerson) -> IntakeEntry:
    values = {"name": each.name, "relationship": each.relationship, "phone": each.phone, "email": each.email,
              "emergency_contact": each.emergency_contact}  # fmt: skip
    what, details = wording.line("people", values)
    return IntakeEntry(what, details, False, "", "", "", reverse("portal:intake_person", args=[each.pk]), str(each.pk))


# ---------------------------------------------------------------- all of it


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One question in the review. ``lines`` are those of its list."""

    text: str
    answer: str
    open: bool
    unsure: bool
    url: str
    lines: tuple[IntakeEntry, ...] = ()


# ---------------------------------------------------------------- the pages

_CONTRADICTION = "contradiction:"
Typed = Mapping[str, Sequence[str]]


def question_context(
    way: IntakeProgress,
    asked: Question,
    jurisdiction: str,
    *,
    to_review: bool,
    typed: Typed,
    refused: ActionRefused | None,
) -> dict[str, object]:
    """One question: with the answer that stands, or with what was ``typed`` and why it was refused."""
    standing = way.given.get(asked.id)
    told = standing.told if standing is not None else None
    context = {
        "question": asked,
        "section": section_of(asked),
        "text": _(asked.text),
        "hint": _(asked.hint) if asked.hint else "",
        "why": _(asked.why),
        "number": way.number(asked) if asked in way.shown else 1,
        "total": way.total,
        "minutes": way.minutes,
        "seen": standing.id if standing is not None else "",
        "picks": picks(asked, told, typed),
        "rest_unsure": _rest_unsure(told, typed),
        "typed": typed_value(asked, told, typed),
        "unit": unit_of(asked, told, typed, jurisdiction),
        "before": wording.said(asked, told) if told is not None and told.standing != "told" else "",
        "back": url_before(way, asked, to_review),
        "to_review": to_review,
        "known_weight": known_weight(way.patient.pk) if asked.fact == intake_queries.WEIGHT else "",
        **_refused_context(asked, told, typed, refused),
    }
    return context | (list_context(way.patient.pk, asked) if asked.kind == "list" else {})


def _rest_unsure(told: StatedAnswer | None, typed: Typed) -> bool:
    """Whether the rest of a checklist was not sure."""
    if typed:
        return bool(typed.get("rest_unsure"))
    return bool(told and isinstance(told.value, dict) and told.value.get("rest_unsure"))


def _refused_context(
    asked: Question, told: StatedAnswer | None, typed: Typed, refused: ActionRefused | None
) -> dict[str, object]:
    """Why an answer was refused; where it is only doubted, or another came before it, the same answer to send again."""
    codes, overtaken = refused.codes if refused else (), isinstance(refused, Overtaken)
    in_doubt = refused is not None and all(code.startswith(_CONTRADICTION) for code in codes)
    return {
        "reasons": refused.reasons if refused else (),
        "overtaken": wording.said(asked, told) if overtaken else "",
        "in_doubt": in_doubt,
        "doubts": [code.removeprefix(_CONTRADICTION) for code in codes],
        "again": [(name, value) for name in ("value", "unit", "rest_unsure", "press") for value in typed.get(name, ())],
        "again_words": said_again(asked, typed) if in_doubt or overtaken else "",
    }


def review_context(way: IntakeProgress) -> dict[str, object]:
    """Everything that was said, by section. Three queries."""
    everything, people = intake_queries.lists(PatientScope(way.patient.pk)), people_of(PatientScope(way.patient.pk))
    lines = [(each.section, _said(each, way.given.get(each.id), everything, people)) for each in way.shown]
    chapters = [
        (_(section.title), [line for of, line in lines if of == section.id]) for section in intake_form().sections
    ]
    first_open = way.first_open
    return {
        "chapters": [(title, said) for title, said in chapters if said],
        "first_open": url_of(first_open.id) if first_open else "",
        "left": way.total - way.answered,
    }


def _said(
    question: Question, standing: Answered | None, everything: Lists, people: Sequence[RelatedPerson]
) -> AnswerView:
    lines: tuple[IntakeEntry, ...] = ()
    if question.of == "people":
        lines = tuple(person_entry(one) for one in people)
    elif question.kind == "list":
        lines = tuple(entry_of(question, one) for one in everything.of(question.of))
    return AnswerView(
        text=_(question.text),
        answer=wording.said(question, standing.told if standing else None),
        open=standing is None,
        unsure=standing is not None and standing.told.standing == "unsure",
        url=url_of(question.id, to_review=True),
        lines=lines,
    )
