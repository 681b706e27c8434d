"""A monitor asks who its patients are. It is told today's sessions, on a line that a person has confirmed, and only
there: record numbers, and the bed of the monitor that is on them. No names: the processes of the monitors may not read
them. Each patient that it is told of is written into the audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Cursor

from sojourn.care.alarms.columns import Row

TOLD = "monitor.told_patient"


@dataclass(frozen=True, slots=True)
class SeatedPatient:
    """One patient of today's sessions."""

    patient_id: int
    record_number: str
    bed: str  # as its monitor's messages name it, or ""


@dataclass(frozen=True, slots=True)
class Bound:
    """The line that asks: of which device it is, and of which clinic."""

    device_id: int
    clinic_id: int
    name: str


_BOUND = """
SELECT d.id, d.clinic_id, d.name FROM vitals_device d
WHERE d.address = %s AND d.address_confirmed_at IS NOT NULL AND d.retired_at IS NULL
  AND (%s::bigint IS NULL OR d.clinic_id = %s) ORDER BY d.id
"""


def bound(cursor: Cursor[Row], host: str, clinic_id: int | None) -> Bound | None:
    """The device whose confirmed address ``host`` is, in the clinic of the listener's port where it has one. None where
    there is none, or where two clinics have one: then nobody is told anything."""
    cursor.execute(_BOUND, (host, clinic_id, clinic_id))
    found = [Bound(*row) for row in cursor.fetchall()]
    return found[0] if len({each.clinic_id for each in found}) == 1 else None


_TODAY = """
SELECT DISTINCT ON (p.id) p.id, p.record_number, coalesce(substr(d.key, 5), '')
FROM encounter_encounter e
JOIN accounts_clinic c ON c.id = e.clinic_id
JOIN patients_patient p ON p.id = e.patient_id
LEFT JOIN vitals_deviceassociation a ON a.encounter_id = e.id AND a.until_at IS NULL
LEFT JOIN vitals_device d ON d.id = a.device_id AND starts_with(d.key, 'bed:')
WHERE e.clinic_id = %s AND (e.opened_at AT TIME ZONE c.time_zone)::date = (%s AT TIME ZONE c.time_zone)::date
ORDER BY p.id, e.opened_at DESC
"""


def todays(cursor: Cursor[Row], clinic_id: int, now: datetime) -> list[SeatedPatient]:
    """The patients of the sessions that were opened on the clinic's day of ``now``."""
    cursor.execute(_TODAY, (clinic_id, now))
    return [SeatedPatient(*row) for row in cursor.fetchall()]


_AUDIT = """
INSERT INTO audit_auditevent
  (clinic_id, seq, at, name, role, action, entity, entity_id, patient_id, detail, prev_hash, hash)
VALUES (%s, 0, clock_timestamp(), %s, 'monitor', %s, 'vitals.Device', %s, %s, %s, '', '')
"""


def audit(cursor: Cursor[Row], line: Bound, host: str, told: Sequence[SeatedPatient]) -> None:
    """That these patients were named to this monitor, at this address."""
    for each in told:
        detail = json.dumps({"address": host})
        cursor.execute(_AUDIT, (line.clinic_id, line.name, TOLD, line.device_id, each.patient_id, detail))
