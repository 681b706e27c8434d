"""Rows of session that are over, or on the other side of a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sojourn.care.alarms.models import AlarmState
from sojourn.care.session.models import EnteredInError, GivenMedicine, SessionEvent
from sojourn.care.vitals.models import DeviceAssociation
from tests.furnished import Furnished
from tests.over.copies import again, of


def _struck(rows: Furnished, now: datetime) -> None:
    medicine = again(of(GivenMedicine, rows), name="Ketalar", ingredient="ketamine")
    waste = again(rows.waste)
    for kind, row_id in (("medicine", medicine.pk), ("waste", waste.pk)):
        EnteredInError.objects.create(
            clinic=rows.cast.clinic, patient=rows.running.patient, encounter_id=rows.running.id, of=kind, row_id=row_id,
            reason="Wrong patient", at=now, by=rows.cast.members["nurse"],
        )  # fmt: skip


def _event(rows: Furnished, now: datetime) -> None:
    again(of(SessionEvent, rows), kind="nausea")


def _yesterday(rows: Furnished, now: datetime) -> None:
    again(of(GivenMedicine, rows), given_at=now - timedelta(days=2))


def _monitored(rows: Furnished, now: datetime) -> None:
    again(rows.reading, code="hr", value=71, unit="/min", method="monitor", by_id=None, device_id=rows.put_on.pk)


def _taken_off(rows: Furnished, now: datetime) -> None:
    again(of(DeviceAssociation, rows), device_id=rows.device.pk, until_at=now)


def _seen(rows: Furnished, now: datetime) -> None:
    again(of(AlarmState, rows), rule_id="alarm.rr", phase="recovered", acknowledged_at=now)


OVER: Final[dict[str, Callable[[Furnished, datetime], None]]] = {
    "entries that were struck": _struck,
    "an event that is no call": _event,
    "a medicine given two days ago": _yesterday,
    "a value that a monitor sent": _monitored,
    "a monitor that was taken off": _taken_off,
    "an alarm that is over and was seen": _seen,
}
_RECORD: Final = {"care.chart.queries.session_record", "care.chart.queries.session_records"}
_SESSION: Final = _RECORD | {"care.session.snapshot.load", "care.session.snapshot.load_many"}
TELLS: Final[dict[str, set[str]]] = {
    "entries that were struck": _SESSION,
    "an event that is no call": _SESSION,
    "a medicine given two days ago": _SESSION,
    "a value that a monitor sent": _RECORD | {"care.vitals.queries.observations"},
    "a monitor that was taken off": _RECORD,
}  # fmt: skip
