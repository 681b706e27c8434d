"""Answers and lines in words, for the patient's pages and the clinic's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.intake.intake_form import Question, StatedAnswer
from sojourn.care.intake.models import Outcome, TakenBy, TreatmentKind


def said(question: Question, told: StatedAnswer | None) -> str:
    """What was answered, in words; "Still open" where nothing was."""
    if told is None:
        return _("Still open")
    if told.standing != "told":
        return _("Not sure") if told.standing == "unsure" else _("Skipped")
    return _told(question, told.value)


def _told(question: Question, value: Any) -> str:  # noqa: PLR0911 -- one for each kind
    if question.kind == "yes_no":
        return _("Yes") if value else _("No")
    if question.kind == "number":
        return f"{value['typed']} {value['unit']}".strip()
    if question.kind == "day":
        return date_format(date.fromisoformat(value["day"]), _("j F Y"))
    if question.kind == "text":
        return str(value)
    if question.kind == "list":
        return _("None") if value == "none" else _("The list is complete")
    if question.kind == "choice":
        chosen = question.choice(value)
        return _(chosen.text) if chosen is not None else str(value)
    return _ticked(question, value)


def _ticked(question: Question, value: Mapping[str, Any]) -> str:
    words = [_(each.text) for each in question.choices if each.id in value["yes"]]
    if value.get("rest_unsure"):
        words.append(_("not sure about the others") if words else _("not sure about some of them"))
    return "; ".join(words) or _("None of these")


def line(of: str, each: Mapping[str, Any]) -> tuple[str, str]:
    """(what, details) of a line of a list, from its plain values."""
    if of == "medicines":
        since = _("since %(when)s") % {"when": each["since"]} if each["since"] else ""
        stopped = "" if each["current"] else _("stopped")
        route = str(TakenBy(each["route"]).label) if each.get("route") else ""
        return each["name"], ", ".join(filter(None, (each["dose"], each["how_often"], route, since, stopped)))
    if of == "allergies":
        return each["substance"], each["reaction"]
    if of == "treatments":
        kind = str(TreatmentKind(each["kind"]).label)
        outcome = str(Outcome(each["outcome"]).label)
        return each["drug"], ", ".join(filter(None, (kind, each["dose"], each["duration"], outcome)))
    if of == "people":
        called = _("may be called in an emergency") if each.get("emergency_contact") else ""
        return each["name"], ", ".join(filter(None, (each["relationship"], each["phone"], each["email"], called)))
    return each["text"], ""
