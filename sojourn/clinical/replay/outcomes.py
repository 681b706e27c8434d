"""What an entry of a scenario came to, in codes and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sojourn.clinical import alarms, dosing
from sojourn.clinical.protocol import GuardReason
from sojourn.clinical.protocol.guards import CheckResult

WASTE_FAULTS: Final = {
    "not-positive": "Enter how many milligrams were thrown away.",
    "too-fine": "Enter milligrams with no more than two decimals.",
}
RATE_FAULTS: Final = {
    "rate-missing": "Enter the rate of the pump in mL/h.",
    "no-pump": "This dose is not given by a pump, so it has no rate.",
    "not-lower": "This rate is not lower than the one that is set.",
    "not-higher": "This rate is not higher than the one that is set.",
}


@dataclass(frozen=True, slots=True)
class Done:
    """What an entry came to: the codes of a refusal, what a prescriber set aside, and both in words."""

    refused: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(slots=True)
class AlarmNews:
    """Something that happened to an alarm."""

    rule: alarms.AlarmRule
    happening: alarms.Happening


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to an item; ``value`` is the total of a score."""

    item_id: str
    outcome: CheckResult
    value: str
    at: datetime


DONE: Final = Done()


def refuse(code: str, words: str) -> Done:
    """A refusal with one code."""
    return Done(refused=(code,), said=(f"refused: {words} [{code}]",))


def refuse_all(reasons: tuple[GuardReason, ...]) -> Done:
    """A refusal with every reason of the guards."""
    return Done(
        refused=tuple(each.code for each in reasons), said=tuple(f"refused: {in_words(each)}" for each in reasons)
    )


def in_words(reason: GuardReason) -> str:
    """A reason of the guards with its code."""
    return f"{reason} [{reason.code}]"


def sentence(reason: dosing.DoseReason) -> str:
    """A reason of the dosing rules in words."""
    return reason.template % reason.values
