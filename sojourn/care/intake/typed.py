"""What came in from a form, turned into an answer; what cannot be read is said in words, and nothing is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.intake.intake_form import Question, StatedAnswer, Unreadable, number
from sojourn.care.patients.days import days_in
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.ui.numbers import number_words

LONGEST: Final = 4000
UNSURE: Final = StatedAnswer("unsure")
SKIPPED: Final = StatedAnswer("skipped")


def _pressed(question: Question, fields: Mapping[str, Sequence[str]], values: Sequence[str]) -> str:
    pressed = next(iter(fields.get("press", ())), "")
    return pressed or (values[0] if question.kind != "text" and values else "")


def told_of(question: Question, fields: Mapping[str, Sequence[str]]) -> StatedAnswer:
    """The answer that a form holds: fields "value" (one or several), "unit", "rest_unsure".

    "press" or ``value`` "unsure" or "skip" stand for themselves. Refused: nothing, unreadable, feet, unit, two-days,
    not-a-choice, too-long, both, and what the one reader of numbers refuses.
    """
    values = [each.strip() for each in fields.get("value", ())]
    pressed = _pressed(question, fields, values)
    if pressed in {"unsure", "skip"}:
        return UNSURE if pressed == "unsure" else SKIPPED
    if question.kind == "checklist":
        none = pressed == "none"
        return _checklist(
            question, [] if none and values == ["none"] else values, bool(fields.get("rest_unsure")), none
        )
    text = pressed if question.kind == "list" else values[0] if values else ""
    if not text:
        raise ActionRefused(_nothing(question), codes=("nothing",))
    return StatedAnswer("told", _read(question, text, next(iter(fields.get("unit", ())), "")))


def _read(question: Question, text: str, unit: str) -> Any:
    if question.kind == "number":
        return _number(question, text, unit)
    if question.kind == "day":
        return {"typed": text, "day": day_of(text).isoformat()}
    return long_text(text) if question.kind == "text" else _chosen(question, text)


def _chosen(question: Question, text: str) -> str | bool:
    among = {"yes_no": {"yes", "no"}, "list": {"none", "done"}}.get(question.kind) or {
        each.id for each in question.choices
    }
    if text not in among:
        raise ActionRefused(_("Choose one of the answers shown."), codes=("not-a-choice",))
    return text == "yes" if question.kind == "yes_no" else text


def _nothing(question: Question) -> str:
    if question.kind in {"number", "day", "text"}:
        return _("Write your answer, or choose “I am not sure”.")
    return _("Choose one of the answers shown.")


def _checklist(question: Question, values: Sequence[str], rest_unsure: bool, none: bool) -> StatedAnswer:
    """Going on without a tick is no answer: "none of these" is said with its own button."""
    known = [each.id for each in question.choices]
    ticked = [each for each in values if each]
    _must_say_one_thing(ticked, rest_unsure, none)
    if set(ticked) - set(known):
        raise ActionRefused(_("Choose one of the answers shown."), codes=("not-a-choice",))
    value: dict[str, Any] = {"yes": [each for each in known if each in ticked], "rest_unsure": rest_unsure}
    return StatedAnswer("told", value)


def _must_say_one_thing(ticked: Sequence[str], rest_unsure: bool, none: bool) -> None:
    if none and (ticked or rest_unsure):
        raise ActionRefused(
            _("You ticked something, and also chose “None of these”. Change one of the two."), codes=("both",)
        )
    if not (none or ticked or rest_unsure):
        raise ActionRefused(_("Tick what fits, or choose “None of these”."), codes=("nothing",))


def _number(question: Question, text: str, unit: str) -> dict[str, Any]:
    try:
        return number(text, unit, question)
    except Unreadable as wrong:
        if wrong.code == "feet":
            reason = _("Write feet and inches, like 5 7 for five feet seven.")
        elif wrong.code == "unit":
            reason = _("Choose the unit next to the number.")
        elif wrong.refused is not None and wrong.code != "not-a-number":
            reason = number_words(wrong.refused)
        else:
            reason = _("Write a number, like 70 or 70.5.")
        raise ActionRefused(reason, codes=(wrong.code,)) from None


def day_of(text: str) -> date:
    """A day as people write it. Refused: unreadable, two-days."""
    days, rest = days_in(text)
    if not days or rest:
        raise ActionRefused(_("Write the day like 12 March 2026."), codes=("unreadable",))
    if len(days) > 1 and "/" in text:
        raise ActionRefused(
            _("This can be read as %(one)s or %(other)s. Write the month as a word.")
            % {"one": date_format(days[0], _("j F Y")), "other": date_format(days[1], _("j F Y"))},
            codes=("two-days",),
        )
    return days[-1]  # a year of two figures: the later one; the future is refused further on


def long_text(text: str) -> str:
    """A text as it was typed, with line ends of one kind. Refused: too-long."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(plain) > LONGEST:
        raise ActionRefused(
            _("This is longer than we can keep (%(most)d characters). Please shorten it.") % {"most": LONGEST},
            codes=("too-long",),
        )
    return plain
