"""The rows of a session's record, as they were written. Pure data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sojourn.care.session.rows import WentIn
from sojourn.clinical.administration import Delivered, Segment
from sojourn.clinical.administration.reasons import hundredths
from sojourn.clinical.protocol import State
from sojourn.clinical.protocol.schedule import Point
from sojourn.clinical.rules import Rule

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
    """A state that the session entered; ``overridden`` are the guards' codes that a prescriber set aside, ``basis``
    what a dose step rested on (see encounter.models.SessionState)."""

    seq: int
    state: State
    at: datetime
    by: Member | None
    reason: str
    overridden: tuple[str, ...]
    basis: Mapping[str, Any] = field(default_factory=dict)


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
    """What one person wrote down of the dose in the hand. Milligrams are base."""

    id: int
    drug: str
    route: str
    dose_mg: Decimal
    lot: str
    at: datetime
    by: Member | None
    drawn_mg: Decimal | None = None
    vial: str = ""
    expires_on: date | None = None
    stock_mg_per_ml: Decimal | None = None
    drawn_ml: Decimal | None = None
    total_ml: Decimal | None = None
    over_min: Decimal | None = None
    rate_ml_per_h: Decimal | None = None
    devices: int | None = None


@dataclass(frozen=True, slots=True)
class ReadTwice:
    """Two entries of the dose by two people, by number, set against each other."""

    first_id: int
    second_id: int
    agree: bool


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose that was begun, as it was prepared: ``dose_mg`` (base) was to go in. What did stands in ``GivenDose``."""

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
    checked_at: datetime | None
    recorded_at: datetime
    note: str
    drawn_mg: Decimal | None = None
    vial: str = ""
    stock_mg_per_ml: Decimal | None = None
    total_ml: Decimal | None = None
    rate_ml_per_h: Decimal | None = None
    devices: int | None = None
    plan_version_id: int | None = None


@dataclass(frozen=True, slots=True)
class DoseStep:
    """What happened to a dose after it was begun; ``kind`` as in session.models.DoseEventKind. Milligrams are base."""

    id: int
    dose_id: int
    kind: str
    rate_ml_per_h: Decimal | None
    remaining_ml: Decimal | None
    mg: Decimal | None
    note: str
    at: datetime
    recorded_at: datetime
    by: Member | None


@dataclass(frozen=True, slots=True)
class Wasted:
    """Milligrams (base) that were thrown away; ``witness`` is None as long as no second person has witnessed it."""

    id: int
    mg: Decimal
    how: str
    at: datetime
    by: Member | None
    witness: Member | None
    witnessed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ByHand:
    """Another medicine that somebody gave: when, and when it was written down. ``warned``: what was shown of it."""

    id: int
    name: str
    ingredient: str
    amount: Decimal | None
    unit: str
    route: str
    note: str
    warned: tuple[Mapping[str, Any], ...]
    given_at: datetime
    recorded_at: datetime
    by: Member | None


@dataclass(frozen=True, slots=True)
class GivenDose(WentIn[Dose]):
    """What of one dose went in, as the snapshot has worked it out, under the names of the record."""

    def gone_in_by(self, at: datetime) -> Decimal | None:
        """The milligrams that had gone in at a moment, to hundredths; None where it cannot be worked out."""
        if not isinstance(self.delivered, Delivered):
            return None
        ran = sum((_share(each, at) for each in self.delivered.segments), Fraction(0))
        return hundredths(ran + sum((each.mg for each in self.delivered.parts if each.at <= at), Fraction(0)))


def _share(segment: Segment, at: datetime) -> Fraction:
    """What of a segment was in at a moment: a pump runs evenly at its rate."""
    if at >= segment.until:
        return segment.mg
    if at <= segment.since:
        return Fraction(0)
    tick = timedelta.resolution
    return segment.mg * Fraction((at - segment.since) // tick, (segment.until - segment.since) // tick)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The decision about treatment on which a dose rested."""

    id: int
    kind: str
    at: datetime
    by: str
    open_eyes: Mapping[str, Any] = field(default_factory=dict)  # what it was given in spite of


@dataclass(frozen=True, slots=True)
class Agreed:
    """A document that the patient had signed."""

    id: int
    document_id: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ordered:
    """The version of the plan that was in force."""

    id: int
    number: int
    at: datetime | None
    by: Member | None


@dataclass(frozen=True, slots=True)
class Papers:
    """What the basis of a step names by its number. None of it is signed with the record: each has its own hash."""

    decisions: Mapping[int, Accepted] = field(default_factory=dict)
    agreements: Mapping[int, Agreed] = field(default_factory=dict)
    versions: Mapping[int, Ordered] = field(default_factory=dict)


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
        reached = {each.priority for each in self.changes}
        return next((each for each in ("high", "medium", "low") if each in reached), self.first.priority)

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
        return next((each.at for each in self.changes if each.kind in {"recovered", "ended", "withdrawn"}), None)


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
    """Something that was noted; ``about_id`` is the earlier event that this one follows up, with its ``effect``."""

    id: int
    kind: str
    note: str
    at: datetime
    recorded_at: datetime
    by: Member | None
    grade: str = ""
    measure: str = ""
    effect: str = ""
    about_id: int | None = None
    amount: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """How the patient left: with whom, with which scores."""

    id: int
    escort_id: int | None
    escort_name: str
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
    """``in_audit``: the audit says that the session was signed with this hash; a row rewritten with its hash is not."""

    id: int
    content_hash: str
    at: datetime
    by: Member | None
    in_audit: bool


@dataclass(frozen=True, slots=True)
class AddedLater:
    id: int
    text: str
    at: datetime
    by: Member | None


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
