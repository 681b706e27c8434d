"""What is true of a session at one moment, as everything that shows a running session shows it.

The session's page and its guards, the board, the live streams and the record have one of these each, made of the same
rows (parts.py): where it stands, its newest values and which of them is shown, its alarms, the patient's call, and the
checks that are due or were missed. Nobody works these out a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from sojourn.care.alarms.queries import OPEN
from sojourn.care.session.calls import Call, newest_call
from sojourn.care.session.rows import AlarmNow, Newest, Noted, OnChair
from sojourn.clinical.alarms import Standing, gravest_of, urgency
from sojourn.clinical.current import CodeGroup, DisplayedVital, SignalReading, current_vital
from sojourn.clinical.protocol import FINAL, Due, State, next_check_due
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.foundation.rulebook.load import released_rulebook

Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Glance:
    """A session at ``now``. ``checked_at`` is when somebody measured; ``calls`` the patient's calls and their answers,
    the oldest first; ``alarms`` those that exist and those that are over and seen by nobody, the most urgent first."""

    encounter_id: int
    now: datetime
    schedule: tuple[int, ...]
    state: State
    seq: int
    since_at: datetime
    dose_started_at: datetime | None
    newest: Mapping[str, Newest]
    alarms: Sequence[AlarmNow]
    monitors: Sequence[OnChair]
    calls: Sequence[Noted]
    checked_at: Iterable[datetime]

    @property
    def ended_at(self) -> datetime | None:
        """When the session was over; None while it runs."""
        return self.since_at if self.state in FINAL else None

    @property
    def open_alarms(self) -> list[AlarmNow]:
        """The alarms that exist now."""
        return [each for each in self.alarms if each.phase in OPEN]

    @cached_property
    def newest_call(self) -> Call | None:
        """What has become of the patient's newest call for somebody."""
        return newest_call(self.calls)

    @property
    def call(self) -> Call | None:
        """The patient's call that nobody has said they go to."""
        found = self.newest_call
        return found if found is not None and found.is_open else None

    @cached_property
    def due(self) -> Due | None:
        """The checks of the schedule: the next one, and those that nobody made. None before the dose."""
        if self.dose_started_at is None:
            return None
        return next_check_due(self.schedule, self.dose_started_at, self.checked_at, self.now, self.ended_at)

    @property
    def skew_s(self) -> float | None:
        """By how many seconds the monitor's clock is ahead of ours: of several that which is furthest off."""
        known = [each.skew_s for each in self.monitors if each.skew_s is not None]
        return max(known, key=abs, default=None)

    def displayed(self, groups: Iterable[CodeGroup], stale_after_s: Callable[[str], float]) -> DisplayedVital | None:
        """The value that is shown of vital signs that answer one question (clinical/current.py)."""
        groups = list(groups)
        known = [SignalReading(each.code, each.value, each.at.timestamp(), each.doubt) for each in self.newest.values()]
        alarm = gravest_of({code for group in groups for code in group}, self.open_alarms, _standing)
        return current_vital(groups, known, self.now.timestamp(), stale_after_s, alarm.code if alarm else "")


def _standing(alarm: AlarmNow) -> Standing:
    return Standing(alarm.phase, alarm.priority, alarm.since_at.timestamp(), alarm.rule_id, alarm.code)


def is_check(code: str, method: str) -> bool:
    """Whether a reading means that somebody has looked: a pressure, or a value typed by hand."""
    return code in SYSTOLIC or method == "typed"


@lru_cache(maxsize=64)
def schedule_of(protocol_id: str, version: str) -> tuple[int, ...]:
    """The minutes of a protocol's checks; none where the rulebook has lost it."""
    try:
        return tuple(int(each) for each in released_rulebook().rule(protocol_id, int(version)).fact("schedule"))
    except (KeyError, ValueError):
        return ()


# ---------------------------------------------------------------- from the database's arrays


def newest_of(rows: Iterable[Raw]) -> dict[str, Newest]:
    """By code."""
    return {
        row["code"]: Newest(
            row["code"], float(row["value"]), at_of(row["at"]), row["doubt"], row.get("baseline"),
            row.get("method") or "", row.get("device") or "", row.get("by") or "",
            _measured_by(row.get("source") or ""),
        )
        for row in rows
    }  # fmt: skip


def _measured_by(source: str) -> str:
    """The method of "device:method:place"."""
    _device, _, rest = source.partition(":")
    method, *_place = rest.split(":")
    return method


def alarms_of(rows: Iterable[Raw]) -> list[AlarmNow]:
    """The most urgent first."""
    found = [
        AlarmNow(row["rule_id"], row["code"], row["phase"], row["priority"], at_of(row["since_at"]),
                 row["acknowledged_by"], row["why"], row["value"], row["limit"])
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: urgency(*_standing(each)))


def monitors_of(rows: Iterable[Raw]) -> list[OnChair]:
    """In the order in which they were put on."""
    return [OnChair(row["device_id"], row["name"], maybe_at(row["seen_at"]), row["skew_s"]) for row in rows]


def at_of(text: str) -> datetime:
    """A time as the database writes it in JSON."""
    return datetime.fromisoformat(text)


def maybe_at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
