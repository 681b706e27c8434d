"""Judging once more, after a reading turned out to be entered in error.

The machine goes forward only: a reading that was judged cannot be taken out of its state. So the readings that still
stand are judged anew, each at the moment at which it came, and the alarm is brought to where they leave it. What a
person saw stays seen, unless it turns out graver; what only the wrong reading raised ends; what only the wrong reading
had cleared is raised again and waits for somebody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from sojourn.clinical.alarms.machine import acknowledge, evaluate_alarm
from sojourn.clinical.alarms.model import (
    AlarmEvaluation,
    AlarmReason,
    AlarmRule,
    Event,
    Happening,
    Phase,
    Priority,
    Reading,
    State,
    Why,
)

Change = Literal["none", "ended", "raised", "lowered"]


class Heard(NamedTuple):
    """A reading that stands, when it came, and the patient's own value by then."""

    reading: Reading
    at: datetime
    baseline: float | None = None


class PutRight(NamedTuple):
    """Where the alarm stands now, what that changed, and the last judgement (None where no reading is left)."""

    state: State
    change: Change
    judgement: AlarmEvaluation | None


class Withdrawal(NamedTuple):
    """Where a withdrawn value leaves an alarm, and what that is called where the alarm ended by it."""

    found: PutRight
    happening: Happening | None


def put_right(rule: AlarmRule, state: State, standing: Sequence[Heard], now: datetime) -> PutRight:
    """Bring one alarm (``state``) to where the readings that stand, oldest first, leave it. Not for rules of silence:
    what a person typed was never expected to go on."""
    anew, last = _judged(rule, standing, state)
    if not anew.open:
        return _not_open(state, anew, last)
    assert anew.priority is not None
    before = state.priority if state.open else None
    if before is None or anew.priority.rank > before.rank:
        wait = rule.escalate.get(anew.priority)
        until = None if wait is None else now + wait
        since = state.since if state.open else now
        return PutRight(State(Phase.RAISED, anew.newest_at, since, anew.priority, until), "raised", last)
    after = state._replace(newest_at=anew.newest_at, priority=anew.priority)
    return PutRight(after, "lowered" if anew.priority.rank < before.rank else "none", last)


def withdraw(rule: AlarmRule, state: State, standing: Sequence[Heard], now: datetime) -> Withdrawal:
    """The same after a monitor has withdrawn a value. Nobody has looked yet: an alarm that no standing reading carries
    any more is over, and stays to be seen as withdrawn by the monitor until a person answers. So with one that had
    recovered before anybody saw it."""
    found = put_right(rule, state, standing, now)
    if found.change != "ended" and not (state.unseen and found.state.phase is Phase.QUIET):
        return Withdrawal(found, None)
    why = Why.WITHDRAWN_BY_MONITOR
    last, priority = found.judgement, state.priority or Priority.LOW
    reason = AlarmReason(
        why, rule.rule_id, rule.version, rule.vital, last.value if last else None, rule.mildest.limit,
        last.baseline if last else None,
    )  # fmt: skip
    after = State(Phase.RECOVERED, found.state.newest_at, state.since, priority)
    return Withdrawal(found._replace(state=after), Happening(Event.WITHDRAWN, now, priority, reason))


def _judged(rule: AlarmRule, standing: Sequence[Heard], before: State) -> tuple[State, AlarmEvaluation | None]:
    """The readings judged anew, with what a person saw of ``before`` at the moment at which they saw it."""
    state, last = State(), None
    seen_at = before.acknowledged_at
    for each in standing:
        if seen_at is not None and each.at > seen_at:
            state, seen_at = _seen(rule, state, before, seen_at), None
        last = evaluate_alarm(rule, (each.reading,), state, each.at, each.baseline)
        state = last.state
    return state, last


def _seen(rule: AlarmRule, state: State, before: State, at: datetime) -> State:
    found = acknowledge(rule, state, before.acknowledged_by or "", at)
    return found.state if isinstance(found, AlarmEvaluation) else state


def _not_open(state: State, anew: State, last: AlarmEvaluation | None) -> PutRight:
    quiet = State(newest_at=anew.newest_at)
    after = anew if anew.phase is Phase.PENDING else quiet
    if state.open:
        return PutRight(after, "ended", last)
    # An alarm that recovered by itself stays so, as long as it was ever right.
    return PutRight(state if anew.phase is Phase.RECOVERED else after, "none", last)
