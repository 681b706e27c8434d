"""What a batch of readings does to the alarms of its sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import nan

from psycopg import Cursor

from sojourn.care.alarms.columns import Row
from sojourn.care.alarms.rules import Acting
from sojourn.care.alarms.store import Session
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule, Happening, Reading, State

MONITOR = "monitor"

TYPED = "typed"


@dataclass(slots=True)
class NewReading:
    """A value in its vital sign's own unit, about to be stored. ``doubt`` says why it is not believed."""

    session: Session
    code: str
    value: float
    unit: str
    effective_at: datetime
    received_at: datetime
    measured_at: datetime | None = None
    method: str = MONITOR
    device_id: int | None = None
    message_id: int | None = None
    by_id: int | None = None
    status: str = "final"
    doubt: str = ""
    supersedes_id: int | None = None
    judged: bool = True  # False: charted, but no alarm of this session
    charted: bool = True  # False: judged, but it waits for a person's word
    judged_at: datetime | None = None  # where its own time cannot be used: when it came

    def heard(self) -> Reading:
        """The reading as alarms judge it. A test, or a sensor that measures nothing, is no number."""
        value = nan if self.doubt in VOID else self.value
        return Reading(self.judged_at or self.effective_at, value, bool(self.doubt))


CUFF = frozenset(("nibp_sys", "nibp_dia", "nibp_map"))
VOID = frozenset(("test", "unit", "implausible"))
# Reasons of doubt that leave a value without a time of its own: it is judged, and shown, by its arrival.
_BY_ARRIVAL = frozenset(("time", "clock", "line", "patient"))
# A believed value that is older than this gives way to a doubted one, where somebody looks.
_SHOWN_FOR = timedelta(seconds=30)


@dataclass(slots=True)
class NewestOfSignal:
    """The newest of one vital sign in one session."""

    value: float | None = None
    effective_at: datetime | None = None
    silent_after: datetime | None = None
    baseline: float | None = None
    doubt: str = ""
    newest: NewReading | None = None

    @property
    def believed_at(self) -> datetime | None:
        """What orders new readings: only a value whose time can be believed does."""
        return None if self.doubt in _BY_ARRIVAL else self.effective_at


@dataclass(slots=True)
class Outcome:
    """What a batch set off: alarm rows written, by session."""

    happenings: list[tuple[Session, AlarmRule, Happening]] = field(default_factory=list)


def judge_session(
    session: Session,
    readings: list[NewReading],
    acting: Acting,
    signals: dict[tuple[int, str], NewestOfSignal],
    states: dict[tuple[int, str, str], State],
    moved: dict[tuple[int, str], NewestOfSignal],
    changed: list[tuple[Session, AlarmRule, State, alarms.Judgement | None]],
    outcome: Outcome,
    now: datetime,
) -> None:
    encounter_id = session.encounter_id
    by_code: dict[str, list[NewReading]] = defaultdict(list)
    for reading in readings:
        by_code[reading.code].append(reading)
    for code, ones in by_code.items():
        key = (encounter_id, code)
        signal = signals.get(key)
        if signal is None:
            signal = signals[key] = NewestOfSignal()
        newest_at = signal.believed_at
        recent = [one.heard() for one in ones if one.judged]
        for rule in acting.alarms(session.protocol_id, code) if recent else ():
            state_key = (encounter_id, rule.rule_id, code)
            stored = states.get(state_key)
            if rule.silence is not None:
                stored = _awaited(rule.silence, stored, signal, ones, now)
                if stored is None:
                    continue
                stored = stored._replace(newest_at=newest_at)
            else:
                stored = State(newest_at=newest_at) if stored is None else stored._replace(newest_at=newest_at)
            judgement = alarms.judge(rule, recent, stored, now, signal.baseline)
            if judgement.changed:
                states[state_key] = judgement.state
                changed.append((session, rule, judgement.state, judgement))
                outcome.happenings += [(session, rule, happening) for happening in judgement.happenings]
        for one in ones:
            if _shows(one, signal):
                signal.newest, signal.effective_at, signal.doubt = one, one.effective_at, one.doubt
        moved[key] = signal


def _shows(one: NewReading, signal: NewestOfSignal) -> bool:
    """Whether a reading is the newest now. One that is dated by its arrival takes the place of a believed one only
    when that has grown old, for it must never make a believed one look late; a cuff's value has no such hurry."""
    at = signal.effective_at
    if not one.charted:
        return False
    if at is None:
        return True
    doubted = signal.doubt in _BY_ARRIVAL
    if one.judged_at is None:
        return doubted or one.effective_at >= at
    return one.code in CUFF or one.effective_at - at > _SHOWN_FOR or (doubted and one.effective_at >= at)


def _awaited(
    wait: timedelta, stored: State | None, signal: NewestOfSignal, ones: Sequence[NewReading], now: datetime
) -> State | None:
    """What a rule of silence judges ``ones`` by; None where all that they do is to move its deadline, or nothing."""
    monitored = [one for one in ones if one.method == MONITOR]
    state, signal.silent_after = alarms.awaited(
        wait, stored, signal.silent_after, now, came=bool(monitored), heard=any(not one.doubt for one in monitored)
    )
    return state


def load_current(cursor: Cursor[Row], ids: Sequence[int]) -> dict[tuple[int, str], NewestOfSignal]:
    cursor.execute(
        "SELECT encounter_id, code, value, effective_at, silent_after, baseline, doubt FROM alarms_currentvital"
        " WHERE encounter_id = ANY(%s)",
        (list(ids),),
    )
    return {(row[0], row[1]): NewestOfSignal(*row[2:]) for row in cursor.fetchall()}
