"""What a batch of readings does to the alarms of its sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import Cursor

from sojourn.care.alarms.columns import Row
from sojourn.care.alarms.rules import Acting
from sojourn.care.alarms.store import Session
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule, Happening, Reading, State
from sojourn.clinical.vitals import NO_VALUE, VOID, limit_of, void

MONITOR = "monitor"

TYPED = "typed"

SOURCE_LENGTH = 60
# Readings of two probes that are nearer to each other than this are of one moment: the worse one counts. A technical
# number: the beat of the monitors that send all the time, several times over.
ONE_MOMENT = timedelta(seconds=10)


def source_of(device_id: int, site: str) -> str:
    """Which probe a value came from: its device, and by which method and at which place (``site``, as the monitor
    names them)."""
    return f"{device_id}:{site}"[:SOURCE_LENGTH]


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
    source: str = "typed"  # which probe it came from, see source_of; or the hand of a person
    charted: bool = True  # False: judged, but it waits for a person's word
    judged_at: datetime | None = None  # where its own time cannot be used: when it came

    def heard(self) -> Reading:
        """The reading as alarms judge it."""
        return Reading(self.judged_at or self.effective_at, self.value, self.doubt != "", limit_of(self.doubt))


CUFF = frozenset(("nibp_sys", "nibp_dia", "nibp_map"))
# Reasons of doubt that leave a value without a time of its own: it is judged, and shown, by its arrival.
BY_ARRIVAL = frozenset(("time", "clock", "line", "patient"))
# A believed value that is older than this gives way to one that is dated by its arrival, where somebody looks.
_SHOWN_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class NoValue:
    """A sensor says that it has no value now: its probe is off, or it cannot measure."""

    session: Session
    code: str
    at: datetime
    received_at: datetime
    unit: str
    source: str


@dataclass(slots=True)
class NewestOfSignal:
    """The newest of one vital sign in one session, and of which probe. ``gone``: that probe says it has no value."""

    value: float | None = None
    effective_at: datetime | None = None
    silent_after: datetime | None = None
    baseline: float | None = None
    doubt: str = ""
    source: str = ""
    newest: NewReading | None = None
    gone: NoValue | None = None

    @property
    def believed_at(self) -> datetime | None:
        """What orders new readings: only a value whose time can be believed does."""
        return None if self.doubt in BY_ARRIVAL else self.effective_at

    @property
    def reading(self) -> Reading | None:
        """As the machine reads it; None where there is nothing that it could read."""
        if self.value is None or self.effective_at is None or void(self.doubt):
            return None
        return Reading(self.effective_at, self.value, bool(self.doubt), limit_of(self.doubt))

    def take(self, one: NewReading) -> None:
        """This reading is the newest now."""
        self.value, self.effective_at, self.doubt = one.value, one.effective_at, one.doubt
        self.source, self.newest, self.gone = one.source, one, None

    def empty(self, one: NoValue) -> None:
        """The probe that was shown has no value any more."""
        self.effective_at, self.doubt, self.source = one.at, NO_VALUE, one.source
        self.newest, self.gone = None, one


@dataclass(slots=True)
class BatchOutcome:
    """What a batch set off: alarm rows written, by session."""

    happenings: list[tuple[Session, AlarmRule, Happening]] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """What judging a batch works on: the signals and alarm states as loaded, and what of them moved."""

    signals: dict[tuple[int, str], NewestOfSignal]
    states: dict[tuple[int, str, str], State]
    now: datetime
    moved: dict[tuple[int, str], NewestOfSignal] = field(default_factory=dict)
    changed: list[tuple[Session, AlarmRule, State, alarms.AlarmEvaluation | None]] = field(default_factory=list)
    outcome: BatchOutcome = field(default_factory=BatchOutcome)

    def signal(self, session: Session, code: str) -> NewestOfSignal:
        """The signal, to be stored after the batch."""
        key = (session.encounter_id, code)
        self.moved[key] = self.signals.setdefault(key, NewestOfSignal())
        return self.moved[key]

    def eased(self, session: Session, rule: AlarmRule) -> bool:
        """Whether another vital sign shows now what this rule's misses."""
        if rule.easing is None:
            return False
        known = {code: self.signals.get((session.encounter_id, code)) for code in rule.easing.by}
        others = {code: reading for code, each in known.items() if each and (reading := each.reading)}
        return alarms.eased(rule, others, self.now)

    def note(self, session: Session, rule: AlarmRule, judgement: alarms.AlarmEvaluation) -> None:
        """Keep what a judgement changed."""
        self.states[session.encounter_id, rule.rule_id, rule.vital] = judgement.state
        self.changed.append((session, rule, judgement.state, judgement))
        self.outcome.happenings += [(session, rule, happening) for happening in judgement.happenings]


def judge_session(
    session: Session, readings: Sequence[NewReading], absent: Sequence[NoValue], acting: Acting, batch: Batch
) -> None:
    """Judge what came for one session: readings, and sensors that say that they have no value."""
    by_code: dict[str, list[NewReading]] = defaultdict(list)
    for reading in readings:
        by_code[reading.code].append(reading)
    gone: dict[str, list[NoValue]] = defaultdict(list)
    for each in absent:
        gone[each.code].append(each)
    # In the order of the codes: the rate of the ECG ("hr") is known before a pulse ("pr") is judged beside it.
    for code in sorted(by_code.keys() | gone.keys()):
        rules = acting.alarms(session.protocol_id, code)
        signal = batch.signal(session, code)
        ones, absent_here = by_code.get(code, _NOTHING), gone.get(code, _GONE)
        counting = ones if _one_probe(signal, ones) else _counting(signal, ones, rules)
        _judge_signal(session, _Came(signal, ones, counting, absent_here), rules, batch)
        _move(signal, counting, absent_here)


_NOTHING: list[NewReading] = []
_GONE: list[NoValue] = []


class _Came(NamedTuple):
    """What came of one signal: all readings, those that count, and sensors without a value."""

    signal: NewestOfSignal
    ones: list[NewReading]
    counting: list[NewReading]
    absent: list[NoValue]


def _judge_signal(session: Session, came: _Came, rules: Sequence[AlarmRule], batch: Batch) -> None:
    signal, ones, counting, absent = came
    newest_at, now, encounter_id = signal.believed_at, batch.now, session.encounter_id
    counted = [one.heard() for one in counting if one.judged and one.doubt not in VOID]
    for rule in rules:
        stored = batch.states.get((encounter_id, rule.rule_id, rule.vital))
        recent = counted
        if rule.silence is not None:
            stored = _awaited(rule.silence, stored, came, now)
            if stored is None:
                continue
            recent = [one.heard() for one in ones if one.judged]
            recent += [Reading(each.at, 0.0, True) for each in absent]
        if recent:
            state = State(newest_at=newest_at) if stored is None else stored._replace(newest_at=newest_at)
            eased = rule.easing is not None and _passed(rule, recent) and batch.eased(session, rule)
            judgement = alarms.evaluate_alarm(rule, recent, state, now, signal.baseline, eased=eased)
            if judgement.changed:
                batch.note(session, rule, judgement)


def _passed(rule: AlarmRule, recent: Sequence[Reading]) -> bool:
    """Whether there is anything to ease."""
    limit, sign = rule.levels[0].limit, rule.sign
    return any(sign * (each.value - limit) >= 0 for each in recent)


def _move(signal: NewestOfSignal, counting: Sequence[NewReading], absent: Sequence[NoValue]) -> None:
    """The newest reading that counts is shown; a probe that has no value any more shows none."""
    for one in counting:
        if _shows(one, signal):
            signal.take(one)
    for each in absent:
        own = signal.source in ("", each.source) or bool(signal.doubt)
        if own and (signal.effective_at is None or each.at > signal.effective_at):
            signal.empty(each)


def _shows(one: NewReading, signal: NewestOfSignal) -> bool:
    """Whether a reading is the newest now. One that is dated by its arrival takes the place of a believed one only
    when that has grown old, for it must never make a believed one look late; a cuff's value has no such hurry."""
    at = signal.effective_at
    if not one.charted:
        return False
    if at is None:
        return True
    doubted = signal.doubt in BY_ARRIVAL
    if one.judged_at is None:
        return doubted or one.effective_at >= at
    return one.code in CUFF or one.effective_at - at > _SHOWN_FOR or (doubted and one.effective_at >= at)


def _one_probe(signal: NewestOfSignal, ones: Sequence[NewReading]) -> bool:
    """The common case: nothing but one reading, of the probe that is shown."""
    return len(ones) == 1 and (not signal.source or ones[0].source == signal.source)


def _counting(signal: NewestOfSignal, ones: Sequence[NewReading], rules: Sequence[AlarmRule]) -> list[NewReading]:
    """The readings that count: that alarms are judged by, and of which the newest is shown. Of two probes at one moment
    it is the worse: what another probe says says nothing while the worse value is new."""
    value, at, source = signal.value, signal.effective_at, "" if signal.doubt else signal.source
    counting = []
    for one in ones:
        together = at is not None and source not in ("", one.source) and abs(one.effective_at - at) < ONE_MOMENT
        if together and value is not None and _behind(one, value, rules, signal.baseline):
            continue
        counting.append(one)
        if one.judged and not one.doubt and (at is None or one.effective_at >= at):
            value, at, source = one.value, one.effective_at, one.source
    return counting


def _behind(one: NewReading, value: float, rules: Sequence[AlarmRule], baseline: float | None) -> bool:
    """Whether a reading says nothing beside the ``value`` of another probe: that is worse, or this one is doubted."""
    if one.doubt:
        return void(one.doubt) or not alarms.worse(rules, one.value, value, baseline)
    return alarms.worse(rules, value, one.value, baseline)


def _awaited(wait: timedelta, stored: State | None, came: _Came, now: datetime) -> State | None:
    """What a rule of silence judges by; None where all that came does is to move its deadline, or nothing."""
    signal = came.signal
    monitored = [one for one in came.ones if one.method == MONITOR]
    heard = any(not one.doubt for one in monitored)
    spoke = bool(monitored or came.absent)
    state, signal.silent_after = alarms.awaited(wait, stored, signal.silent_after, now, came=spoke, heard=heard)
    return state


def load_current(cursor: Cursor[Row], ids: Sequence[int]) -> dict[tuple[int, str], NewestOfSignal]:
    cursor.execute(
        "SELECT encounter_id, code, value, effective_at, silent_after, baseline, doubt, source"
        " FROM alarms_currentvital WHERE encounter_id = ANY(%s)",
        (list(ids),),
    )
    return {(row[0], row[1]): NewestOfSignal(*row[2:]) for row in cursor.fetchall()}
