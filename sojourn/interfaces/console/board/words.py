"""What the board says, in the page and in its script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django_stubs_ext import StrPromise

from sojourn.clinical.alarms import FAULT, KINDS, SILENCE, Priority
from sojourn.clinical.alarms.prepare import RISE
from sojourn.clinical.current import rounded
from sojourn.clinical.protocol import State
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.interfaces.console.monitors.doubt_words import SHORT

STATES: Mapping[State, StrPromise] = {
    State.ARRIVED: gettext_lazy("Checks before the dose"),
    State.CHECKED: gettext_lazy("Ready for the dose"),
    State.DOSING: gettext_lazy("Dose running"),
    State.PAUSED: gettext_lazy("Dose paused"),
    State.OBSERVING: gettext_lazy("Being observed"),
    State.READY_TO_LEAVE: gettext_lazy("Ready to leave"),
    State.STOPPED_EARLY: gettext_lazy("Stopped early"),
}
PRIORITIES: Mapping[Priority, StrPromise] = {
    Priority.HIGH: gettext_lazy("High"),
    Priority.MEDIUM: gettext_lazy("Medium"),
    Priority.LOW: gettext_lazy("Low"),
}

# What stands beside a figure in alarm; the whole sentence stands above.
_SHORT: Mapping[str, StrPromise] = {
    "low": pgettext_lazy("a reading", "Low"),
    "high": pgettext_lazy("a reading", "High"),
    "rising": pgettext_lazy("a reading", "Risen"),
    "silent": pgettext_lazy("a reading", "Silent"),
}

# Where low or high would not say it.
_NAMED: Mapping[str, StrPromise] = {
    "heart.asystole": pgettext_lazy("a reading", "No beat"),
    "heart.no_pulse": pgettext_lazy("a reading", "No pulse"),
    "breathing.apnoea": pgettext_lazy("a reading", "No breath"),
}
Words = Mapping[str, Any]


def _bend(rule: Rule) -> str:
    """Which way a reading leaves its limits."""
    if rule.kind == SILENCE:
        return "silent"
    if rule.kind == RISE:
        return "rising"
    return "low" if str(rule.fact("comparison")).startswith("l") else "high"


def board_words() -> dict[str, Any]:
    """Everything that the script says. ``{n}``, ``{who}``, ``{time}`` and ``{what}`` are filled there."""
    return {
        "states": {state.value: str(word) for state, word in STATES.items()},
        "priorities": {priority.value: str(word) for priority, word in PRIORITIES.items()},
        "rules": {rule.id: _(rule.title) for rule in released_rulebook().of_kind(*KINDS, FAULT)},
        "short": {
            rule.id: str(_NAMED.get(rule.id) or _SHORT[_bend(rule)]) for rule in released_rulebook().of_kind(*KINDS)
        },
        "doubts": {doubt: str(word) for doubt, word in SHORT.items()},
        "just_now": pgettext("age of a reading", "now"),
        "seconds": _("{n} s ago"),
        "minutes": _("{n} min ago"),
        "hours": _("{n} h ago"),
        "none": _("no reading yet"),
        "old": _("Old: {age}"),
        "doubted": _("Not believable"),
        "undated": _("time unknown"),
        "no_value": _("No value"),
        "silent": _("The monitor is silent"),
        "withdrawn": _("Withdrawn by the monitor, and nobody has seen it"),
        "pressure": _("Pressure"),
        "mean": _("Mean pressure"),
        "breathing": _("Breathing"),
        "breathing_co2": _("Breathing, CO₂"),
        "breathing_by": _("Breathing, {how}"),
        "by_impedance": pgettext("how breaths are counted", "impedance"),
        "by_acoustic": pgettext("how breaths are counted", "acoustic"),
        "by_pulse oximeter": pgettext("how breaths are counted", "oximeter"),
        "pulse": _("Pulse"),
        "heart": _("Heart"),
        "dose": _("{n} min since the dose"),
        "here": _("here for {n} min"),
        "due": _("Next check in {n} min"),
        "now": _("Next check now"),
        "overdue": _("Check overdue by {n} min"),
        "calls": _("{who} needs someone"),
        "waits": _("{call}, {age}"),
        "nobody_went": _("nobody has gone"),
        "clock_ahead": _("The monitor's clock is {n} min ahead"),
        "clock_behind": _("The monitor's clock is {n} min behind"),
        "no_monitor": _("No monitor on"),
        "seen_by": _("seen by {who}"),
        "escalated": _("nobody has answered"),
        "over": _("It is over, and nobody has seen it"),
        "more": _("and {n} more"),
        "lost": _("The board lost its connection at {time}. It tries again by itself. Look at the monitors."),
        "signed_out": _("You were signed out at {time}, and the board no longer updates. Sign in again."),
        "asleep": _(
            "Alarms of silence are not being watched: last sign {age}. Look at the patients, and call whoever looks"
            " after this server."
        ),
        "never_awake": _(
            "Alarms of silence are not being watched: the watch does not run. Look at the patients, and call whoever"
            " looks after this server."
        ),
        "awake": _("Watch awake, {age}"),
        "watch_silent": _("Watch silent"),
        "sound_on": _("Sound is on"),
        "sound_off": _("Sound is off"),
        "failed": _("That did not go through. Try again."),
        "elsewhere": _("{what} alarm on another page"),
        "calls_elsewhere": _("Somebody on another page needs someone"),
    }  # fmt: skip


def age_word(words: Words, seconds: float) -> str:
    """How old a reading is, short enough to stand under it. The script says the same (tests/golden)."""
    if seconds < 1:
        return str(words["just_now"])
    for word, size, below in (("seconds", 1, 60), ("minutes", 60, 3600), ("hours", 3600, float("inf"))):
        if seconds < below:
            return str(words[word].format(n=int(seconds // size)))
    raise AssertionError("an age has no end")


def due_word(words: Words, left: float) -> tuple[str, bool]:
    """When the next check is due, ``left`` seconds from now, and whether that moment has passed."""
    if left >= 60:
        return words["due"].format(n=int(left // 60)), False
    if left > -60:
        return words["now"], left <= 0
    return words["overdue"].format(n=int(-left // 60)), True


def clock_word(words: Words, skew: float | None, believed: float) -> str:
    """That a monitor's clock is wrong, where it is more so than ``believed`` seconds; else ""."""
    if skew is None or abs(skew) <= believed:
        return ""
    return str(words["clock_ahead" if skew > 0 else "clock_behind"].format(n=rounded(abs(skew) / 60, 0)))
