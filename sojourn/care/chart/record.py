"""One session as it was, composed of the rows of every room. Pure data.

Codes stand here, never words: the pages and the PDF say them in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal, Protocol

from sojourn.care.chart.rows import (
    TYPED,
    AddedLater,
    Alarm,
    AlarmChange,
    ByHand,
    Check,
    Dose,
    DosePrepared,
    DoseStep,
    Event,
    FrozenProtocol,
    Gap,
    GivenDose,
    Left,
    Measure,
    Member,
    MonitorOn,
    Papers,
    Plan,
    Reading,
    ReadTwice,
    Signature,
    StateEntry,
    Strike,
    Subject,
    Wasted,
)
from sojourn.clinical.protocol import FINAL, State

STARTED: Final = "start"  # the step that the dose itself says
# What stands first where two things have the same time; the rest after them.
_FIRST: Final = ("monitor_on", "check", "readings", "prepared", "state", "dose", "dose_step", "alarm")

Kind = Literal[
    "state", "check", "prepared", "dose", "dose_step", "waste", "by_hand", "event", "alarm", "readings", "monitor_on",
    "monitor_off", "gap", "measure",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """Something on the one time axis. ``what`` is of the type that its kind says; "readings" holds those that one
    person typed together, "check" those answered at once."""

    at: datetime
    kind: Kind
    what: Any


class _Done(Protocol):
    """A row that says who did it."""

    @property
    def by(self) -> Member | None: ...


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
    escort_name: str
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
    steps: tuple[DoseStep, ...] = ()
    wasted: tuple[Wasted, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    given: tuple[GivenDose, ...] = ()
    read_twice: tuple[ReadTwice, ...] = ()
    # When the last of the dose went in, once it is over.
    dose_ended_at: datetime | None = None
    papers: Papers = field(default_factory=Papers)
    # By what it is ("reading", "check", "event", "medicine", "waste") and the row's number.
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
        return next((each.started_at for each in self.doses), None)

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
        people = set(self._who_acted())
        return tuple(sorted((each for each in people if each is not None and each.role != "patient"), key=str))

    def _who_acted(self) -> Iterator[Member | None]:
        done: tuple[_Done, ...] = (
            *self.states, *self.checks, *self.prepared, *self.steps, *self.wasted, *self.by_hand, *self.readings,
            *self.alarm_changes, *self.events,
        )  # fmt: skip
        yield from (each.by for each in done)
        yield from (each.witness for each in self.wasted)
        for dose in self.doses:
            yield from (dose.given_by, dose.checked_by)
        for monitor in self.monitors:
            yield from (monitor.from_by, monitor.until_by)
        if self.left is not None:
            yield self.left.by

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """The whole session on one time axis. Monitor readings are not among them: they are the chart."""
        found = [*self._course(), *self._watch()]
        place = {kind: number for number, kind in enumerate(_FIRST)}
        return tuple(sorted(found, key=lambda each: (each.at, place.get(each.kind, len(place)))))

    def _course(self) -> list[Moment]:
        """What was done and what went in."""
        return [
            *(Moment(each.at, "state", each) for each in self.states),
            *(Moment(each.at, "prepared", each) for each in self.prepared),
            *(Moment(each.started_at, "dose", each) for each in self.doses),
            *(Moment(each.at, "dose_step", each) for each in self.steps if each.kind != STARTED),
            *(Moment(each.at, "waste", each) for each in self.wasted),
            *(Moment(each.given_at, "by_hand", each) for each in self.by_hand),
            *(Moment(each.at, "event", each) for each in self.events),
            *_together("check", self.checks),
        ]

    def _watch(self) -> list[Moment]:
        """What was seen of the patient, and what was missed."""
        return [
            *(Moment(each.first.at, "alarm", each) for each in self.alarms),
            *(Moment(each.from_at, "monitor_on", each) for each in self.monitors),
            *(Moment(each.until_at, "monitor_off", each) for each in self.monitors if each.until_at),
            *(Moment(each.point.due_at, "gap", each) for each in self.gaps),
            *(Moment(each.completed_at, "measure", each) for each in self.measures if each.during),
            *_together("readings", [each for each in self.readings if each.method == TYPED]),
        ]

    @property
    def signature(self) -> Signature | None:
        """The newest signature."""
        return self.signatures[-1] if self.signatures else None


def _together(kind: Kind, rows: Sequence[Any]) -> list[Moment]:
    """What one person entered within the same minute, as one moment at its last row's time."""
    groups: list[list[Any]] = []
    last = None
    for row in rows:
        if last is None or last.by != row.by or abs(row.at - last.at) >= timedelta(minutes=1):
            groups.append([])
        groups[-1].append(row)
        last = row
    return [Moment(max(each.at for each in group), kind, tuple(group)) for group in groups]
