"""What reading one message gives: a frozen `ParsedMessage`, or a `Fault`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

AckCode = Literal["AA", "AE", "AR"]

# What a message gathers row by row, before it is a result.
# code, number, unit, at, status, method, sub-id, device, bound, flags, doubt, group, identifier
Row = tuple[str, float, str, datetime | None, str, str, str, str, str, tuple[str, ...], str, int, str]
# code, why, number, at, sub-id, device, identifier, unit, method
WithdrawnRow = tuple[str, str, float | None, datetime | None, str, str, str, str, str]
AbsentRow = tuple[str, str, str, datetime | None, str, str, str]

TRAINING: Final = frozenset({"T", "D"})  # MSH-11, HL7 table 0103: training, debugging
# A sensor that gives one of these reasons measures nothing at present. The others only say that nothing was asked for.
SENSOR_SILENT: Final = frozenset({"empty", "sentinel", "cannot_obtain", "invalid", "calibrating", "out_of_range"})
# A cuff measures now and then: that no measurement stands on the monitor's screen says nothing of its sensor.
_NOW_AND_THEN: Final = frozenset({"nibp_sys", "nibp_dia", "nibp_map"})


class ParsedReading(NamedTuple):  # made thousands of times a second, and twice as fast as a frozen dataclass
    """One vital sign with a value. `unit` is UCUM, the value is as sent (no conversion)."""

    code: str  # ours: see dialects.VITALS
    value: float
    unit: str
    measured_at: datetime | None  # UTC; None where the message carries no time at all
    status: str  # OBX-11 in capitals, or empty
    method: str  # "cuff", "ecg" ..., from the dialect, else OBX-17; "" where it is not stated
    sub_id: str  # OBX-4, so that two oximeters stay two
    device_key: str
    comparator: str = ""  # "<", "<=", ">" or ">=" where the monitor only knows a bound
    flags: tuple[str, ...] = ()  # OBX-8
    doubt: str = ""  # why it may raise an alarm and never clear one: see quality.DOUBTS
    measurement: str = ""  # pressures of one measurement carry the same, and only those are a pair
    identifier: str = ""  # OBX-3 as "code^system", by which a later withdrawal finds it


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The monitor takes a value back (OBX-11). It is never charted and raises nothing; what it names is struck.

    What it names is the row of the same device, identifier, sub-id and time.
    """

    code: str
    reason: Literal["deleted", "wrong"]  # D; W: posted as wrong, perhaps on the wrong patient
    value: float | None  # where the monitor repeats it
    measured_at: datetime | None
    sub_id: str
    device_key: str
    identifier: str
    unit: str = ""  # of ``value``
    method: str = ""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An observation that was sent and not used, with how often it stands in the message."""

    code: str
    name: str
    system: str
    reason: str  # see words.UNMAPPED
    count: int
    unit: str = ""  # OBX-6 as sent with the first of them


@dataclass(frozen=True, slots=True)
class Assumed:
    """A vital sign that came without its unit; the customary one was taken so many times."""

    code: str
    unit: str
    count: int


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """The monitor says that it has no value for this vital sign."""

    code: str
    reason: str  # see words.NOT_MEASURED
    value: str  # as sent
    measured_at: datetime | None
    sub_id: str
    device_key: str
    method: str = ""

    @property
    def sensor_silent(self) -> bool:
        """Whether the sensor itself measures nothing now: its tile is empty at once and its clock runs."""
        return self.reason in SENSOR_SILENT and not (self.reason == "empty" and self.code in _NOW_AND_THEN)


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
    gateway_keys: tuple[str, ...] = ()  # of the gateway in the header, which may speak for many devices
    structure_rows: int = 0  # rows that only describe the device's parts, or repeat what is known
    withdrawn: tuple[Withdrawal, ...] = ()
    assumed: tuple[Assumed, ...] = ()

    @property
    def tells_time(self) -> bool:
        """False where no time stands anywhere: then two equal messages are two measurements, not a resend."""
        return self.sent_at is not None or any(r.measured_at is not None for r in self.readings)

    @property
    def training(self) -> bool:
        """Whether the whole message is training or a test: it neither raises nor clears."""
        return self.processing_id in TRAINING


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that are no usable message: `kind` is stable (see words.py), `reason` is for the sender."""

    kind: str
    reason: str
    ack_code: AckCode


@dataclass(frozen=True, slots=True)
class Query(Fault):
    """A monitor asks who its patient is (QRY^A19, QBP^Q22). It carries no values, and to a line that is not bound to
    its device it is a fault like any other: nobody is told who is treated here."""

    event: Literal["A19", "Q22"] = "A19"
    tag: str = ""  # QRD-4, QPD-2
    record_number: str = ""
    family: str = ""
    given: str = ""
    bed: str = ""
    most: int = 0  # how many patients it wants at most; 0 where it does not say


@dataclass(frozen=True, slots=True)
class Answered:
    """One patient of today's sessions, as a query is told of them."""

    record_number: str
    family: str = ""
    given: str = ""
    born: date | None = None
    sex: str = ""  # HL7 table 0001, or "" where it is not known
    bed: str = ""
