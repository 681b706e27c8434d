"""The rows of a session as its snapshot holds them. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sojourn.clinical.administration import Balance, Delivered, DoseBalance, HistoryRefused
from sojourn.clinical.administration.charted import Dose, DoseStep, Wasted
from sojourn.clinical.protocol import State

# A dose as the snapshot has it, or with the names under which the record gives it.
AnyDose = TypeVar("AnyDose")


@dataclass(frozen=True, slots=True)
class Entered:
    """A state that the session entered."""

    seq: int
    state: State
    at: datetime
    by: str
    by_id: int | None
    reason: str
    overridden: tuple[str, ...]
    basis: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """The newest answer to one item."""

    id: int
    outcome: str
    value: str
    note: str
    at: datetime
    by: str
    by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest value of a vital sign, in its own unit. Where it came from is known to the session's page alone."""

    code: str
    value: float
    at: datetime
    doubt: str
    baseline: float | None = None
    method: str = ""
    device: str = ""
    by: str = ""
    measured_by: str = ""  # "impedance" or "capnography", where the monitor names it


@dataclass(frozen=True, slots=True)
class AlarmNow:
    """An alarm that exists now, or one that is over and that nobody has seen (``phase`` "recovered")."""

    rule_id: str
    code: str
    phase: str
    priority: str
    since_at: datetime
    acknowledged_by: str
    why: str
    value: float | None
    limit: float | None


@dataclass(frozen=True, slots=True)
class OnChair:
    """A monitor that is on this session. ``skew_s``: its clock minus ours, in seconds."""

    device_id: int
    name: str
    seen_at: datetime | None
    skew_s: float | None


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that was noted in the session."""

    id: int
    kind: str
    note: str
    at: datetime
    by: str
    grade: str = ""
    measure: str = ""
    effect: str = ""
    about_id: int | None = None
    recorded_at: datetime | None = None
    by_id: int | None = None
    amount: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ByHand:
    """Another medicine that somebody gave. ``ingredient`` is "" where the list of medicines does not know it;
    ``warned`` are the interactions that were shown."""

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
    by: str
    by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A value that a person typed, or a pressure. ``method`` is "typed" or "monitor"; ``by`` who typed it."""

    code: str
    value: float
    at: datetime
    doubt: str
    id: int = 0
    method: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Strike:
    """Who took an entry back as entered in error, when and why."""

    reason: str
    at: datetime
    by: str
    id: int = 0
    by_id: int | None = None


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """One answer to one item, the newest of it or not."""

    item_id: str
    check: Check

    @property
    def value(self) -> str:
        """What was typed; the total of a score."""
        return self.check.value

    @property
    def at(self) -> datetime:
        return self.check.at


@dataclass(frozen=True, slots=True)
class StruckRow:
    """An entry that was taken back: ``of`` says what it is ("reading", "check", "event", "medicine", "waste")."""

    of: str
    what: Measured | ItemAnswer | Noted | ByHand | WasteRow
    strike: Strike


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRow(Dose):
    """A dose that was begun, with what the record says of it beside the arithmetic's own."""

    expires_on: date | None
    plan_version_id: int | None
    given_by_id: int
    checked_by_id: int | None
    checked_at: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow(DoseStep):
    """A step of a dose, with when and by whom it was written down."""

    recorded_at: datetime
    by_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WasteRow(Wasted):
    """A waste, with the memberships of who wrote it down and who witnessed it."""

    by_id: int
    witness_by_id: int | None


@dataclass(frozen=True, slots=True)
class WentIn(Generic[AnyDose]):
    """What of one dose went in, and where its other milligrams are. A history that cannot have happened so is a
    refusal, and has no balance. ``told``: its steps were written down (a dose of 0.1.0 has none, and is taken to have
    run evenly until it was over)."""

    dose: AnyDose
    delivered: Delivered | HistoryRefused
    balance: Balance | None
    told: bool

    @property
    def line(self) -> DoseBalance | None:
        """Planned, given, wasted: the one line of page, record, PDF, figure and curve."""
        return None if self.balance is None else DoseBalance.of(self.balance)
