"""What the pages of monitors show: monitors in use, unknown ones, and what was sent and not used, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.vitals import faults, unused, whose
from sojourn.care.vitals.models import Device, NotUsed, Stranger
from sojourn.clinical.vitals import VITALS
from sojourn.interfaces.console.monitors.doubt_words import DOUBTS

FAULTS: Mapping[str, StrPromise] = {
    faults.TIMES: gettext_lazy("Its times cannot be used: its values may raise alarms, and end none."),
    faults.PATIENT: gettext_lazy("It names another patient than the one in the chair."),
    faults.LINE: gettext_lazy("Another address speaks in its name."),
    faults.MOVED: gettext_lazy("Its clock was set just now."),
}
KINDS: Mapping[str, StrPromise] = {
    unused.REFUSED: gettext_lazy("Refused"),
    unused.DOUBTED: gettext_lazy("Doubted"),
    unused.UNMAPPED: gettext_lazy("Not known"),
    unused.ASSUMED: gettext_lazy("Taken on an assumption"),
    unused.NO_VALUE: gettext_lazy("No value from its sensor"),
    unused.WITHDRAWN: gettext_lazy("Withdrawn by the monitor"),
}
_REASONS: Mapping[str, StrPromise] = {
    **DOUBTS,
    "unknown_code": gettext_lazy("a code that Sojourn does not know"),
    "waveform": gettext_lazy("a waveform"),
    "not_a_number": gettext_lazy("not a number"),
    "thousands": gettext_lazy("a comma that may stand for thousands or for decimals"),
    "range": gettext_lazy("a range instead of one number"),
    "ratio": gettext_lazy("a ratio instead of one number"),
    "status_order": gettext_lazy("marked as an order, not as a result"),
    "unit": gettext_lazy("its unit is missing or not understood"),
    "code_and_name_disagree": gettext_lazy("its code and its name mean different things"),
    "unit_assumed": gettext_lazy("it came without a unit; the customary one was taken"),
    "system_assumed": gettext_lazy("its code came without a coding system"),
    "sentinel": gettext_lazy("the probe is off"),
    "cannot_obtain": gettext_lazy("the monitor cannot obtain a value"),
    "invalid": gettext_lazy("marked invalid by the monitor"),
    "calibrating": gettext_lazy("the sensor is being calibrated"),
    "out_of_range": gettext_lazy("no value (beyond what the monitor can show)"),
    "empty": gettext_lazy("no value sent"),
    "deleted": gettext_lazy("withdrawn by the monitor"),
    "wrong": gettext_lazy("withdrawn by the monitor as wrong, perhaps another patient's"),
    "pending": gettext_lazy("a number that the monitor calls not measured yet"),
    "not_asked": gettext_lazy("a number that the monitor calls not measured"),
    "withdrawal_unknown": gettext_lazy("the monitor took back a value that is not here or was taken back before"),
    "withdrawal_undated": gettext_lazy("the monitor took back a value without saying when it was measured"),
    "withdrawal_doubted": gettext_lazy("the monitor took back a value in a message that is in doubt; the value stays"),
    "withdrawal_test": gettext_lazy("the monitor took back a value in a test message; the value stays"),
    faults.PATIENT: gettext_lazy("messages that name another patient"),
}


@dataclass(frozen=True, slots=True)
class NotUsedLine:
    """Something that a monitor sends and that is not used, or not quite believed."""

    kind: str
    what: str
    why: str
    count: int
    last_at: datetime


def not_used_lines(rows: Iterable[NotUsed]) -> list[NotUsedLine]:
    """The rows in words; vital signs by their names, codes as they were sent."""
    return [_not_used(row) for row in rows]


def _what_and_why(row: NotUsed) -> tuple[str, str]:
    """What was not used and the code of the reason, which stands behind it, in its name, or alone; each may be ""."""
    what, _space, reason = row.what.rpartition(" ")
    if what and reason in _REASONS:
        return what, reason
    if row.name in _REASONS:
        return row.what, row.name
    return ("", row.what) if row.what in _REASONS else (row.what, "")


def _not_used(row: NotUsed) -> NotUsedLine:
    what, reason = _what_and_why(row)
    name = _(VITALS[what].label) if what in VITALS else what
    called = row.name if row.name not in _REASONS and row.name != what else ""
    return NotUsedLine(
        str(KINDS.get(row.kind, row.kind)), " ".join(each for each in (name, called) if each),
        str(_REASONS.get(reason, "")), row.count, row.last_at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddressLine:
    """From where a monitor speaks. ``confirm``: an address that waits for a person's word."""

    address: str
    confirmed: bool
    other: str
    other_at: datetime | None
    confirm: str


def address_line(device: Device) -> AddressLine:
    """The address of a device, and what is to be confirmed of it."""
    confirmed = device.address_confirmed_at is not None
    return AddressLine(
        device.address, confirmed, device.other_address, device.other_address_at,
        device.other_address or ("" if confirmed else device.address),
    )  # fmt: skip


def fault_sentences(device: Device) -> list[str]:
    """What is wrong with what a monitor sends now."""
    return [str(FAULTS[each]) for each in faults.standing(device.faults)]


@dataclass(frozen=True, slots=True)
class Wider:
    """A monitor in use whose name, as older versions read it, would have caught this sender too."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class StrangerLine:
    """An unknown monitor that has sent something lately. Never what it says of a patient."""

    id: int
    key: str
    suggested: str
    peer: str
    count: int
    newest_at: datetime
    codes: str
    wider: tuple[Wider, ...] = ()


def stranger_lines(rows: Iterable[Stranger], devices: Sequence[Device]) -> list[StrangerLine]:
    """The unknown monitors of the clinic's port; those that were added since are left out."""
    known = {device.key for device in devices}
    return [
        StrangerLine(
            row.pk, row.name, _suggested(row.name), row.host, row.count, row.last_at, _codes(row), _wider(row, devices)
        )
        for row in rows
        if row.name and not row.fault and not known & set(row.keys.split("\n"))
    ]


def unclaimed_lines(rows: Iterable[Stranger]) -> list[StrangerLine]:
    """The unknown monitors that belong to no clinic: without the end of their names, which is read at the bedside."""
    found = []
    for row in rows:
        if row.name and not row.fault:
            shown = whose.masked(row.name)[0]
            peer = "…" if row.name.startswith("address:") else row.host
            found.append(StrangerLine(row.pk, shown, "", peer, row.count, row.last_at, _codes(row)))
    return found


def _suggested(key: str) -> str:
    value = key.partition(":")[2] or key
    return value.partition(";")[0].replace("%2F", "/")[:60]


def _codes(row: Stranger) -> str:
    """What it measures, as far as we know it: names and counts, no values."""
    names = [(_(VITALS[code].short) if code in VITALS else code, count) for code, count in row.codes.items()]
    return ", ".join(f"{name} × {count}" for name, count in names)


def _wider(row: Stranger, devices: Sequence[Device]) -> tuple[Wider, ...]:
    keys, gateway = row.keys.split("\n"), [each for each in row.gateway_keys.split("\n") if each]
    return tuple(
        Wider(device.name, reverse("console:monitor_rekey", args=[device.pk]))
        for device in devices
        if whose.too_wide(device.key, keys, gateway)
    )
