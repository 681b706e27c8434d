"""Which of several alarms is said first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple, TypeVar

from sojourn.clinical.alarms.model import Phase, Priority

# Of equally grave alarms, that no heart beats or no breath comes is said first, however long another has stood.
FIRST: Final = frozenset(("breathing.apnoea", "heart.asystole", "heart.no_pulse"))

A = TypeVar("A")


class Standing(NamedTuple):
    """How an alarm stands, in the order in which ``urgency`` asks. ``since``: seconds."""

    phase: str
    priority: str
    since: float | None
    rule_id: str
    code: str


def urgency(
    phase: str, priority: str, since: float | None, rule_id: str = "", code: str = ""
) -> tuple[bool, bool, int, bool, float, str, str]:
    """The key that sorts alarms, the most urgent first. ``since``: seconds.

    Open before over, unanswered before answered, grave before mild, a stopped heart or breath before all else (FIRST),
    old before new; then by name, so that the order never changes by itself.
    """
    over, answered = phase == Phase.RECOVERED, phase == Phase.ACKNOWLEDGED
    return over, answered, -rank(priority), rule_id not in FIRST, since or 0.0, rule_id, code


def gravest_of(codes: Collection[str], alarms: Iterable[A], standing: Callable[[A], Standing]) -> A | None:
    """The alarm that speaks for vital signs that are shown as one: their gravest that is not over, whether or not
    somebody has seen it. None where there is none."""
    found = [each for each in alarms if (one := standing(each)).code in codes and one.phase != Phase.RECOVERED]

    def first(each: A) -> tuple[int, bool, bool, int, bool, float, str, str]:
        one = standing(each)
        return -rank(one.priority), *urgency(*one)

    return min(found, key=first, default=None)


def rank(priority: str) -> int:
    """How grave a priority is, 0 to 2; one that is not known is as mild as the mildest."""
    return Priority(priority).rank if priority in _PRIORITIES else 0


_PRIORITIES = frozenset(Priority)
