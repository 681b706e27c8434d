"""Judging: a rule, the readings that just came, the state so far and the time give what happened and what is.

Laws, each held by a test:
- the same input gives the same judgement, in whatever order readings stand and however often one is repeated;
- a reading older than the newest one judged changes nothing; at the same instant the worse value counts;
- doubt is not silence: a flagged reading may raise an alarm, or make it graver; it clears none, lessens none and does
  not break silence. A value that is no number does nothing at all;
- a graver value never gives a lesser alarm, and a stricter rule never gives a later one;
- nobody's acknowledgement outlives a rise in priority.

Times are compared as measured, with one exception: a reading that claims to come from the future is taken as
of ``now``, for a monitor whose clock once ran ahead must not make every later reading look old. Silence and
escalation run on ``now``, the server's clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sojourn.clinical.alarms.model import (
    AlarmEvaluation,
    AlarmReason,
    AlarmRule,
    Event,
    Happening,
    Level,
    NothingToAcknowledge,
    Phase,
    Priority,
    Reading,
    State,
    Why,
)

_QUIET, _PENDING, _RAISED = Phase.QUIET, Phase.PENDING, Phase.RAISED
_ACKNOWLEDGED, _ESCALATED, _RECOVERED = Phase.ACKNOWLEDGED, Phase.ESCALATED, Phase.RECOVERED
_NOT_OPEN = frozenset((_QUIET, _PENDING, _RECOVERED))
_Happenings = tuple[Happening, ...]
_NOTHING: _Happenings = ()
_WITHIN = Why.WITHIN_LIMITS
_FAR = 1e300  # beyond it a value is no number of a patient: infinity takes the careful way


def start(rule: AlarmRule, now: datetime) -> State:
    """The state when a signal begins to be watched: quiet, for a silence rule with its deadline."""
    return State(deadline=None if rule.silence is None else now + rule.silence)


def evaluate_alarm(
    rule: AlarmRule,
    recent: Sequence[Reading],
    state: State,
    now: datetime,
    baseline: float | None = None,
    *,
    eased: bool = False,
    spoke: bool = False,
) -> AlarmEvaluation:
    """Judges the readings in ``recent`` that are new to ``state``; with none, only what time alone changes.

    Values and ``baseline`` (needed by rise rules, else ignored) are in the vital sign's own unit. ``eased``: the signs
    of ``rule.easing`` show now what this one misses (see ``eased``). ``spoke``: for a rule of silence, the monitor has
    sent something of this signal within the time of the rule, if nothing good.
    """
    if rule.silence is not None:
        return _judge_silence(rule, recent, state, now, spoke)
    if eased and rule.easing is not None:
        rule = replace(rule, levels=_eased(rule.levels, rule.easing.to))
    if len(recent) == 1:
        (reading,) = recent
        measured_at, value, flagged, _ = reading
        at = min(measured_at, now)
        phase, newest, since, priority, deadline, seen_at, seen_by = state
        if rule.relative is None and not flagged and (phase is _QUIET or phase is _RECOVERED):
            # The common case, told apart early: all is well and was well. The rest of the module says the same
            # more slowly, and a test holds the two together.
            limit = rule.levels[0].limit
            if (newest is None or at > newest) and -_FAR < rule.sign * (value - limit) < 0:
                quiet = State(phase, at, since, priority, deadline, seen_at, seen_by)
                return AlarmEvaluation(quiet, _NOTHING, False, _WITHIN, rule, value, limit, baseline)
        return _judge_one(rule, reading, at, state, now, baseline=baseline)
    if not recent:
        return _tick(_Seen(rule, None, now, now, baseline), state, Why.NO_READING)
    happened: tuple[Happening, ...] = _NOTHING
    changed = False
    last: AlarmEvaluation | None = None
    for at, reading in _in_order(rule, recent, now, baseline):
        last = _judge_one(rule, reading, at, state, now, baseline=baseline)
        state = last.state
        happened += last.happenings
        changed = changed or last.changed
    assert last is not None
    return last._replace(happenings=happened, changed=changed)


def eased(rule: AlarmRule, others: Mapping[str, Reading], now: datetime) -> bool:
    """Whether another vital sign shows now what the rule's misses. ``others``: the newest reading by code."""
    if rule.easing is None:
        return False
    found = [others[code] for code in rule.easing.by if code in others]
    return any(_usable(each) and each.value > 0 and now - each.measured_at <= rule.easing.within for each in found)


def worse(rules: Iterable[AlarmRule], one: float, other: float, baseline: float | None = None) -> bool:
    """Whether, of two probes' values of one moment, ``one`` is the worse: beyond a graver limit, or further beyond it.
    Within all limits neither is worse."""
    ready = [each for each in rules if each.silence is None and (each.relative is None or baseline is not None)]
    return _gravity(ready, one, baseline) > _gravity(ready, other, baseline)


def _gravity(rules: Iterable[AlarmRule], value: float, baseline: float | None) -> tuple[float, ...]:
    """How far a value is beyond the limits: the rank of the gravest that it passed, and by how much; () within all."""
    passed = ((rule, _level(rule, value, baseline)) for rule in rules)
    return max(
        (
            (level.priority.rank, rule.sign * (value - _bounds(rule, rule.mildest.limit, baseline)))
            for rule, level in passed
            if level is not None
        ),
        default=(),
    )


def _eased(levels: tuple[Level, ...], to: Priority) -> tuple[Level, ...]:
    """The levels with none graver than ``to``."""
    return tuple(each if each.priority.rank <= to.rank else each._replace(priority=to) for each in levels)


def acknowledge(rule: AlarmRule, state: State, by: str, at: datetime) -> AlarmEvaluation | NothingToAcknowledge:
    """A person has seen the alarm: it stops escalating, and stays open until the reading recovers."""
    phase = state.phase
    if not state.unseen or state.priority is None:
        return NothingToAcknowledge(phase, state.acknowledged_by, state.acknowledged_at)
    if phase is _RECOVERED:  # nothing is open any more; a silence rule keeps its deadline
        after = state._replace(acknowledged_at=at, acknowledged_by=by)
    else:
        after = state._replace(phase=_ACKNOWLEDGED, deadline=None, acknowledged_at=at, acknowledged_by=by)
    reason = AlarmReason(Why.SEEN_BY_A_PERSON, rule.rule_id, rule.version, rule.vital, None, None, None)
    happened = (Happening(Event.ACKNOWLEDGED, at, state.priority, reason),)
    return AlarmEvaluation(after, happened, True, Why.SEEN_BY_A_PERSON, rule, None, None, None)


def awaited(
    wait: timedelta, stored: State | None, silent_after: datetime | None, now: datetime, *, came: bool, heard: bool
) -> tuple[State | None, datetime | None]:
    """What a rule of silence judges new readings by, and when the signal then counts as silent. None where all that
    they do is to move that deadline, or nothing.

    ``came``: a monitor sent something; ``heard``: something of it can be believed. Only a monitor is expected to go on
    by itself: from its first message on, even where nothing in that can be believed, for what cannot be believed must
    not look as if all were well. Only what can be believed breaks a silence.
    """
    until = now + wait
    quiet = stored is None or stored.phase is Phase.QUIET
    if quiet and came and (silent_after is None or (heard and now < silent_after)):
        return None, until
    if not heard:
        return None, silent_after
    stored = stored or State()
    return stored._replace(deadline=stored.deadline or silent_after), until


def _usable(reading: Reading) -> bool:
    value = reading.value
    return not reading.flagged and value - value == 0  # false for NaN and for either infinity


def _in_order(
    rule: AlarmRule, recent: Sequence[Reading], now: datetime, baseline: float | None
) -> list[tuple[datetime, Reading]]:
    """Oldest first, one for each instant: the worst value, and of equal ones the believed. A flagged one counts only
    beyond a limit, or where there is no better."""
    found: defaultdict[datetime, list[Reading]] = defaultdict(list)
    for reading in recent:
        found[min(reading.measured_at, now)].append(reading)
    return [(at, max(found[at], key=lambda each: _weight(rule, each, baseline))) for at in sorted(found)]


def _weight(rule: AlarmRule, reading: Reading, baseline: float | None) -> tuple[bool, float, bool]:
    """How much a reading counts among those of one instant; of two equal ones it is the one that is believed."""
    usable = _usable(reading)
    if reading.value - reading.value != 0:
        return False, -_FAR, False
    measurable = rule.relative is None or baseline is not None
    beyond = measurable and _level_of(rule, reading, baseline) is not None
    return usable or beyond, rule.sign * reading.value, usable


def _bounds(rule: AlarmRule, limit: float, baseline: float | None) -> float:
    """The limit as a plain value: a rise is added to the patient's baseline."""
    if rule.relative is None or baseline is None:
        return limit
    if rule.relative == "percent":
        return baseline * (100 + rule.sign * limit) / 100
    return baseline + rule.sign * limit


def _level(rule: AlarmRule, value: float, baseline: float | None) -> Level | None:
    """The gravest level that the value has passed."""
    found: Level | None = None
    sign, inclusive = rule.sign, rule.inclusive
    for level in rule.levels:
        bound = level.limit if rule.relative is None else _bounds(rule, level.limit, baseline)
        over = sign * (value - bound)
        if over > 0 or (inclusive and over == 0):
            found = level
        else:
            break
    return found


def _level_of(rule: AlarmRule, reading: Reading, baseline: float | None) -> Level | None:
    """The gravest level that a reading has passed for certain: of a limit, all that it allows must lie beyond."""
    if not reading.limit:
        return _level(rule, reading.value, baseline)
    if (reading.limit[0] == ">") != (rule.sign > 0):
        return None
    allowed = rule if reading.limit in ("<=", ">=") else replace(rule, inclusive=True)
    return _level(allowed, reading.value, baseline)


class _Seen(NamedTuple):
    """One reading on its way through the slower branches."""

    rule: AlarmRule
    value: float | None
    at: datetime
    now: datetime
    baseline: float | None


def _unchanged(seen: _Seen, state: State, why: Why, limit: float | None) -> AlarmEvaluation:
    return AlarmEvaluation(state, _NOTHING, False, why, seen.rule, seen.value, limit, seen.baseline)


def _change(seen: _Seen, state: State, why: Why, limit: float | None, happened: _Happenings) -> AlarmEvaluation:
    return AlarmEvaluation(state, happened, True, why, seen.rule, seen.value, limit, seen.baseline)


def _happening(seen: _Seen, event: Event, priority: Priority | None, why: Why, limit: float | None) -> Happening:
    rule = seen.rule
    reason = AlarmReason(why, rule.rule_id, rule.version, rule.vital, seen.value, limit, seen.baseline)
    return Happening(event, seen.at, priority or Priority.LOW, reason)


def _judge_one(
    rule: AlarmRule, reading: Reading, at: datetime, state: State, now: datetime, *, baseline: float | None
) -> AlarmEvaluation:
    _, value, flagged, _ = reading
    if value - value != 0:
        return _tick(_Seen(rule, value, at, now, baseline), state, Why.FLAGGED)
    if rule.relative is not None and baseline is None:
        return _tick(_Seen(rule, value, at, now, None), state, Why.NO_BASELINE)
    level = _level_of(rule, reading, baseline)
    if flagged:
        return _doubted(_Seen(rule, value, at, now, baseline), level, state)
    return _believed(_Seen(rule, value, at, now, baseline), level, state)


def _believed(seen: _Seen, level: Level | None, state: State) -> AlarmEvaluation:
    rule, value, at, _, baseline = seen
    phase, newest, since, priority, deadline, seen_at, seen_by = state
    if newest is not None and (at < newest or (at == newest and level is None)):
        return _tick(seen, state, Why.OUT_OF_ORDER)
    if level is None:
        if phase is _QUIET or phase is _RECOVERED:
            quiet = State(phase, at, since, priority, deadline, seen_at, seen_by)
            limit = rule.mildest.limit
            return AlarmEvaluation(quiet, _NOTHING, False, Why.WITHIN_LIMITS, rule, value, limit, baseline)
        return _back_within(seen, state)
    return _beyond(seen, level, state)


def _doubted(seen: _Seen, level: Level | None, state: State) -> AlarmEvaluation:
    """A reading that is not believed: it can only raise, or make an open alarm graver."""
    newest, before = state.newest_at, state.priority
    late = newest is not None and seen.at < newest
    lesser = level is not None and state.open and before is not None and level.priority.rank <= before.rank
    if level is None or late or lesser:
        return _tick(seen, state, Why.FLAGGED)
    return _beyond(seen, level, state)


def _back_within(seen: _Seen, state: State) -> AlarmEvaluation:
    rule, value, at, _, baseline = seen
    limit = rule.mildest.limit
    if state.phase is _PENDING:
        return _change(seen, State(newest_at=at), Why.WITHIN_LIMITS, limit, _NOTHING)
    bound = _bounds(rule, limit, baseline)
    assert value is not None
    if rule.clear_margin and rule.sign * (value - bound) > -rule.clear_margin:
        return _tick(seen, state._replace(newest_at=at), Why.WITHIN_CLEAR_MARGIN, limit)
    after = state._replace(phase=_RECOVERED, newest_at=at, deadline=None)
    happened = (_happening(seen, Event.RECOVERED, state.priority, Why.WITHIN_LIMITS, limit),)
    return _change(seen, after, Why.WITHIN_LIMITS, limit, happened)


def _beyond(seen: _Seen, level: Level, state: State) -> AlarmEvaluation:
    limit, priority = level
    if state.phase in _NOT_OPEN:
        return _opens(seen, level, state)
    rule, _, at, now, _ = seen
    phase, before = state.phase, state.priority
    after = state._replace(newest_at=at)
    if before is None or priority.rank > before.rank:
        if phase is _ESCALATED:
            after = after._replace(priority=priority)
        else:
            until = _escalates_at(rule, priority, now)
            if phase is _RAISED and state.deadline is not None and until is not None:
                until = min(until, state.deadline)  # getting worse never buys time
            after = State(_RAISED, at, state.since, priority, until)
        event = Event.PRIORITY_RAISED
    elif priority.rank < before.rank and phase is _ACKNOWLEDGED:
        after = after._replace(priority=priority)  # so that a second fall is heard as one
        event = Event.PRIORITY_LOWERED
    else:
        return _tick(seen, after, Why.BEYOND_LIMIT, limit)
    happened = (_happening(seen, event, priority, Why.BEYOND_LIMIT, limit),)
    return _tick(seen, after, Why.BEYOND_LIMIT, limit, happened)


def _opens(seen: _Seen, level: Level, state: State) -> AlarmEvaluation:
    rule, _, at, now, _ = seen
    limit, priority = level
    waiting = state.phase is _PENDING
    since = state.since if waiting and state.since is not None else at
    if at - since < rule.sustained:
        pending = State(_PENDING, at, since, priority, since + rule.sustained)
        if waiting:
            return _unchanged(seen, pending, Why.NOT_YET_SUSTAINED, limit)
        return _change(seen, pending, Why.NOT_YET_SUSTAINED, limit, _NOTHING)
    raised = State(_RAISED, at, at, priority, _escalates_at(rule, priority, now))
    happened = (_happening(seen, Event.RAISED, priority, Why.BEYOND_LIMIT, limit),)
    return _change(seen, raised, Why.BEYOND_LIMIT, limit, happened)


def _escalates_at(rule: AlarmRule, priority: Priority, now: datetime) -> datetime | None:
    wait = rule.escalate.get(priority)
    return None if wait is None else now + wait


def _tick(
    seen: _Seen, state: State, why: Why, limit: float | None = None, happened: _Happenings = _NOTHING
) -> AlarmEvaluation:
    """What time alone does: an alarm that nobody has acknowledged escalates at its deadline."""
    if state.phase is _RAISED and state.deadline is not None and seen.now >= state.deadline:
        waited = None if state.priority is None else seen.rule.escalate.get(state.priority)
        seconds = None if waited is None else waited.total_seconds()
        why = Why.NOT_ACKNOWLEDGED_IN_TIME
        late = _happening(seen._replace(at=seen.now), Event.ESCALATED, state.priority, why, seconds)
        escalated = state._replace(phase=_ESCALATED, deadline=None)
        return _change(seen, escalated, why, seconds, (*happened, late))
    if happened:
        return _change(seen, state, why, limit, happened)
    return _unchanged(seen, state, why, limit)


def _judge_silence(
    rule: AlarmRule, recent: Sequence[Reading], state: State, now: datetime, spoke: bool
) -> AlarmEvaluation:
    """Silence: the deadline moves with every usable new reading; past it the signal is silent, or, where the monitor
    goes on speaking, without a good value."""
    newest = state.newest_at
    heard: datetime | None = None
    value: float | None = None
    for reading in recent:
        at = min(reading.measured_at, now)
        if _usable(reading) and (newest is None or at > newest) and (heard is None or at > heard):
            heard, value = at, reading.value
    if heard is None:
        why = Why.NO_GOOD_VALUE if spoke or recent else Why.SILENT
        return _nothing_heard(_Seen(rule, None, now, now, None), state, why)
    assert rule.silence is not None
    until = now + rule.silence
    phase, _, since, priority, deadline, seen_at, seen_by = state
    limit = rule.mildest.limit
    if phase in _NOT_OPEN and (deadline is None or now < deadline):
        moved = State(phase, heard, since, priority, until, seen_at, seen_by)
        return AlarmEvaluation(moved, _NOTHING, False, Why.NOT_YET_SILENT, rule, value, limit, None)

    seen = _Seen(rule, value, now, now, None)
    happened: _Happenings = ()
    back = state._replace(phase=_RECOVERED, newest_at=heard, deadline=until)
    if phase in _NOT_OPEN:  # nobody looked while it was silent: the gap still belongs in the record
        assert deadline is not None
        priority = rule.mildest.priority
        back = State(_RECOVERED, heard, deadline, priority, until)
        gone = _Seen(rule, None, deadline, now, None)
        happened = (_happening(gone, Event.RAISED, priority, Why.SILENT, limit),)
    happened = (*happened, _happening(seen, Event.RECOVERED, priority, Why.HEARD_AGAIN, limit))
    return _change(seen, back, Why.HEARD_AGAIN, limit, happened)


def _nothing_heard(seen: _Seen, state: State, why: Why) -> AlarmEvaluation:
    rule, _, _, now, _ = seen
    limit, priority = rule.mildest
    if state.phase not in _NOT_OPEN:
        return _tick(seen, state, why, limit)
    assert rule.silence is not None
    if state.deadline is None:
        begun = state._replace(deadline=now + rule.silence)
        return _change(seen, begun, Why.NOT_YET_SILENT, limit, _NOTHING)
    if now < state.deadline:
        return _unchanged(seen, state, Why.NOT_YET_SILENT, limit)
    gone = State(_RAISED, state.newest_at, now, priority, _escalates_at(rule, priority, now))
    happened = (_happening(seen, Event.RAISED, priority, why, limit),)
    return _change(seen, gone, why, limit, happened)
