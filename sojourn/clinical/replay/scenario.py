"""A scenario: a whole session as its file says it. reading.py reads one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sojourn.clinical import dosing
from sojourn.clinical.administration.charted import Dose
from sojourn.clinical.eligibility import Fact
from sojourn.clinical.protocol.road import Agreement, SignedPlan

SCHEMA: Final = 1
ROLES: Final = ("nurse", "prescriber", "other")
DOES: Final = (
    *("reading", "check", "prepare", "step", "acknowledge", "waste", "witness"),
    *("agree", "withdraw", "note"),
)
SAYS: Final = (
    *("state", "due", "missed", "raised", "escalated", "recovered", "refused", "set_aside"),
    *("given_mg", "wasted_mg", "unaccounted_mg"),
)
ALARM_SAYS: Final = ("raised", "escalated", "recovered")
MG_SAYS: Final = ("given_mg", "wasted_mg", "unaccounted_mg")

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Clinic:
    """The clinic: its clock, and what a prescriber has adopted there. ``adopted`` None: every rule."""

    zone: ZoneInfo
    jurisdiction: str
    adopted: tuple[str, ...] | None
    own_numbers: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected line: what is to be so, the rule or law that says so, and where that comes from."""

    says: str  # one of SAYS
    value: Any
    rule: str
    source: str
    why: str
    priority: str = ""
    at: datetime | None = None  # for an alarm: exactly when


@dataclass(frozen=True, slots=True)
class ScenarioEntry:
    """One line of the timeline. ``values`` are those of its kind, typed."""

    at: datetime
    does: str
    by: str
    values: Mapping[str, Any]
    expect: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class EarlierDose:
    """A dose of this person before the session. ``ended_at`` is when it ended or was stopped."""

    dose: Dose
    weight_kg: Decimal | None
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Papers:
    """What was decided, agreed and signed. ``decision``: why the acceptance does not hold; empty where it does."""

    decision: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    plan: SignedPlan | None
    ordered: dosing.Ordered | None
    weight_kg: Decimal | None
    over_min: Decimal | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole session. ``starts_at`` is when the timeline begins, in the clinic's zone."""

    name: str
    title: str
    shows: str
    clinic: Clinic
    people: Mapping[str, str]
    age_years: int
    escort: str
    facts: tuple[Fact, ...]
    papers: Papers
    earlier: tuple[EarlierDose, ...]
    protocol_id: str
    starts_at: datetime
    timeline: tuple[ScenarioEntry, ...]
