"""How a person's list of medicines stood at any time, and what changed in it since.

Every row of a list is kept, so one reading tells how the list was when a decision was made, when a plan was signed, and
when the last dose was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sojourn.care.intake.models import MedicationStatement
from sojourn.care.intake.queries import MedicineTaken, medicine_of
from sojourn.clinical.interactions import fold
from sojourn.foundation.scope import PatientScope, rows_of

What = Literal["begun", "stopped", "changed"]
After = Literal["decision", "plan", "dose"]


@dataclass(frozen=True, slots=True)
class MedicineChange:
    """One medicine that is not as it was. ``was`` is None where it was not taken, ``now`` where it is taken no more."""

    what: What
    was: MedicineTaken | None
    now: MedicineTaken | None

    @property
    def taken(self) -> MedicineTaken:
        found = self.now or self.was
        assert found is not None
        return found

    @property
    def ingredients(self) -> frozenset[str]:
        return frozenset(each.name for each in self.taken.medicines)


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """What changed after a moment: the decision, the signing of the plan, the last dose."""

    after: After
    at: datetime
    changes: tuple[MedicineChange, ...]


@dataclass(frozen=True, slots=True)
class MedicineHistory:
    """Every row of one person's list, the oldest first."""

    rows: tuple[MedicationStatement, ...]

    def taken(self, at: datetime | None = None) -> tuple[MedicineTaken, ...]:
        """The list as it stood, now or at a time, current ones first."""
        newest: dict[str, MedicationStatement] = {}
        for row in self.rows:
            if at is None or row.said_at <= at:
                newest.pop(str(row.line), None)
                newest[str(row.line)] = row
        kept = [medicine_of(row) for row in newest.values() if not row.removed]
        begun = {line: place for place, line in enumerate(dict.fromkeys(str(row.line) for row in self.rows))}
        return tuple(sorted(kept, key=lambda each: (not each.current, begun[each.line])))

    def since(self, at: datetime) -> tuple[MedicineChange, ...]:
        """What was begun, changed and stopped after a moment."""
        was, now = (_current(each) for each in (self.taken(at), self.taken()))
        begun = [MedicineChange("begun", None, now[line]) for line in now if line not in was]
        changed = [
            MedicineChange("changed", was[line], now[line])
            for line in now
            if line in was and _shape(was[line]) != _shape(now[line])
        ]
        stopped = [MedicineChange("stopped", was[line], None) for line in was if line not in now]
        return (*begun, *changed, *stopped)

    def since_each(self, moments: Mapping[After, datetime | None]) -> tuple[ChangedSince, ...]:
        """The changes after several moments, the newest moment first, each change once: at the last moment that it came
        after."""
        found: list[ChangedSince] = []
        said: set[tuple[str, str]] = set()
        for after, at in sorted(_told(moments), key=lambda each: each[1], reverse=True):
            new = tuple(each for each in self.since(at) if (each.what, each.taken.line) not in said)
            said |= {(each.what, each.taken.line) for each in new}
            if new:
                found.append(ChangedSince(after, at, new))
        return tuple(found)


def _told(moments: Mapping[After, datetime | None]) -> list[tuple[After, datetime]]:
    return [(after, at) for after, at in moments.items() if at is not None]


def _current(taken: Iterable[MedicineTaken]) -> dict[str, MedicineTaken]:
    return {each.line: each for each in taken if each.current}


def _shape(taken: MedicineTaken) -> tuple[str, ...]:
    return tuple(map(fold, (taken.name, taken.dose, taken.how_often, taken.route)))


def history(of: PatientScope) -> MedicineHistory:
    """The whole list of one person. One query."""
    return MedicineHistory(tuple(of.rows(MedicationStatement).order_by("id")))


def histories(patient_ids: Sequence[int]) -> dict[int, MedicineHistory]:
    """The lists of several persons, by person. One query."""
    rows: dict[int, list[MedicationStatement]] = {each: [] for each in patient_ids}
    for row in rows_of(MedicationStatement, PatientScope, patient_ids).order_by("id"):
        rows[row.patient_id].append(row)
    return {each: MedicineHistory(tuple(found)) for each, found in rows.items()}
