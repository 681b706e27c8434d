"""What reading one message gives: a frozen `ParsedMessage`, or a `Fault`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AckCode = Literal["AA", "AE", "AR"]


@dataclass(frozen=True, slots=True)
class ParsedReading:
    """One vital sign with a value. `unit` is UCUM, the value is as sent (no conversion)."""

    code: str  # ours: see dialects.VITALS
    value: float
    unit: str
    measured_at: datetime | None  # UTC; None where the message carries no time at all
    status: str  # OBX-11: F R P S C U, D deleted, W wrong, or empty
    method: str  # "cuff", "ecg" ..., from the dialect, else OBX-17
    sub_id: str  # OBX-4, so that two oximeters stay two
    device_key: str
    comparator: str = ""  # "<" or ">" where the monitor only knows a bound
    flags: tuple[str, ...] = ()  # OBX-8


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An observation that was sent and not used, with how often it stands in the message."""

    code: str
    name: str
    system: str
    reason: str  # unknown_code, waveform, not_a_number, unit, code_and_name_disagree
    count: int


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """The monitor says that it has no value for this vital sign."""

    code: str
    reason: str  # empty, sentinel, cannot_obtain, pending, deleted, not_asked, invalid, test
    value: str  # as sent
    measured_at: datetime | None
    sub_id: str
    device_key: str
    method: str = ""


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    control_id: str
    processing_id: str  # P production, T training, D debugging
    version: str
    sending_app: str
    sending_facility: str
    receiving_facility: str
    device_keys: tuple[str, ...]  # "kind:value", most specific first
    patient_identifiers: tuple[str, ...]
    bed: str
    sent_at: datetime | None  # MSH-7, UTC
    readings: tuple[ParsedReading, ...]
    unmapped: tuple[Unmapped, ...]
    not_measured: tuple[NotMeasured, ...]
    warnings: tuple[str, ...]
    dialect: str = "standard"
    structure_rows: int = 0  # rows that only describe the device's parts

    @property
    def tells_time(self) -> bool:
        """False where no time stands anywhere: then two equal messages are two measurements, not a resend."""
        return self.sent_at is not None or any(r.measured_at is not None for r in self.readings)


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that are no usable message: `kind` is stable (see words.py), `reason` is for the sender."""

    kind: str
    reason: str
    ack_code: AckCode
