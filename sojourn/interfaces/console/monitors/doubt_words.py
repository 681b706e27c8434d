"""Why a value is not believed, in words: the same on the board, the session's page, the Monitors page and the record.

A doubt is named as what it is: a limit, a test message and a value without a time are not "not believable".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_stubs_ext import StrPromise

from sojourn.clinical.vitals import NO_VALUE, UNDATED, void

DOUBTS: Final[Mapping[str, StrPromise]] = {
    "time": gettext_lazy("time unknown"),
    "clock": gettext_lazy("the monitor's clock is in doubt"),
    "line": gettext_lazy("it came from another address"),
    "patient": gettext_lazy("its message named another patient"),
    "deleted": gettext_lazy("withdrawn by the monitor"),
    "wrong": gettext_lazy("withdrawn by the monitor as wrong"),
    "unit": gettext_lazy("its unit cannot be that of this vital sign"),
    "implausible": gettext_lazy("outside of what is plausible"),
    "impossible": gettext_lazy("a number that nobody can have"),
    "rate": gettext_lazy("between 0 and 1 a minute"),
    "crossed": gettext_lazy("the lower pressure is not below the upper one"),
    "test": gettext_lazy("a test message of the monitor"),
    "demo": gettext_lazy("the monitor shows a demonstration"),
    "bound": gettext_lazy("the monitor gave only a limit for it"),
    "below": gettext_lazy("the monitor gave only a limit for it: less than this"),
    "at-most": gettext_lazy("the monitor gave only a limit for it: this at most"),
    "above": gettext_lazy("the monitor gave only a limit for it: more than this"),
    "at-least": gettext_lazy("the monitor gave only a limit for it: this at least"),
    "questionable": gettext_lazy("the monitor itself doubts it"),
    "early": gettext_lazy("an early value, before the measurement has settled"),
    "ongoing": gettext_lazy("the measurement is still going on"),
    "status": gettext_lazy("sent with a status that is not in the standard"),
}

# What stands beside a figure of the board, where there is room for two words. All else is "Not believable".
SHORT: Final[Mapping[str, StrPromise]] = {
    **dict.fromkeys(("time", "clock"), pgettext_lazy("a reading", "Time unknown")),
    **dict.fromkeys(("questionable", "early", "ongoing"), pgettext_lazy("a reading", "Questionable")),
    "bound": pgettext_lazy("a reading", "Only a limit"),
    "below": pgettext_lazy("a reading", "Less than this"),
    "at-most": pgettext_lazy("a reading", "This at most"),
    "above": pgettext_lazy("a reading", "More than this"),
    "at-least": pgettext_lazy("a reading", "This at least"),
    "test": pgettext_lazy("a reading", "Test message"),
}


def doubt_words(doubt: str) -> str:
    """What a reading's doubt means for it, and why it is doubted. What says nothing of the patient is not counted;
    everything else may have raised an alarm, and has ended none. A value without a time of its own says that too."""
    if doubt == NO_VALUE:
        return _("The sensor has no value")
    why = {"why": DOUBTS.get(doubt, doubt)}
    words = _("not counted, %(why)s") % why if void(doubt) else _("in doubt, %(why)s") % why
    return f"{_('time unknown')}; {words}" if doubt in UNDATED - {"time"} else words
