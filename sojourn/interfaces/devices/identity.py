"""Who speaks in a message and of whom: the device's keys, the gateway's, the bed, the patient's identifiers."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from itertools import islice
from typing import Final

from sojourn.care.vitals import whose

from .dialects import Dialect, FieldPath
from .values import Separators

EUI64: Final = re.compile(r"[0-9A-Fa-f]{16}")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_IP_NUMBER: Final = re.compile(r"[0-9]{8,10}")
_LAST_IP: Final = int(IPv4Address("255.255.255.255"))
_IP: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?")


def identifiers_of(f: list[str], seps: Separators) -> tuple[str, ...]:
    """PID-3 with all its repetitions; PID-2 where that is empty (as before v2.3)."""
    for number in (3, 2):
        if len(f) > number and f[number]:
            ids = [seps.first(r)[:100] for r in f[number].split(seps.repetition)[:20]]
            got = tuple(dict.fromkeys(i for i in ids if i))
            if got:
                return got
    return ()


def nearest(sub_id: str, equipment: dict[str, str]) -> str:
    """The device whose branch of the containment tree (OBX-4) holds this observation; "" if none does."""
    best, depth = "", 0
    for key, where in equipment.items():
        branch = where.split(".")
        while branch and branch[-1] == "0":  # 1.13.0.0 is the whole of 1.13
            branch.pop()
        if len(branch) > depth and sub_id.split(".")[: len(branch)] == branch:
            best, depth = key, len(branch)
    return best


def _at(first: dict[str, str], where: FieldPath, seps: Separators) -> str:
    return seps.plain(_part(_raw(first, where, seps), where.subcomponent, seps.subcomponent))


def _raw(first: dict[str, str], where: FieldPath, seps: Separators) -> str:
    """A component as it was sent, its subcomponents together."""
    f = first.get(where.segment, "").split(seps.field)
    number = where.field - 1 if where.segment == "MSH" else where.field
    return _part(f[number] if number < len(f) else "", where.component, seps.component)


def _part(text: str, number: int, separator: str) -> str:
    """The part of that number, counted from 1; all of it where none is asked for."""
    parts = text.split(separator) if separator else [text]
    return next(islice(parts, number - 1, None), "") if number else text


def identity_of(
    first: dict[str, str], dialect: Dialect, seps: Separators
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    bed = next(filter(None, [_place(first, p, seps) for p in dialect.bed]), "")[:100]
    ward = next(filter(None, [_at(first, p, seps) for p in dialect.ward]), "")
    room, facility = (_place(first, FieldPath("PV1", 3, n, 0), seps) for n in (2, 4))
    own: dict[str, None] = {}
    gateway: dict[str, None] = {}
    for kind, where in dialect.devices:
        if kind == "bed":
            value = whose.bed_value(ward, room, bed, facility)
        else:
            value = _own_value(kind, _at(first, where, seps), first, seps)
        if value:
            (gateway if where.segment == "MSH" else own)[whose.key(kind, value)] = None
    return tuple(own), tuple(gateway), bed


def _own_value(kind: str, value: str, first: dict[str, str], seps: Separators) -> str:
    """What names a device, in one writing; "" where it is none of its kind."""
    if kind == "ip":
        return _address(value)
    if kind == "mac":
        return value.replace("-", "").replace(":", "").upper() if _MAC.fullmatch(value) else ""
    if kind == "eui64":
        return next((p.upper() for p in value.split(seps.component) if EUI64.fullmatch(p)), "")
    if kind == "app":
        return "/".join(filter(None, [seps.first(_at(first, FieldPath("MSH", n, 1, 0), seps)) for n in (3, 4)]))
    return value


def _place(first: dict[str, str], where: FieldPath, seps: Separators) -> str:
    """What names a place: where its first subcomponent is empty (``&10``), the next one that is not."""
    if where.subcomponent > 1:
        return _at(first, where, seps)
    text = _raw(first, where, seps)
    parts = text.split(seps.subcomponent) if seps.subcomponent else [text]
    return next((found for found in map(seps.plain, parts) if found), "")


def _address(text: str) -> str:
    """An IP address without its port, also where a gateway writes it as one number."""
    if _IP_NUMBER.fullmatch(text) and int(text) <= _LAST_IP:
        return str(IPv4Address(int(text)))
    return text.partition(":")[0] if _IP.fullmatch(text) else ""
