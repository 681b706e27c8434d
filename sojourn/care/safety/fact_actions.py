"""Facts as a clinician enters or imports them, with an eye on danger.

Interfaces and the rooms above enter facts through these, never through the bare actions of the intake room: an acute
suicide risk that somebody judged high or moderate and its flag are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from django.utils import timezone

from sojourn.care.intake import entry_actions
from sojourn.care.intake.entry_actions import Imported
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.safety import gravity
from sojourn.care.safety.models import FlagKind, FlagSource
from sojourn.care.safety.raising_actions import raise_flag
from sojourn.clinical.eligibility.facts import Value
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.action import NoLock, action, part, unchanged

PATIENT_LOCKED: Final = NoLock("the patient is locked where the facts are kept")


@part(locks=NoLock("a flag is locked where it is raised"), through=(raise_flag,))
def raise_of_facts(*, by: Actor, rows: Iterable[ClinicalFact], now: datetime) -> None:
    """The flags of facts that were just kept. The same entry again is the same row, and so the same flag."""
    table = gravity.table()
    for row in rows:
        severity = gravity.severity_of(table.of_fact(row.name, row.value))
        if severity is None:
            continue
        raise_flag(
            by=by,
            patient_id=row.patient_id,
            kind=FlagKind.RISK,
            severity=severity,
            source=FlagSource.CLINICIAN,
            about=f"fact:{row.pk}",
            detail=f"{row.name} = {row.value}, {row.observed_on.isoformat()}, {row.entered_by_name}",
            now=now,
        )
    unchanged(None)  # none of them may be a danger


@action("fact.enter", locks=PATIENT_LOCKED, through=(entry_actions.enter_facts, raise_of_facts))
def enter_facts(
    *,
    by: Actor,
    patient_id: int,
    values: Mapping[str, Value],
    on: date,
    source_note: str = "",
    sure: bool = False,
    now: datetime | None = None,
) -> tuple[ClinicalFact, ...]:
    """``intake.entry_actions.enter_facts``, and the flag of each that the rule of raising names. Refused as there."""
    at = now or timezone.now()
    rows = entry_actions.enter_facts(
        by=by, patient_id=patient_id, values=values, on=on, source_note=source_note, sure=sure, now=at
    )
    raise_of_facts(by=by, rows=rows, now=at)
    return rows


@action("fact.enter", locks=PATIENT_LOCKED, through=(enter_facts,))
def enter_fact(
    *, by: Actor, patient_id: int, name: str, value: Value, on: date, source_note: str = "", now: datetime | None = None
) -> ClinicalFact:
    """One fact in the same way."""
    (row,) = enter_facts(
        by=by, patient_id=patient_id, values={name: value}, on=on, source_note=source_note, now=now
    )  # fmt: skip
    return row


@action("fact.enter", locks=PATIENT_LOCKED, through=(entry_actions.import_facts, raise_of_facts))
def import_facts(
    *, by: Actor, patient_id: int, text: str, source_note: str = "", sure: bool = False, now: datetime | None = None
) -> Imported:
    """``intake.entry_actions.import_facts``, and the flag of each that the rule of raising names. Refused as there."""
    at = now or timezone.now()
    found = entry_actions.import_facts(
        by=by, patient_id=patient_id, text=text, source_note=source_note, sure=sure, now=at
    )  # fmt: skip
    raise_of_facts(by=by, rows=found.taken, now=at)
    return found
