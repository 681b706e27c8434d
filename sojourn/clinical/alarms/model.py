"""The words of an alarm: its rule, its state, what happened to it and why.

``State``, ``AlarmEvaluation``, ``Happening``, ``AlarmReason`` and ``Reading`` are named tuples, not frozen dataclasses:
they are made for every reading of every monitor, and a tuple is made several times as fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class Priority(StrEnum):
    """The three priorities of IEC 60601-1-8, from the least urgent."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0, 1, 2: a higher rank is more urgent."""
        return _RANKS[self]


_RANKS: Mapping[Priority, int] = {each: rank for rank, each in enumerate(Priority)}


class Phase(StrEnum):
    """Where an alarm is in its life. ``open`` phases want somebody."""

    QUIET = "quiet"
    PENDING = "pending"
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    RECOVERED = "recovered"


class Event(StrEnum):
    """What a judgement can report."""

    RAISED = "raised"
    PRIORITY_RAISED = "priority_raised"
    PRIORITY_LOWERED = "priority_lowered"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"


class Why(StrEnum):
    """Why a judgement came out as it did; stable codes, translated by the web layer."""

    WITHIN_LIMITS = "within-limits"
    BEYOND_LIMIT = "beyond-limit"
    NOT_YET_SUSTAINED = "not-yet-sustained"
    WITHIN_CLEAR_MARGIN = "within-clear-margin"
    FLAGGED = "flagged"
    OUT_OF_ORDER = "out-of-order"
    NO_BASELINE = "no-baseline"
    NO_READING = "no-reading"
    NOT_YET_SILENT = "not-yet-silent"
    SILENT = "silent"
    NO_GOOD_VALUE = "no-good-value"  # the monitor speaks, and nothing of it can be believed
    HEARD_AGAIN = "heard-again"
    NOT_ACKNOWLEDGED_IN_TIME = "not-acknowledged-in-time"
    SEEN_BY_A_PERSON = "seen-by-a-person"
    WITHDRAWN_BY_MONITOR = "withdrawn-by-monitor"


class Reading(NamedTuple):
    """One value in its vital sign's unit. ``flagged``: doubted by us or by its source. It may raise an alarm; it never
    clears one, and never counts as present. ``limit``: the value lies on this side of the number ("<", "<=", ">",
    ">="), nobody knows how far; always flagged."""

    measured_at: datetime
    value: float
    flagged: bool = False
    limit: str = ""


class State(NamedTuple):
    """The state of one rule for one signal. ``deadline`` is when time alone would change it:

    the confirming reading is due (pending), it escalates (raised), or the signal counts as silent (a silence
    rule while quiet). ``since``: while pending the first reading beyond the limit, then when the alarm was raised,
    as its Happening says. ``newest_at`` (and a silence rule's deadline) change on every reading: who stores states
    writes only when ``Judgement.changed``, and refills
    the two from the signal's own row.
    """

    phase: Phase = Phase.QUIET
    newest_at: datetime | None = None
    since: datetime | None = None
    priority: Priority | None = None
    deadline: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The state as JSON can keep it; ``State.from_json`` reads it back exactly."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in zip(self._fields, self, strict=True)
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, str | None]) -> State:
        """The state that ``as_json`` kept; an empty mapping is the state before anything was judged."""
        times = [kept.get(name) for name in ("newest_at", "since", "deadline", "acknowledged_at")]
        newest, since, deadline, seen = [None if each is None else datetime.fromisoformat(each) for each in times]
        priority = kept.get("priority")
        return cls(
            Phase(kept.get("phase") or Phase.QUIET),
            newest,
            since,
            None if priority is None else Priority(priority),
            deadline,
            seen,
            kept.get("acknowledged_by"),
        )

    @property
    def open(self) -> bool:
        """The condition exists now: raised, acknowledged or escalated."""
        return self.phase in _OPEN

    @property
    def unseen(self) -> bool:
        """Nobody has acknowledged it yet, whether it still exists or has recovered by itself."""
        return self.acknowledged_at is None and self.phase in _UNSEEN


_OPEN = frozenset((Phase.RAISED, Phase.ACKNOWLEDGED, Phase.ESCALATED))
_UNSEEN = frozenset((Phase.RAISED, Phase.ESCALATED, Phase.RECOVERED))


class Level(NamedTuple):
    """A limit and the priority of passing it."""

    limit: float
    priority: Priority


class Easing(NamedTuple):
    """When a rule's alarm is less grave: while another vital sign shows what this one misses. ``by`` are the codes of
    that sign, ``within`` how new its reading must be, ``to`` the priority that is left."""

    by: tuple[str, ...]
    within: timedelta
    to: Priority


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A rule made ready for one vital sign by ``alarms.prepare``; numbers are in the vital sign's unit.

    ``sign`` is 1 where high is bad and -1 where low is bad, so that one comparison serves both.
    ``relative`` is "percent" or "absolute" for a rise over the patient's own baseline.
    ``levels`` run from the mildest to the gravest. ``easing``: see there; None where nothing eases the alarm.
    """

    rule_id: str
    version: int
    hash: str
    title: str
    vital: str
    sign: int
    inclusive: bool
    relative: str | None
    levels: tuple[Level, ...]
    sustained: timedelta
    clear_margin: float
    silence: timedelta | None
    escalate: Mapping[Priority, timedelta]
    easing: Easing | None = None

    @property
    def mildest(self) -> Level:
        """The limit that is passed first, and opens the alarm."""
        return self.levels[0]

    @property
    def key(self) -> str:
        """Unique within a session: the rule and the vital sign."""
        return f"{self.rule_id}:{self.vital}"


class AlarmReason(NamedTuple):
    """Why, with the numbers, in the vital sign's unit (the limit in seconds for silence and escalation)."""

    why: Why
    rule_id: str
    version: int
    vital: str
    value: float | None
    limit: float | None
    baseline: float | None


class Happening(NamedTuple):
    """One change that belongs in the record."""

    event: Event
    at: datetime
    priority: Priority
    reason: AlarmReason


class AlarmEvaluation(NamedTuple):
    """What comes of judging: the next state, what happened on the way (oldest first), and why."""

    state: State
    happenings: tuple[Happening, ...]
    changed: bool  # more than newest_at or a silence deadline moved: store the state
    why: Why
    rule: AlarmRule
    value: float | None
    limit: float | None
    baseline: float | None

    @property
    def event(self) -> Event | None:
        """The last thing that happened, or None."""
        return self.happenings[-1].event if self.happenings else None

    @property
    def set_off(self) -> AlarmReason | None:
        """What the alarm now rests on: the reason of the last change that a reading or a silence made. None where only
        time passed or a person answered: it then rests on what it did before."""
        if not self.happenings:
            (reason,) = self.reasons
            return reason
        asides = (Event.ESCALATED, Event.ACKNOWLEDGED)
        return next((each.reason for each in reversed(self.happenings) if each.event not in asides), None)

    @property
    def deadline(self) -> datetime | None:
        """When to judge again even if no reading comes."""
        return self.state.deadline

    @property
    def reasons(self) -> tuple[AlarmReason, ...]:
        """Every reason: of each happening, or of nothing having happened."""
        if self.happenings:
            return tuple(each.reason for each in self.happenings)
        return (
            AlarmReason(
                self.why,
                self.rule.rule_id,
                self.rule.version,
                self.rule.vital,
                self.value,
                self.limit,
                self.baseline,
            ),
        )


@dataclass(frozen=True, slots=True)
class NothingToAcknowledge:
    """Refusal: this alarm is not waiting for anybody."""

    phase: Phase
    acknowledged_by: str | None
    acknowledged_at: datetime | None
