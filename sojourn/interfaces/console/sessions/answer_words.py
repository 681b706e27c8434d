"""What the two answers to an item of a session are called, so that neither can be taken for the other.

"Pass" beside "Asked about thoughts of suicide today" may mean that somebody asked, or that the answer was no. So each
item says the thing itself, on its buttons, beside the tick, in the record and on paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.encounter.actions import said
from sojourn.clinical.protocol import GuardReason


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """The answer that lets the session go on, and the one that stands against it. ``said``: the second once it was
    given, where the button says it otherwise."""

    passes: StrPromise
    fails: StrPromise
    said: StrPromise | None = None

    @property
    def failed(self) -> StrPromise:
        return self.said or self.fails


# Of an item that a protocol of the clinic's own may have.
ANY: Final = AnswerWords(gettext_lazy("As it should be"), gettext_lazy("Not as it should be"))
ESCORT: Final = "companion_here"  # the code under which checks are kept and signed

_WORDS: Final[Mapping[str, AnswerWords]] = {
    "identity": AnswerWords(gettext_lazy("Both match"), gettext_lazy("They do not match")),
    "consent": AnswerWords(gettext_lazy("Signed and wanted"), gettext_lazy("Not signed, or not wanted")),
    "fasting": AnswerWords(gettext_lazy("Has fasted"), gettext_lazy("Has not fasted")),
    "escort": AnswerWords(gettext_lazy("Somebody will"), gettext_lazy("Nobody will")),
    "no_driving": AnswerWords(gettext_lazy("Will not drive"), gettext_lazy("Means to drive")),
    "pregnancy": AnswerWords(gettext_lazy("Excluded or not possible"), gettext_lazy("Not excluded")),
    "medicines": AnswerWords(gettext_lazy("All gone through"), gettext_lazy("Not gone through")),
    "allergies": AnswerWords(gettext_lazy("No such allergy"), gettext_lazy("Has this allergy")),
    "intoxication": AnswerWords(gettext_lazy("No sign"), gettext_lazy("There are signs")),
    "suicide_risk": AnswerWords(
        gettext_lazy("No such thoughts today"),
        gettext_lazy("Yes, has such thoughts"),
        gettext_lazy("Has such thoughts today"),
    ),
    "weight": AnswerWords(gettext_lazy("Weighed"), gettext_lazy("Not weighed")),
    "blood_pressure": AnswerWords(pgettext_lazy("answer", "Measured"), gettext_lazy("Not measured")),
    "saturation": AnswerWords(pgettext_lazy("answer", "Measured"), gettext_lazy("Not measured")),
    "emergency": AnswerWords(pgettext_lazy("answer", "Ready"), gettext_lazy("Not ready")),
    "staff": AnswerWords(gettext_lazy("Is on site"), gettext_lazy("Nobody is on site")),
    "walks": AnswerWords(gettext_lazy("Walks steadily"), gettext_lazy("Not steady yet")),
    "dissociation": AnswerWords(gettext_lazy("Gone or nearly gone"), gettext_lazy("Still there")),
    "no_crisis": AnswerWords(gettext_lazy("In no suicidal crisis"), gettext_lazy("In a suicidal crisis")),
    "driving": AnswerWords(gettext_lazy("Was told"), gettext_lazy("Not told yet")),
    ESCORT: AnswerWords(gettext_lazy("Is here"), gettext_lazy("Not here"), gettext_lazy("Not here yet")),
}


def words_for(item_id: str) -> AnswerWords:
    """What the answers to an item are called."""
    return _WORDS.get(item_id, ANY)


def reason_words(reason: GuardReason) -> str:
    """Why a step is refused: an answer against it in the answer's own words, anything else as the guard says it."""
    stem, _colon, item_id = reason.code.partition(":")
    if stem != "check-failed" or "item" not in reason.values:
        return said(reason)
    return _("%(item)s: %(answer)s.") % {
        "item": _(str(reason.values["item"])), "answer": answer_word(item_id, passed=False)
    }  # fmt: skip


def answer_word(item_id: str, passed: bool) -> str:
    """An answer that was given, in words."""
    words = words_for(item_id)
    return str(words.passes if passed else words.failed)
