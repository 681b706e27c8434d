"""What a batch of readings does to the alarms of its sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg import Cursor

from sojourn.care.alarms.columns import Row
from sojourn.care.alarms.rules import Acting
from sojourn.care.alarms.store import Session
from sojourn.clinical import alarms
from sojourn.clinical.alarms import AlarmRule, Happening, Reading, State
from sojourn.clinical.vitals import NO_VALUE, void

MONITOR = "monitor"

TYPED = "typed"

SOURCE_LENGTH = 60
# Readings of two probes that are nearer to each other than this are of one moment: the worse one counts. A technical
# number: the beat of the monitors that send all the time, several times over.
ONE_MOMENT = timedelta(seconds=10)


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
    site: str = ""  # by which method and at which probe, as the monitor names them

    @property
    def source(self) -> str:
        """Which probe this is: device, method and place, or the hand of a person."""
        return self.method if self.device_id is None else f"{self.device_id}:{self.site}"[:SOURCE_LENGTH]


@dataclass(frozen=True, slots=True)
class NoValue:
    """A sensor says that it has no value now: its probe is off, or it cannot measure."""

    session: Session
    code: str
    at: datetime
    received_at: datetime
    unit: str
    device_id: int | None = None
    site: str = ""

    @property
    def source(self) -> str:
        """As of a reading."""
        return f"{self.device_id}:{self.site}"[:SOURCE_LENGTH]


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
    def reading(self) -> Reading | None:
        """As the machine reads it; None where there is nothing that it could read."""
        if self.value is None or self.effective_at is None or void(self.doubt):
            return None
        return Reading(self.effective_at, self.value, bool(self.doubt))

    def take(self, one: NewReading) -> None:
        """This reading is the newest now."""
        self.value, self.effective_at, self.doubt = one.value, one.effective_at, one.doubt
        self.source, self.newest, self.gone = one.source, one, None

    def empty(self, one: NoValue) -> None:
        """The probe that was shown has no value any more."""
        self.effective_at, self.doubt, self.source = one.at, NO_VALUE, one.source
        self.newest, self.gone = None, one


@dataclass(slots=True)
class Outcome:
    """What a batch set off: alarm rows written, by session."""

    happenings: list[tuple[Session, AlarmRule, Happening]] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """What judging a batch works on: the signals and alarm states as loaded, and what of them moved."""

    signals: dict[tuple[int, str], NewestOfSignal]
    states: dict[tuple[int, str, str], State]
    now: datetime
    moved: dict[tuple[int, str], NewestOfSignal] = field(default_factory=dict)
    changed: list[tuple[Session, AlarmRule, State, alarms.Judgement | None]] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)

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

    def note(self, session: Session, rule: AlarmRule, judgement: alarms.Judgement) -> None:
        """Keep what a judgement changed."""
        if judgement.changed:
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
    for code in sorted({*by_code, *gone}):
        rules = acting.alarms(session.protocol_id, code)
        _judge_signal(session, by_code.get(code, []), gone.get(code, []), rules, batch.signal(session, code), batch)


def _judge_signal(
    session: Session, ones: Sequence[NewReading], absent: Sequence[NoValue], rules: Sequence[AlarmRule],
    signal: NewestOfSignal, batch: Batch,
) -> None:  # fmt: skip
    newest_at = signal.effective_at
    counting = _counting(signal, ones, rules)
    counted = [_heard(one) for one in counting if one.judged and not void(one.doubt)]
    for rule in rules:
        stored = batch.states.get((session.encounter_id, rule.rule_id, rule.vital))
        recent = counted
        if rule.silence is not None:
            stored = _awaited(rule.silence, stored, signal, ones, absent, batch.now)
            if stored is None:
                continue
            recent = [_heard(one) for one in ones if one.judged] + [Reading(each.at, 0.0, True) for each in absent]
        if recent:
            state = (stored or State())._replace(newest_at=newest_at)
            eased = batch.eased(session, rule)
            batch.note(session, rule, alarms.judge(rule, recent, state, batch.now, signal.baseline, eased=eased))
    for one in counting:
        if signal.effective_at is None or one.effective_at >= signal.effective_at:
            signal.take(one)
    for each in absent:
        own = signal.source in ("", each.source) or bool(signal.doubt)
        if own and (signal.effective_at is None or each.at > signal.effective_at):
            signal.empty(each)


def _heard(one: NewReading) -> Reading:
    return Reading(one.effective_at, one.value, bool(one.doubt))


def _counting(signal: NewestOfSignal, ones: Sequence[NewReading], rules: Sequence[AlarmRule]) -> list[NewReading]:
    """The readings that count: that alarms are judged by, and of which the newest is shown. Of two probes at one moment
    it is the worse: what another probe says says nothing while the worse value is new."""
    if len(ones) == 1 and signal.source in ("", ones[0].source):
        return list(ones)  # the common case: one probe
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


def _awaited(
    wait: timedelta, stored: State | None, signal: NewestOfSignal, ones: Sequence[NewReading],
    absent: Sequence[NoValue], now: datetime,
) -> State | None:  # fmt: skip
    """What a rule of silence judges ``ones`` by; None where all that they do is to move its deadline, or nothing."""
    monitored = [one for one in ones if one.method == MONITOR]
    came, heard = bool(monitored or absent), any(not one.doubt for one in monitored)
    state, signal.silent_after = alarms.awaited(wait, stored, signal.silent_after, now, came=came, heard=heard)
    return state


def load_current(cursor: Cursor[Row], ids: Sequence[int]) -> dict[tuple[int, str], NewestOfSignal]:
    cursor.execute(
        "SELECT encounter_id, code, value, effective_at, silent_after, baseline, doubt, source"
        " FROM alarms_currentvital WHERE encounter_id = ANY(%s)",
        (list(ids),),
    )
    return {(row[0], row[1]): NewestOfSignal(*row[2:]) for row in cursor.fetchall()}
