"""How long a patient who asks for somebody may wait before the call is passed on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sojourn.clinical.rules import Rule, RuleInvalid
from sojourn.clinical.units import convert

ESCALATION: Final = "call.escalation"


def waits_at_most(rule: Rule | None) -> timedelta | None:
    """How long a call may wait for somebody to go; None where no rule says so, and it is then never passed on."""
    if rule is None:
        return None
    if rule.kind != ESCALATION:
        raise RuleInvalid(f"{rule.id}: {rule.kind} is no {ESCALATION}")
    return timedelta(seconds=float(convert(rule.number("after"), rule.parameters["after"].unit, "s")))


def is_escalated(called_at: datetime, now: datetime, at_most: timedelta | None) -> bool:
    """Whether a call that nobody has answered has waited too long. In TypeScript: board/calls.ts."""
    return at_most is not None and now - called_at >= at_most
