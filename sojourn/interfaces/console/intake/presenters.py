"""A patient's intake as the clinic reads it: what was said, what changed, what stands in a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake import wording
from sojourn.care.intake.intake_form import Question, StatedAnswer, intake_form
from sojourn.care.intake.known_as import known_as
from sojourn.care.intake.models import IntakeSubmission
from sojourn.care.intake.queries import Answered, Change, Lists
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.patients.queries import people_of
from sojourn.clinical.interactions import InteractionRule
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook.queries import interaction_rules
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.console.intake.findings import IntakeFinding, intake_findings


@dataclass(frozen=True, slots=True)
class IntakeEntry:
    """A line of a list. ``unchecked``: what of a medicine the list of interactions does not know; ``says``: the rules
    that speak of it beside ketamine or esketamine by any route, the gravest first."""

    what: str
    details: str
    ingredient: str
    unchecked: str
    url: str
    says: tuple[IntakeFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One question with what was said. ``look``: "", "open", "wait" (not sure, skipped)."""

    text: str
    answer: str
    look: str
    on_behalf: bool
    confirmed: bool
    changed: bool
    said_at: datetime | None
    url: str
    lines: tuple[IntakeEntry, ...]


@dataclass(frozen=True, slots=True)
class Differs:
    """One change between two sendings, in words."""

    what: str
    was: str
    now: str


def _entry(patient_id: int, question: Question, each: Any, rules: Sequence[InteractionRule] = ()) -> IntakeEntry:
    if question.of == "people":
        values = {"name": each.name, "relationship": each.relationship, "phone": each.phone, "email": each.email,
                  "emergency_contact": each.emergency_contact}  # fmt: skip
        what, details = wording.line("people", values)
        return IntakeEntry(what, details, "", "", reverse("console:person_edit", args=[each.pk]))
    what, details = wording.line(question.of, asdict(each))
    medicine = question.of == "medicines"
    return IntakeEntry(
        what=what,
        details=details,
        ingredient=known_as(each) if medicine else "",
        unchecked=", ".join(each.not_checked) if medicine else "",
        says=intake_findings(each, rules) if medicine and each.current else (),
        url=reverse("console:intake_line", args=[patient_id, question.id, each.line]),
    )


def look(answer: Answered | None) -> str:
    if answer is None:
        return "open"
    return "" if answer.told.standing == "told" else "wait"


def differs(change: Change) -> Differs:
    if change.of == "answers":
        question = intake_form().by_id.get(change.key)
        if question is None:
            return Differs(change.key, "", "")
        was, now = (
            "" if each is None else wording.said(question, StatedAnswer(each["standing"], each["value"]))
            for each in (change.was, change.now)
        )
        return Differs(_(question.text), was, now)
    titles = {each.of: _(each.text) for each in intake_form().questions if each.kind == "list"}
    was, now = (
        "" if each is None else ", ".join(filter(None, wording.line(change.of, each)))
        for each in (change.was, change.now)
    )
    return Differs(titles[change.of], was, now)


def said_line(
    patient_id: int,
    question: Question,
    answer: Answered | None,
    everything: Lists,
    people: Sequence[RelatedPerson],
    fresh: set[tuple[str, str]],
    rules: Sequence[InteractionRule],
) -> AnswerView:
    lines: tuple[Any, ...] = ()
    if question.of == "people":
        lines = tuple(people)
    elif question.kind == "list":
        lines = everything.of(question.of)
    return AnswerView(
        text=_(question.text),
        answer=wording.said(question, answer.told if answer else None),
        look=look(answer),
        on_behalf=answer is not None and answer.on_behalf,
        confirmed=bool(answer and answer.confirmed),
        changed=("answers", question.id) in fresh
        or any((question.of, str(getattr(each, "line", getattr(each, "pk", "")))) in fresh for each in lines),
        said_at=answer.said_at if answer else None,
        url=reverse("console:intake_question", args=[patient_id, question.id]),
        lines=tuple(_entry(patient_id, question, each, rules) for each in lines),
    )


# ---------------------------------------------------------------- on the patient's behalf


def options(found: Question) -> list[tuple[str, str]]:
    if found.kind == "yes_no":
        return [("yes", _("Yes")), ("no", _("No"))]
    return [(each.id, _(each.text)) for each in found.choices]


def list_lines(patient_id: int, found: Question) -> list[IntakeEntry]:
    if found.kind != "list":
        return []
    rows: Any = (
        people_of(PatientScope(patient_id))
        if found.of == "people"
        else intake_queries.lists(PatientScope(patient_id)).of(found.of)
    )
    return [_entry(patient_id, found, each) for each in rows]


def typed_value(found: Question, answer: Answered | None, posted: Mapping[str, str]) -> str:
    if "value" in posted:
        return posted["value"]
    if answer is None or answer.told.standing != "told":
        return ""
    if found.kind == "day":
        return str(answer.told.value["day"])
    if found.kind == "number":
        return str(answer.told.value["typed"])
    return str(answer.told.value) if found.kind == "text" else ""


def unit_of(found: Question, answer: Answered | None) -> str:
    if found.kind == "number" and answer is not None and answer.told.standing == "told":
        return str(answer.told.value["unit"])
    return found.units[0] if found.units else ""


def chosen_values(found: Question, answer: Answered | None, posted: QueryDict) -> set[str]:
    if posted:
        return set(posted.getlist("value")) | ({"rest_unsure"} if posted.get("rest_unsure") else set())
    if answer is None or answer.told.standing != "told":
        return set()
    value = answer.told.value
    if found.kind == "yes_no":
        return {"yes" if value else "no"}
    if found.kind == "checklist":
        return set(value["yes"]) | ({"rest_unsure"} if value.get("rest_unsure") else set())
    return {str(value)} if found.kind == "choice" else set()


# ---------------------------------------------------------------- the pages

_CONTRADICTION = "contradiction:"


def doubts_of(refused: ActionRefused | None) -> list[str]:
    """What is asked back about: another answer says otherwise."""
    codes = refused.codes if refused else ()
    return [code.removeprefix(_CONTRADICTION) for code in codes if code.startswith(_CONTRADICTION)]


def question_context(found: Question, answer: Answered | None, posted: QueryDict) -> dict[str, object]:
    """One question with the answer that stands, or with what was typed."""
    chosen = chosen_values(found, answer, posted)
    return {
        "question": found,
        "text": _(found.text),
        "hint": _(found.hint) if found.hint else "",
        "why": _(found.why),
        "seen": answer.id if answer else "",
        "standing": wording.said(found, answer.told) if answer else "",
        "typed": typed_value(found, answer, posted),
        "options": [(value, label, value in chosen) for value, label in options(found)],
        "rest_unsure": "rest_unsure" in chosen,
        "unit": posted.get("unit") or unit_of(found, answer),
    }


def told_context(patient: Patient) -> dict[str, object]:
    """Everything that was told, by section; what changed since it was sent, and between the last two sendings.

    Six queries.
    """
    given, everything, people = (
        intake_queries.answers(PatientScope(patient.pk)),
        intake_queries.lists(PatientScope(patient.pk)),
        people_of(PatientScope(patient.pk)),
    )
    sendings = intake_queries.submissions(PatientScope(patient.pk))
    shown = intake_form().shown({each.question_id: each.told for each in given.values()}, patient.sex)
    since, between = _changes(sendings, intake_queries.snapshot(patient.sex, given, everything, people))
    fresh = {(each.of, each.key) for each in (*since, *between)}
    rules = interaction_rules(patient.clinic_id)
    said = [(each, said_line(patient.pk, each, given.get(each.id), everything, people, fresh, rules)) for each in shown]
    return {
        "chapters": list(_by_section(said)),
        "sendings": sendings,
        "unsent": [differs(each) for each in since],
        "between": [differs(each) for each in between],
        "answered": sum(each.id in given for each in shown),
        "total": len(shown),
        "unsure": sum(look(given.get(each.id)) == "wait" for each in shown),
        "unchecked": sum(not each.checked for each in everything.medicines),
    }


def _by_section(said: Sequence[tuple[Question, AnswerView]]) -> Iterator[tuple[str, list[AnswerView]]]:
    """What was said, under the title of its section."""
    for section in intake_form().sections:
        lines = [line for question, line in said if question.section == section.id]
        if lines:
            yield _(section.title), lines


def _changes(sendings: Sequence[IntakeSubmission], now: Mapping[str, Any]) -> tuple[Sequence[Change], Sequence[Change]]:
    """What changed since the newest sending, and between the one before it and that."""
    since = intake_queries.changes(sendings[0].content, now) if sendings else ()
    between = intake_queries.changes(sendings[1].content, sendings[0].content) if len(sendings) > 1 else ()
    return since, between
