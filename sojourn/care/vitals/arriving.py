"""A message of a monitor on its way: as it came, whose it is found to be, and what to answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sojourn.care.alarms import judging
from sojourn.care.alarms.store import Session
from sojourn.care.vitals import clock, whose
from sojourn.care.vitals.known import Known
from sojourn.care.vitals.unused import Item
from sojourn.care.vitals.withdrawing import TakenBack

Row = tuple[Any, ...]
Ack = Literal["AA", "AE", "AR"]

OTHER_PATIENT = "the monitor names another patient than the session it is on; kept, not charted"
NO_SESSION = "kept; this monitor is on no session"
NAMELESS = "the message does not say which monitor sent it; kept, not charted"


@dataclass(frozen=True, slots=True)
class Value:
    """One value as the monitor sent it; ``unit`` is UCUM."""

    code: str
    value: float
    unit: str
    measured_at: datetime | None
    status: str = ""
    doubt: str = ""
    site: str = ""  # by which method and at which probe it was measured


@dataclass(frozen=True, slots=True)
class Absent:
    """A sensor that says it has no value: the probe is off, or nothing can be measured."""

    code: str
    measured_at: datetime | None
    site: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came. ``keys`` name its device, most specific first, ``gateway_keys`` what forwarded it;
    ``clinic_id`` is that of the listener's port. A fault has no readings."""

    digest: bytes
    raw: bytes
    received_at: datetime
    peer: str
    keys: tuple[str, ...] = ()
    patient_identifiers: tuple[str, ...] = ()
    control_id: str = ""
    sent_at: datetime | None = None
    values: tuple[Value, ...] = ()
    absent: tuple[Absent, ...] = ()
    test: bool = False
    fault: str = ""
    fault_ack: Ack = "AE"
    gateway_keys: tuple[str, ...] = ()
    clinic_id: int | None = None
    not_used: tuple[Item, ...] = ()
    withdrawn: tuple[TakenBack, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Where it came from, without the port."""
        return whose.host_of(self.peer)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What to tell the sender, once the transaction is committed."""

    ack: Ack
    reason: str = ""


@dataclass(slots=True)
class Taken:
    """A message on its way: of which device, in which session, and what to answer."""

    arrival: Arrival
    device: Known | None
    session: Session | None = None
    answer: Acknowledgement = field(default_factory=lambda: Acknowledgement("AA"))
    past: bool = False  # of a session that its monitor has left since
    again: bool = False  # sent before, and not used then
    contradicts: tuple[str, ...] = ()
    message_id: int | None = None
    doubt: str = ""  # why all its values are doubted


def time_said(arrival: Arrival) -> datetime | None:
    """When a message says that it was sent."""
    return arrival.sent_at or clock.said_at(None, continuous_times(arrival))


def continuous_times(arrival: Arrival) -> Iterator[datetime | None]:
    """The times of what a monitor measures all the time: a cuff's lie behind, rightly."""
    return (each.measured_at for each in arrival.values if each.code not in judging.CUFF)


def ours_and_strangers(taken: Sequence[Taken]) -> tuple[list[Taken], list[Taken]]:
    """Messages of monitors that somebody put into a clinic, and those of strangers."""
    return [each for each in taken if each.device is not None], [each for each in taken if each.device is None]
