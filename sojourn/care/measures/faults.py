"""What is wrong with a questionnaire file or an entered score, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.clinical.scales import Fault, Scale

_FAULTS: dict[str, str | Promise] = {
    "too-large": gettext_lazy("The file is larger than %(detail)s kB."),
    "too-deep": gettext_lazy("Its groups lie too deep within each other."),
    "not-json": gettext_lazy("This is not JSON: %(detail)s."),
    "not-a-questionnaire": gettext_lazy("This is not a FHIR Questionnaire: its resourceType is another."),
    "no-title": gettext_lazy("The questionnaire has no title."),
    "no-items": gettext_lazy("The questionnaire has no questions."),
    "too-many-items": gettext_lazy("There are more than %(detail)s questions."),
    "not-an-item": gettext_lazy("Item %(item)s is not an item."),
    "no-link-id": gettext_lazy("Item %(item)s has no linkId, or one longer than 40 signs."),
    "link-id-twice": gettext_lazy("The linkId %(item)s appears twice."),
    "items-below": gettext_lazy("Item %(item)s: questions within a question cannot be shown. Put them beside it."),
    "no-text": gettext_lazy("Item %(item)s has no text."),
    "repeats": gettext_lazy("Item %(item)s takes several answers; only one can be scored."),
    "wrong-type": gettext_lazy(
        "Item %(item)s is of type %(detail)s. Choice, boolean, integer, display and group can be taken."
    ),
    "no-answers": gettext_lazy("Item %(item)s needs at least two answerOptions."),
    "too-many-answers": gettext_lazy("Item %(item)s has more than %(detail)s answers."),
    "number-twice": gettext_lazy("Item %(item)s has two answers that count %(detail)s."),
    "no-answer-text": gettext_lazy("Item %(item)s has an answer without a display text."),
    "no-ordinal": gettext_lazy("Item %(item)s: the answer “%(detail)s” has no number (ordinalValue)."),
    "not-a-whole-number": gettext_lazy("Item %(item)s: %(detail)s is not a whole number up to 10,000."),
    "no-bounds": gettext_lazy("Item %(item)s needs a minValue and a higher maxValue, both whole numbers."),
    "wrong-branch": gettext_lazy("Item %(item)s: its enableWhen cannot be read."),
    "branch-of-group": gettext_lazy(
        "Item %(item)s: a group with a condition cannot be taken. Put the condition on each of its questions."
    ),
    "branch-on-later": gettext_lazy("Item %(item)s depends on %(detail)s, which does not come before it."),
    "wrong-translation": gettext_lazy("Item %(item)s: a translation cannot be read."),
    "text-too-long": gettext_lazy("Item %(item)s: a text is longer than %(detail)s signs."),
    "other-count": gettext_lazy("It does not have the questions of that scale: %(detail)s."),
    "other-answers": gettext_lazy("Item %(item)s: its answers must count %(detail)s as in that scale."),
    "no-scoring": gettext_lazy("The scoring is missing."),
    "unknown-scale": gettext_lazy("There is no scale %(detail)s."),
    "expression": gettext_lazy("The scoring cannot be read: %(detail)s."),
    "scoring": gettext_lazy("The scoring does not fit: %(detail)s."),
    "danger-no-question": gettext_lazy(
        "A flag from %(detail)s, but no question about danger is named. Name it, or leave the number at 1."
    ),
    "danger-no-answers": gettext_lazy(
        "Question %(item)s cannot raise a flag: there is no such question with numbered answers."
    ),
    "danger-unreachable": gettext_lazy(
        "Question %(item)s can never raise a flag: its highest answer is %(detail)s, below the number."
    ),
    "danger-always": gettext_lazy(
        "Question %(item)s would always raise a flag: its lowest answer, %(detail)s, already reaches the number."
    ),
    "danger-never-asked": gettext_lazy("Question %(item)s can never raise a flag: no answer leads to it."),
    "danger-not-named": gettext_lazy(
        "Question %(item)s looks like one about danger to oneself: %(detail)s. Name it under the questions about"
        " danger, or say that it is not one."
    ),
    "danger-of-that-scale": gettext_lazy(
        "It is scored as %(detail)s, and the questions about danger are those of that scale. Empty the field."
    ),
}


def said(fault: Fault) -> str:
    """One fault of a file, in words that name the item."""
    words = _FAULTS.get(fault.code)
    return str(words) % {"item": fault.item, "detail": fault.detail} if words is not None else fault.code


def in_words(reason: str, scale: Scale) -> str:
    """Why an entered score is refused."""
    code, _colon, which = reason.partition(":")
    part = next((_(each.label) for each in scale.parts if each.code == which), which)
    limits = {"low": scale.low, "high": scale.high, "step": scale.step, "part": part, "item": which}
    return {
        "not-enterable": _("No score of this scale can be entered: its range is not known."),
        "no-total": _("Enter the total."),
        "out-of-range": _("The total runs from %(low)d to %(high)d."),
        "not-a-step": _("This total cannot come out: it goes up in steps of %(step)d."),
        "parts-disagree": _("The subscales do not make this total. Look at the form again."),
        "part-out-of-range": _("%(part)s is out of its range."),
        "no-such-part": _("There is no subscale %(part)s."),
        "safety-item": _("Enter item %(item)s too: it is about danger, and the total does not show it."),
        "no-such-answer": _("Item %(item)s has no such answer."),
        "no-such-item": _("There is no item %(item)s."),
    }.get(code, code) % limits
