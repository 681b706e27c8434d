"""What raised a flag, in the words of whoever reads it: a flag keeps the codes of an answer, a finding or a check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.measures.queries import scale
from sojourn.clinical.eligibility.facts import VOCABULARY
from sojourn.clinical.scales import say
from sojourn.interfaces.console.candidacy.words import value_words
from sojourn.interfaces.console.sessions.answer_words import ANY, answer_word, words_for

_ANSWER: Final = re.compile(r"^(?P<scale>\S+) (?P<item>\S+) = (?P<value>-?\d+)(?: \((?P<why>[^)]+)\))?$")
_FACT: Final = re.compile(r"^(?P<name>\w+) = (?P<value>\w+), (?P<rest>.+)$")

# What a patient pressed who said nothing, by the room of what the flag is about.
_PRESSED: Final[Mapping[str, StrPromise]] = {
    "call": gettext_lazy("Called for someone during the session, and nobody went in time."),
    "asked": gettext_lazy("Pressed: Tell the clinic that I need help."),
}


def said_in_words(about: str, detail: str) -> str:
    """What was said: the question and the answer of a questionnaire, a finding, an answer at the chair; else as the
    flag keeps it."""
    room = about.partition(":")[0]
    if not detail:
        return str(_PRESSED.get(room, ""))
    if room == "check":
        return _of_check(detail)
    if room == "fact" and (found := _FACT.match(detail)) is not None and found["name"] in VOCABULARY:
        label = _(VOCABULARY[found["name"]].label)
        return f"{label}: {value_words(found['name'], found['value'])}, {found['rest']}"
    answers = [_ANSWER.match(each) for each in detail.split(", ")]
    if not all(answers):
        return detail
    return " · ".join(_of_answer(each) for each in answers if each)


def _of_check(detail: str) -> str:
    item_id, _colon, note = detail.partition(": ")
    if words_for(item_id) is ANY:
        return detail
    said = answer_word(item_id, passed=False)
    return f"{said}: {note}" if note else said


def _of_answer(found: re.Match[str]) -> str:
    why = f" ({_(found['why'])})" if found["why"] else ""
    return _answer_in_words(found["scale"], found["item"], int(found["value"])) + why


def _answer_in_words(scale_id: str, link_id: str, value: int) -> str:
    language = translation.get_language() or "en"
    try:
        item = scale(scale_id).item(link_id)
    except KeyError:
        return f"{scale_id} {link_id} = {value}"
    chosen = next((say(option.text, language) for option in item.options if option.value == value), str(value))
    return f"{say(item.text, language)}: {chosen}"
