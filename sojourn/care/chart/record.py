"""One session as it was, composed of the rows of every room, and the hash under which it is signed. Pure data.

Codes stand here, never words: the pages and the PDF say them in the reader's language, and the hash is the same in
every language, zone and process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal

from sojourn.clinical.protocol import FINAL, State
from sojourn.clinical.protocol.schedule import Point
from sojourn.clinical.rules import Rule

FORMAT: Final = "sojourn.session-record/1"
MONITOR: Final = "monitor"
TYPED: Final = "typed"


@dataclass(frozen=True, slots=True)
class Member:
    """Someone of the staff, with the credentials under which the name stands."""

    id: int
    name: str
    credentials: str
    role: str

    def __str__(self) -> str:
        return f"{self.name}, {self.credentials}" if self.credentials else self.name


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient, as known today."""

    id: int
    record_number: str
    name: str
    birth_date: date
    sex: str
    restricted: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The course that the session belongs to. ``dose_mg`` is base."""

    id: int
    title: str
    indication: str
    dose_mg: Decimal
    planned_sessions: int


@dataclass(frozen=True, slots=True)
class FrozenProtocol:
    """The protocol that was frozen into the session. ``rule`` is its released text, None where the rulebook has
    lost it; ``intact``: the text still has the hash that was frozen."""

    id: str
    version: str
    hash: str
    rule: Rule | None

    @property
    def intact(self) -> bool:
        return self.rule is not None and self.rule.hash == self.hash


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A state that the session entered; ``overridden`` are the guards' codes that a prescriber set aside."""

    seq: int
    state: State
    at: datetime
    by: Member | None
    reason: str
    overridden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One answer to one item. An item answered again has several; the newest counts (``counts``)."""

    id: int
    item_id: str
    passed: bool
    value: str
    note: str
    at: datetime
    by: Member | None
    counts: bool


@dataclass(frozen=True, slots=True)
class DosePrepared:
    """What one person wrote down of the dose in the hand. ``dose_mg`` is base."""

    id: int
    drug: str
    route: str
    dose_mg: Decimal
    lot: str
    at: datetime
    by: Member | None


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose given. ``dose_mg`` is base."""

    id: int
    drug: str
    route: str
    dose_mg: Decimal
    duration_min: Decimal
    lot: str
    expires_on: date | None
    started_at: datetime
    given_by: Member | None
    checked_by: Member | None
    checked_at: datetime
    recorded_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One value. ``superseded``: a later row corrects it; both remain. ``doubt`` says why it is not believed."""

    id: int
    code: str
    value: float
    unit: str
    at: datetime
    measured_at: datetime | None
    received_at: datetime
    method: str
    device_id: int | None
    message_id: int | None
    by: Member | None
    status: str
    doubt: str
    supersedes_id: int | None
    superseded: bool
    struck: bool = False

    @property
    def counts(self) -> bool:
        """Believed, not corrected by another, and not struck as entered in error."""
        return not self.doubt and not self.superseded and not self.struck


@dataclass(frozen=True, slots=True)
class Strike:
    """An entry was struck as entered in error: by whom, when and why. It stays in the record and counts for nothing."""

    id: int
    reason: str
    at: datetime
    by: Member | None


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One change of an alarm, with the value that made it."""

    id: int
    rule_id: str
    rule_version: int
    rule_hash: str
    code: str
    kind: str
    priority: str
    at: datetime
    why: str
    value: float | None
    limit: float | None
    baseline: float | None
    note: str
    by: Member | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm from its rise to its end: what it was about, who took it and how long it waited for them."""

    changes: tuple[AlarmChange, ...]

    @property
    def first(self) -> AlarmChange:
        return self.changes[0]

    @property
    def priority(self) -> str:
        """The highest that it reached."""
        order = ("low", "medium", "high")
        return max((each.priority for each in self.changes), key=lambda p: order.index(p) if p in order else -1)

    @property
    def taken(self) -> AlarmChange | None:
        return next((each for each in self.changes if each.kind == "acknowledged"), None)

    @property
    def waited(self) -> timedelta | None:
        """From the rise until somebody took it; None where nobody did."""
        return self.taken.at - self.first.at if self.taken else None

    @property
    def escalated(self) -> bool:
        return any(each.kind == "escalated" for each in self.changes)

    @property
    def ended_at(self) -> datetime | None:
        return next((each.at for each in self.changes if each.kind in {"recovered", "ended"}), None)


@dataclass(frozen=True, slots=True)
class MonitorOn:
    """A monitor, from when until when. ``ahead_s``: how far its clock ran ahead of ours in this session (negative:
    behind), measured on its own readings; None where they carry no time of their own."""

    id: int
    device_id: int
    name: str
    maker: str
    from_at: datetime
    from_by: Member | None
    until_at: datetime | None
    until_by: Member | None
    ahead_s: float | None


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    kind: str
    note: str
    at: datetime
    recorded_at: datetime
    by: Member | None


@dataclass(frozen=True, slots=True)
class Left:
    """How the patient left: with whom, with which scores."""

    id: int
    companion_id: int | None
    companion_name: str
    criteria: Mapping[str, Any]
    at: datetime
    by: Member | None


@dataclass(frozen=True, slots=True)
class Measure:
    """A completed questionnaire: the newest of its kind before the session, or one answered during it."""

    id: int
    scale_id: str
    scale_version: str
    scale_hash: str
    completed_at: datetime
    score: Decimal | None
    band: str
    safety_positive: bool
    during: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A check that the schedule asked for and nobody made before the time came nearer to the next, or the end."""

    point: Point


@dataclass(frozen=True, slots=True)
class Signature:
    id: int
    content_hash: str
    at: datetime
    by: Member | None


@dataclass(frozen=True, slots=True)
class AddedLater:
    id: int
    text: str
    at: datetime
    by: Member | None


Kind = Literal[
    "state", "check", "prepared", "dose", "event", "alarm", "readings", "monitor_on", "monitor_off", "gap", "measure"
]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something on the one time axis. ``what`` is of the type that its kind says; "readings" holds those that one
    person typed together, "check" those answered at once."""

    at: datetime
    kind: Kind
    what: Any


@dataclass(frozen=True)
class SessionRecord:
    """Everything that happened in one session. All times are aware; ``composed_at`` is when this was read."""

    encounter_id: int
    clinic_id: int
    composed_at: datetime
    patient: Subject
    plan: Plan
    protocol: FrozenProtocol
    schedule: tuple[int, ...]
    chair: str
    chair_id: int
    appointment_id: int
    booked_from: datetime
    booked_until: datetime
    companion_name: str
    opened_at: datetime
    states: tuple[StateEntry, ...]
    checks: tuple[Check, ...]
    prepared: tuple[DosePrepared, ...]
    doses: tuple[Dose, ...]
    readings: tuple[Reading, ...]
    alarm_changes: tuple[AlarmChange, ...]
    alarms: tuple[Alarm, ...]
    monitors: tuple[MonitorOn, ...]
    events: tuple[Event, ...]
    left: Left | None
    measures: tuple[Measure, ...]
    gaps: tuple[Gap, ...]
    signatures: tuple[Signature, ...]
    addenda: tuple[AddedLater, ...]
    # By what it is ("reading", "check", "event", "medicine") and the row's number.
    struck: Mapping[tuple[str, int], Strike] = field(default_factory=dict)

    @property
    def state(self) -> State:
        return self.states[-1].state if self.states else State.PLANNED

    @property
    def over(self) -> bool:
        return self.state in FINAL

    @property
    def ended_at(self) -> datetime | None:
        """When the session was over; None while it runs."""
        return self.states[-1].at if self.over else None

    @property
    def dose_started_at(self) -> datetime | None:
        return self.doses[0].started_at if self.doses else None

    @property
    def dose_ended_at(self) -> datetime | None:
        """When observation began, or the session was stopped."""
        ends = (State.OBSERVING, State.STOPPED_EARLY)
        return next((each.at for each in self.states if each.state in ends), None) if self.doses else None

    @property
    def overrides(self) -> tuple[StateEntry, ...]:
        """The steps for which a prescriber set reasons aside."""
        return tuple(each for each in self.states if each.overridden)

    @cached_property
    def series(self) -> dict[str, tuple[Reading, ...]]:
        """The readings of each vital sign, in the order of the chart, the doubted and corrected ones too."""
        found: dict[str, list[Reading]] = {}
        for reading in self.readings:
            found.setdefault(reading.code, []).append(reading)
        return {code: tuple(rows) for code, rows in found.items()}

    @cached_property
    def staff(self) -> tuple[Member, ...]:
        """Everybody of the staff who did something in this session, by name."""
        people = {
            *(each.by for each in self.states), *(each.by for each in self.checks),
            *(each.by for each in self.prepared),
            *(each.given_by for each in self.doses), *(each.checked_by for each in self.doses),
            *(each.by for each in self.readings), *(each.by for each in self.alarm_changes),
            *(each.from_by for each in self.monitors), *(each.until_by for each in self.monitors),
            *(each.by for each in self.events), self.left.by if self.left else None,
        }  # fmt: skip
        return tuple(sorted((each for each in people if each is not None and each.role != "patient"), key=str))

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """The whole session on one time axis. Monitor readings are not among them: they are the chart."""
        found: list[Moment] = [
            *(Moment(each.at, "state", each) for each in self.states),
            *(Moment(each.at, "prepared", each) for each in self.prepared),
            *(Moment(each.started_at, "dose", each) for each in self.doses),
            *(Moment(each.at, "event", each) for each in self.events),
            *(Moment(each.first.at, "alarm", each) for each in self.alarms),
            *(Moment(each.from_at, "monitor_on", each) for each in self.monitors),
            *(Moment(each.until_at, "monitor_off", each) for each in self.monitors if each.until_at),
            *(Moment(each.point.due_at, "gap", each) for each in self.gaps),
            *(Moment(each.completed_at, "measure", each) for each in self.measures if each.during),
            *_together("check", self.checks),
            *_together("readings", [each for each in self.readings if each.method == TYPED]),
        ]
        order = {"monitor_on": 0, "check": 1, "readings": 2, "prepared": 3, "state": 4, "dose": 5, "alarm": 6}
        return tuple(sorted(found, key=lambda each: (each.at, order.get(each.kind, 7))))

    @property
    def signature(self) -> Signature | None:
        """The newest signature."""
        return self.signatures[-1] if self.signatures else None


def _together(kind: Kind, rows: Sequence[Any]) -> list[Moment]:
    """What one person entered within the same minute, as one moment at its last row's time."""
    groups: list[list[Any]] = []
    for row in rows:
        last = groups[-1][-1] if groups else None
        if last is not None and last.by == row.by and abs(row.at - last.at) < timedelta(minutes=1):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [Moment(max(each.at for each in group), kind, tuple(group)) for group in groups]


# ---------------------------------------------------------------- the hash


def content(record: SessionRecord) -> dict[str, Any]:
    """What is signed: every clinical row of the session, people and things by their numbers, times in UTC.

    Names, addresses and today's state of devices are left out: they may be put right later without touching what
    happened. So are signatures and addenda, and all that follows from the rows (gaps, episodes of alarms).
    """
    by = _number
    return {
        "format": FORMAT,
        "clinic": record.clinic_id,
        "encounter": record.encounter_id,
        "patient": record.patient.id,
        "chair": record.chair_id,
        "appointment": record.appointment_id,
        "opened_at": _utc(record.opened_at),
        "plan": [record.plan.id, record.plan.indication, _exact(record.plan.dose_mg)],
        "protocol": [record.protocol.id, record.protocol.version, record.protocol.hash],
        "states": [
            [each.seq, each.state.value, _utc(each.at), by(each.by), each.reason, list(each.overridden)]
            for each in record.states
        ],
        "checks": [
            [each.id, each.item_id, each.passed, each.value, each.note, _utc(each.at), by(each.by)]
            for each in sorted(record.checks, key=lambda row: row.id)
        ],
        "prepared": [
            [each.id, each.drug, each.route, _exact(each.dose_mg), each.lot, _utc(each.at), by(each.by)]
            for each in sorted(record.prepared, key=lambda row: row.id)
        ],
        "doses": [
            [
                each.id, each.drug, each.route, _exact(each.dose_mg), _exact(each.duration_min), each.lot,
                each.expires_on.isoformat() if each.expires_on else None, _utc(each.started_at), by(each.given_by),
                by(each.checked_by), _utc(each.checked_at), _utc(each.recorded_at), each.note,
            ]
            for each in sorted(record.doses, key=lambda row: row.id)
        ],
        "readings": [
            [
                each.id, each.code, float(each.value), each.unit, _utc(each.at), _utc(each.measured_at),
                _utc(each.received_at), each.method, each.device_id, each.message_id, by(each.by), each.status,
                each.doubt, each.supersedes_id,
            ]
            for each in sorted(record.readings, key=lambda row: row.id)
        ],
        "alarms": [
            [
                each.id, each.rule_id, each.rule_version, each.rule_hash, each.code, each.kind, each.priority,
                _utc(each.at), each.why, each.value, each.limit, each.baseline, each.note, by(each.by),
            ]
            for each in sorted(record.alarm_changes, key=lambda row: row.id)
        ],
        "monitors": [
            [each.id, each.device_id, _utc(each.from_at), by(each.from_by), _utc(each.until_at), by(each.until_by)]
            for each in sorted(record.monitors, key=lambda row: row.id)
        ],
        "events": [
            [each.id, each.kind, each.note, _utc(each.at), _utc(each.recorded_at), by(each.by)]
            for each in sorted(record.events, key=lambda row: row.id)
        ],
        "left": None if record.left is None else [
            record.left.id, record.left.companion_id, record.left.companion_name, dict(record.left.criteria),
            _utc(record.left.at), by(record.left.by),
        ],
        "measures": [
            [
                each.id, each.scale_id, each.scale_version, each.scale_hash, _utc(each.completed_at),
                None if each.score is None else _exact(each.score), each.band, each.safety_positive,
            ]
            for each in sorted(record.measures, key=lambda row: row.id)
        ],
        **_struck(record),
    }  # fmt: skip


def _struck(record: SessionRecord) -> dict[str, Any]:
    """Nothing where nothing was struck, so that what was signed before entries could be struck stays as signed."""
    if not record.struck:
        return {}
    rows = sorted((each.id, of, number, each) for (of, number), each in record.struck.items())
    return {
        "struck": [
            [own, of, number, each.reason, _utc(each.at), _number(each.by)] for own, of, number, each in rows
        ]
    }  # fmt: skip


def content_hash(record: SessionRecord) -> str:
    """SHA-256 (hex) of the canonical JSON of ``content``: sorted keys, no spaces, UTF-8."""
    text = json.dumps(content(record), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


Standing = Literal["unsigned", "unchanged", "changed"]


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether what was signed is still what is stored. ``hash`` is of what is stored now."""

    standing: Standing
    hash: str
    signature: Signature | None


def verify_signature(record: SessionRecord) -> Verified:
    """Compare the newest signature's hash with the rows as they are now."""
    now = content_hash(record)
    signature = record.signature
    if signature is None:
        return Verified("unsigned", now, None)
    return Verified("unchanged" if signature.content_hash == now else "changed", now, signature)


def episodes(changes: Iterable[AlarmChange]) -> tuple[Alarm, ...]:
    """Alarms from their changes: each rise begins one, what follows of the same rule and vital sign belongs to it."""
    running: dict[tuple[str, str], list[AlarmChange]] = {}
    found: list[list[AlarmChange]] = []
    for change in sorted(changes, key=lambda each: (each.at, each.id)):
        key = (change.rule_id, change.code)
        if change.kind == "raised" or key not in running:
            running[key] = [change]
            found.append(running[key])
        else:
            running[key].append(change)
    return tuple(Alarm(tuple(each)) for each in found)


def _utc(at: datetime | None) -> str | None:
    if at is None:
        return None
    assert at.tzinfo is not None, "a time without a zone"
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")


def _exact(amount: Decimal) -> str:
    """35, 35.0 and 35.00 are one amount."""
    return format(amount.normalize(), "f")


def _number(member: Member | None) -> int | None:
    return member.id if member else None
