"""By when somebody must have answered a flag, and who is told next when nobody has.

The numbers are rules of the kind ``flag.deadline``, one for each severity. Open stretches and a beginning go in, and
moments come out. A deadline that is counted in the clinic's hours stands still while the clinic is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sojourn.clinical.rules import Rule, RuleInvalid
from sojourn.clinical.units import convert

KIND: Final = "flag.deadline"
ALWAYS, IN_HOURS = "always", "hours"
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The spans of one severity. ``in_hours``: counted while the clinic is open, else around the clock."""

    rule: Rule
    severity: str
    in_hours: bool
    take: timedelta
    backup: timedelta
    everybody: timedelta
    act: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """When who is told: the back-up, everybody on duty, every clinical member of the clinic."""

    backup_at: datetime
    everybody_at: datetime
    all_at: datetime


def read(rule: Rule) -> Deadlines:
    """A rule as deadlines; raises RuleInvalid."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: {rule.kind} is no {KIND}")
    clock = rule.fact("clock")
    if clock not in (ALWAYS, IN_HOURS):
        raise RuleInvalid(f"{rule.id}: {clock} is no clock")
    take, backup, everybody, act = (_span(rule, name) for name in ("take", "backup", "everybody", "act"))
    return Deadlines(rule, str(rule.fact("severity")), clock == IN_HOURS, take, backup, everybody, act)


def by_severity(rules: Iterable[Rule]) -> Mapping[str, Deadlines]:
    """The deadlines among some rules, by severity."""
    return {each.severity: each for each in (read(rule) for rule in rules if rule.kind == KIND)}


def _span(rule: Rule, name: str) -> timedelta:
    return timedelta(minutes=float(convert(rule.number(name), rule.parameters[name].unit, "min")))


def until_taken(deadlines: Deadlines, raised_at: datetime, open_hours: Sequence[Stretch] | None) -> Ladder:
    """Who is told when, while nobody takes it. ``open_hours``: the clinic's, sorted; None where it has stated none."""
    return _ladder(deadlines, raised_at, deadlines.take, open_hours)


def until_acted(deadlines: Deadlines, taken_at: datetime, open_hours: Sequence[Stretch] | None) -> Ladder:
    """Who is told when, while whoever took it has neither reached the patient nor closed it."""
    return _ladder(deadlines, taken_at, deadlines.act, open_hours)


def _ladder(found: Deadlines, begins: datetime, first: timedelta, open_hours: Sequence[Stretch] | None) -> Ladder:
    hours = open_hours if found.in_hours else None
    ends = [due(begins, span, hours) for span in (first, first + found.backup, first + found.backup + found.everybody)]
    return Ladder(*ends)


def due(begins: datetime, span: timedelta, open_hours: Sequence[Stretch] | None) -> datetime:
    """``begins`` and ``span`` of open time after it. Without hours, or where those that are known do not suffice, it is
    counted around the clock: what is not known makes no one wait longer."""
    left = span
    for opens, closes in open_hours or ():
        start = max(opens, begins)
        if start >= closes:
            continue
        if left <= closes - start:
            return start + left
        left -= closes - start
    return begins + span


def next_open(now: datetime, open_hours: Sequence[Stretch]) -> datetime | None:
    """When the clinic opens next; None where it is open now, or where no opening is known."""
    for opens, closes in open_hours:
        if opens <= now < closes:
            return None
        if now < opens:
            return opens
    return None
