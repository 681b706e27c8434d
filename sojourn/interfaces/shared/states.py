"""Where a session stands, in words, with the look of its pill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.clinical.protocol import PRESENT, State


@dataclass(frozen=True, slots=True)
class Word:
    """A state in words, with the look of its pill."""

    text: StrPromise | str
    kind: str


_CLINICAL_WORDS: Mapping[State, tuple[StrPromise, str]] = {
    State.PLANNED: (gettext_lazy("expected"), "open"),
    State.ARRIVED: (gettext_lazy("arrived, checks open"), "active"),
    State.CHECKED: (gettext_lazy("checks complete"), "active"),
    State.DOSING: (gettext_lazy("dose running"), "active"),
    State.PAUSED: (gettext_lazy("dose paused"), "wait"),
    State.OBSERVING: (gettext_lazy("observed"), "active"),
    State.READY_TO_LEAVE: (gettext_lazy("ready to leave"), "active"),
    State.LEFT: (gettext_lazy("left"), "done"),
    State.STOPPED_EARLY: (gettext_lazy("stopped early"), "stop"),
    State.DID_NOT_ATTEND: (gettext_lazy("did not attend"), "off"),
    State.CANCELLED: (gettext_lazy("cancelled"), "off"),
}


def state_word(state: State, *, clinical: bool) -> Word:
    """Where a session stands; without a clinical role only whether the patient is here."""
    if not clinical and state in PRESENT:
        return Word(gettext_lazy("here"), "active")
    text, kind = _CLINICAL_WORDS[state]
    return Word(text, kind)
