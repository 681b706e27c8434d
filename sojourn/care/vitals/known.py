"""The monitors that messages name, as the database knows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Cursor

from sojourn.care.alarms.columns import Row
from sojourn.care.alarms.store import Session
from sojourn.care.vitals.clock import Clock

_SEEN_EVERY = timedelta(seconds=5)


@dataclass(slots=True)
class Known:
    """A device, and the session it is on, if any, ``since`` when. What the messages of a batch teach is written into
    it, and from it into the database (``learn``)."""

    device_id: int
    clinic_id: int
    last_seen_at: datetime | None
    clock: Clock
    address: str
    faults: str
    session: Session | None
    since: datetime | None
    opened_at: datetime | None
    record_number: str
    confirmed: tuple[str, ...]
    other_address: str = ""
    moved_at: datetime | None = None
    changed: bool = False


_DEVICES = """
SELECT d.key, d.id, d.clinic_id, d.last_seen_at, d.clock_skew_s, d.clock_candidate_s, d.clock_candidate_at,
  d.clock_unsettled_at, d.address, d.faults, a.encounter_id, a.patient_id, e.protocol_id, a.from_at, e.opened_at,
  p.record_number, (SELECT array_agg(c.identifier) FROM vitals_patientconfirmed c
    WHERE c.encounter_id = a.encounter_id AND c.device_id = d.id)
FROM vitals_device d
LEFT JOIN vitals_deviceassociation a ON a.device_id = d.id AND a.until_at IS NULL
LEFT JOIN encounter_encounter e ON e.id = a.encounter_id
LEFT JOIN patients_patient p ON p.id = a.patient_id
WHERE d.key = ANY(%s) AND d.retired_at IS NULL
"""


def load(cursor: Cursor[Row], keys: Collection[str]) -> dict[str, list[Known]]:
    """The devices in use that have one of ``keys``, of whatever clinic. One query."""
    cursor.execute(_DEVICES, (list(keys),))
    found: dict[str, list[Known]] = {}
    for (
        key, device_id, clinic_id, seen_at, offset, candidate, candidate_at, unsettled_at, address, faults,
        encounter_id, patient_id, protocol_id, since, opened_at, number, confirmed,
    ) in cursor.fetchall():  # fmt: skip
        session = Session(clinic_id, encounter_id, patient_id, protocol_id) if encounter_id else None
        found.setdefault(key, []).append(Known(
            device_id, clinic_id, seen_at, Clock(offset, candidate, candidate_at, unsettled_at), address, faults,
            session, since, opened_at, number or "", tuple(confirmed or ()),
        ))  # fmt: skip
    return found


def sender(keys: Iterable[str], host: str, clinic_id: int | None, known: Mapping[str, Sequence[Known]]) -> Known | None:
    """The device that a message names: by its most specific key, among those of the listener's clinic where the port
    has one. Where two clinics have a "BED-1" and share a port, the address decides; what the message says of a clinic
    never does."""
    for key in keys:
        found = [each for each in known.get(key, ()) if clinic_id is None or each.clinic_id == clinic_id]
        if len(found) > 1:
            found = [each for each in found if each.address == host]
            return found.pop() if len(found) == 1 else None
        if found:
            return found.pop()
    return None


_LEARN = """
UPDATE vitals_device d SET last_seen_at = %s, clock_skew_s = s.skew, clock_candidate_s = s.candidate,
  clock_candidate_at = s.candidate_at, clock_unsettled_at = s.unsettled_at, address = s.address, faults = s.faults,
  clock_moved_at = coalesce(s.moved_at, d.clock_moved_at),
  other_address = CASE WHEN s.other = '' THEN d.other_address ELSE s.other END,
  other_address_at = CASE WHEN s.other = '' THEN d.other_address_at ELSE %s END
FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[],
  %s::timestamptz[], %s::text[])
  AS s (id, skew, candidate, candidate_at, unsettled_at, address, faults, moved_at, other) WHERE d.id = s.id
"""


def learn(cursor: Cursor[Row], devices: Mapping[int, Known], now: datetime) -> None:
    """Write what a batch taught about its devices; a device that taught nothing is stamped every few seconds."""
    rows = [
        (
            each.device_id, each.clock.offset_s, each.clock.candidate_s, each.clock.candidate_at,
            each.clock.unsettled_at, each.address, each.faults, each.moved_at, each.other_address,
        )
        for _, each in sorted(devices.items())  # in one order, so that two listeners do not wait in a ring
        if each.changed or each.last_seen_at is None or now - each.last_seen_at > _SEEN_EVERY
    ]  # fmt: skip
    if rows:
        cursor.execute(_LEARN, (now, now, *map(list, zip(*rows, strict=True))))


@dataclass(frozen=True, slots=True)
class Was:
    """A session that a device was on, from then until then."""

    session: Session
    record_number: str
    from_at: datetime
    until_at: datetime


_HISTORY = """
SELECT w.device_id, w.clinic_id, w.encounter_id, w.patient_id, e.protocol_id, p.record_number, w.from_at, w.until_at
FROM vitals_deviceassociation w
JOIN encounter_encounter e ON e.id = w.encounter_id
JOIN patients_patient p ON p.id = w.patient_id
WHERE w.device_id = ANY(%s) AND w.until_at IS NOT NULL ORDER BY w.until_at DESC
"""


def history(cursor: Cursor[Row], device_ids: Collection[int]) -> dict[int, list[Was]]:
    """The sessions that devices have come off, the last one first. One query."""
    found: dict[int, list[Was]] = {}
    if device_ids:
        cursor.execute(_HISTORY, (list(device_ids),))
        for device_id, clinic_id, encounter_id, patient_id, protocol_id, number, from_at, until_at in cursor.fetchall():
            session = Session(clinic_id, encounter_id, patient_id, protocol_id)
            found.setdefault(device_id, []).append(Was(session, number, from_at, until_at))
    return found


def same_line(device: Known, host: str) -> bool:
    """Whether a message comes from where its device speaks; the first address that is heard is learned."""
    if device.address == host or not host:
        return True
    if not device.address:
        device.address, device.changed = host[:64], True
        return True
    if device.other_address != host:
        device.other_address, device.changed = host[:64], True
    return False
