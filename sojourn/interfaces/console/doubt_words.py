"""Why a reading is not believed, in words: on the session's page, in the record and on paper alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.clinical.vitals import NO_VALUE, void

REASONS: Final[Mapping[str, StrPromise]] = {
    "time": gettext_lazy("time unknown"),
    "clock": gettext_lazy("the monitor's clock is in doubt"),
    "line": gettext_lazy("it came from another address"),
    "patient": gettext_lazy("the monitor names another patient"),
    "deleted": gettext_lazy("withdrawn by the monitor"),
    "wrong": gettext_lazy("withdrawn by the monitor as wrong"),
    "unit": gettext_lazy("its unit cannot be that of this vital sign"),
    "implausible": gettext_lazy("outside of what is plausible"),
    "impossible": gettext_lazy("a number that nobody can have"),
    "rate": gettext_lazy("a number that nobody can have"),
    "crossed": gettext_lazy("the lower pressure is not below the upper one"),
    "test": gettext_lazy("a test message of the monitor"),
    "demo": gettext_lazy("the monitor shows a demonstration"),
    "bound": gettext_lazy("the monitor gave only a limit for it"),
    "questionable": gettext_lazy("the monitor itself doubts it"),
    "early": gettext_lazy("the monitor was still measuring"),
    "ongoing": gettext_lazy("the monitor was still measuring"),
    "status": gettext_lazy("the monitor gave it a status that nobody knows"),
}


def doubt_words(doubt: str) -> str:
    """What a reading's doubt means for it, and why it is doubted. What says nothing of the patient is not counted;
    everything else may have raised an alarm, and has ended none."""
    if doubt == NO_VALUE:
        return _("The sensor has no value")
    why = {"why": REASONS.get(doubt, doubt)}
    return _("not counted, %(why)s") % why if void(doubt) else _("in doubt, %(why)s") % why
