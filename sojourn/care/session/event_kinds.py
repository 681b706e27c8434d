"""Every kind of session event: its words, how it is noted, and who may write it.

One entry each, in the order of the buttons. The action that writes, the session page, the timeline, the record and its
PDF, the audit, the board and the demo ask this list; none has one of its own. Timeline, record and audit show every
kind, since a record that leaves a row out is none. How to add one: docs/how-to/add-a-session-event.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from sojourn.clinical.units import L_PER_MIN, Unit, unit

Words = Mapping[str, StrPromise]

# Kinds that the program itself writes and looks for.
PATIENT_CALLS, CALL_SEEN, CALL_ANSWERED = "patient_calls", "call_seen", "call_answered"
# A dose is stopped by one press; why is written afterwards, as an event of this kind.
WHY_STOPPED: Final = "why_stopped"
# What has no kind of its own is said in words.
OTHER: Final = "other"

GRADES: Final[Words] = MappingProxyType(
    {
        "mild": pgettext_lazy("grade", "mild"),
        "moderate": pgettext_lazy("grade", "moderate"),
        "severe": pgettext_lazy("grade", "severe"),
    }
)

# What became of an event, when somebody asks again.
EFFECTS: Final[Words] = MappingProxyType(
    {
        "gone": pgettext_lazy("effect", "gone"),
        "better": pgettext_lazy("effect", "better"),
        "same": pgettext_lazy("effect", "the same"),
        "worse": pgettext_lazy("effect", "worse"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """The number that a kind is noted with, in its unit. ``more_than`` and ``at_most`` are what it must lie between; a
    highest amount has a source, or there is none."""

    label: StrPromise
    unit: Unit
    more_than: Decimal
    at_most: Decimal | None = None

    def against(self, amount: Decimal) -> str:
        """Why this is not taken; "" where it is."""
        if amount <= self.more_than:
            return gettext("Write more than %(limit)s.") % {"limit": self.written(self.more_than)}
        if self.at_most is not None and amount > self.at_most:
            return gettext("Write at most %(limit)s.") % {"limit": self.written(self.at_most)}
        return ""

    def written(self, amount: Decimal) -> str:
        return amount_word(amount, self.unit.code)


STAFF: Final = frozenset(("session.observe",))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """A kind of session event.

    ``grades`` says how strong it is: the session page offers it by grade, and asks afterwards how it is. ``one_tap``:
    noted by one tap, words may follow. ``amount``: noted with a number. ``in_words``: offered on the page for a note in
    words. Without any of these the program writes it, at a step or at a press. ``on_board``: a call for help, which the
    board and the patient's screen show until somebody goes. ``written_by``: any of these permissions.
    """

    code: str
    words: StrPromise
    icon: str = ""  # on its button; one of icons.json
    grades: Words = field(default_factory=dict)
    one_tap: bool = False
    amount: Amount | None = None
    in_words: bool = False
    on_board: bool = False
    written_by: frozenset[str] = STAFF

    @property
    def by_hand(self) -> bool:
        """Whether somebody chooses it on the session page."""
        return bool(self.grades) or self.one_tap or self.amount is not None


_LISTED: Final = (
    EventKind(code="nausea", words=_("Nausea"), icon="wind", grades=GRADES, in_words=True),
    EventKind(code="dizziness", words=_("Dizziness"), grades=GRADES),
    EventKind(code="headache", words=_("Headache"), grades=GRADES),
    EventKind(code="anxiety", words=_("Anxiety"), grades=GRADES),
    EventKind(code="discomfort", words=_("Other discomfort"), grades=GRADES),
    EventKind(
        code="emotional_response", words=_("Emotional response"), icon="heart-handshake", one_tap=True, in_words=True
    ),
    EventKind(
        code="supportive_measure", words=_("Supportive measure"), icon="life-buoy", one_tap=True, in_words=True
    ),
    EventKind(code="music", words=_("Music"), icon="ear", one_tap=True, in_words=True),
    # No highest flow: we have read no source for one.
    EventKind(
        code="oxygen", words=_("Oxygen given"), icon="wind",
        amount=Amount(label=_("Flow"), unit=L_PER_MIN, more_than=Decimal(0)),
    ),
    EventKind(code=OTHER, words=_("Something else"), icon="notebook-pen", in_words=True),
    EventKind(
        code=PATIENT_CALLS, words=_("The patient asked for someone"), on_board=True,
        written_by=STAFF | {"own.read"},
    ),
    EventKind(code=CALL_SEEN, words=_("Someone saw that the patient calls"), on_board=True),
    EventKind(code=CALL_ANSWERED, words=_("Someone went to the patient"), on_board=True),
    EventKind(code=WHY_STOPPED, words=_("Why it was stopped")),
)  # fmt: skip

KINDS: Final[Mapping[str, EventKind]] = MappingProxyType({each.code: each for each in _LISTED})


def chosen(wanted: Callable[[EventKind], object]) -> tuple[EventKind, ...]:
    """The kinds that are ``wanted``, in the order of their buttons."""
    return tuple(each for each in _LISTED if wanted(each))


def event_word(code: str) -> str:
    """What a kind is called; a code that is no longer in the list stands for itself."""
    found = KINDS.get(code)
    return code if found is None else str(found.words)


def amount_word(amount: Decimal, code: str) -> str:
    """An amount with its unit, in the reader's writing: "2.5 mL". ``code``: the unit's."""
    return f"{number_format(amount.normalize())} {unit(code).display}".rstrip()


def strength_word(grade: str, amount: Decimal | None, code: str) -> str:
    """What is said behind a kind's name: how strong it was, or how much; "" where nothing was said."""
    if amount is not None:
        return amount_word(amount, code)
    return str(GRADES.get(grade, grade))
