"""Which of several alarms is said first."""

from __future__ import annotations

from typing import Final

from sojourn.clinical.alarms.model import Phase, Priority

# Of equally grave alarms, that no heart beats or no breath comes is said first, however long another has stood.
FIRST: Final = frozenset(("breathing.apnoea", "heart.asystole", "heart.no_pulse"))


def urgency(
    phase: str, priority: str, since: float | None, rule_id: str = "", code: str = ""
) -> tuple[bool, bool, int, bool, float, str, str]:
    """The key that sorts alarms, the most urgent first. ``since``: seconds.

    Open before over, unanswered before answered, grave before mild, a stopped heart or breath before all else (FIRST),
    old before new; then by name, so that the order never changes by itself.
    """
    over, answered = phase == Phase.RECOVERED, phase == Phase.ACKNOWLEDGED
    return over, answered, -rank(priority), rule_id not in FIRST, since or 0.0, rule_id, code


def rank(priority: str) -> int:
    """How grave a priority is, 0 to 2; one that is not known is as mild as the mildest."""
    return Priority(priority).rank if priority in _PRIORITIES else 0


_PRIORITIES = frozenset(Priority)
