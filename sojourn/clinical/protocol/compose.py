"""From what was written down in a session to the facts that its guards ask, at one moment.

The session's page and engine compose from rows of the database, a replayed scenario from the lines of its file: both
here, so that one thing is judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, Protocol

from sojourn.clinical.administration import Delivered, HistoryRefused
from sojourn.clinical.protocol.floors import Floors
from sojourn.clinical.protocol.guards import CheckResult, GuardFacts, GuardReason, Latest
from sojourn.clinical.protocol.states import UNDER_WAY, State
from sojourn.clinical.recovery.counting import SCALES, Scored, counted
from sojourn.clinical.recovery.leaving import NOTHING_ADOPTED, Leaving


class NewestReading(Protocol):
    """The newest reading of a vital sign, in its own unit. ``doubt``: why it is not believed, or ""; ``baseline``: the
    patient's own before the dose, once the checks are complete."""

    @property
    def value(self) -> float: ...
    @property
    def at(self) -> datetime: ...
    @property
    def doubt(self) -> str: ...
    @property
    def baseline(self) -> float | None: ...


class Answered(Protocol):
    """An answer to an item: ``value`` is what was typed, "" where it only passed or did not; the total of a score."""

    @property
    def item_id(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def at(self) -> datetime: ...


def facts(
    *,
    state: State,
    now: datetime,
    protocol_adopted: bool,
    answers: Mapping[str, CheckResult],
    newest: Mapping[str, NewestReading],
    systolic: Sequence[float],
    open_high_alarms: tuple[str, ...],
    dose_ordered: bool,
    second_checked: bool,
    entries_differ: bool = False,
    dose_given: bool,
    dose_ended_at: datetime | None,
    answered: Iterable[Answered],
    observing_since: datetime | None,
    escort_named: bool,
    escort_present: bool,
    reason: str = "",
    road: tuple[GuardReason, ...] = (),
    alarms_waiting: tuple[str, ...] = (),
    floors: Floors | None = None,
    dose_against: tuple[GuardReason, ...] = (),
    set_aside_before: frozenset[str] = frozenset(),
    leaving: Leaving = NOTHING_ADOPTED,
    arrived_at: datetime | None = None,
    minutes_since_appointment: float | None = None,
) -> GuardFacts:
    """All that the guards ask. ``newest`` is by code; ``systolic`` the believed systolic pressures, the oldest first;
    ``answered`` every answer that stands, the oldest first; ``observing_since`` when the present observation began.

    A reading counts from the moment at which it was taken, one from ahead of now as of now. Before the checks are
    complete the newest believed values since ``arrived_at`` are the patient's own; a dose that was given takes none of
    them any more.
    """
    believed = {code: each for code, each in newest.items() if not each.doubt}
    early = {code for code, each in believed.items() if arrived_at is not None and each.at < arrived_at}
    here = {code: each for code, each in believed.items() if code not in early}
    said = list(answered)
    totals = counted(scored(said), observing_since)
    return GuardFacts(
        state=state,
        protocol_adopted=protocol_adopted,
        checks=answers,
        latest={
            code: Latest(each.value, max(0.0, _minutes(each.at, now)), code in early) for code, each in believed.items()
        },
        baseline=_baseline(newest, here, dose_given),
        pressure_rising=_rising(systolic),
        open_high_alarms=open_high_alarms,
        road=road,
        alarms_waiting=alarms_waiting,
        floors=floors or Floors(),
        dose_against=dose_against,
        set_aside_before=set_aside_before,
        dose_ordered=dose_ordered,
        second_checked=second_checked,
        entries_differ=entries_differ,
        dose_given=dose_given,
        minutes_since_dose_end=_minutes_or_none(dose_ended_at, now),
        minutes_observing=_minutes_or_none(observing_since, now),
        from_before=answered_before(said, observing_since),
        padss=totals.padss,
        aldrete=totals.aldrete,
        aldrete_before_padss=totals.aldrete_before_padss,
        leaving=leaving,
        escort_named=escort_named,
        escort_present=escort_present,
        reason=reason,
        minutes_since_appointment=minutes_since_appointment,
    )


def _minutes_or_none(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else _minutes(since, now)


def _minutes(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds() / 60


def _baseline(
    newest: Mapping[str, NewestReading], believed: Mapping[str, NewestReading], dose_given: bool
) -> dict[str, float]:
    kept = {code: each.baseline for code, each in newest.items() if each.baseline is not None}
    return kept if kept or dose_given else {code: each.value for code, each in believed.items()}


def _rising(systolic: Sequence[float]) -> bool | None:
    """Whether each of the last three pressures is above the one before; None where there are not three."""
    last = systolic[-3:]
    return all(later > earlier for earlier, later in pairwise(last)) if len(last) == 3 else None


def scored(answered: Iterable[Answered]) -> list[Scored]:
    """The recovery scores among some answers, in their order."""
    return [
        Scored(each.item_id, int(each.value), each.at)
        for each in answered
        if each.item_id in SCALES and each.value.isdigit()
    ]


def answered_before(answered: Iterable[Answered], since: datetime | None) -> frozenset[str]:
    """The items whose newest answer is of before the present observation."""
    newest = {each.item_id: each.at for each in answered}
    return frozenset(item for item, at in newest.items() if since is not None and at < since)


def observing_since(states: Iterable[tuple[datetime, State]]) -> datetime | None:
    """When the present observation began: the newest entry into it. ``states``: the oldest first."""
    return next((at for at, state in reversed(list(states)) if state is State.OBSERVING), None)


_ALARM: Final = "high-alarm-open"
# Codes of what a prescriber sets aside for this session; the rest is a value of the moment.
_LASTING: Final = frozenset(("check-missing", "check-failed"))


def set_aside_before(
    signed: Iterable[tuple[datetime, Collection[str]]], answered_at: Mapping[str, datetime]
) -> frozenset[str]:
    """What a prescriber signed for earlier in this session (when, and which codes) and nobody has answered anew:
    answers, not values of the moment, which are asked again by every step."""
    found: set[str] = set()
    for at, codes in signed:
        for code in codes:
            stem, _colon, item = code.partition(":")
            if stem in _LASTING and (item not in answered_at or answered_at[item] <= at):
                found.add(code)
    return frozenset(found)


def signed_to_leave(state: State, set_aside: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """What a prescriber set aside in the step that found the patient ready, as it was read then: at the door it is not
    signed again while the numbers are the same. An open alarm is: what it is about may have become worse."""
    if state is not State.READY_TO_LEAVE:
        return frozenset()
    return frozenset(each["key"] for each in set_aside if "key" in each and each["code"] != _ALARM)


def lasting_steps(
    states: Iterable[tuple[datetime, State, Collection[str]]],
) -> list[tuple[datetime, Collection[str]]]:
    """When something was set aside, and which codes, in the steps whose signatures can still last: not in a step that
    found the patient ready in an observation which has begun anew since. ``states``: the oldest first."""
    known = list(states)
    since = observing_since((at, state) for at, state, _ in known)
    return [
        (at, codes)
        for at, state, codes in known
        if not (state is State.READY_TO_LEAVE and since is not None and at < since)
    ]


def observed_from(
    state: State, delivered: Delivered | HistoryRefused | None, left_dosing_at: datetime | None
) -> datetime | None:
    """From when the patient is observed: the end of the last part given, once the dose is over. Where that cannot be
    said, from when the state of dosing was left."""
    if state in UNDER_WAY:
        return None
    found = delivered.observation_from if isinstance(delivered, Delivered) else None
    return found or left_dosing_at
